// SPDX-License-Identifier: Apache-2.0
#include "record_io/table_commands.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "record_io/launch_line.hpp"
#include "record_io/shell_loop.hpp"

namespace collscale {
namespace {

using Strings = std::vector<std::string>;

constexpr std::size_t kLongestLoop = 60;  // lines

bool says_the_same(const std::vector<std::string>& commands) {
  const Launch first = read_launch(commands.front()).value_or(Launch{});
  return first.processes > 0 &&
         std::all_of(commands.begin(), commands.end(), [&first](const std::string& command) {
           const Launch launch = read_launch(command).value_or(Launch{});
           return launch.processes == first.processes && launch.nodes == first.nodes;
         });
}

}  // namespace

std::vector<std::string> table_commands(const std::vector<std::string>& lines,
                                        const std::function<bool(std::string_view)>& is_title,
                                        const std::function<bool(std::string_view)>& is_command) {
  std::vector<std::string> of_lines(lines.size());
  std::vector<std::string> commands;  // of the last loop, or one
  std::vector<std::size_t> titles;    // behind it
  bool loop = false;
  const auto close = [&] {
    const bool in_order = loop && titles.size() == commands.size();
    const bool alike = loop && !commands.empty() && says_the_same(commands);
    for (std::size_t i = 0; i < titles.size() && !commands.empty(); ++i) {
      if (in_order || (!loop && i == 0))
        of_lines[titles[i]] = commands[i];
      else if (alike)
        of_lines[titles[i]] = commands.front();
    }
    commands.clear();
    titles.clear();
  };
  const auto loop_from = [&](std::size_t line) -> std::optional<std::pair<Strings, std::size_t>> {
    std::string script;
    for (std::size_t i = line; i < std::min(line + kLongestLoop, lines.size()); ++i) {
      if (is_title(lines[i])) break;
      script += lines[i] + '\n';
      if (lines[i].find("done") == std::string::npos) continue;
      if (auto found = commands_of_loop(script)) {
        std::erase_if(*found, [&](const std::string& one) { return !is_command(one); });
        return std::pair(*std::move(found), i);
      }
    }
    return std::nullopt;
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_title(lines[i])) {
      titles.push_back(i);
    } else if (begins_loop(lines[i])) {
      auto found = loop_from(i);
      if (!found || found->first.empty()) continue;
      close();
      commands = std::move(found->first);
      loop = true;
      i = found->second;
    } else if (is_command(lines[i])) {
      close();
      commands = {lines[i]};
      loop = false;
    }
  }
  close();
  return of_lines;
}

}  // namespace collscale

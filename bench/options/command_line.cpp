// SPDX-License-Identifier: Apache-2.0
#include "bench/options/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "units/suggest.hpp"

namespace collscale {

namespace {

bool contains(const std::vector<Collective>& list, Collective collective) {
  return std::find(list.begin(), list.end(), collective) != list.end();
}

Expected<Collective> parse_offered(const std::string& text,
                                   const std::vector<Collective>& offered) {
  const auto parsed = parse_collective(text);
  if (parsed && contains(offered, *parsed)) {
    return *parsed;
  }
  std::vector<std::string> names;
  for (const Collective each : offered) {
    names.emplace_back(name(each));
  }
  return fail(fmt::format("unknown collective \"{}\"{}", text, suggestion(text, names)));
}

}  // namespace

Expected<std::optional<std::string>> read_arguments(CLI::App& app,
                                                    std::vector<std::string> arguments) {
  app.allow_extras();
  app.set_help_flag("-h,--help", "This text");
  bool version = false;
  app.add_flag("--version", version, "Print the version and end");
  std::vector<std::string> known;
  for (CLI::Option* each : app.get_options()) {
    if (each->get_expected_max() == 1) {
      each->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // as getopt does for nccl-tests
    }
    for (const std::string& name : each->get_lnames()) {
      known.push_back("--" + name);
    }
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // the order CLI11 takes a vector in
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::ParseError& error) {
    return fail(error.what());
  }
  if (const std::vector<std::string> extras = app.remaining(); !extras.empty()) {
    const std::string flag = extras.front().substr(0, extras.front().find('='));
    return fail(fmt::format("unknown flag {}{}", flag, suggestion(flag, known)));
  }
  if (version) {
    return fmt::format("{} (collscale {})", app.get_name(), COLLSCALE_VERSION);
  }
  return std::nullopt;
}

Expected<std::vector<Collective>> parse_collectives(const std::vector<std::string>& words,
                                                    const std::vector<Collective>& offered) {
  std::vector<Collective> collectives;
  for (const std::string& word : words) {
    for (std::size_t begin = 0; begin <= word.size();) {
      const std::size_t end = std::min(word.find(',', begin), word.size());
      const std::string text = word.substr(begin, end - begin);
      begin = end + 1;
      std::vector<Collective> meant = offered;
      if (text != "all") {
        const auto one = parse_offered(text, offered);
        if (!one) return tl::unexpected(one.error());
        meant = {*one};
      }
      for (const Collective each : meant) {
        if (!contains(collectives, each)) {
          collectives.push_back(each);
        }
      }
    }
  }
  return collectives;
}

}  // namespace collscale

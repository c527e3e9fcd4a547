// SPDX-License-Identifier: Apache-2.0
// What the command line says: the bare tool, --help, and errors of usage.
#include <algorithm>
#include <string_view>

#include "cli/command_line.hpp"
#include "cli/table.hpp"
#include "units/suggest.hpp"

namespace collscale {

const std::string_view kBareText =
    R"(collscale tells how long a collective takes on a system, and why: measured, simulated, predicted.
  collscale predict -t colossus-100k -c all_reduce -s 1GiB

  topo         the systems: list, draw, check     calibrate    fit a model to measurements
  predict      time and bandwidths of a model     extrapolate  measurements to larger systems
  import       logs of others to our records      schedule     the algorithms, step by step
  startup      of communicators, by ranks         goodput      what failures leave of the time
  doctor       what is built, here, missing       priors       from many systems, for new ones

`collscale COMMAND --help` starts with examples. The benchmarks are bench_mpi, bench_nccl, bench_sim.
)";
namespace {

// ---- help
// -------------------------------------------------------------------------------------------

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : path_of(*app.get_parent()) + " " + app.get_name();
}

/// "-t, --topology SYSTEM"
std::string left_side(const CLI::Option& option) {
  std::string text;
  for (const std::string& letter : option.get_snames()) text += "-" + letter + ", ";
  for (const std::string& word : option.get_lnames()) text += "--" + word + ", ";
  text.erase(text.size() - 2);
  return option.get_type_name().empty() ? text : text + " " + option.get_type_name();
}

void append_entries(std::string& out,
                    const std::vector<std::pair<std::string, std::string>>& entries) {
  constexpr std::size_t kPage = 96;
  std::size_t width = 0;
  for (const auto& entry : entries) width = std::max(width, entry.first.size());
  for (const auto& [left, right] : entries) {
    std::string_view first = left;
    for (const std::string& line : wrap(right, kPage - width - 4)) {
      out += fmt::format("  {:{}}  {}\n", first, width, line);
      first = "";
    }
  }
}

}  // namespace

std::string help_text(const CLI::App* app, std::string, CLI::AppFormatMode) {
  if (app->get_parent() == nullptr) return std::string(kBareText);
  std::string out = app->get_description() + "\n\nExamples:\n" + app->get_footer() + "\nUsage:\n";
  std::string usage = path_of(*app);
  std::vector<std::pair<std::string, std::string>> commands;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    commands.emplace_back(sub->get_name(), sub->get_description());
  std::vector<std::pair<std::string, std::string>> options;
  if (!commands.empty()) usage += " COMMAND";
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional()) {
      usage += " " + option->get_name() + (option->get_expected_max() > 1 ? "..." : "");
    } else {
      options.emplace_back(left_side(*option), option->get_description());
    }
  }
  out += fmt::format("  {}{}\n", usage, options.size() > 1 ? " [options]" : "");
  if (!commands.empty()) {
    out += "\nCommands:\n";
    append_entries(out, commands);
  }
  out += "\nOptions:\n";
  append_entries(out, options);
  return out;
}
// ---- what CLI11 says badly
// --------------------------------------------------------------------------

std::optional<Error> unknown_word(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  if (rest.empty()) return {};
  const auto dashed = std::find_if(rest.begin(), rest.end(), [](const std::string& word) {
    return word.size() > 1 && word[0] == '-';
  });
  std::vector<std::string> commands;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(sub->get_name());
  if (!commands.empty() && rest.front()[0] != '-') {
    if (app.get_parent() == nullptr) commands.emplace_back("help");
    return Error{fmt::format("{}: no command \"{}\"{}", path_of(app), rest.front(),
                             suggestion(rest.front(), commands))};
  }
  if (dashed == rest.end())
    return Error{fmt::format("{}: unexpected \"{}\"; `{} --help` shows the usage", path_of(app),
                             rest.front(), path_of(app))};
  const std::string word = dashed->substr(0, dashed->find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& long_name : option->get_lnames()) names.push_back("--" + long_name);
  // A single letter is near to nothing; a single dash before a word is a slip.
  const std::string bare = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  const std::string nearest =
      bare.size() > 1 ? nearest_name(fmt::format("--{}", bare), names) : std::string{};
  return Error{fmt::format("{}: no option {}{}", path_of(app), word,
                           nearest.empty()
                               ? fmt::format("; `{} --help` lists the options", path_of(app))
                               : fmt::format(", did you mean {}?", nearest))};
}

std::optional<Error> single_dash(const CLI::App& app, const std::vector<std::string>& arguments) {
  constexpr std::size_t kShortest = 4;  // letters; fewer may well be "-n16" or "-s8B"
  for (const std::string& argument : arguments) {
    if (argument.size() <= kShortest || argument[0] != '-' || argument[1] == '-') continue;
    const std::string word = argument.substr(0, argument.find('='));
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& long_name : option->get_lnames()) {
        if (word.size() <= kShortest || !long_name.starts_with(word.substr(1))) continue;
        return Error{
            fmt::format("{}: no option {}, did you mean --{}?", path_of(app), word, long_name)};
      }
    }
  }
  return {};
}

std::optional<Error> missing_option(const Definition& command) {
  for (const std::string& required : command.required) {
    const CLI::Option* const option = command.app->get_option(required);
    if (option->count() > 0) continue;
    return Error{fmt::format("{} needs {}, for example: {}", path_of(*command.app),
                             option->get_positional() ? option->get_name() : left_side(*option),
                             command.examples.front())};
  }
  return {};
}

Error rephrase(const CLI::ParseError& error, const CLI::App& app) {
  const std::string text = error.what();
  const std::string flag = text.substr(0, text.find_first_of(": "));
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().front();
  if (text.find("flag override") != std::string::npos) {
    const std::size_t start = std::min(flag.find_first_not_of('-'), flag.size());
    return {fmt::format("--{} takes no value", flag.substr(start))};
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && text[0] == '-') {
    const CLI::Option* const option = deepest->get_option_no_throw(flag);
    return {
        fmt::format("{} needs a value: {}", flag, option == nullptr ? flag : left_side(*option))};
  }
  return {fmt::format("{}: {}", path_of(*deepest), text)};
}
}  // namespace collscale

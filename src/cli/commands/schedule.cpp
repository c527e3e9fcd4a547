// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "cli/commands/schedule_choice.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "collective/algorithms.hpp"
#include "collective/executor.hpp"
#include "collective_io/goal.hpp"
#include "collective_io/labels.hpp"
#include "collective_io/rounds.hpp"
#include "collective_io/schedule_picture.hpp"
#include "collective_io/steps_table.hpp"
#include "collective_io/term_text.hpp"
#include "drawing/svg.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kDefaultGoalSize = 1 << 20;
constexpr const char* kNoBreak = "\u00A0";  ///< keeps a message on one line of the table

struct Executed {
  ChosenSchedule chosen;
  ExecutionReport report;
  ExecutionTrace trace;
};

Expected<Executed> execute_choice(const ScheduleChoice& choice, double size_bytes) {
  auto chosen = choose_schedule(choice, size_bytes);
  if (!chosen) return tl::unexpected(chosen.error());
  Executed executed{*std::move(chosen), {}, {}};
  ExecuteOptions options;
  options.trace = &executed.trace;
  auto report = execute(executed.chosen.schedule, options);
  if (!report) return tl::unexpected(report.error());
  executed.report = *std::move(report);
  return executed;
}

PictureOptions picture_options(const Executed& executed, double size_bytes) {
  PictureOptions options;
  options.size_bytes = size_bytes;
  if (executed.chosen.nodes_matter && executed.chosen.nodes.size() > 1)
    options.nodes = executed.chosen.nodes;
  return options;
}

Expected<std::string> picture_text(const Executed& executed, double size_bytes) {
  return schedule_picture(executed.chosen.schedule, executed.report, executed.trace,
                          picture_options(executed, size_bytes))
      .map([](const Picture& picture) { return svg_text(picture); });
}

/// "2 of 4 ranks", "8, 8, 4 ranks".
std::string nodes_text(const std::vector<std::int64_t>& nodes) {
  const bool even = std::all_of(nodes.begin(), nodes.end(),
                                [&](std::int64_t size) { return size == nodes.front(); });
  if (even) return fmt::format("{} of {} ranks", nodes.size(), nodes.front());
  return fmt::format("of {} ranks", fmt::join(nodes, ", "));
}

double most_sent(const ExecutionReport& report) {
  return *std::max_element(report.sent_fraction.begin(), report.sent_fraction.end());
}

std::string heading(const Executed& executed, double size_bytes, bool colour) {
  const Schedule& schedule = executed.chosen.schedule;
  const Algorithm& algorithm = *executed.chosen.algorithm;
  const ExecutionReport& report = executed.report;
  std::string out = bold(
      fmt::format("{}/{}, {} ranks", name(schedule.collective), schedule.algorithm, schedule.ranks),
      colour);
  if (size_bytes > 0) out += fmt::format(", S = {}", format_size(size_bytes));
  out += "\n";
  const auto line = [&out](std::string_view left, const std::string& right) {
    std::string_view first = left;
    for (const std::string& part : wrap(right, kPageWidth - 11)) {
      out += fmt::format("{:9}  {}\n", first, part);
      first = "";
    }
  };
  line("does", std::string(algorithm.description));
  if (executed.chosen.nodes_matter && executed.chosen.nodes.size() > 1)
    line("nodes", nodes_text(executed.chosen.nodes) +
                      (executed.chosen.nodes_chosen ? "; --ranks-per-node for others" : ""));
  if (algorithm.uses.chunks) line("chunks", fmt::format("{}", executed.chosen.chunks));
  if (algorithm.uses.root) line("root", fmt::format("{}", schedule.root));
  line("depth", fmt::format("{} as executed; published: {}", report.depth, algorithm.depth));
  line("sends", fmt::format("{} at most; published: {}", amount(most_sent(report), size_bytes),
                            algorithm.bytes));
  if (report.redundant_fraction > 0)
    line("redundant", fmt::format("{} arrives where it is already",
                                  amount(report.redundant_fraction, size_bytes)));
  line("messages", format_count(report.messages));
  line("source", std::string(algorithm.source));
  if (!executed.chosen.also.empty())
    line("also", fmt::format("of {} (-c)", fmt::join(executed.chosen.also, ", ")));
  return out + "\n";
}

std::string steps_text(const Executed& executed, const ScheduleShowOptions& options, bool colour) {
  Table table({{"step"},
               {"operation", Align::left},
               {"per\nmessage"},
               {"who sends what to whom [blocks]", Align::left}});
  StepTableOptions step_options;
  step_options.size_bytes = options.size_bytes;
  step_options.all = options.all;
  step_options.blank = kNoBreak;
  for (StepRow& row : step_rows(executed.chosen.schedule, executed.trace, step_options))
    table.add({std::move(row.step), std::move(row.operation), std::move(row.amount),
               std::move(row.messages)});
  std::string text = table.text(colour);
  const std::string no_break = kNoBreak;
  for (std::size_t at = text.find(no_break); at != std::string::npos; at = text.find(no_break, at))
    text.replace(at, no_break.size(), " ");
  return text;
}

Json show_json(const Executed& executed, double size_bytes) {
  const Schedule& schedule = executed.chosen.schedule;
  const Algorithm& algorithm = *executed.chosen.algorithm;
  Json steps = Json::array();
  for (const Round& round : rounds(schedule, executed.trace)) {
    Json messages = Json::array();
    for (const std::size_t m : round.messages) {
      const ExecutedMessage& message = executed.trace.messages[m];
      std::vector<std::int64_t> blocks;
      for (const CellName cell : message.cells) blocks.push_back(cell.block);
      std::sort(blocks.begin(), blocks.end());
      blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
      Json entry{{"source", message.source},
                 {"destination", message.destination},
                 {"operation", operation_name(message.transfer)},
                 {"phase", message.phase},
                 {"phase_step", message.step},
                 {"start", message.start},
                 {"fraction", message.fraction}};
      if (size_bytes > 0) entry["bytes"] = message.fraction * size_bytes;
      entry["blocks"] = blocks;
      messages.push_back(std::move(entry));
    }
    steps.push_back({{"step", steps.size() + 1}, {"messages", std::move(messages)}});
  }
  Json json{{"collective", name(schedule.collective)},
            {"algorithm", schedule.algorithm},
            {"description", algorithm.description},
            {"source", algorithm.source},
            {"ranks", schedule.ranks},
            {"root", schedule.root},
            {"nodes", executed.chosen.nodes},
            {"size_bytes", size_bytes > 0 ? Json(size_bytes) : Json(nullptr)},
            {"depth", executed.report.depth},
            {"depth_published", algorithm.depth},
            {"messages", executed.report.messages},
            {"term", term_text(schedule.term)},
            {"sent_fraction", executed.report.sent_fraction},
            {"sent_published", algorithm.bytes},
            {"redundant_fraction", executed.report.redundant_fraction},
            {"blocks", executed.trace.blocks},
            {"switches", executed.trace.switches}};
  json["steps"] = std::move(steps);
  return json;
}

/// The name, what it does, and below that what it costs.
std::string list_entry(const Algorithm& algorithm, std::size_t width) {
  std::vector<std::string> lines = wrap(algorithm.description, kPageWidth - width - 4);
  for (std::string& line :
       wrap(fmt::format("depth {}; a rank sends {}", algorithm.depth, algorithm.bytes),
            kPageWidth - width - 4))
    lines.push_back(std::move(line));
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i)
    text += fmt::format("  {:{}}  {}\n", i == 0 ? algorithm.name : "", width, lines[i]);
  return text;
}

Json uses_json(const Algorithm::Uses& uses) {
  Json list = Json::array();
  for (const auto& [used, option] : options_used(uses))
    if (used) list.push_back(option);
  return list;
}

}  // namespace

Expected<void> check(const ScheduleShowOptions& options) {
  const int to_stdout = static_cast<int>(takes_stdout(options.json)) +
                        static_cast<int>(takes_stdout(options.draw)) +
                        static_cast<int>(takes_stdout(options.goal));
  if (to_stdout > 1) return fail("only one of --json, --draw and --goal can go to stdout (-)");
  return {};
}

Expected<void> run(const ScheduleListOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  Json entries = Json::array();
  std::string text;
  std::optional<Collective> group;
  std::size_t width = 0;
  for (const Algorithm& algorithm : algorithms()) width = std::max(width, algorithm.name.size());
  for (const Algorithm& algorithm : algorithms()) {
    if (options.collective && algorithm.collective != *options.collective) continue;
    if (group != algorithm.collective) {
      group = algorithm.collective;
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n",
                          bold(name(algorithm.collective), terminal.colour_stdout));
    }
    text += list_entry(algorithm, width);
    entries.push_back({{"collective", name(algorithm.collective)},
                       {"algorithm", algorithm.name},
                       {"description", algorithm.description},
                       {"depth", algorithm.depth},
                       {"bytes", algorithm.bytes},
                       {"source", algorithm.source},
                       {"options", uses_json(algorithm.uses)}});
  }
  if (entries.empty())
    return fail(fmt::format("no algorithm of {} is known yet", name(*options.collective)));
  if (!takes_stdout(options.json)) print_result(text);
  return write_text(options.json, Json{{"algorithms", entries}}.dump(2) + "\n");
}

Expected<void> run(const ScheduleShowOptions& options, const Terminal& terminal) {
  for (const auto& [flag, path] :
       {std::pair{"--json", &options.json}, {"--draw", &options.draw}, {"--goal", &options.goal}})
    if (auto writable = check_output(flag, *path); !writable) return writable;
  const auto executed = execute_choice(options.choice, options.size_bytes);
  if (!executed) return tl::unexpected(executed.error());
  for (const std::string& note : executed->chosen.notes) print_note("note: " + note);

  std::string drawing;
  if (!options.draw.empty()) {
    auto text = picture_text(*executed, options.size_bytes);
    if (!text) return tl::unexpected(text.error());
    drawing = *std::move(text);
  }
  if (!takes_stdout(options.json) && !takes_stdout(options.draw) && !takes_stdout(options.goal))
    print_result(heading(*executed, options.size_bytes, terminal.colour_stdout) +
                 (options.term ? term_text(executed->chosen.schedule.term) + "\n" : "") +
                 steps_text(*executed, options, terminal.colour_stdout));
  if (!options.goal.empty()) {
    GoalOptions goal;
    goal.size_bytes = options.size_bytes > 0 ? options.size_bytes : kDefaultGoalSize;
    goal.reduce_ns_per_byte = options.reduce_ns_per_byte;
    if (options.size_bytes <= 0)
      print_note(fmt::format("note: --goal is for S = {}; -s SIZE sets another",
                             format_size(goal.size_bytes)));
    const std::string text = goal_text(executed->chosen.schedule, executed->trace, goal);
    if (auto written = write_text(options.goal, text); !written) return written;
  }
  if (auto written = write_text(options.draw, drawing); !written) return written;
  if (options.json.empty()) return {};
  return write_text(options.json, show_json(*executed, options.size_bytes).dump(2) + "\n");
}

Expected<void> run(const ScheduleDrawOptions& options, const Terminal&) {
  if (auto writable = check_output("--output", options.output); !writable) return writable;
  const auto executed = execute_choice(options.choice, options.size_bytes);
  if (!executed) return tl::unexpected(executed.error());
  for (const std::string& note : executed->chosen.notes) print_note("note: " + note);
  const auto text = picture_text(*executed, options.size_bytes);
  if (!text) return tl::unexpected(text.error());
  return write_text(options.output, *text);
}

}  // namespace collscale

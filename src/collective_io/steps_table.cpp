// SPDX-License-Identifier: Apache-2.0
#include "collective_io/steps_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "collective_io/labels.hpp"
#include "collective_io/rounds.hpp"

namespace collscale {
namespace {

std::string with_blanks(std::string text, const std::string& blank) {
  for (std::size_t at = text.find(' '); at != std::string::npos;
       at = text.find(' ', at + blank.size()))
    text.replace(at, 1, blank);
  return text;
}

std::string operations(const ExecutionTrace& trace, const Round& round) {
  std::string text;
  for (const Transfer transfer :
       {Transfer::give, Transfer::accumulate, Transfer::move, Transfer::copy}) {
    const bool used = std::any_of(round.messages.begin(), round.messages.end(), [&](std::size_t m) {
      return trace.messages[m].transfer == transfer;
    });
    if (!used) continue;
    if (!text.empty()) text += " / ";
    text += operation_words(transfer);
  }
  return text;
}

std::string amounts(const ExecutionTrace& trace, const Round& round, double size_bytes) {
  double least = trace.messages[round.messages.front()].fraction;
  double most = least;
  for (const std::size_t m : round.messages) {
    least = std::min(least, trace.messages[m].fraction);
    most = std::max(most, trace.messages[m].fraction);
  }
  const std::string high = amount(most, size_bytes);
  const std::string low = amount(least, size_bytes);
  return low == high ? high : fmt::format("{} to {}", low, high);
}

}  // namespace

std::vector<StepRow> step_rows(const Schedule& schedule, const ExecutionTrace& trace,
                               const StepTableOptions& options) {
  const bool every = options.all || schedule.ranks <= options.few;
  std::vector<StepRow> rows;
  for (const Round& round : rounds(schedule, trace)) {
    StepRow row;
    row.step = fmt::format("{}", rows.size() + 1);
    row.operation = operations(trace, round);
    row.amount = amounts(trace, round, options.size_bytes);
    std::size_t shown = 0;
    const auto show = [&](const ExecutedMessage& message) {
      const std::string text = fmt::format("{}→{} [{}]", vertex_name(schedule, message.source),
                                           vertex_name(schedule, message.destination),
                                           payload_label(schedule, trace, message));
      row.messages += (shown++ == 0 ? "" : "  ") + with_blanks(text, options.blank);
    };
    std::vector<std::size_t> by_sender = round.messages;
    std::stable_sort(by_sender.begin(), by_sender.end(), [&](std::size_t a, std::size_t b) {
      return trace.messages[a].source < trace.messages[b].source;
    });
    for (const std::size_t m : by_sender)
      if (every || trace.messages[m].source == 0 || trace.messages[m].destination == 0)
        show(trace.messages[m]);
    if (shown == 0) show(trace.messages[round.messages.front()]);
    if (shown < round.messages.size())
      row.messages += fmt::format("; {} messages in all", round.messages.size());
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace collscale

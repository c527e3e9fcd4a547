// SPDX-License-Identifier: Apache-2.0
#include "collective_io/goal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

namespace collscale {
namespace {

std::int64_t whole_bytes(double fraction, double size_bytes) {
  if (fraction <= 0) return 0;
  return std::max<std::int64_t>(1, std::llround(fraction * size_bytes));
}

bool adds(const ExecutedMessage& message) {
  return message.transfer == Transfer::give || message.transfer == Transfer::accumulate;
}

/// The operations of one vertex, in the order in which they can run.
class RankOperations {
 public:
  explicit RankOperations(const GoalOptions& options) : options_(options) {}

  void add(std::size_t number, const ExecutedMessage& message, bool sends) {
    const std::int64_t bytes = whole_bytes(message.fraction, options_.size_bytes);
    const int label = ++labels_;
    const auto out = std::back_inserter(text_);
    if (sends)
      fmt::format_to(out, "l{}: send {}b to {} tag {}\n", label, bytes, message.destination,
                     number);
    else
      fmt::format_to(out, "l{}: recv {}b from {} tag {}\n", label, bytes, message.source, number);
    for (const std::int32_t waited :
         sends ? message.source_waits_for : message.destination_waits_for) {
      const auto done = done_.find(waited);
      if (done != done_.end()) fmt::format_to(out, "l{} requires l{}\n", label, done->second);
    }
    int end = label;
    if (!sends && adds(message)) {
      end = ++labels_;
      fmt::format_to(out, "l{}: calc {}\nl{} requires l{}\n", end,
                     std::llround(static_cast<double>(bytes) * options_.reduce_ns_per_byte), end,
                     label);
    }
    done_[static_cast<std::int32_t>(number)] = end;
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  GoalOptions options_;
  std::string text_;
  std::map<std::int32_t, int> done_;  ///< by message: the label of its last operation here
  int labels_ = 0;
};

}  // namespace

std::string goal_text(const Schedule& schedule, const ExecutionTrace& trace,
                      const GoalOptions& options) {
  const std::int64_t vertices = schedule.ranks + trace.switches;
  std::vector<RankOperations> programs(static_cast<std::size_t>(vertices), RankOperations(options));
  for (std::size_t i = 0; i < trace.messages.size(); ++i) {
    const ExecutedMessage& message = trace.messages[i];
    programs[static_cast<std::size_t>(message.source)].add(i, message, true);
    programs[static_cast<std::size_t>(message.destination)].add(i, message, false);
  }
  std::string text = fmt::format("// {} {}, {} ranks, {:.0f} bytes\n", name(schedule.collective),
                                 schedule.algorithm, schedule.ranks, options.size_bytes);
  if (trace.switches > 0)
    text += fmt::format("// ranks {} to {} are switches that reduce or copy in the network\n",
                        schedule.ranks, vertices - 1);
  text += fmt::format("num_ranks {}\n", vertices);
  for (std::int64_t vertex = 0; vertex < vertices; ++vertex)
    text += fmt::format("\nrank {} {{\n{}}}\n", vertex,
                        programs[static_cast<std::size_t>(vertex)].text());
  return text;
}

}  // namespace collscale

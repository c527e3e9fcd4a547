// SPDX-License-Identifier: Apache-2.0
#include "collective/executor_timeline.hpp"

#include <algorithm>

#include "collective/offsets.hpp"

namespace collscale {

void join(Clock& into, const Clock& other) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = std::max(into[i], other[i]);
}

std::set<std::int64_t> waited_steps(const Phase& phase, std::int64_t t) {
  std::set<std::int64_t> waited;
  std::vector<std::int64_t> open{t};
  while (!open.empty()) {
    const std::int64_t at = open.back();
    open.pop_back();
    const std::int64_t low = at & -at;
    const auto wait_for = [&](std::int64_t step) {
      if (step >= 1 && step <= phase.steps && waited.insert(step).second) open.push_back(step);
    };
    if (!phase.dual)
      wait_for(at - low);
    else
      for (std::int64_t hop = 1; hop < low; hop *= 2) wait_for(at + hop);
  }
  return waited;
}

void Timeline::begin(const Phase& phase, std::int64_t ranks) {
  const std::size_t steps = phase.lag == Lag::ruler ? static_cast<std::size_t>(phase.steps) + 1 : 0;
  arrival_.assign(steps, Clock(static_cast<std::size_t>(ranks), 0));
}

void Timeline::advance(const Phase& phase, const std::vector<TimedMessage>& sent,
                       const Clock& ready, Clock& clock, std::uint64_t path) {
  const Clock before = phase.lag == Lag::previous ? clock : ready;
  std::map<std::int64_t, std::vector<std::int64_t>> sends;  // lag none: ends, by sender
  for (const TimedMessage& message : sent) {
    const auto source = static_cast<std::size_t>(message.source);
    const auto destination = static_cast<std::size_t>(message.destination);
    std::int64_t start = std::max(before[source], before[destination]);
    if (phase.lag == Lag::previous) {
      const auto edge = edge_free_.find({path, message.source, message.destination});
      if (edge != edge_free_.end()) start = std::max(start, edge->second);
    } else if (phase.lag == Lag::none && phase.window > 0) {
      auto& ends = sends[message.source];
      const auto window = static_cast<std::size_t>(phase.window);
      if (ends.size() >= window) start = std::max(start, ends[ends.size() - window]);
      ends.push_back(start + 1);
    } else if (phase.lag == Lag::ruler) {
      for (const std::int64_t t : waited_steps(phase, forward_step(phase, message.position) + 1))
        start = std::max(start, arrival_[static_cast<std::size_t>(t)][source]);
      auto& arrival = arrival_[static_cast<std::size_t>(forward_step(phase, message.position) + 1)];
      arrival[destination] = std::max(arrival[destination], start + 1);
    }
    if (phase.lag == Lag::previous)
      edge_free_[{path, message.source, message.destination}] = start + 1;
    clock[source] = std::max(clock[source], start + 1);
    clock[destination] = std::max(clock[destination], start + 1);
  }
}

}  // namespace collscale

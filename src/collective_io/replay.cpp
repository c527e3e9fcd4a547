// SPDX-License-Identifier: Apache-2.0
#include "collective_io/replay.hpp"

#include <algorithm>

#include "collective/executor_rules.hpp"

namespace collscale {

Replay::Replay(const Schedule& schedule, const ExecutionTrace& trace)
    : trace_(trace),
      atoms_(std::max<std::int64_t>(1, static_cast<std::int64_t>(trace.atom_edges.size()) - 1)) {
  const std::int64_t vertices = schedule.ranks + trace.switches;
  held_.assign(static_cast<std::size_t>(vertices * trace.blocks * atoms_), 0);
  contributions_.assign(static_cast<std::size_t>(trace.blocks), 0);
  Demands(schedule).for_each_contribution(trace.blocks,
                                          [this](std::int64_t rank, std::int64_t block) {
                                            ++contributions_[static_cast<std::size_t>(block)];
                                            for (std::int64_t atom = 0; atom < atoms_; ++atom)
                                              held_[index(rank, {block, atom})] = 1;
                                          });
  // What every message carries is decided in the order of the execution (all of a step read before
  // any is applied); the rounds may show messages in another one.
  const std::vector<std::int64_t> start = held_;
  carried_.resize(trace.messages.size());
  for (std::size_t first = 0; first < trace.messages.size();) {
    const ExecutedMessage& leader = trace.messages[first];
    Round step;
    std::size_t last = first;
    for (; last < trace.messages.size(); ++last) {
      const ExecutedMessage& message = trace.messages[last];
      if (message.phase != leader.phase || message.step != leader.step) break;
      // What a switch sends it has just been sent.
      if (message.source >= schedule.ranks && leader.source < schedule.ranks) break;
      for (const CellName cell : message.cells)
        carried_[last].push_back(held_[index(message.source, cell)]);
      step.messages.push_back(last);
    }
    advance(step);
    first = last;
  }
  held_ = start;
}

std::size_t Replay::index(std::int64_t vertex, CellName cell) const {
  return static_cast<std::size_t>((vertex * trace_.blocks + cell.block) * atoms_ + cell.atom);
}

void Replay::advance(const Round& round) {
  // First what leaves, then what arrives: a step may exchange the two.
  for (const std::size_t m : round.messages) {
    const ExecutedMessage& message = trace_.messages[m];
    if (message.transfer != Transfer::give && message.transfer != Transfer::move) continue;
    for (std::size_t c = 0; c < message.cells.size(); ++c)
      held_[index(message.source, message.cells[c])] -= carried_[m][c];
  }
  for (const std::size_t m : round.messages) {
    const ExecutedMessage& message = trace_.messages[m];
    const bool adds =
        message.transfer == Transfer::give || message.transfer == Transfer::accumulate;
    for (std::size_t c = 0; c < message.cells.size(); ++c) {
      std::int64_t& cell = held_[index(message.destination, message.cells[c])];
      cell = adds ? cell + carried_[m][c] : carried_[m][c];
    }
  }
}

double Replay::completeness(std::int64_t vertex, std::int64_t block, std::int64_t atom) const {
  const std::int64_t all = contributions_[static_cast<std::size_t>(block)];
  if (all == 0) return 0;
  return std::clamp(
      static_cast<double>(held_[index(vertex, {block, atom})]) / static_cast<double>(all), 0.0,
      1.0);
}

}  // namespace collscale

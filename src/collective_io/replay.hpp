// SPDX-License-Identifier: Apache-2.0
// Who holds what, and how complete, while an execution is replayed round by round.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/executor.hpp"
#include "collective/schedule.hpp"
#include "collective_io/rounds.hpp"

namespace collscale {

/// Counts of contributions per vertex, block and atom (interval of every block).
class Replay {
 public:
  Replay(const Schedule& schedule, const ExecutionTrace& trace);

  /// Applies the messages of the next round.
  void advance(const Round& round);

  /// Contributions held ÷ contributions there are: 1 is complete, 0 is nothing.
  [[nodiscard]] double completeness(std::int64_t vertex, std::int64_t block,
                                    std::int64_t atom) const;
  [[nodiscard]] std::int64_t atoms() const { return atoms_; }

 private:
  [[nodiscard]] std::size_t index(std::int64_t vertex, CellName cell) const;

  const ExecutionTrace& trace_;
  std::int64_t atoms_ = 1;
  std::vector<std::int64_t> held_;
  std::vector<std::int64_t> contributions_;         ///< there are, by block
  std::vector<std::vector<std::int64_t>> carried_;  ///< by message and cell, as they were read
};

}  // namespace collscale

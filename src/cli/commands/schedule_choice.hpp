// SPDX-License-Identifier: Apache-2.0
// From what was asked for to a schedule: which collective a bare name means, which shape the ranks
// have where it was not said, which options the algorithm does not look at.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands/schedule.hpp"
#include "collective/algorithms.hpp"
#include "collective/schedule.hpp"

namespace collscale {

struct ChosenSchedule {
  const Algorithm* algorithm = nullptr;
  Schedule schedule;
  std::vector<std::int64_t> nodes;  ///< ranks of each node
  std::int64_t chunks = 1;          ///< of a pipeline
  bool nodes_matter = false;        ///< the schedule depends on them, or they were asked for
  bool nodes_chosen = false;        ///< by us
  std::vector<std::string> also;    ///< other collectives with an algorithm of this name
  std::vector<std::string> notes;   ///< for stderr
};

/// The most that is executed for a table: more take too long and say nothing new.
constexpr std::int64_t kMostShownRanks = 512;

/// size_bytes: for --chunks nccl; 0: not given.
Expected<ChosenSchedule> choose_schedule(const ScheduleChoice& choice, double size_bytes);

/// Every option beyond the rank count, and whether the algorithm looks at it.
std::vector<std::pair<bool, std::string>> options_used(const Algorithm::Uses& uses);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Who keeps the others waiting: told from how far each rank has come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace collscale {

/// What a rank says of itself when it is asked; or a process of several ranks.
struct RankProgress {
  bool answered = false;
  std::uint64_t steps = 0;  ///< Heartbeat::steps()
  double idle_s = 0;        ///< since the last step was entered
  /// A bit for each of its GPUs that has not completed what was launched on it.
  std::uint64_t unfinished = 0;
  bool host_waits = false;  ///< its process has such a GPU, and is late for that
};

struct Stragglers {
  std::vector<int> silent;  ///< did not answer: stopped, gone, or not to be reached
  /// Answered, entered fewer steps than the furthest rank, and has completed what it launched.
  std::vector<int> late;
  std::vector<int> unfinished;  ///< launched what its GPU has not completed
  std::uint64_t behind = 0;     ///< steps between the furthest and the last rank that answered
};

/// Of processes that drive `gpus` ranks each, in order.
std::vector<RankProgress> by_rank(const std::vector<RankProgress>& processes, int gpus);

/// `ranks[r]` is rank r's.
Stragglers find_stragglers(const std::vector<RankProgress>& ranks);

/// "rank 3 did not arrive (1 step behind)", "ranks 1, 4-7 do not answer (...)", "ranks 2, 3
/// launched and did not complete", or that all ranks entered and none returned. No full stop.
std::string describe(const Stragglers& stragglers, std::size_t ranks);

/// "1, 4-7, 9"; more than eight ranges end in "... (123 in all)". `ranks` ascend.
std::string rank_ranges(const std::vector<int>& ranks);

}  // namespace collscale

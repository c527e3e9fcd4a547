// SPDX-License-Identifier: Apache-2.0
// Who keeps the others waiting: told from how far each rank has come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace collscale {

/// What a rank says of itself when it is asked.
struct RankProgress {
  bool answered = false;
  std::uint64_t steps = 0;  ///< Heartbeat::steps()
  double idle_s = 0;        ///< since the last step was entered
};

struct Stragglers {
  std::vector<int> silent;   ///< did not answer: stopped, gone, or not to be reached
  std::vector<int> late;     ///< answered, and entered fewer steps than the furthest rank
  std::uint64_t behind = 0;  ///< steps between the furthest and the last rank that answered
};

/// `ranks[r]` is rank r's.
Stragglers find_stragglers(const std::vector<RankProgress>& ranks);

/// "rank 3 did not arrive (1 step behind)", "ranks 1, 4-7 do not answer (...)", or that all ranks
/// entered and none returned. No full stop.
std::string describe(const Stragglers& stragglers, std::size_t ranks);

/// "1, 4-7, 9"; more than eight ranges end in "... (123 in all)". `ranks` ascend.
std::string rank_ranges(const std::vector<int>& ranks);

}  // namespace collscale

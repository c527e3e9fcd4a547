// SPDX-License-Identifier: Apache-2.0
// Long rings with exponential delays count time in whole ticks: sixteen clocks of 32 bits fit a
// vector, where eight clocks of 64 bits do, and sums of whole numbers are exact, so that tiles,
// threads and instruction sets still agree to the last bit.
//
// A tick is 2^-20 of the mean delay, or of a sixteenth of the longest step, and at most 2^-20 of
// every step with its mean delay: the rounding is less than the error of the logarithms
// (sim/event/delay).
#pragma once

#include <cstdint>
#include <optional>

#include "sim/event/kernels.hpp"

namespace collscale {

struct RingWork;
struct Layout;
struct Tile;

struct Ticks {
  double tick_s = 0;
  DelayLaw law;  ///< in ticks

  [[nodiscard]] std::int32_t count(double duration_s) const;
};

/// None where the delays are not exponential, where steps are too unlike for one tick, where clocks
/// would not be exact in 53 bits, or where there are too few steps for it to matter.
std::optional<Ticks> ticks_of(const RingWork& work);

/// Takes a tile through `steps` steps from `step` on. `rows` is room for
/// kSweepSteps × kStripRanks delays.
void run_in_ticks(Tile& tile, const Layout& layout, const Kernels& kernels, const RingWork& work,
                  const Ticks& ticks, std::int64_t step, std::int64_t steps, std::int32_t* rows);

}  // namespace collscale

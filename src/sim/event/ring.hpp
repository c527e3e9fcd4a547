// SPDX-License-Identifier: Apache-2.0
// Many steps of a ring, in which every rank waits for its own step and for its left neighbour's:
//
//   t'[r] = max(t[r] + own[r], t[r−1] + edge[r]) + delay(r, step)
//
// In LogGP terms `own` is how long the rank's port is busy with the message it sends, and `edge`
// the time from when the left neighbour starts to send until the message has arrived and been dealt
// with. Messages are sent as soon as the sender is ready (eagerly).
//
// Blocked in time and space: a tile of ranks with a halo to its left goes through a block of steps
// on its own, since in so many steps a rank hears from no further than so many neighbours. Results
// do not depend on tiles, threads or instruction set, to the last bit.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/event/kernels.hpp"

namespace collscale {

/// The ranks' random bits, in halves as kernels take them.
struct RankKeys {
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> high;
};
RankKeys rank_keys(std::uint64_t seed, std::int64_t ranks);

/// `groups` rings of `size` ranks each, one after the other in every array.
struct RingWork {
  std::int64_t size = 0;
  std::int64_t groups = 1;
  std::int64_t steps = 0;
  double* clocks = nullptr;  ///< in and out
  const double* own = nullptr;
  const double* edge = nullptr;
  const std::uint32_t* key_low = nullptr;  ///< may be null without delays, as `law`
  const std::uint32_t* key_high = nullptr;
  const DelayLaw* law = nullptr;
  std::uint64_t seed = 1;
  std::uint64_t stream = 0;  ///< of the delays; its steps count from 0
  int threads = 1;
  const Kernels* kernels = nullptr;  ///< null: the fastest
  /// `automatic`: ticks where there is enough to do and they are good enough (sim/event/ticks).
  enum class Clock { automatic, seconds, ticks };
  Clock clock = Clock::automatic;
  /// Ranks of a tile and steps of a block; 0: chosen.
  std::int64_t tile_ranks = 0;
  std::int64_t block_steps = 0;
};
void run_rings(const RingWork& work);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "sim/event/ring.hpp"

#include <algorithm>
#include <array>
#include <barrier>
#include <limits>

#include "sim/event/ticks.hpp"
#include "sim/event/tiles.hpp"
#include "sim/in_parallel.hpp"

namespace collscale {
namespace {

/// Takes a tile through `steps` steps from `step` on.
void run_in_seconds(Tile& tile, const Layout& layout, const Kernels& kernels, const RingWork& work,
                    std::int64_t step, std::int64_t steps, float* rows) {
  for (std::int64_t done = 0; done < steps; done += kSweepSteps) {
    const auto here = static_cast<int>(std::min<std::int64_t>(steps - done, kSweepSteps));
    const std::int64_t from = layout.first_place(steps - done);
    std::array<double, kSweepSteps * kMostLanes> carry;
    carry.fill(-std::numeric_limits<double>::infinity());
    const auto sweep = [&](std::int64_t place, std::int64_t places, const float* delays) {
      const auto at = static_cast<std::size_t>(place);
      kernels.sweep(&tile.t[at], &tile.own[at], &tile.edge[at], places, delays, kStripRanks, here,
                    carry.data());
    };
    if (work.law == nullptr) {
      sweep(from, layout.places() - from, nullptr);
      continue;
    }
    const StepKeys keys =
        step_keys(work.seed, work.stream, static_cast<std::uint64_t>((step + done) / kDelaySteps));
    for_each_strip(from, layout.places(), [&](std::int64_t place, std::int64_t places) {
      const auto at = static_cast<std::size_t>(place);
      kernels.fill_delays(*work.law, &tile.low[at], &tile.high[at], places, keys, 0, (here + 1) / 2,
                          rows, kStripRanks);
      sweep(place, places, rows);
    });
  }
}

}  // namespace

RankKeys rank_keys(std::uint64_t seed, std::int64_t ranks) {
  RankKeys keys;
  keys.low.resize(static_cast<std::size_t>(ranks));
  keys.high.resize(static_cast<std::size_t>(ranks));
  for (std::size_t r = 0; r < keys.low.size(); ++r) {
    const std::uint64_t key = rank_key(seed, r);
    keys.low[r] = static_cast<std::uint32_t>(key);
    keys.high[r] = static_cast<std::uint32_t>(key >> 32U);
  }
  return keys;
}

void run_rings(const RingWork& work) {
  if (work.size < 1 || work.groups < 1 || work.steps < 1) return;
  const Kernels& kernels = work.kernels ? *work.kernels : *available_kernels().front();
  const std::optional<Ticks> ticks = ticks_of(work);
  Tiles tiles(work, kernels, ticks);
  const Layout& layout = tiles.layout();
  const std::int64_t count = layout.tiles();
  const std::int64_t workers = std::min<std::int64_t>(std::max(1, work.threads), count);
  std::barrier meet(workers);
  on_threads(workers, [&](std::int64_t worker) {
    AlignedVector<float> rows;
    AlignedVector<std::int32_t> tick_rows;
    constexpr auto kRoom = static_cast<std::size_t>(kSweepSteps * kStripRanks);
    if (ticks)
      tick_rows.resize(kRoom);
    else
      rows.resize(kRoom);
    const auto for_mine = [&](auto&& f) {
      for (std::int64_t i = worker * count / workers; i < (worker + 1) * count / workers; ++i) f(i);
      if (workers > 1) meet.arrive_and_wait();
    };
    for_mine([&](std::int64_t i) { tiles.begin(i); });
    for (std::int64_t step = 0; step < work.steps; step += layout.block) {
      const std::int64_t steps = std::min(layout.block, work.steps - step);
      for_mine([&](std::int64_t i) { tiles.look_left(i, steps); });
      for_mine([&](std::int64_t i) {
        if (ticks)
          run_in_ticks(tiles.at(i), layout, kernels, work, *ticks, step, steps, tick_rows.data());
        else
          run_in_seconds(tiles.at(i), layout, kernels, work, step, steps, rows.data());
      });
    }
    for_mine([&](std::int64_t i) { tiles.end(i); });
  });
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "sim/event/ticks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/event/ring.hpp"
#include "sim/event/tiles.hpp"

namespace collscale {
namespace {

constexpr double kTicksPerMean = 0x1p20;
constexpr double kMostMeansPerStep = 16;
/// −ln of the smallest uniform variable, 2^-65.
constexpr double kMostMeansPerDelay = 45.1;
/// A sweep that starts below ends within 32 bits.
constexpr std::int32_t kNear = std::int32_t{1} << 30U;
static_assert(kSweepSteps * (kMostMeansPerStep + kMostMeansPerDelay) * kTicksPerMean < kNear);
/// Rings of fewer rank-steps keep their clocks in seconds.
constexpr std::int64_t kLeastRankSteps = std::int64_t{1} << 22U;

/// A tile's clocks while it goes through a block of steps: in `near`, each lane from its earliest
/// clock on, as long as a lane's clocks lie close enough together.
class Lanes {
 public:
  Lanes(Tile& tile, const TickKernels& kernels) : tile_(tile), kernels_(kernels) {}
  [[nodiscard]] bool near() const { return near_; }

  /// From `from` on; what is before is not looked at any more.
  void come_near(std::int64_t from) {
    const auto at = static_cast<std::size_t>(from);
    near_ = kernels_.come_near(&tile_.t[at], places(from), kNear, base_.data(), &tile_.near[at]);
  }
  void leave(std::int64_t from) {
    const auto at = static_cast<std::size_t>(from);
    if (near_) kernels_.leave(&tile_.t[at], places(from), base_.data(), &tile_.near[at]);
    near_ = false;
  }

 private:
  [[nodiscard]] std::int64_t places(std::int64_t from) const { return std::ssize(tile_.t) - from; }

  Tile& tile_;
  const TickKernels& kernels_;
  bool near_ = false;
  std::array<double, kMostLanes> base_{};
};

}  // namespace

std::int32_t Ticks::count(double duration_s) const {
  return static_cast<std::int32_t>(std::lrint(duration_s / tick_s));
}

std::optional<Ticks> ticks_of(const RingWork& work) {
  if (work.law == nullptr || work.law->kind != DelayLaw::Kind::exponential) return std::nullopt;
  const std::int64_t ranks = work.size * work.groups;
  if (work.clock == RingWork::Clock::seconds) return std::nullopt;
  if (work.clock == RingWork::Clock::automatic && ranks * work.steps < kLeastRankSteps)
    return std::nullopt;
  const double mean_s = work.law->mean_s;
  double longest_s = kMostMeansPerStep * mean_s;
  double shortest_s = std::numeric_limits<double>::infinity();
  double latest_s = 0;
  for (std::int64_t r = 0; r < ranks; ++r) {
    if (work.own[r] < 0 || work.edge[r] < 0 || work.clocks[r] < 0) return std::nullopt;
    longest_s = std::max({longest_s, work.own[r], work.edge[r]});
    shortest_s = std::min(shortest_s, work.edge[r]);
    latest_s = std::max(latest_s, work.clocks[r]);
  }
  const double tick_s = longest_s / (kMostMeansPerStep * kTicksPerMean);
  if (tick_s * kTicksPerMean > std::max(mean_s, shortest_s)) return std::nullopt;
  const double end_s =
      latest_s + static_cast<double>(work.steps) * (longest_s + kMostMeansPerDelay * mean_s);
  if (!(tick_s > 0) || end_s / tick_s > 0x1p52) return std::nullopt;
  return Ticks{tick_s, DelayLaw(Noise{.kind = NoiseKind::exponential, .mean_s = mean_s / tick_s})};
}

void run_in_ticks(Tile& tile, const Layout& layout, const Kernels& kernels, const RingWork& work,
                  const Ticks& ticks, std::int64_t step, std::int64_t steps, std::int32_t* rows) {
  std::int64_t from = layout.first_place(steps);
  Lanes lanes(tile, kernels.ticks);
  lanes.come_near(from);
  for (std::int64_t done = 0; done < steps; done += kSweepSteps) {
    const auto here = static_cast<int>(std::min<std::int64_t>(steps - done, kSweepSteps));
    from = layout.first_place(steps - done);
    const StepKeys keys =
        step_keys(work.seed, work.stream, static_cast<std::uint64_t>((step + done) / kDelaySteps));
    std::array<std::int32_t, kSweepSteps * kMostLanes> carry;
    carry.fill(-kNear);
    std::array<double, kSweepSteps * kMostLanes> wide_carry;
    wide_carry.fill(-std::numeric_limits<double>::infinity());
    std::int32_t latest = 0;
    for_each_strip(from, layout.places(), [&](std::int64_t place, std::int64_t places) {
      const auto at = static_cast<std::size_t>(place);
      kernels.ticks.fill(ticks.law, &tile.low[at], &tile.high[at], places, keys, (here + 1) / 2,
                         rows, kStripRanks);
      if (lanes.near())
        latest = std::max(
            latest, kernels.ticks.sweep(&tile.near[at], &tile.own_ticks[at], &tile.edge_ticks[at],
                                        places, rows, kStripRanks, here, carry.data()));
      else
        kernels.ticks.sweep_wide(&tile.t[at], &tile.own_ticks[at], &tile.edge_ticks[at], places,
                                 rows, kStripRanks, here, wide_carry.data());
    });
    if (latest >= kNear) {
      lanes.leave(from);
      lanes.come_near(from);
    }
  }
  lanes.leave(from);
}

}  // namespace collscale

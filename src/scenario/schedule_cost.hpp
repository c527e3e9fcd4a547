// SPDX-License-Identifier: Apache-2.0
// The cost of a schedule on a system, as both engines that compute give it: latency per level and
// occupancy per tier. It is linear in the size, so one pricing answers every size.
//
//   time = Σ over steps [ α of the step's critical path + bytes of the busiest resource ÷ its
//   capacity ]
//
// (Hockney's α + β·bytes per step, with β of whatever is busiest: R. Hockney, "The communication
// challenge for MPP", Parallel Computing 20 (1994).)
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/program.hpp"
#include "scenario/prediction.hpp"
#include "topology/fabric.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// Resources of a breakdown: 0 the scale-up ports, 1 the NICs, 2 + t the uplinks of tier t.
inline constexpr int kScaleUpResource = 0;
inline constexpr int kNicResource = 1;
inline constexpr int kFirstTierResource = 2;
inline constexpr int kMaxLevels = 6;  ///< node, and turning round at up to five tiers
inline constexpr int kMaxResources = 7;

struct ScheduleCost {
  /// By the level at which messages turn round; level 0 is inside a node.
  std::array<double, kMaxLevels> latency_s{};
  /// Seconds per byte of the scenario's size, booked on the resource that limits each step.
  std::array<double, kMaxResources> seconds_per_byte{};
  /// What unlucky hashing adds to that, per byte.
  std::array<double, kMaxResources> ecmp_seconds_per_byte{};
};

/// Messages of one step by the level at which they turn round.
using LevelCounts = std::array<double, kMaxLevels>;

/// Adds the latency of `count` equal steps, each a message along every edge of a cycle that has
/// `edges[l]` edges of level l. In `count` steps data moves along `count` successive edges, so a
/// whole round costs the sum over the cycle, not `count` times its slowest edge; what is left over
/// is charged to the slowest edges. One step alone costs its slowest edge.
void add_path_latency(ScheduleCost& cost, const Fabric& fabric, const LevelCounts& edges,
                      double count);

/// By arc of a step. A rank starts one message of a lane at a time (one port, as in the lower
/// bounds): the latencies of a step's arcs are paid one after the other.
using ArcEdges = std::array<LevelCounts, 3>;
void add_path_latency(ScheduleCost& cost, const Fabric& fabric, const ArcEdges& edges,
                      double count);

/// The time and its breakdown for one size.
Prediction evaluate(const ScheduleCost& cost, const System& system, double size_bytes);

/// The ranks as an algorithm sees them: packed node by node, one channel per rank of a node, nodes
/// under one leaf as a third level.
Shape shape_of(const System& system, std::int64_t ranks);

/// Fails with one sentence when the system cannot hold that many ranks, or they are fewer than 2.
Expected<void> check_ranks(const System& system, std::int64_t ranks);

/// True for a phase in which nothing waits and every rank sends every other a block of its own: one
/// demand, not size − 1 steps.
bool is_all_pairs(const Lane& lane);

/// True for lanes whose steps follow each other, and for all pairs at once, among ranks that lie in
/// the order of their numbers (turned in the node at most): what both engines price alike. Not:
/// reductions in the network, roots, members and other orders of ranks, uneven nodes, empty blocks.
bool is_priced(const Lane& lane);

/// True when every stage is, and stages follow each other: neither concurrent parts nor pipelines.
bool is_priced(const Program& program);

/// A schedule with its program, which is_priced.
struct PricedSchedule {
  Schedule schedule;
  Program program;
};

/// Algorithms to be priced: the named one, or with "auto" all of the collective's that can serve
/// the shape and can be priced. Fails with one sentence when there is none: why, and which of the
/// collective's algorithms would do.
Expected<std::vector<PricedSchedule>> schedules_for(Collective collective,
                                                    std::string_view algorithm, const Shape& shape);

/// Names of the collective's algorithms that serve the shape and can be priced.
std::vector<std::string> priced_algorithms(Collective collective, const Shape& shape);

/// Collectives of which some algorithm can be priced, for some shape.
std::vector<Collective> priced_collectives();

/// Calls price_stage(lanes) for every stage of a program that is_priced, in order.
template <class PriceStage>
void for_each_stage(const Program& program, const PriceStage& price_stage) {
  if (program.kind == Program::Kind::stage) price_stage(program.lanes);
  for (const Program& part : program.parts) for_each_stage(part, price_stage);
}

/// The common part of both engines: prices each schedule once with `price_stage(lanes, cost)` and
/// evaluates every size; with several schedules ("auto") the fastest of them, per size.
template <class PriceStage>
Expected<std::vector<Prediction>> predict_with(const System& system, Collective collective,
                                               std::string_view algorithm, std::int64_t ranks,
                                               std::span<const double> sizes_bytes,
                                               const PriceStage& price_stage) {
  if (auto fits = check_ranks(system, ranks); !fits) return tl::unexpected(fits.error());
  auto schedules = schedules_for(collective, algorithm, shape_of(system, ranks));
  if (!schedules) return tl::unexpected(schedules.error());
  std::vector<Prediction> best(sizes_bytes.size());
  for (const auto& [schedule, program] : *schedules) {
    ScheduleCost cost;
    for_each_stage(program, [&](const std::vector<Lane>& lanes) { price_stage(lanes, cost); });
    for (std::size_t i = 0; i < sizes_bytes.size(); ++i) {
      Prediction prediction = evaluate(cost, system, sizes_bytes[i]);
      if (best[i].algorithm.empty() || prediction.time_s < best[i].time_s) {
        best[i] = std::move(prediction);
        best[i].algorithm = schedule.algorithm;
      }
    }
  }
  return best;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "scenario/schedule_cost.hpp"

#include <gtest/gtest.h>

#include "support/systems.hpp"

namespace collscale {
namespace {

using test::clos_system;

/// 16 nodes of 8 in leaf groups of 4 nodes: α = 2 us in a node, 4.5 us through a leaf.
const System& small_system() {
  static const System system = clos_system({});
  return system;
}

double latency_of(const LevelCounts& edges, double count) {
  ScheduleCost cost;
  add_path_latency(cost, Fabric(small_system()), edges, count);
  return cost.latency_s[0] + cost.latency_s[1];
}

TEST(PathLatency, OneStepCostsItsSlowestEdge) {
  EXPECT_DOUBLE_EQ(latency_of({14, 2}, 1), 4.5e-6);
  EXPECT_DOUBLE_EQ(latency_of({16}, 1), 2e-6);
}

TEST(PathLatency, AWholeRoundCostsTheSumOfItsEdges) {
  EXPECT_DOUBLE_EQ(latency_of({14, 2}, 16), 14 * 2e-6 + 2 * 4.5e-6);
  EXPECT_DOUBLE_EQ(latency_of({14, 2}, 32), 2 * (14 * 2e-6 + 2 * 4.5e-6));
}

TEST(PathLatency, ARoundLessOneStepLeavesOutAQuickEdge) {
  EXPECT_DOUBLE_EQ(latency_of({14, 2}, 15), 13 * 2e-6 + 2 * 4.5e-6);
}

TEST(PathLatency, NoMessagesNoLatency) { EXPECT_EQ(latency_of({}, 5), 0); }

TEST(Engines, PriceOnlyWhatTheyUnderstand) {
  Lane lane;
  lane.map.size = 4;
  lane.map.group_count = 1;
  lane.phase.steps = 3;
  EXPECT_TRUE(is_priced(lane));
  lane.phase.lag = Lag::ruler;
  EXPECT_FALSE(is_priced(lane));
  lane.phase.lag = Lag::none;
  EXPECT_FALSE(is_priced(lane));
  lane.phase.arcs[0].distance = {1, 1, 0};  // every other rank, once
  EXPECT_TRUE(is_all_pairs(lane));
  EXPECT_TRUE(is_priced(lane));
  lane.phase.network = InNetwork::multicast;
  EXPECT_FALSE(is_priced(lane));

  Program pipeline;
  pipeline.kind = Program::Kind::pipeline;
  const auto refused = for_each_stage(pipeline, [](const std::vector<Lane>&) {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(
      refused.error().message,
      "this algorithm overlaps its steps, which the analytic and the flow engine cannot price");
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "scenario/schedule_cost.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

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

Lane ring_lane() {
  Lane lane;
  lane.map.size = 4;
  lane.map.group_count = 1;
  lane.phase.steps = 3;
  lane.scope_fraction = 0.25;
  return lane;
}

TEST(Engines, PriceOnlyWhatTheyUnderstand) {
  Lane lane = ring_lane();
  EXPECT_TRUE(is_priced(lane));
  lane.phase.lag = Lag::ruler;
  EXPECT_FALSE(is_priced(lane));
  lane.phase.lag = Lag::none;
  EXPECT_FALSE(is_priced(lane));
  lane.phase.arcs[0].distance = {1, 1, 0};  // every other rank, once
  EXPECT_FALSE(is_priced(lane));            // the same to all: a rank cannot send it all at once
  lane.phase.address = Address::pair;
  EXPECT_TRUE(is_all_pairs(lane));
  EXPECT_TRUE(is_priced(lane));
  const auto refuses = [](auto change) {
    Lane changed = ring_lane();
    change(changed);
    return !is_priced(changed);
  };
  EXPECT_TRUE(refuses([](Lane& l) { l.phase.network = InNetwork::multicast; }));
  EXPECT_TRUE(refuses([](Lane& l) { l.phase.root = 0; }));
  EXPECT_TRUE(refuses([](Lane& l) { l.phase.address = Address::spread; }));
  EXPECT_TRUE(refuses([](Lane& l) { l.phase.arcs[0].has_receivers = true; }));
  EXPECT_TRUE(refuses([](Lane& l) { l.map.view.nodes = View::Nodes::leaders; }));
  EXPECT_TRUE(refuses([](Lane& l) { l.map.view.mirror = true; }));
  EXPECT_TRUE(refuses([](Lane& l) { l.map.view.shift = 1; }));
  EXPECT_TRUE(refuses([](Lane& l) { l.scope_fraction = 0; }));

  Program program;
  program.lanes = {ring_lane()};
  EXPECT_TRUE(is_priced(program));
  for (const auto overlaps : {Program::Kind::pipeline, Program::Kind::concurrent}) {
    Program outer;
    outer.kind = overlaps;
    outer.parts = {program};
    EXPECT_FALSE(is_priced(outer));
  }
}

/// Whatever the registry holds: "auto" takes what can be priced, and a named algorithm that cannot
/// is refused in one sentence that names those.
TEST(Engines, AutoLeavesOutWhatCannotBePricedAndANamedOneSaysWhatCan) {
  const Shape shape{.ranks = 16, .ranks_per_node = 4, .channels = 4};
  EXPECT_FALSE(priced_collectives().empty());
  for (const Algorithm& algorithm : algorithms()) {
    const auto priced = priced_algorithms(algorithm.collective, shape);
    const auto automatic = schedules_for(algorithm.collective, "auto", shape);
    ASSERT_EQ(automatic.has_value(), !priced.empty());
    if (automatic) {
      EXPECT_EQ(automatic->size(), priced.size());
    }
    const auto named = schedules_for(algorithm.collective, algorithm.name, shape);
    const bool listed = std::find(priced.begin(), priced.end(), algorithm.name) != priced.end();
    ASSERT_EQ(named.has_value(), listed) << algorithm.name;
    if (named || !make_schedule(algorithm.collective, algorithm.name, shape)) continue;
    const std::string& message = named.error().message;
    EXPECT_NE(message.find(std::string("cannot price algorithm ") + std::string(algorithm.name)),
              std::string::npos)
        << message;
    for (const std::string& other : priced)
      EXPECT_NE(message.find(other), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace collscale

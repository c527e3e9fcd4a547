// SPDX-License-Identifier: Apache-2.0
#include "topology/check.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "topology/small_system.hpp"

namespace collscale {
namespace {

using testing::clos_of;
using testing::make_system;

/// "field: message" of the only problem, or a list of them all.
std::string only_problem(const System& system) {
  std::string text;
  for (const Problem& problem : check_system(system)) {
    if (!text.empty()) text += " | ";
    text += (problem.is_error ? "" : "warning: ") + problem.field + ": " + problem.message;
  }
  return text;
}

TEST(CheckSystem, HasNothingAgainstAValidSystem) {
  EXPECT_EQ(only_problem(make_system({})), "");
  EXPECT_EQ(only_problem(make_system({.nodes = 1, .children = {}})), "");
}

TEST(CheckSystem, RefusesFiguresOutOfRange) {
  System system = make_system({});
  system.nodes.value = 0;
  EXPECT_EQ(only_problem(system), "nodes: found 0, expected a whole number ≥ 1");
  system.nodes.value = 2.5;
  EXPECT_EQ(only_problem(system), "nodes: found 2.5, expected a whole number ≥ 1");
  system = make_system({.efficiency = 1.5});
  EXPECT_EQ(only_problem(system), "fabric.efficiency: found 1.5, expected a number in (0, 1]");
  system = make_system({.oversubscription = 0});
  EXPECT_EQ(only_problem(system),
            "fabric.tiers[0].oversubscription: found 0, expected a number > 0");
  system = make_system({});
  system.node.nics.latency_s.value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(only_problem(system), "node.nics.latency: found nan, expected a number ≥ 0");
}

TEST(CheckSystem, RefusesRailsThatDoNotDivideRanksOrNics) {
  EXPECT_EQ(only_problem(make_system({.gpus = 8, .nics = 6, .rails = 3})),
            "fabric.rails: found 3, expected a divisor of the 8 ranks of a node");
  EXPECT_EQ(only_problem(make_system({.gpus = 8, .nics = 6, .rails = 4})),
            "fabric.rails: found 4, expected a divisor of the 6 NICs of a node");
  EXPECT_EQ(only_problem(make_system({.rails = 0})),
            "fabric.rails: found 0, expected a whole number ≥ 1");
}

TEST(CheckSystem, RefusesAChangeOfRailAboveTheLeavesWhereNothingIsAbove) {
  EXPECT_EQ(
      only_problem(make_system({.rails = 4, .children = {16}, .cross_rail = CrossRail::spine})),
      "fabric.cross_rail: found \"spine\", which needs a tier above the leaves; expected "
      "\"forward\"");
}

TEST(CheckSystem, RefusesGroupsThatDoNotCoverTheNodes) {
  EXPECT_EQ(only_problem(make_system({.nodes = 17})),
            "fabric.tiers[1].children: the groups of 2 tiers hold 16 nodes, fewer than the 17 of "
            "the system");
  EXPECT_EQ(only_problem(make_system({.nodes = 2, .children = {}})),
            "fabric.tiers: found no tier, but 2 nodes need at least one");
}

TEST(CheckSystem, RefusesMorePortsThanASwitchHas) {
  System system = make_system({.nodes = 16, .gpus = 4, .nics = 4, .rails = 4, .children = {4, 4}});
  clos_of(system).tiers[0].switch_radix.value = 8;  // 4 nodes down, 4 links up on each rail
  EXPECT_EQ(only_problem(system), "");
  clos_of(system).tiers[0].switch_radix.value = 7;
  EXPECT_EQ(only_problem(system),
            "fabric.tiers[0].radix: a leaf switch needs 4 ports down and 4 up, more than its 7");
  clos_of(system).tiers[0].switch_radix.value = 0;   // unknown
  clos_of(system).tiers[1].switch_radix.value = 15;  // one link from each of 4 × 4 leaves
  EXPECT_EQ(only_problem(system),
            "fabric.tiers[1].radix: a spine switch needs 16 ports down and 0 up, more than its 15");
}

TEST(CheckSystem, CountsNicsAtHalfTheLinkRateAsHalfAPort) {
  System system = make_system({.gpus = 4, .nics = 4, .children = {4, 4}});
  Tier& leaf = clos_of(system).tiers[0];
  leaf.link_Bps.value = 100e9;
  leaf.switch_radix.value = 16;  // 16 NICs at half rate: 8 ports, and 8 up
  EXPECT_EQ(only_problem(system), "");
  leaf.switch_radix.value = 15;
  EXPECT_EQ(only_problem(system),
            "fabric.tiers[0].radix: a leaf switch needs 8 ports down and 8 up, more than its 15");
}

TEST(CheckSystem, RefusesDevicesThatDoNotDivideTheNics) {
  System system = make_system({.gpus = 8, .nics = 8});
  system.node.nics.per_device = Figure{4, Label::assumed, ""};
  EXPECT_EQ(only_problem(system), "");
  system.node.nics.per_device->value = 3;
  EXPECT_EQ(only_problem(system),
            "node.nics.per_device: found 3, expected a divisor of the 8 NICs of a node");
}

TEST(CheckSystem, WarnsOfUplinksThatMissTheOversubscription) {
  EXPECT_EQ(only_problem(make_system({.children = {4, 4}, .oversubscription = 3})),
            "warning: fabric.tiers[0].oversubscription: 3 asks for 5.333 uplinks of a leaf switch; "
            "5 are taken, 0.9375 times the capacity");
  // An even share has the exact capacity, however many links carry it.
  EXPECT_EQ(only_problem(make_system(
                {.children = {4, 4}, .oversubscription = 3, .routing = Routing::adaptive})),
            "");
}

TEST(CheckSystem, RefusesAbsurdSizesBeforeItCountsWithThem) {
  System system = make_system({});
  clos_of(system).tiers[0].link_Bps.value = 1e-9;
  EXPECT_EQ(only_problem(system),
            "fabric.tiers[0].link: a leaf switch would need 8e+20 uplinks of this speed");
  constexpr std::int64_t kLarge = 1 << 24;
  system = make_system({.nodes = kLarge, .gpus = kLarge, .nics = 1, .children = {kLarge}});
  EXPECT_EQ(
      only_problem(system),
      "nodes: 1.67772e+07 nodes of 1.67772e+07 ranks are more ranks than the 1.09951e+12 that "
      "are counted here");
  system = make_system({.children = {kLarge, kLarge, kLarge, kLarge, kLarge}});
  EXPECT_THAT(only_problem(system), ::testing::HasSubstr("far more than the 16 of the system"));
  system = make_system({.children = {2, 2, 2, 2, 2, 2}});
  EXPECT_EQ(only_problem(system), "fabric.tiers: found 6 tiers, expected at most 5");
}

TEST(CheckSystem, RefusesTwoTiersOfOneName) {
  System system = make_system({.children = {4, 4}});
  clos_of(system).tiers[1].name = "leaf";
  EXPECT_EQ(only_problem(system), "fabric.tiers[1].name: \"leaf\" is the name of tier 0 already");
}

}  // namespace
}  // namespace collscale

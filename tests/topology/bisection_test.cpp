// SPDX-License-Identifier: Apache-2.0
// Bisection bandwidth against the closed forms of textbooks.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "topology/bisection.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/small_system.hpp"
#include "topology/summary.hpp"

namespace collscale {
namespace {

using testing::clos_of;
using testing::make_dragonfly;
using testing::make_system;
using testing::make_torus;

constexpr double kNic = 50e9;   // of small_system.hpp, one for each GPU
constexpr double kLink = 25e9;  // of its torus

TEST(Bisection, OfAFullClosIsTheNic) {
  EXPECT_DOUBLE_EQ(bisection_Bps(make_system({.children = {4, 4}})), kNic);
  EXPECT_DOUBLE_EQ(bisection_Bps(make_system({.nodes = 64, .children = {4, 4, 4}})), kNic);
  EXPECT_DOUBLE_EQ(bisection_Bps(make_system({.rails = 4, .children = {4, 4}})), kNic);
}

TEST(Bisection, OfAClosIsTheNicByTheOversubscriptionOfAllItsTiers) {
  EXPECT_DOUBLE_EQ(bisection_Bps(make_system({.children = {4, 4}, .oversubscription = 2})),
                   kNic / 2);
  EXPECT_DOUBLE_EQ(
      bisection_Bps(make_system({.nodes = 64, .children = {4, 4, 4}, .oversubscription = 2})),
      kNic / 4);
  // More capacity above than below does not help.
  EXPECT_DOUBLE_EQ(bisection_Bps(make_system({.children = {4, 4}, .oversubscription = 0.5})), kNic);
}

TEST(Bisection, OfNodesBelowOneLeafDoesNotPassItsUplinks) {
  EXPECT_DOUBLE_EQ(
      bisection_Bps(make_system({.nodes = 4, .children = {4, 4}, .oversubscription = 8})), kNic);
}

TEST(Bisection, OfPlanesIsThatOfAllOfThem) {
  System system = make_system({.children = {4, 4}, .oversubscription = 2});
  clos_of(system).planes = 2;
  EXPECT_DOUBLE_EQ(bisection_Bps(system), kNic / 2);
}

TEST(Bisection, CountsWholeLinksWhereFlowsKeepOne) {
  // 16 NICs by 3: 5.33 uplinks asked for, 5 taken.
  EXPECT_DOUBLE_EQ(bisection_Bps(make_system({.children = {4, 4}, .oversubscription = 3})),
                   5 * kNic / 16);
}

TEST(Bisection, OfOneNodeIsItsScaleUp) {
  EXPECT_DOUBLE_EQ(bisection_Bps(make_system({.nodes = 1, .children = {4}})), 400e9);
}

TEST(Bisection, OfOneNodeIsTheNarrowestCutOfItsLinks) {
  System system = make_system({.nodes = 1, .gpus = 8, .children = {8}});
  ScaleUp& scale_up = system.node.scale_up;
  scale_up.link_Bps = testing::figure(50e9);
  scale_up.kind = ScaleUpKind::full_mesh;
  EXPECT_DOUBLE_EQ(bisection_Bps(system), 4 * 4 * 50e9 / 4);
  // A ring of eight, cut in two places, whichever ranks are neighbours.
  scale_up.kind = ScaleUpKind::links;
  scale_up.wiring = testing::figure(8);
  for (const std::int64_t step : {1, 3}) {
    scale_up.pairs.clear();
    for (std::int64_t a = 0; a < 8; ++a)
      scale_up.pairs.push_back({a * step % 8, (a + 1) * step % 8, 1});
    EXPECT_DOUBLE_EQ(bisection_Bps(system), 2 * 50e9 / 4);
  }
  scale_up.kind = ScaleUpKind::pcie;
  scale_up.bandwidth_Bps = testing::figure(25e9);
  scale_up.switch_ranks = testing::figure(4);
  scale_up.uplink_Bps = testing::figure(20e9);
  EXPECT_DOUBLE_EQ(bisection_Bps(system), 20e9 / 4);
  scale_up.switch_ranks = testing::figure(8);
  EXPECT_DOUBLE_EQ(bisection_Bps(system), 25e9);
}

RC_GTEST_PROP(Bisection, OfATorusIsFourLinksByItsLongestSide, ()) {
  const std::int64_t k = 2 * *rc::gen::inRange<std::int64_t>(2, 6);
  const std::int64_t shorter = 2 * *rc::gen::inRange<std::int64_t>(1, k / 2 + 1);
  // k × shorter × shorter nodes: 2 × shorter² links are cut, k/2 × shorter² nodes in a half.
  const double kd = static_cast<double>(k);
  RC_ASSERT(
      std::abs(bisection_Bps(make_torus({shorter, k, shorter})) / std::min(kNic, 4 * kLink / kd) -
               1) < 1e-12);
  RC_ASSERT(std::abs(bisection_Bps(make_torus({shorter, k, shorter}, Wrap::mesh)) /
                         std::min(kNic, 2 * kLink / kd) -
                     1) < 1e-12);
}

RC_GTEST_PROP(Bisection, OfADragonflyIsHalfOfWhatItsTaperLeaves, ()) {
  const std::int64_t groups = 2 * *rc::gen::inRange<std::int64_t>(1, 6);
  const std::int64_t routers = *rc::gen::inRange<std::int64_t>(4, 9);
  const System system =
      make_dragonfly({.groups = groups, .routers = routers, .nodes = 4, .global = 3});
  const auto& dragonfly = std::get<Dragonfly>(system.fabric);
  const auto g = static_cast<double>(groups);
  const double links =
      static_cast<double>(DragonflyRoutes(dragonfly).links_between_groups()) * (g - 1);
  const double taper = links * dragonfly.global_link_Bps.value /
                       (static_cast<double>(routers) * 4 * kNic);  // of a group's injection
  RC_ASSERT(std::abs(bisection_Bps(system) / std::min(kNic, taper * kNic * g / (2 * (g - 1))) - 1) <
            1e-12);
  RC_ASSERT(std::abs(derived_quantity(system, "oversubscription of global") * taper - 1) < 1e-12);
}

TEST(Bisection, OfOneGroupOfADragonflyIsThatOfItsLocalLinks) {
  // 2 of 4 routers to the other 2: 4 links of 50 GB/s for 16 GPUs.
  EXPECT_DOUBLE_EQ(bisection_Bps(make_dragonfly({.groups = 1, .routers = 4, .nodes = 8})),
                   4 * 50e9 / 16);
}

TEST(Bisection, OfADragonflyPlusIsAtMostWhatItsLeavesHaveUpwards) {
  // One spine: a leaf with 4 nodes has one link upwards.
  EXPECT_DOUBLE_EQ(bisection_Bps(make_dragonfly(
                       {.groups = 2, .routers = 2, .nodes = 4, .global = 8, .spines = 1})),
                   50e9 / 4);
}

TEST(Summary, CountsWhatIsThere) {
  const System system = make_system({.nodes = 15, .rails = 4, .children = {4, 4}});
  EXPECT_DOUBLE_EQ(derived_quantity(system, "accelerators"), 60);
  EXPECT_DOUBLE_EQ(derived_quantity(system, "switches of leaf"), 16);
  EXPECT_DOUBLE_EQ(derived_quantity(system, "switches of spine"), 4);
  EXPECT_DOUBLE_EQ(derived_quantity(system, "latency within a node"), 1e-6);
  EXPECT_DOUBLE_EQ(derived_quantity(system, "latency to the nearest node"), 3.5e-6);
  EXPECT_DOUBLE_EQ(derived_quantity(system, "latency to the farthest node"), 5e-6);
  EXPECT_EQ(label_counts(system).all(), label_counts(system)[Label::assumed]);
  EXPECT_EQ(label_words(label_counts(system)), "16 assumed");
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "topology/fabric.hpp"

#include <gmock/gmock.h>

#include "topology/small_system.hpp"

namespace collscale {
namespace {

using Kind = LinkClass::Kind;
using ::testing::ElementsAre;
using testing::make_system;

std::vector<std::string> path_names(const Fabric& fabric, std::int64_t source,
                                    std::int64_t destination) {
  std::vector<std::string> names;
  for (const std::int64_t link : fabric.path(source, destination, 1)) {
    names.push_back(fabric.link_name(link));
  }
  return names;
}

TEST(Fabric, GivesARankToItselfNoLinks) {
  const Fabric fabric(make_system({}));
  EXPECT_EQ(fabric.path(5, 5, 0).length, 0);
  EXPECT_EQ(fabric.turning_level(5, 5), 0);
}

TEST(Fabric, KeepsANodesTrafficOnTheScaleUpFabric) {
  const Fabric fabric(make_system({}));
  EXPECT_THAT(path_names(fabric, 4, 7), ElementsAre("gpu 4 scale-up out", "gpu 7 scale-up in"));
}

TEST(Fabric, ClimbsOnlyAsFarAsItMust) {
  const Fabric fabric(make_system(
      {.nodes = 64, .gpus = 2, .nics = 2, .children = {4, 4, 4}, .routing = Routing::adaptive}));
  EXPECT_THAT(path_names(fabric, 0, 2), ElementsAre("node 0 nic 0 out", "node 1 nic 0 in"));
  EXPECT_THAT(path_names(fabric, 1, 8),
              ElementsAre("node 0 nic 1 out", "leaf 0 up", "leaf 1 down", "node 4 nic 0 in"));
  EXPECT_THAT(path_names(fabric, 127, 0),
              ElementsAre("node 63 nic 1 out", "leaf 15 up", "spine 3 up", "spine 0 down",
                          "leaf 0 down", "node 0 nic 0 in"));
  EXPECT_EQ(fabric.turning_level(0, 1), 0);
  EXPECT_EQ(fabric.turning_level(0, 2), 1);
  EXPECT_EQ(fabric.turning_level(1, 8), 2);
  EXPECT_EQ(fabric.turning_level(127, 0), 3);
}

TEST(Fabric, ForwardsOverScaleUpToReachAnotherRail) {
  const Fabric fabric(make_system({.rails = 4, .routing = Routing::adaptive}));
  // Rank 0 (rail 0, node 0) to rank 6 (rail 2, node 1): over rank 2, which sits on rail 2.
  EXPECT_THAT(path_names(fabric, 0, 6), ElementsAre("gpu 0 scale-up out", "gpu 2 scale-up in",
                                                    "node 0 nic 2 out", "node 1 nic 2 in"));
  EXPECT_EQ(fabric.turning_level(0, 6), 1);
  EXPECT_THAT(path_names(fabric, 0, 18),
              ElementsAre("gpu 0 scale-up out", "gpu 2 scale-up in", "node 0 nic 2 out",
                          "leaf 0 rail 2 up", "leaf 1 rail 2 down", "node 4 nic 2 in"));
}

TEST(Fabric, ChangesRailInTheSpineWhenToldTo) {
  const Fabric fabric(
      make_system({.rails = 4, .routing = Routing::adaptive, .cross_rail = CrossRail::spine}));
  EXPECT_THAT(path_names(fabric, 0, 6), ElementsAre("node 0 nic 0 out", "leaf 0 rail 0 up",
                                                    "leaf 0 rail 2 down", "node 1 nic 2 in"));
  EXPECT_EQ(fabric.turning_level(0, 6), 2);
  EXPECT_EQ(fabric.turning_level(0, 4), 1);  // its own rail
}

TEST(Fabric, SharesANicBetweenRanksWhereThereAreFewer) {
  const Fabric fabric(make_system({.gpus = 4, .nics = 2}));
  EXPECT_THAT(path_names(fabric, 1, 4), ElementsAre("node 0 nic 0 out", "node 1 nic 0 in"));
  EXPECT_THAT(path_names(fabric, 2, 7), ElementsAre("node 0 nic 1 out", "node 1 nic 1 in"));
  EXPECT_EQ(fabric.find_class(Kind::nic_out)->count, 32);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::nic_out)->capacity_Bps, 50e9);
}

TEST(Fabric, SumsTheNicsOfARankWhereThereAreMore) {
  const Fabric fabric(make_system({.gpus = 4, .nics = 16}));
  EXPECT_EQ(fabric.find_class(Kind::nic_out)->count, 64);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::nic_in)->capacity_Bps, 200e9);
}

TEST(Fabric, AppliesEfficienciesToTheirOwnLinks) {
  const Fabric fabric(make_system({.efficiency = 0.5}));
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::scale_up_out)->capacity_Bps, 300e9);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::nic_in)->capacity_Bps, 25e9);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::up, 0)->capacity_Bps, 25e9);
}

TEST(Fabric, BundlesParallelUplinksUnderAdaptiveRoutingOnly) {
  testing::SmallSystem small{.rails = 4, .oversubscription = 2};
  const Fabric ecmp(make_system(small));
  small.routing = Routing::spray;
  const Fabric spray(make_system(small));
  // 4 nodes × 50 GB/s below each leaf of a rail, half of it upwards: two links or one bundle.
  EXPECT_EQ(ecmp.find_class(Kind::up, 0)->count, 4 * 4 * 2);
  EXPECT_DOUBLE_EQ(ecmp.find_class(Kind::up, 0)->capacity_Bps, 50e9);
  EXPECT_EQ(spray.find_class(Kind::up, 0)->count, 4 * 4);
  EXPECT_DOUBLE_EQ(spray.find_class(Kind::up, 0)->capacity_Bps, 100e9);
}

TEST(Fabric, PlanesShareOutEveryNicAndTierAndAFlowStaysInOne) {
  System system = make_system({.nodes = 64, .rails = 4, .children = {4, 4, 4}});
  std::get<Clos>(system.fabric).planes = 2;
  for (Tier& tier : std::get<Clos>(system.fabric).tiers) tier.link_Bps.value = 25e9;
  const Fabric fabric(system);
  EXPECT_EQ(fabric.find_class(Kind::nic_out)->count, 2 * 64 * 4);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::nic_out)->capacity_Bps, 25e9);
  EXPECT_EQ(fabric.find_class(Kind::up, 0)->count, 2 * 16 * 4 * 4);
  bool seen[2] = {};
  for (std::uint64_t hash = 0; hash < 64; ++hash) {
    std::string plane;
    for (const std::int64_t number : fabric.path(0, 255, hash).view()) {
      const std::string link = fabric.link_name(number);
      if (link.find("scale-up") != std::string::npos) continue;
      const std::string of_link = link.substr(0, link.find(' ', 6));
      if (plane.empty()) plane = of_link;
      EXPECT_EQ(of_link, plane) << link;
    }
    ASSERT_TRUE(plane == "plane 0" || plane == "plane 1") << plane;
    seen[plane == "plane 1" ? 1 : 0] = true;
  }
  EXPECT_TRUE(seen[0] && seen[1]);
}

TEST(Fabric, SprayedPlanesAreOneBundle) {
  System system = make_system({.rails = 4, .routing = Routing::spray});
  const Fabric one(system);
  std::get<Clos>(system.fabric).planes = 8;
  const Fabric eight(system);
  ASSERT_EQ(eight.link_count(), one.link_count());
  for (std::size_t i = 0; i < one.classes().size(); ++i)
    EXPECT_DOUBLE_EQ(eight.classes()[i].capacity_Bps, one.classes()[i].capacity_Bps);
}

TEST(Fabric, CompoundsOversubscriptionAndSharesUpperTiersBetweenRails) {
  const Fabric fabric(make_system({.nodes = 64,
                                   .rails = 4,
                                   .children = {4, 4, 4},
                                   .oversubscription = 2,
                                   .routing = Routing::adaptive}));
  // A group of spines: 16 nodes × 200 GB/s, halved twice.
  EXPECT_EQ(fabric.find_class(Kind::up, 1)->count, 4);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::up, 1)->capacity_Bps, 800e9);
  EXPECT_EQ(fabric.find_class(Kind::up, 2), nullptr);
}

TEST(Fabric, AddsAHopForEverySwitchToTheHostPart) {
  const Fabric fabric(make_system({.nodes = 64, .children = {4, 4, 4}}));
  EXPECT_EQ(fabric.levels(), 4);
  EXPECT_DOUBLE_EQ(fabric.latency_s(0), 1e-6);
  EXPECT_DOUBLE_EQ(fabric.latency_s(1), 3.5e-6);  // leaf
  EXPECT_DOUBLE_EQ(fabric.latency_s(2), 5e-6);    // leaf spine leaf
  EXPECT_DOUBLE_EQ(fabric.latency_s(3), 7.5e-6);  // leaf spine core spine leaf
}

TEST(Fabric, NumbersThePartlyFilledLastGroupAsIfItWereFull) {
  // 9 nodes in leaf groups of 4 and spine groups of 2 leaves: 3 leaf groups, 2 spine groups.
  const Fabric fabric(
      make_system({.nodes = 9, .children = {4, 2, 8}, .routing = Routing::adaptive}));
  EXPECT_EQ(fabric.find_class(Kind::nic_out)->count, 36);
  EXPECT_EQ(fabric.find_class(Kind::up, 0)->count, 3);
  EXPECT_EQ(fabric.find_class(Kind::up, 1)->count, 2);
  EXPECT_EQ(fabric.link_count(), 4 * 36 + 2 * 3 + 2 * 2);
  EXPECT_THAT(path_names(fabric, 35, 0),
              ElementsAre("node 8 nic 3 out", "leaf 2 up", "spine 1 up", "spine 0 down",
                          "leaf 0 down", "node 0 nic 0 in"));
}

TEST(Fabric, NamesTiersAndLinksForPeople) {
  const Fabric fabric(make_system({.nodes = 64, .rails = 4, .children = {4, 4, 4}}));
  EXPECT_EQ(fabric.tier_name(*fabric.find_class(Kind::scale_up_in)), "scale-up");
  EXPECT_EQ(fabric.tier_name(*fabric.find_class(Kind::nic_in)), "nic");
  EXPECT_EQ(fabric.tier_name(*fabric.find_class(Kind::down, 1)), "spine");
  const std::int64_t leaf_up = fabric.find_class(Kind::up, 0)->first;
  // Group 12, rail 3, link 2 of 4.
  EXPECT_EQ(fabric.link_name(leaf_up + (12 * 4 + 3) * 4 + 2), "leaf 12 rail 3 up 2");
  const std::int64_t spine_down = fabric.find_class(Kind::down, 1)->first;
  // Group 3 has 4 spines with 16 links each.
  EXPECT_EQ(fabric.link_name(spine_down + (3 * 4 + 1) * 16 + 15), "spine 3 switch 1 down 15");
}

TEST(Fabric, LetsALoopRunOverTheViewOfAResult) {
  const Fabric fabric(make_system({}));
  std::vector<std::int64_t> of_result;
  for (const std::int64_t link : fabric.path(0, 63, 5).view()) of_result.push_back(link);
  const Path path = fabric.path(0, 63, 5);
  EXPECT_EQ(of_result, std::vector<std::int64_t>(path.view().begin(), path.view().end()));
}

TEST(Fabric, ServesASingleNodeWithoutAnyTier) {
  const Fabric fabric(make_system({.nodes = 1, .gpus = 8, .nics = 8, .children = {}}));
  EXPECT_EQ(fabric.levels(), 1);
  EXPECT_EQ(fabric.link_count(), 32);
  EXPECT_EQ(fabric.path(0, 7, 0).length, 2);
}

}  // namespace
}  // namespace collscale

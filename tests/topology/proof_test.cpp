// SPDX-License-Identifier: Apache-2.0
// What `topo check` claims of a system.
#include <gmock/gmock.h>

#include <string>

#include "topology/proof.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using testing::clos_of;
using testing::make_dragonfly;
using testing::make_system;
using testing::make_torus;

std::string line_about(const Proof& proof, const std::string& about) {
  for (const Proof::Line& line : proof.lines)
    if (line.about == about) return line.text;
  return "";
}

TEST(Proof, WalksEveryPairOfASmallSystem) {
  for (const System& system :
       {make_system({.rails = 2, .cross_rail = CrossRail::spine}), make_torus({4, 3, 2}),
        make_dragonfly({.groups = 5}), make_dragonfly({.groups = 5, .spines = 2})}) {
    const Proof proof = prove(system);
    EXPECT_TRUE(proof.connected) << proof.broken_pair;
    EXPECT_TRUE(proof.exhaustive);
    const std::int64_t ranks = max_ranks(system);
    EXPECT_EQ(proof.walked_pairs, ranks * (ranks - 1));
  }
}

TEST(Proof, WalksEveryKindOfPairOfALargeOne) {
  const System system = make_system({.nodes = 4000,
                                     .gpus = 8,
                                     .nics = 8,
                                     .rails = 8,
                                     .children = {32, 16, 8},
                                     .routing = Routing::adaptive});
  const Proof proof = prove(system);
  EXPECT_TRUE(proof.connected) << proof.broken_pair;
  EXPECT_FALSE(proof.exhaustive);
  EXPECT_GT(proof.walked_pairs, 4096);
  EXPECT_THAT(line_about(proof, "paths"), ::testing::StartsWith("all groups meet in the one of"));
}

TEST(Proof, AddsUpTheCounts) {
  EXPECT_EQ(
      line_about(prove(make_system({.nodes = 14, .children = {4, 4}})), "counts"),
      "14 nodes × 4 accelerators = 56; 4 leaf groups of 4 nodes, 2 in the last; 1 spine group "
      "of 16 nodes, 14 in use");
  EXPECT_EQ(line_about(prove(make_torus({4, 3})), "counts"),
            "12 nodes × 1 accelerator = 12; 4 × 3 points");
  System system = make_dragonfly({.groups = 5, .routers = 4, .nodes = 2});
  system.nodes.value = 38;
  EXPECT_EQ(line_about(prove(system), "counts"),
            "38 nodes × 1 accelerator = 38; 5 groups × 4 routers × 2 nodes = 40 places, 2 empty");
}

TEST(Proof, SaysWhichPortsAreUnused) {
  System system = make_system({.rails = 4, .children = {4, 4}});
  clos_of(system).tiers[0].switch_radix.value = 8;
  clos_of(system).tiers[1].switch_radix.value = 64;
  // Four of the spines that are numbered one for each uplink are one switch.
  EXPECT_EQ(line_about(prove(system), "ports"),
            "leaf: 4 down + 4 up of 8 ports; spine: 64 down of 64 ports");
  clos_of(system).tiers[1].switch_radix.value = 30;
  EXPECT_EQ(line_about(prove(system), "ports"),
            "leaf: 4 down + 4 up of 8 ports; spine: 16 down of 30 ports, 14 unused");
  EXPECT_EQ(line_about(prove(make_dragonfly({.groups = 9})), "ports"),
            "router: 2 to NICs + 3 local + 2 global ports, radix not given; 1 link between each "
            "two groups");
}

TEST(Proof, SaysWhichOversubscriptionWholeLinksGive) {
  EXPECT_EQ(line_about(prove(make_system({.children = {4, 4}, .oversubscription = 2})), "uplinks"),
            "leaf: 8 of 50.0 GB/s up from a switch, 2:1");
  EXPECT_EQ(line_about(prove(make_system({.children = {4, 4}, .oversubscription = 3})), "uplinks"),
            "leaf: 5 of 50.0 GB/s up from a switch, 3.2:1 for 3:1");
}

}  // namespace
}  // namespace collscale

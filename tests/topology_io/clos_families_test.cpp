// SPDX-License-Identifier: Apache-2.0
// Families of kind clos beside fat-tree, full-mesh, and the DGX SuperPOD in its sizes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "topology/clos_shape.hpp"
#include "topology/fabric.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

using ::testing::ElementsAre;
using Kind = LinkClass::Kind;

const std::vector<std::filesystem::path> kShipped = {COLLSCALE_SOURCE_DIR "/topologies"};

System system_of(std::string_view text) {
  Expected<System> system = load_system(text, kShipped);
  EXPECT_TRUE(system) << system.error().message;
  return system ? *std::move(system) : System{};
}

std::string error_of(std::string_view text) {
  const Expected<System> system = load_system(text, kShipped);
  return system ? "loaded" : system.error().message;
}

TEST(MultiPlane, IsTheDesignOf131072NicsUnlessToldOtherwise) {
  const System system = system_of("multi-plane");
  EXPECT_EQ(max_ranks(system), 131072);
  const Clos& clos = std::get<Clos>(system.fabric);
  EXPECT_EQ(clos.planes, 8);
  EXPECT_EQ(clos.routing, Routing::spray);
  EXPECT_DOUBLE_EQ(clos.tiers[0].link_Bps.value, 12.5e9);
  EXPECT_EQ(clos_shape(system)[0].uplinks, 256);
  EXPECT_THAT(hardware_switches(system), ElementsAre(8 * 512, 8 * 256));
}

TEST(MultiPlane, TakesAThirdTierWhereTwoDoNotReach) {
  const System system = system_of("multi-plane:nodes=125000");
  EXPECT_EQ(max_ranks(system), 1000000);
  EXPECT_EQ(std::get<Clos>(system.fabric).tiers.size(), 3U);
  EXPECT_TRUE(system_warnings(system).empty());
  EXPECT_EQ(error_of("multi-plane:nodes=16385,tiers=2"),
            "multi-plane: nodes: found 16385, but 2 tiers of radix 512 hold 16384 nodes of 8 NICs "
            "at most; expected fewer nodes or a larger radix");
}

TEST(MultiPlane, KeepsAFlowInOnePlaneUnderEcmp) {
  const System system = system_of("multi-plane:nodes=512,planes=2,nic=400Gbps,routing=ecmp");
  const Fabric fabric(system);
  EXPECT_EQ(fabric.planes(), 2);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::nic_out)->capacity_Bps, 25e9);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::up, 0)->capacity_Bps, 25e9);
}

TEST(RailOnly, HasARailOfOneSwitchWhileItsPortsSuffice) {
  const System system = system_of("rail-only:nodes=64");
  const Clos& clos = std::get<Clos>(system.fabric);
  EXPECT_EQ(clos.rails, 8);
  EXPECT_EQ(clos.cross_rail, CrossRail::forward);
  EXPECT_EQ(clos.tiers.size(), 1U);
  EXPECT_THAT(hardware_switches(system), ElementsAre(8));
  EXPECT_EQ(std::get<Clos>(system_of("rail-only:nodes=65").fabric).tiers.size(), 2U);
}

TEST(RailOnly, ReachesTheNodesOfAClosOfEachRail) {
  EXPECT_EQ(max_ranks(system_of("rail-only:nodes=8192,radix=128")), 65536);
  EXPECT_EQ(error_of("rail-only:nodes=8193,radix=128"),
            "rail-only: nodes: found 8193, but 2 tiers of radix 128 hold 8192 nodes of 8 NICs at "
            "most; expected fewer nodes or a larger radix");
  EXPECT_EQ(error_of("rail-only:tiers=3"), "rail-only: tiers: found \"3\", expected 1 or 2");
  EXPECT_EQ(error_of("rail-only:rails=2"),
            "rail-only: unknown parameter \"rails\"; valid: nodes, gpus, nic, scale_up, radix, "
            "tiers, oversubscription, routing, efficiency, queue_pairs, hop_latency");
}

RC_GTEST_PROP(RailOnly, NeverChangesRailOutsideANode, ()) {
  const int nodes = *rc::gen::inRange(2, 600);
  const int gpus = *rc::gen::element(2, 4, 8);
  const auto* routing = *rc::gen::element("ecmp", "adaptive");
  const Expected<System> system =
      load_system(fmt::format("rail-only:nodes={},gpus={},routing={}", nodes, gpus, routing), {});
  RC_ASSERT(system.has_value());
  const Fabric fabric(*system);
  const auto ranks = static_cast<int>(max_ranks(*system));
  const int from = *rc::gen::inRange(0, ranks);
  const int to = *rc::gen::inRange(0, ranks);
  if (from / gpus == to / gpus) return;
  const Path path = fabric.path(from, to, *rc::gen::arbitrary<std::uint64_t>());
  for (const std::int64_t link : path.view()) {
    const LinkClass& of = fabric.class_of(link);
    if (of.kind != Kind::up && of.kind != Kind::down) continue;
    const Fabric::TierLinks tier = fabric.tier_links(0);
    RC_ASSERT((link - of.first) / tier.uplinks % tier.switches == to % gpus);
  }
  // Another rail is reached by the node's own switch first.
  const bool same_rail = from % gpus == to % gpus;
  RC_ASSERT((fabric.class_of(path.links[0]).kind == Kind::scale_up_out) == !same_rail);
}

TEST(FullMesh, JoinsEveryRouterToEveryOther) {
  const System system = system_of("full-mesh:routers=6,nodes=2,gpus=4,links=3,link=200Gbps");
  EXPECT_EQ(max_ranks(system), 48);
  const Fabric fabric(system);
  EXPECT_EQ(fabric.find_class(Kind::local, 0)->count, 6 * 5 * 3);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::local, 0)->capacity_Bps, 25e9);
  EXPECT_EQ(fabric.path(0, 4, 1).length, 2);   // a node of the same router: two NICs
  EXPECT_EQ(fabric.path(0, 47, 1).length, 3);  // any other: one link more
  EXPECT_EQ(
      error_of("full-mesh:routers=64,radix=64"),
      "full-mesh:routers=64,radix=64: fabric.radix: a router needs 72 ports, more than its 64");
}

TEST(DgxSuperpod, HasTheSwitchCountsOfTheReferenceArchitecture) {
  // NVIDIA DGX SuperPOD B200 reference architecture: leaf, spine and core switches.
  const std::pair<int, std::vector<std::int64_t>> stated[] = {
      {2, {16, 8}},         {4, {32, 16}},         {8, {64, 32}},
      {16, {128, 128, 64}}, {32, {256, 256, 128}}, {64, {512, 512, 256}}};
  for (const char* node : {"h100", "b200"}) {
    for (const auto& [units, switches] : stated) {
      const System system = system_of(fmt::format("dgx-superpod:su={},node={}", units, node));
      EXPECT_EQ(max_ranks(system), units * 256);
      EXPECT_EQ(hardware_switches(system), switches) << units;
      EXPECT_TRUE(system_warnings(system).empty());
    }
  }
}

TEST(DgxSuperpod, IsItsFileAtFourUnits) {
  const System family = system_of("dgx-superpod");
  const System file = system_of("dgx-h100-superpod");
  EXPECT_EQ(family.nodes.value, file.nodes.value);
  EXPECT_EQ(family.node.name, file.node.name);
  EXPECT_EQ(Fabric(family).link_count(), Fabric(file).link_count());
}

TEST(DgxSuperpod, TakesAnyNumberOfUnitsUpTo64) {
  for (int units = 1; units <= 64; ++units) {
    const System system = system_of(fmt::format("dgx-superpod:su={}", units));
    EXPECT_EQ(max_ranks(system), units * 256);
    EXPECT_TRUE(system_warnings(system).empty());
  }
  EXPECT_EQ(error_of("dgx-superpod:su=65"),
            "dgx-superpod: su: found 65, expected at most the 64 scalable units of the design");
  EXPECT_EQ(error_of("dgx-superpod:node=h10"),
            "dgx-superpod: node: unknown value \"h10\", did you mean \"h100\"?");
  EXPECT_EQ(error_of("dgx-superpd:su=2"),
            "unknown topology family \"dgx-superpd\", did you mean \"dgx-superpod\"?");
}

}  // namespace
}  // namespace collscale

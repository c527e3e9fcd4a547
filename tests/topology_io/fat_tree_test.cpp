// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "topology/clos_shape.hpp"
#include "topology/fabric.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

std::string error_of(std::string_view text) {
  const Expected<System> system = load_system(text, {});
  return system ? "loaded" : system.error().message;
}

std::vector<double> children(const System& system) {
  std::vector<double> values;
  for (const Tier& tier : std::get<Clos>(system.fabric).tiers)
    values.push_back(tier.children.value);
  return values;
}

TEST(FatTree, IsAvailableWithoutAnyParameter) {
  const Expected<System> system = load_system("fat-tree", {});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(max_ranks(*system), 4096);
  EXPECT_EQ(system->origin, "fat-tree");
}

TEST(FatTree, TakesParametersWithTheirUnits) {
  const std::string text =
      "fat-tree:nodes=16,gpus=4,nic=100Gbps,scale_up=200GB/s,radix=32,rails=4,routing=ecmp,"
      "efficiency=0.9,hop_latency=1us";
  const Expected<System> system = load_system(text, {});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(system->origin, text);
  EXPECT_EQ(system->nodes.value, 16);
  EXPECT_EQ(ranks_per_node(*system), 4);
  EXPECT_EQ(system->node.nics.per_node.value, 4);
  EXPECT_EQ(system->node.nics.bandwidth_Bps.value, 12.5e9);
  EXPECT_EQ(system->node.scale_up.bandwidth_Bps.value, 200e9);
  const Clos& clos = std::get<Clos>(system->fabric);
  EXPECT_EQ(clos.rails, 4);
  EXPECT_EQ(clos.routing, Routing::ecmp);
  EXPECT_EQ(clos.efficiency.value, 0.9);
  EXPECT_EQ(clos.tiers[0].switch_radix.value, 32);
  EXPECT_DOUBLE_EQ(clos.tiers[0].hop_latency_s.value, 1e-6);
}

TEST(FatTree, UsesTwoTiersWhileTheNodesFitAndThenThree) {
  // Radix 64, one NIC per node: 32 nodes to a leaf; 64 leaves under two tiers.
  EXPECT_THAT(children(*load_system("fat-tree:gpus=1,nodes=2048", {})),
              ::testing::ElementsAre(32, 64));
  EXPECT_THAT(children(*load_system("fat-tree:gpus=1,nodes=2049", {})),
              ::testing::ElementsAre(32, 32, 3));
  // radix³/4 end points is the most that three tiers hold.
  EXPECT_THAT(children(*load_system("fat-tree:gpus=1,nodes=65536", {})),
              ::testing::ElementsAre(32, 32, 64));
  EXPECT_EQ(error_of("fat-tree:gpus=1,nodes=65537"),
            "fat-tree: nodes: found 65537, but 3 tiers of radix 64 hold 65536 nodes of 1 NICs at "
            "most; expected fewer nodes or a larger radix");
}

TEST(FatTree, PutsTheOversubscriptionOnTheLeaves) {
  const Expected<System> system =
      load_system("fat-tree:nodes=4096,oversubscription=4,radix=128,routing=ecmp", {});
  ASSERT_TRUE(system) << system.error().message;
  const std::vector<TierShape> shape = clos_shape(*system);
  ASSERT_EQ(shape.size(), 3U);
  EXPECT_DOUBLE_EQ(shape[0].down_ports / static_cast<double>(shape[0].uplinks), 4);
  EXPECT_DOUBLE_EQ(shape[1].below_Bps, shape[1].up_Bps);
  EXPECT_TRUE(system_warnings(*system).empty());
}

TEST(FatTree, LabelsEveryFigureAssumed) {
  const Expected<System> system = load_system("fat-tree:nodes=64", {});
  int figures = 0;
  for_each_figure(*system, [&figures](std::string_view path, const Figure& figure) {
    ++figures;
    EXPECT_EQ(figure.label, Label::assumed) << path;
    EXPECT_FALSE(figure.source.empty()) << path;
  });
  EXPECT_EQ(unsourced_figures(*system), figures);
}

TEST(FatTree, NamesTheParameterThatIsWrong) {
  EXPECT_EQ(error_of("fat-tree:node=8"),
            "fat-tree: unknown parameter \"node\", did you mean \"nodes\"?");
  EXPECT_EQ(error_of("fat-tree:nodes"), "fat-tree: found \"nodes\", expected parameter=value");
  EXPECT_EQ(error_of("fat-tree:nodes="), "fat-tree: found \"nodes=\", expected parameter=value");
  EXPECT_EQ(error_of("fat-tree:nodes=0"),
            "fat-tree: nodes: found \"0\", expected a whole number ≥ 1");
  EXPECT_EQ(error_of("fat-tree:nodes=4,nodes=8"),
            "fat-tree: found the parameter \"nodes\" a second time");
  EXPECT_EQ(error_of("fat-tree:oversubscription=-1"),
            "fat-tree: oversubscription: found \"-1\", expected a number > 0");
  EXPECT_EQ(error_of("fat-tree:nic=400"),
            "fat-tree: nic: \"400\" has no unit: write 400Gb/s (bits) or 400GB/s (bytes)");
  EXPECT_EQ(error_of("fat-tree:rails=3"),
            "fat-tree: rails: found \"3\", expected a divisor of the 8 accelerators of a node");
  EXPECT_EQ(error_of("fat-tree:tiers=4"), "fat-tree: tiers: found \"4\", expected 1, 2 or 3");
  EXPECT_EQ(error_of("fat-tree:radix=100000"),
            "fat-tree: radix: found \"100000\", expected at most 4096");
  EXPECT_EQ(error_of("fat-tree:routing=adaptiv"),
            "fat-tree: routing: unknown value \"adaptiv\", did you mean \"adaptive\"?");
  EXPECT_EQ(error_of("fat-tree:radix=8,gpus=16"),
            "fat-tree: nodes: found 512, but 3 tiers of radix 8 hold 0 nodes of 16 NICs at most; "
            "expected fewer nodes or a larger radix");
}

RC_GTEST_PROP(FatTree, FitsItsRadixAndHoldsItsNodesOrSaysWhyNot, ()) {
  const auto nodes = *rc::gen::inRange(1, 20000);
  const int gpus = *rc::gen::element(1, 2, 4, 8);
  const int rails = *rc::gen::element(1, gpus);
  const int radix = *rc::gen::element(1, 2, 7, 16, 64, 128);
  const double oversubscription = *rc::gen::element(0.5, 1.0, 1.7, 3.0, 4.0, 100.0);
  const int tiers = *rc::gen::inRange(0, 4);
  std::string text =
      fmt::format("fat-tree:nodes={},gpus={},rails={},radix={},oversubscription={},routing=ecmp",
                  nodes, gpus, rails, radix, oversubscription);
  if (tiers > 0) text += fmt::format(",tiers={}", tiers);
  const Expected<System> system = load_system(text, {});
  if (!system) {
    // The only thing that can be wrong with these: they do not fit.
    RC_ASSERT(system.error().message.rfind("fat-tree: nodes: found", 0) == 0U);
    return;
  }
  for (const Problem& problem : check_system(*system)) RC_ASSERT(!problem.is_error);
  RC_ASSERT(max_ranks(*system) == std::int64_t{nodes} * gpus);
  const Fabric fabric(*system);
  RC_ASSERT(fabric.path(0, max_ranks(*system) - 1, 7).length <= 16);
}

}  // namespace
}  // namespace collscale

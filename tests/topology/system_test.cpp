// SPDX-License-Identifier: Apache-2.0
#include "topology/system.hpp"

#include <gmock/gmock.h>

#include <map>

#include "topology/small_system.hpp"

namespace collscale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make_system;

TEST(Label, HasANameThatParsesBack) {
  for (const Label label : {Label::stated, Label::derived, Label::assumed, Label::recalled,
                            Label::imported, Label::calibrated}) {
    const Expected<Label> parsed = parse_label(name(label));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, label);
  }
}

TEST(Label, SuggestsTheNearestOfItsNames) {
  const Expected<Label> parsed = parse_label("asumed");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "unknown label \"asumed\", did you mean \"assumed\"?");
}

TEST(System, CountsRanksOverNodesAndParts) {
  System system = make_system({.nodes = 10, .gpus = 4});
  system.node.ranks_per_accelerator.value = 2;
  EXPECT_EQ(ranks_per_node(system), 8);
  EXPECT_EQ(max_ranks(system), 80);
}

TEST(System, SomeRanksOfEveryNodeHaveTheirShareOfNicsAndRails) {
  const System whole = make_system({.nodes = 10, .gpus = 8, .nics = 8, .rails = 8});
  const Expected<System> rail = with_ranks_per_node(whole, 1);
  ASSERT_TRUE(rail);
  EXPECT_EQ(max_ranks(*rail), 10);
  EXPECT_DOUBLE_EQ(rail->node.nics.per_node.value, 1);
  EXPECT_EQ(std::get<Clos>(rail->fabric).rails, 1);
  // Four NICs for eight ranks: one rank has half of one.
  const Expected<System> half =
      with_ranks_per_node(make_system({.nodes = 10, .gpus = 8, .nics = 4}), 1);
  ASSERT_TRUE(half);
  EXPECT_DOUBLE_EQ(half->node.nics.per_node.value * half->node.nics.bandwidth_Bps.value,
                   whole.node.nics.bandwidth_Bps.value / 2);
  EXPECT_EQ(with_ranks_per_node(whole, 3).error().message,
            "3 ranks per node of small: expected a divisor of its 8");
}

TEST(System, JobsTakeEquallyMuchOfEachRackAndNodesInOrder) {
  System racks = make_system({.nodes = 10, .gpus = 72, .nics = 72, .rails = 4});
  racks.node.scale_up.kind = ScaleUpKind::nvswitch;
  for (const auto& [ranks, each] : std::map<std::int64_t, std::int64_t>{
           {64, 72}, {72, 72}, {100, 72}, {128, 64}, {144, 72}, {192, 64}, {256, 64}, {512, 64}})
    EXPECT_EQ(ranks_per_node(with_shared_racks(racks, ranks)), each) << ranks;
  const System shared = with_shared_racks(racks, 128);
  EXPECT_EQ(std::get<Clos>(shared.fabric).rails, 4);
  EXPECT_DOUBLE_EQ(shared.node.nics.per_node.value, 64);
  EXPECT_DOUBLE_EQ(shared.node.nics.bandwidth_Bps.value, racks.node.nics.bandwidth_Bps.value);
  // 127 are no whole trays of any number of racks; cores of a host are no rack.
  EXPECT_EQ(ranks_per_node(with_shared_racks(racks, 127)), 72);
  System host = racks;
  host.node.scale_up.kind = ScaleUpKind::links;
  EXPECT_EQ(ranks_per_node(with_shared_racks(host, 128)), 72);
  const System eight = make_system({.nodes = 10, .gpus = 8, .nics = 8, .rails = 8});
  EXPECT_EQ(ranks_per_node(with_shared_racks(eight, 12)), 8);
}

TEST(System, NamesEveryFigureThatCountsAndNoOther) {
  System system = make_system({.children = {4, 4}});
  testing::clos_of(system).tiers[0].switch_radix = testing::figure(16);
  std::vector<std::string> names;
  for_each_figure(system,
                  [&names](std::string_view path, const Figure&) { names.emplace_back(path); });
  // The top tier has no links upwards, and its radix is unknown here.
  EXPECT_THAT(names,
              ElementsAre("nodes", "node.accelerators", "node.ranks_per_accelerator",
                          "node.scale_up.bandwidth", "node.scale_up.efficiency",
                          "node.scale_up.latency", "node.nics.per_node", "node.nics.bandwidth",
                          "node.nics.latency", "fabric.efficiency", "fabric.tiers[0].children",
                          "fabric.tiers[0].link", "fabric.tiers[0].oversubscription",
                          "fabric.tiers[0].hop_latency", "fabric.tiers[0].radix",
                          "fabric.tiers[1].children", "fabric.tiers[1].hop_latency"));
}

TEST(System, CountsAssumedAndRecalledFiguresAsUnsourced) {
  System system = make_system({.children = {16}});
  const int all = unsourced_figures(system);
  EXPECT_EQ(all, 12);
  system.nodes.label = Label::stated;
  system.node.accelerators.label = Label::derived;
  system.node.nics.bandwidth_Bps.label = Label::recalled;
  EXPECT_EQ(unsourced_figures(system), all - 2);
}

}  // namespace
}  // namespace collscale

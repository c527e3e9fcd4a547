// SPDX-License-Identifier: Apache-2.0
#include "sim/explain.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "support/systems.hpp"

namespace collscale {
namespace {

/// 4 leaves of 4 nodes of one rank, bundled, twice oversubscribed.
System small_system(Routing routing = Routing::adaptive) {
  test::ClosOptions options;
  options.per_node = 1;
  options.nics = 1;
  options.routing = routing;
  options.oversubscription = {2, 1};
  return test::clos_system(options);
}

FlowExplanation explained(const System& system, Collective collective, const char* algorithm,
                          std::int64_t ranks, double size, const FlowOptions& options = {}) {
  auto explanation =
      explain_flow(system, collective, algorithm, ranks, size, options, options.seed);
  EXPECT_TRUE(explanation.has_value()) << explanation.error().message;
  return *explanation;
}

// A ring of 16 over 4 leaves: one flow leaves and enters each leaf, of 1/16 in each of 15 steps.
TEST(FlowExplain, ARingByHand) {
  const FlowExplanation e = explained(small_system(), Collective::all_gather, "ring", 16, 16e6);
  ASSERT_EQ(e.spans.size(), 1U);
  EXPECT_EQ(e.spans[0].steps, 15);
  EXPECT_DOUBLE_EQ(e.spans[0].duration_s, e.time_s);
  const TierUse& leaf = e.tiers.back();
  EXPECT_EQ(leaf.name, "leaf");
  EXPECT_EQ(leaf.links, 8);
  EXPECT_EQ(leaf.used, 8);
  // 1 MB a step on a bundle of 4 × 50 GB/s ÷ 2.
  EXPECT_NEAR(leaf.utilisation, 15 * 1e6 / 100e9 / e.time_s, 1e-12);
  for (const double decile : leaf.deciles) EXPECT_EQ(decile, 1);
  const BusyLink& busiest = e.links.front();
  EXPECT_EQ(busiest.name, "node 0 nic 0 out");
  EXPECT_EQ(busiest.bytes, 15e6);
  EXPECT_EQ(busiest.flows, 1);
  ASSERT_EQ(busiest.examples.size(), 1U);
  EXPECT_EQ(busiest.examples[0].source, 0);
  EXPECT_EQ(busiest.examples[0].destination, 1);
}

TEST(FlowExplain, StagesAddUpToTheTime) {
  const System system = small_system();
  for (const char* algorithm : {"ring", "halving_doubling", "double_binary_tree", "hierarchical"}) {
    const FlowExplanation e = explained(system, Collective::all_reduce, algorithm, 16, 1e8);
    double sum_s = 0;
    for (const StageSpan& span : e.spans) {
      if (span.row > 0) continue;
      EXPECT_NEAR(span.start_s, sum_s, 1e-9 * e.time_s) << algorithm;
      sum_s += span.duration_s;
      for (const double share : span.utilisation) EXPECT_LE(share, 1 + 1e-9);
    }
    EXPECT_NEAR(sum_s, e.time_s, 1e-9 * e.time_s) << algorithm;
  }
}

// What the spans say of the busiest link is what summing its flows gives.
TEST(FlowExplain, TheFullestLinkIsThatOfTheStage) {
  for (const Routing routing : {Routing::ecmp, Routing::adaptive}) {
    for (const char* algorithm : {"ring", "halving_doubling", "double_binary_tree"}) {
      const FlowExplanation e =
          explained(small_system(routing), Collective::all_reduce, algorithm, 16, 1e8);
      const StageSpan& longest = e.spans[e.longest];
      double most = 0;
      for (const double share : longest.utilisation) most = std::max(most, share);
      EXPECT_NEAR(e.links.front().utilisation, most, 1e-9 * most) << algorithm;
      for (const TierUse& tier : e.tiers)
        for (std::size_t r = 0; r < e.resources.size(); ++r)
          if (e.resources[r] == tier.name) {
            EXPECT_NEAR(tier.utilisation, longest.utilisation[r], 1e-9) << tier.name;
          }
    }
  }
}

TEST(FlowExplain, AggregatedPairsCountAsFlows) {
  test::ClosOptions options;
  options.nodes = 512;
  options.children = {32, 16};
  const FlowExplanation e =
      explained(test::clos_system(options), Collective::all_to_all, "pairwise", 4096, 1e9);
  const BusyLink& busiest = e.links.front();
  // A NIC carries what its rank sends to all others of other nodes.
  EXPECT_EQ(busiest.name, "node 0 nic 0 out");
  EXPECT_NEAR(busiest.flows, 4088, 1e-6);
}

TEST(FlowExplain, ABrokenLinkIsMeasuredByWhatIsLeft) {
  const System system = small_system();
  FlowOptions options;
  ASSERT_TRUE(add_fault(system, "leaf 2 up=0.1", true, 1, options.faults).has_value());
  const FlowExplanation e = explained(system, Collective::all_gather, "ring", 16, 16e8, options);
  EXPECT_EQ(e.links.front().name, "leaf 2 up");
  EXPECT_NEAR(e.links.front().utilisation, 1, 0.05);
  EXPECT_NEAR(e.tiers.back().deciles[4], 0.1, 1e-9);
}

}  // namespace
}  // namespace collscale

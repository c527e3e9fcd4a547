// SPDX-License-Identifier: Apache-2.0
#include "collective/algorithms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collective/executor.hpp"

namespace collscale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

/// The least that the registry must have; whatever is added need not be listed.
TEST(Registry, HasTheAlgorithmsThatMatter) {
  using C = Collective;
  const std::vector<std::pair<C, std::vector<std::string>>> wanted = {
      {C::all_reduce,
       {"ring", "bidirectional_ring", "double_binary_tree", "tree", "recursive_doubling",
        "halving_doubling", "swing", "bine", "hierarchical", "hierarchical_3level", "multi_rail",
        "torus_2d", "torus_3d", "nvls", "nvls_tree", "collnet_chain", "collnet_direct", "pat"}},
      {C::all_gather,
       {"ring", "recursive_doubling", "bruck", "pat", "hierarchical", "nvls", "torus_2d",
        "torus_3d"}},
      {C::reduce_scatter,
       {"ring", "recursive_halving", "bruck", "pat", "hierarchical", "nvls", "torus_2d",
        "torus_3d"}},
      {C::all_to_all,
       {"pairwise", "bruck", "two_phase", "three_phase", "moe_dispatch", "moe_combine"}},
      {C::broadcast, {"chain", "binomial", "scatter_all_gather", "double_tree"}},
      {C::reduce, {"chain", "binomial", "reduce_scatter_gather", "double_tree"}},
      {C::gather, {"linear", "binomial"}},
      {C::scatter, {"linear", "binomial"}},
      {C::send_recv, {"shift"}},
      {C::barrier, {"dissemination"}},
  };
  for (const auto& [collective, names] : wanted)
    EXPECT_THAT(algorithm_names(collective), IsSupersetOf(names)) << name(collective);
}

TEST(Registry, EveryEntryIsCompleteAndListedOnce) {
  std::set<std::pair<Collective, std::string_view>> seen;
  for (const Algorithm& a : algorithms()) {
    EXPECT_TRUE(seen.insert({a.collective, a.name}).second) << a.name << " is registered twice";
    EXPECT_EQ(find_algorithm(a.collective, a.name), &a);
    for (const std::string_view text : {a.name, a.description, a.depth, a.bytes, a.source})
      EXPECT_FALSE(text.empty()) << a.name;
    EXPECT_NE(a.make, nullptr) << a.name;
  }
}

TEST(Registry, OffersTheNearestNameForOneItDoesNotKnow) {
  const auto s = make_schedule(Collective::all_reduce, "rign", {8, 8, 1, 0});
  ASSERT_FALSE(s);
  EXPECT_THAT(s.error().message, HasSubstr("all_reduce has no algorithm \"rign\""));
  EXPECT_THAT(s.error().message, HasSubstr("ring"));
  EXPECT_EQ(s.error().code, ExitCode::bad_input);
  EXPECT_THAT(make_schedule(Collective::all_to_all, "ring", {8, 8, 1, 0}).error().message,
              HasSubstr("pairwise"));
}

TEST(Registry, RefusesNodesThatDoNotHoldTheRanks) {
  const auto of = [](std::vector<NodeRun> nodes) {
    return make_schedule(Collective::all_reduce, "hierarchical",
                         {.ranks = 20, .ranks_per_node = 8, .nodes = std::move(nodes)});
  };
  EXPECT_THAT(of({{2, 8}}).error().message, HasSubstr("hold 16 of 20 ranks"));
  EXPECT_THAT(of({{2, 8}, {1, 5}}).error().message, HasSubstr("more than the 20 ranks"));
  EXPECT_THAT(of({{2, 8}, {-1, 4}}).error().message, HasSubstr("-1 nodes of 4 ranks"));
  EXPECT_TRUE(make_schedule(Collective::all_reduce, "hierarchical", {5, 8, 1, 0}));
}

TEST(Registry, RefusesShapesThatAreNone) {
  EXPECT_THAT(make_schedule(Collective::all_reduce, "ring", {0, 8, 1, 0}).error().message,
              HasSubstr("0 ranks"));
  EXPECT_FALSE(make_schedule(Collective::all_reduce, "ring", {8, 0, 1, 0}));
  EXPECT_FALSE(make_schedule(Collective::all_reduce, "ring", {8, 8, 0, 0}));
  EXPECT_THAT(make_schedule(Collective::all_reduce, "ring", {.ranks = 8, .nodes_per_group = 0})
                  .error()
                  .message,
              HasSubstr("0 nodes per group"));
  EXPECT_THAT(
      make_schedule(Collective::all_reduce, "ring", {.ranks = 8, .options = {.chunks = 1 << 20}})
          .error()
          .message,
      HasSubstr("chunks: expected 1 to 65536"));
  EXPECT_FALSE(make_schedule(Collective::all_reduce, "ring", {8, 8, 1, 8}));
  EXPECT_FALSE(make_schedule(Collective::all_reduce, "ring",
                             {std::numeric_limits<std::int64_t>::max(), 8, 1, 0}));
}

TEST(Registry, OneRankHasNothingToSend) {
  for (const Algorithm& a : algorithms()) {
    const auto s = make_schedule(a.collective, a.name, {.ranks = 1, .ranks_per_node = 1});
    ASSERT_TRUE(s) << a.name << ": " << s.error().message;
    const auto report = execute(*s);
    ASSERT_TRUE(report) << a.name << ": " << report.error().message;
    EXPECT_NEAR(report->sent_fraction[0], 0, 1e-12) << a.name;
  }
}

TEST(Registry, NumbersRanksNodeByNode) {
  const auto ring = make_schedule(Collective::all_reduce, "ring", {64, 8, 8, 0});
  EXPECT_THAT(ring->radix, ElementsAre(8, 8));
  const auto ragged = make_schedule(Collective::all_reduce, "ring", {20, 8, 8, 0});
  EXPECT_THAT(ragged->radix, ElementsAre(20));
  const auto one_node = make_schedule(Collective::all_reduce, "hierarchical", {4, 8, 1, 0});
  EXPECT_THAT(one_node->radix, ElementsAre(4, 1));
  const auto listed = make_schedule(Collective::all_reduce, "hierarchical",
                                    {.ranks = 12, .ranks_per_node = 8, .nodes = {{1, 4}, {2, 4}}});
  EXPECT_THAT(listed->radix, ElementsAre(4, 3));
  EXPECT_TRUE(listed->nodes.empty());
  const auto uneven = make_schedule(Collective::all_reduce, "hierarchical", {20, 8, 1, 0});
  EXPECT_THAT(uneven->radix, ElementsAre(20));
  ASSERT_EQ(uneven->nodes.size(), 2U);
  EXPECT_EQ(uneven->nodes[0].nodes, 2);
  EXPECT_EQ(uneven->nodes[1].ranks, 4);
}

}  // namespace
}  // namespace collscale

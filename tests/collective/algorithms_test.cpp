// SPDX-License-Identifier: Apache-2.0
#include "collective/algorithms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "collective/executor.hpp"

namespace collscale {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

TEST(Registry, NamesWhatEachCollectiveHas) {
  EXPECT_THAT(algorithm_names(Collective::all_reduce),
              IsSupersetOf({"ring", "halving_doubling", "hierarchical", "multi_rail"}));
  EXPECT_THAT(algorithm_names(Collective::all_gather),
              IsSupersetOf({"ring", "recursive_doubling", "bruck", "pat"}));
  EXPECT_THAT(algorithm_names(Collective::reduce_scatter),
              IsSupersetOf({"ring", "recursive_halving", "bruck", "pat"}));
  EXPECT_THAT(algorithm_names(Collective::all_to_all), Contains("pairwise"));
  std::set<std::pair<Collective, std::string_view>> seen;
  for (const Algorithm& a : algorithms()) {
    EXPECT_TRUE(seen.insert({a.collective, a.name}).second) << a.name << " is registered twice";
    EXPECT_FALSE(a.description.empty());
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

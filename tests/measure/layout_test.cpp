// SPDX-License-Identifier: Apache-2.0
#include "measure/layout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace collscale {
namespace {

using testing::ElementsAre;

std::vector<std::string> groups_of(const Expected<RankGroups>& made) {
  if (!made) return {made.error().message};
  std::vector<std::string> texts;
  for (const RankGroup& group : made->groups)
    texts.push_back(group.name + " " + format_ranks(group.ranks));
  return texts;
}

const std::vector<int> kPacked{0, 0, 0, 1, 1, 1};
const std::vector<int> kCyclic{7, 3, 7, 3, 7, 3};  // node numbers in any order, ranks dealt out

TEST(Layout, FollowsTheNodesThereAre) {
  EXPECT_THAT(groups_of(make_rank_groups("all", kPacked)), ElementsAre("all 0-5"));
  EXPECT_THAT(groups_of(make_rank_groups("node", kPacked)),
              ElementsAre("node:0 0-2", "node:1 3-5"));
  EXPECT_THAT(groups_of(make_rank_groups("rail", kPacked)),
              ElementsAre("rail:0 0,3", "rail:1 1,4", "rail:2 2,5"));
  EXPECT_THAT(groups_of(make_rank_groups("node", kCyclic)),
              ElementsAre("node:0 0,2,4", "node:1 1,3,5"));
  EXPECT_THAT(groups_of(make_rank_groups("rail:1", kCyclic)), ElementsAre("rail:1 2,3"));
  EXPECT_EQ(nodes_of_a_group(*make_rank_groups("node", kCyclic), kCyclic), 1);
  EXPECT_EQ(nodes_of_a_group(*make_rank_groups("rail", kCyclic), kCyclic), 2);
}

TEST(Layout, CountsRanksWhereNodesDoNotMatter) {
  EXPECT_THAT(groups_of(make_rank_groups("pairs", kCyclic)),
              ElementsAre("pairs:0 0,3", "pairs:1 1,4", "pairs:2 2,5"));
  EXPECT_THAT(groups_of(make_rank_groups("stride:2", kCyclic)),
              ElementsAre("stride:2:0 0,2,4", "stride:2:1 1,3,5"));
  EXPECT_THAT(groups_of(make_rank_groups("split:3:1", kCyclic)), ElementsAre("split:3:1 3-5"));
}

TEST(Layout, SaysInOneSentenceWhatIsWrong) {
  EXPECT_THAT(groups_of(make_rank_groups("node", std::vector<int>{0, 0, 0, 1})),
              ElementsAre("layout node: the node of rank 0 has 3 ranks and that of rank 3 has 1, "
                          "equally many are expected"));
  EXPECT_THAT(groups_of(make_rank_groups("nodes", kPacked)),
              ElementsAre("no layout \"nodes\", did you mean \"node\"?"));
  EXPECT_THAT(groups_of(make_rank_groups("rail", std::vector<int>{0, 0})),
              ElementsAre("layout rail: groups of 1 rank among 2, at least 2 are needed"));
}

TEST(Layout, EveryRankIsInOneGroupOfALayoutWithoutANumberOfItsOwn) {
  rc::check([] {
    const auto nodes = *rc::gen::inRange(2, 5);
    const auto per_node = *rc::gen::inRange(2, 5);
    std::vector<int> node_of;
    for (int rank = 0; rank < nodes * per_node; ++rank) node_of.push_back(rank % nodes);
    const auto text = *rc::gen::element<std::string>("all", "node", "rail", "stride:1");
    const auto made = make_rank_groups(text, node_of);
    RC_ASSERT(made.has_value());
    std::vector<int> seen;
    for (const RankGroups& alone : one_by_one(*made)) {
      RC_ASSERT(alone.size() == made->size());
      const auto& ranks = alone.groups.at(0).ranks;
      seen.insert(seen.end(), ranks.begin(), ranks.end());
      // The name of one group, asked for, is that group.
      const auto again = make_rank_groups(alone.name, node_of);
      RC_ASSERT(again.has_value() && again->groups.at(0).ranks == ranks);
    }
    std::sort(seen.begin(), seen.end());
    RC_ASSERT(seen.size() == node_of.size());
    for (std::size_t rank = 0; rank < seen.size(); ++rank)
      RC_ASSERT(seen[rank] == static_cast<int>(rank));
  });
}

TEST(LayoutFile, ListsOneGroupALine) {
  EXPECT_THAT(groups_of(parse_rank_groups("# my groups\n0-2, 5\n\n7 6 4,3  # the rest\n",
                                          "some/where.txt", 8)),
              ElementsAre("file:where.txt:0 0-2,5", "file:where.txt:1 7,6,4,3"));
}

TEST(LayoutFile, NamesTheLineThatIsWrong) {
  const auto error = [](std::string_view text) {
    const auto made = parse_rank_groups(text, "g", 8);
    return made ? std::string("none") : made.error().message;
  };
  EXPECT_EQ(error("0 1\n2-8\n"),
            "layout file:g:2: \"2-8\": a rank from 0 to 7, or a range such as 0-3, is expected");
  EXPECT_EQ(error("0 1\n1 2\n"), "layout file:g:2: rank 1 is already in the group of line 1");
  EXPECT_EQ(error("0 1\n\n2-4"),
            "layout file:g:3: a group of 3 ranks after one of 2: groups of the same size are "
            "expected, other sizes in a file of their own");
  EXPECT_EQ(error("3"), "layout file:g:1: a group of 1 rank, at least 2 are needed");
  EXPECT_EQ(error("# nothing\n"),
            "layout file:g: no groups in it; one a line is expected, such as 0-3");
  EXPECT_EQ(error("3-1"),
            "layout file:g:1: \"3-1\": a rank from 0 to 7, or a range such as 0-3, is expected");
}

TEST(SlowestGroup, IsNamedOnlyWhereItIsSlower) {
  EXPECT_FALSE(slowest_group(std::vector<double>{5.0}));
  EXPECT_FALSE(slowest_group(std::vector<double>{1.0, 1.05, 1.02}));
  const auto slow = slowest_group(std::vector<double>{1.0, 1.0, 3.0, 1.0});
  ASSERT_TRUE(slow);
  EXPECT_EQ(slow->group, 2U);
  EXPECT_DOUBLE_EQ(slow->ratio, 3.0);
  EXPECT_EQ(slowest_group(std::vector<double>{4.0, 1.0})->group, 0U);
}

}  // namespace
}  // namespace collscale

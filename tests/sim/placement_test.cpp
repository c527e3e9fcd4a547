// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "sim/flow.hpp"
#include "sim/job_placement.hpp"
#include "support/systems.hpp"
#include "support/temporary_folder.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;

JobPlacement placed(const char* text, std::int64_t ranks, std::int64_t nodes, std::int64_t per_node,
                    std::uint64_t seed = 1) {
  const auto spec = parse_placement(text);
  EXPECT_TRUE(spec.has_value()) << text;
  return *JobPlacement::make(*spec, ranks, nodes, per_node, seed);
}

/// A file of nodes or ranks.
class NumberFile {
 public:
  explicit NumberFile(const std::string& text) : path_(folder_.file("placement.txt", text)) {}
  [[nodiscard]] PlacementSpec spec() const { return *parse_placement("file:" + path_); }

 private:
  test::TemporaryFolder folder_;
  std::string path_;
};

TEST(Placement, StridedTakesEveryKthNodeAndThenTheNextOnes) {
  const JobPlacement placement = placed("strided:4", 20, 10, 2);
  std::vector<std::int64_t> nodes;
  for (std::int64_t rank = 0; rank < 20; rank += 2) {
    nodes.push_back(placement.rank(rank) / 2);
    EXPECT_EQ(placement.rank(rank + 1), placement.rank(rank) + 1);
  }
  EXPECT_THAT(nodes, ::testing::ElementsAre(0, 4, 8, 1, 5, 9, 2, 6, 3, 7));
}

RC_GTEST_PROP(Placement, EveryKindGivesRanksOfTheirOwn, ()) {
  const auto nodes = *rc::gen::inRange<std::int64_t>(2, 400);
  const auto per_node = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto ranks = *rc::gen::inRange<std::int64_t>(2, nodes * per_node + 1);
  const std::string text =
      *rc::gen::element<std::string>("packed", "random", "random-ranks", "strided:1", "strided:K");
  PlacementSpec spec = *parse_placement(text == "strided:K" ? "strided:2" : text);
  if (text == "strided:K") spec.stride = *rc::gen::inRange<std::int64_t>(1, nodes);
  const auto placement =
      JobPlacement::make(spec, ranks, nodes, per_node, *rc::gen::arbitrary<unsigned>());
  RC_ASSERT(placement.has_value());
  std::set<std::int64_t> taken;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const std::int64_t at = placement->rank(rank);
    RC_ASSERT(at >= 0 && at < nodes * per_node);
    RC_ASSERT(taken.insert(at).second);
    if (placement->keeps_nodes()) RC_ASSERT(at % per_node == rank % per_node);
  }
}

TEST(Placement, AnotherSeedDrawsOtherNodes) {
  int same = 0;
  for (std::int64_t rank = 0; rank < 1000; ++rank)
    same += placed("random", 1000, 1000, 1, 1).rank(rank) ==
            placed("random", 1000, 1000, 1, 2).rank(rank);
  EXPECT_LT(same, 10);
}

TEST(Placement, NodesOfAFileInItsOrder) {
  const NumberFile file("# the two far ones\n3\n\n 0  # and the first\r\n");
  const auto placement = JobPlacement::make(file.spec(), 8, 4, 4, 1);
  ASSERT_TRUE(placement.has_value()) << placement.error().message;
  EXPECT_EQ(placement->rank(0), 12);
  EXPECT_EQ(placement->rank(5), 1);
}

TEST(Placement, WhatAFileHasWrongIsNamedByItsLine) {
  const auto error = [](const std::string& text) {
    const NumberFile file(text);
    return JobPlacement::make(file.spec(), 8, 4, 4, 1).error().message;
  };
  EXPECT_THAT(error("0\n4\n"), HasSubstr("placement.txt:2: node 4: the system has 0 to 3"));
  EXPECT_THAT(error("0\n\n0\n"), HasSubstr("placement.txt:3: node 0 is there twice"));
  EXPECT_THAT(error("0\nx1\n"), HasSubstr("placement.txt:2: \"x1\" is not the number"));
  EXPECT_THAT(error("0\n1\n2\n"), HasSubstr("3 numbers, expected 2 (nodes) or 8 (ranks)"));
}

TEST(Placement, BadNames) {
  EXPECT_THAT(parse_placement("randm").error().message, HasSubstr("did you mean \"random\""));
  EXPECT_THAT(parse_placement("strided:0").error().message, HasSubstr("strided:4"));
  EXPECT_THAT(parse_placement("file:").error().message, HasSubstr("names no file"));
  EXPECT_THAT(parse_placement("packed:2").error().message, HasSubstr("takes no value"));
}

// A file that lists the nodes in order goes the long way round to the same answer, bit by bit.
TEST(Placement, PackedByHandIsTheDefaultBitByBit) {
  const NumberFile file("0\n1\n2\n3\n4\n5\n6\n7\n");
  for (const Routing routing : {Routing::ecmp, Routing::adaptive}) {
    test::ClosOptions options;
    options.routing = routing;
    options.rails = 4;
    const System system = test::clos_system(options);
    const std::vector<double> sizes = {1e6, 1e9};
    for (const char* algorithm : {"ring", "hierarchical", "halving_doubling"}) {
      FlowOptions listed;
      listed.placement = file.spec();
      const auto by_hand =
          simulate_flow(system, Collective::all_reduce, algorithm, 64, sizes, listed);
      const auto packed = simulate_flow(system, Collective::all_reduce, algorithm, 64, sizes);
      ASSERT_TRUE(by_hand.has_value() && packed.has_value());
      for (std::size_t i = 0; i < sizes.size(); ++i)
        EXPECT_EQ((*by_hand)[i].time_s, (*packed)[i].time_s) << algorithm;
    }
  }
}

// A ring in order crosses leaves where they meet; one of nodes drawn at random nearly always.
TEST(Placement, ARandomOneCostsARingItsLocality) {
  test::ClosOptions options;
  options.nodes = 64;
  options.per_node = 1;
  options.nics = 1;
  options.children = {8, 8};
  options.oversubscription = {8, 1};
  const System system = test::clos_system(options);
  const std::vector<double> sizes = {1e9};
  const auto time = [&](const char* placement) {
    FlowOptions flow;
    flow.placement = *parse_placement(placement);
    return simulate_flow(system, Collective::all_reduce, "ring", 64, sizes, flow)->front().time_s;
  };
  EXPECT_GT(time("random"), 4 * time("packed"));
  EXPECT_GT(time("strided:8"), 4 * time("packed"));
}

}  // namespace
}  // namespace collscale

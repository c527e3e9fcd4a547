// SPDX-License-Identifier: Apache-2.0
#include "collective/terms.hpp"

#include <gtest/gtest.h>

#include "collective/executor.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using testing::schedule_of;

TEST(Terms, ASchedulesSizeDoesNotDependOnTheRanks) {
  for (const Algorithm& a : algorithms()) {
    if (a.name == "nvls") continue;  // one node only
    const auto small = make_schedule(a.collective, a.name, {24, 8, 8, 0});
    const auto large = make_schedule(a.collective, a.name, {999'992, 8, 8, 0});
    ASSERT_TRUE(small);
    ASSERT_TRUE(large);
    EXPECT_EQ(term_bytes(small->term), term_bytes(large->term)) << a.name;
    EXPECT_LT(term_bytes(large->term), 10'000U) << a.name;
  }
  EXPECT_LT(sizeof(Phase), 100U);
  EXPECT_LT(term_bytes(testing::double_tree(1'000'000, 64)), 10'000U);
}

TEST(Terms, AMillionRanksTakeLessThanTenKilobytes) {
  std::size_t served = 0;
  for (const Algorithm& a : algorithms()) {
    for (const std::int64_t ranks : {1'000'000, 1'000'003}) {  // 125,000 nodes of 8, and a prime
      for (const std::int64_t channels : {1, 8}) {
        const auto s = make_schedule(a.collective, a.name,
                                     {.ranks = ranks, .ranks_per_node = 8, .channels = channels});
        if (!s) continue;
        ++served;
        std::size_t bytes = term_bytes(s->term);
        bytes += (s->radix.size() + s->spread.size()) * sizeof(std::int64_t);
        bytes += s->nodes.size() * sizeof(NodeRun);
        EXPECT_LT(bytes, 10'000U) << name(a.collective) << "/" << a.name << " ranks=" << ranks;
      }
    }
  }
  EXPECT_GE(served, 3 * algorithms().size());
}

/// The largest term of NCCL: chains inside nodes, two trees across them, both ways, in a pipeline.
TEST(Terms, ADoubleTreeWithChainsTakesLessThanTenKilobytes) {
  View roots = digits_view({1});
  roots.fixed[0] = {0, 0};
  roots.fixed_count = 1;
  View mirrored = roots;
  mirrored.mirror = true;
  const auto channel = [](const View& view) {
    const Term down = over(digits_view({0}), *restrict_to(0, ring_gather(8, 1)));
    const Term tree = seq({dual(testing::btree(125'000)), testing::btree(125'000)});
    return pipe(16, 0, seq({dual(down), over(view, tree), down}));
  };
  const Term nccl =
      par({child(1.0 / 16, channel(roots), 8, 0, 0), child(1.0 / 16, channel(mirrored), 8, 0, 0)});
  EXPECT_TRUE(make_program(schedule_of(Collective::all_reduce, "x", {8, 125'000}, nccl)));
  EXPECT_LT(term_bytes(nccl), 10'000U);
  EXPECT_GT(term_bytes(nccl), 12 * sizeof(Arc));  // what the phases point to is counted
}

TEST(Terms, ArcsThatWereNotWrittenAreDefaultOnes) {
  const Phase one = phase(Frame::cyclic, Unit::one, 1, {arc(constant(5))});
  EXPECT_EQ(one.arcs[0].distance.constant, 5);
  EXPECT_EQ(one.arcs[2].distance.constant, 0);
  Phase three = one;
  three.arcs[2].distance = constant(7);
  EXPECT_EQ(three.arcs[0].distance.constant, 5);
  EXPECT_EQ(three.arcs[2].distance.constant, 7);
  three.arcs[1] = three.arcs[0];  // the one it is copied from stays where it is
  EXPECT_EQ(three.arcs[1].distance.constant, 5);
  EXPECT_EQ(one.arcs[2].distance.constant, 0);
}

TEST(Terms, DualOfDualSendsTheSameMessages) {
  for (const std::int64_t n : {2, 5, 8, 12}) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      ExecutionTrace once_trace;
      ExecutionTrace twice_trace;
      Schedule again = entry.schedule;
      again.term = dual(dual(again.term));
      ExecuteOptions options;
      options.trace = &once_trace;
      ASSERT_TRUE(execute(entry.schedule, options));
      options.trace = &twice_trace;
      ASSERT_TRUE(execute(again, options));
      const auto& once = once_trace.messages;
      const auto& twice = twice_trace.messages;
      ASSERT_EQ(once.size(), twice.size());
      for (std::size_t i = 0; i < once.size(); ++i) {
        EXPECT_EQ(once[i].source, twice[i].source);
        EXPECT_EQ(once[i].destination, twice[i].destination);
        EXPECT_EQ(once[i].step, twice[i].step);
      }
    }
  }
}

/// A proof of one half is a proof of the other: the transpose of a right all_gather is a right
/// reduce_scatter of the same depth, messages and bytes.
TEST(Terms, TheDualOfAnAllGatherIsAReduceScatterOfEqualCost) {
  for (std::int64_t n = 2; n <= 24; ++n) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      if (entry.schedule.collective != Collective::all_gather) continue;
      Schedule transposed = entry.schedule;
      transposed.collective = Collective::reduce_scatter;
      transposed.term = dual(transposed.term);
      const auto forward = execute(entry.schedule);
      const auto backward = execute(transposed);
      ASSERT_TRUE(backward) << entry.schedule.algorithm << " n=" << n << backward.error().message;
      EXPECT_EQ(forward->depth, backward->depth) << entry.schedule.algorithm << " n=" << n;
      EXPECT_EQ(forward->messages, backward->messages);
    }
  }
}

TEST(Terms, DualOfAListReversesMessagesAndArrows) {
  const Term t =
      dual(list({{0, 1, 0, 0, 0, 2, Transfer::copy}, {1, 2, 1, 1, 0, 2, Transfer::move}}));
  const auto& messages = *std::get<List>(t.node).messages;
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].source, 2);
  EXPECT_EQ(messages[0].transfer, Transfer::move);
  EXPECT_EQ(messages[1].destination, 0);
  EXPECT_EQ(messages[1].transfer, Transfer::give);
}

TEST(Terms, RestrictionStopsAtAChangeOfGroup) {
  EXPECT_FALSE(restrict_to(0, over(digits_view({0}), ring_gather(4, 1))));
  EXPECT_FALSE(restrict_to(0, list({})));
  EXPECT_TRUE(restrict_to(0, pipe(2, 0, seq({ring_gather(4, 1)}))));
}

TEST(Terms, TheWindowOfAPairwiseExchangeBoundsItsDepthFromBelow) {
  for (const std::int32_t window : {1, 2, 4}) {
    const auto report =
        execute(schedule_of(Collective::all_to_all, "windowed", {9}, testing::pairwise(9, window)));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->depth, (8 + window - 1) / window);
  }
}

TEST(Terms, ATreeIsNoDeeperThanTheLogarithm) {
  for (std::int64_t n = 2; n <= 70; ++n) {
    const auto report = execute(schedule_of(Collective::broadcast, "tree", {n}, testing::btree(n)));
    ASSERT_TRUE(report) << n << report.error().message;
    EXPECT_EQ(report->messages, n - 1);
    EXPECT_LE(report->depth, 2 * testing::ceil_log(2, n));
  }
}

}  // namespace
}  // namespace collscale

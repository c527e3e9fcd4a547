// SPDX-License-Identifier: Apache-2.0
#include "measure/ceiling.hpp"

#include <gtest/gtest.h>

#include "measure/coordinator.hpp"

namespace collscale {
namespace {

Scenario scenario_of(Collective collective, double size_bytes, std::int64_t ranks) {
  Scenario scenario;
  scenario.collective = collective;
  scenario.size_bytes = size_bytes;
  scenario.ranks = ranks;
  return scenario;
}

// 1 us of latency; messages at 1 GB/s, copies at 2 GB/s.
const Ceiling kCeiling{
    1e-6, {{{8, 1e-6}, {1e6, 1e-3}, {1e7, 1e-2}}}, {{{1e6, 0.5e-3}, {1e7, 0.5e-2}}}};

TEST(TimeOfSize, IsMetAtItsPointsInterpolatedBetweenThemAndScaledBeyond) {
  const TimeOfSize times{{{100, 1e-6}, {10000, 1e-4}}};
  EXPECT_DOUBLE_EQ(times(100), 1e-6);
  EXPECT_DOUBLE_EQ(times(10000), 1e-4);
  EXPECT_NEAR(times(1000), 1e-5, 1e-18);
  EXPECT_NEAR(times(50), 0.5e-6, 1e-18);
  EXPECT_NEAR(times(20000), 2e-4, 1e-15);
  EXPECT_EQ(TimeOfSize{}(100), 0);
}

TEST(Ceiling, ABarrierPaysOneLatencyForEveryDoublingOfRanks) {
  for (const auto& [ranks, steps] : {std::pair(2, 1), {3, 2}, {4, 2}, {5, 3}, {8, 3}, {9, 4}}) {
    const auto attainable =
        attainable_here(kCeiling, scenario_of(Collective::barrier, 0, ranks), 10);
    ASSERT_TRUE(attainable);
    EXPECT_DOUBLE_EQ(attainable->time_s, steps * 1e-6) << ranks;
    EXPECT_EQ(attainable->limit, "latency");
  }
}

TEST(Ceiling, MessagesLimitLargeSizesByTheBytesThatCrossALink) {
  // 2 (n-1) / n of the size.
  const auto reduced = attainable_here(kCeiling, scenario_of(Collective::all_reduce, 1e7, 4), 1);
  ASSERT_TRUE(reduced);
  EXPECT_NEAR(reduced->time_s, 1.5e-2, 1e-12);
  EXPECT_EQ(reduced->limit, "message");
  const auto sent = attainable_here(kCeiling, scenario_of(Collective::send_recv, 1e7, 4), 1);
  EXPECT_NEAR(sent->time_s, 1e-2, 1e-12);
}

TEST(Ceiling, CopiesLimitWhereTheyAreSlowerThanMessages) {
  Ceiling slow = kCeiling;
  slow.copy.points = {{1e6, 2e-3}, {1e7, 2e-2}};
  const auto gathered = attainable_here(slow, scenario_of(Collective::all_gather, 1e7, 4), 1);
  ASSERT_TRUE(gathered);
  EXPECT_EQ(gathered->limit, "copy");
  EXPECT_NEAR(gathered->time_s, 2e-2, 1e-12);
  Scenario in_place = scenario_of(Collective::all_gather, 1e7, 4);
  in_place.in_place = true;  // a rank's own block stays where it is
  EXPECT_NEAR(attainable_here(slow, in_place, 1)->time_s, 1.5e-2, 1e-12);
}

TEST(Ceiling, HasNoAnswerForARankAloneAndForRatesOfRootedOperations) {
  EXPECT_FALSE(attainable_here(kCeiling, scenario_of(Collective::all_reduce, 1e6, 1), 1));
  EXPECT_FALSE(attainable_here(kCeiling, scenario_of(Collective::broadcast, 8, 4), 10));
  EXPECT_TRUE(attainable_here(kCeiling, scenario_of(Collective::broadcast, 8, 4), 1));
}

TEST(Ceiling, PairsAreInDifferentNodesHoweverRanksWereDealtOut) {
  const std::vector<int> blocks{0, 0, 0, 1, 1, 1};
  const std::vector<int> cyclic{0, 1, 0, 1, 0, 1};
  for (const auto& node_of : {blocks, cyclic}) {
    const auto pairs = distant_pairs(node_of);
    ASSERT_EQ(pairs.size(), 3U);
    for (const auto& [a, b] : pairs) {
      EXPECT_LT(a, b);
      EXPECT_NE(node_of[static_cast<std::size_t>(a)], node_of[static_cast<std::size_t>(b)]);
    }
  }
  EXPECT_EQ(distant_pairs(std::vector<int>{0, 0, 0}).size(), 1U);  // the third rests
}

TEST(Ceiling, MeasuringTakesEverySizeUpToTheLargestAndCopiesOnOneMachineOnly) {
  for (const bool together : {true, false}) {
    SingleProcess process;
    double now_s = 0;
    const auto clock = [&now_s] { return now_s; };
    // The one process is rank 0 of the pair; its partner is imagined.
    const auto message = [&now_s](std::int64_t size) {
      return [&now_s, size](int, bool, std::int64_t n) {
        now_s += 2e-6 * static_cast<double>(n) * (1 + static_cast<double>(size) / 1000);
      };
    };
    const auto copy = [&now_s](std::int64_t size) {
      return [&now_s, size](std::int64_t n) {
        now_s += 1e-9 * static_cast<double>(n) * static_cast<double>(size);
      };
    };
    const Ceiling ceiling = measure_ceiling(process, std::vector<int>{0, together ? 0 : 1}, 5000,
                                            SamplingPlan{}, message, copy, clock);
    EXPECT_NEAR(ceiling.latency_s, 1.008e-6, 1e-12);
    ASSERT_EQ(ceiling.message.points.size(), 3U);  // 8, 512 and 4096 bytes
    EXPECT_NEAR(ceiling.message.points[2].second, 5.096e-6, 1e-12);
    ASSERT_EQ(ceiling.copy.points.size(), together ? 2U : 0U);
    if (together) {
      EXPECT_NEAR(ceiling.copy.points[1].second, 4.096e-6, 1e-12);
    }
  }
}

}  // namespace
}  // namespace collscale

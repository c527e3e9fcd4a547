// SPDX-License-Identifier: Apache-2.0
#include "measure/sampling_plan.hpp"

#include <gtest/gtest.h>

namespace collscale {
namespace {

SampleSet samples(std::size_t count, double time_s, double step_s = 0) {
  SampleSet set;
  for (std::size_t i = 0; i < count; ++i) {
    set.time_s.push_back(time_s + step_s * static_cast<double>(i));
  }
  return set;
}

TEST(NextBatch, GrowsUntilTheSampleIsLongEnough) {
  SamplingPlan plan;
  plan.min_sample_s = 20e-6;
  EXPECT_EQ(next_batch(plan, 1, 25e-6), 1);
  EXPECT_EQ(next_batch(plan, 1, 12e-6), 2);
  EXPECT_EQ(next_batch(plan, 1, 0.5e-6), 10);
  EXPECT_EQ(next_batch(plan, 10, 5e-6), 48);
}

TEST(NextBatch, StopsAtTheLimitAndObeysAFixedBatch) {
  SamplingPlan plan;
  plan.max_batch = 100;
  EXPECT_EQ(next_batch(plan, 60, 1e-9), 100);
  EXPECT_EQ(next_batch(plan, 100, 1e-9), 100);
  plan.fixed_batch = 7;
  EXPECT_EQ(next_batch(plan, 7, 1e-9), 7);
}

TEST(NextRound, TakesTheLeastNumberOfSamplesWhateverTheyCost) {
  SamplingPlan plan;
  plan.min_samples = 8;
  plan.time_budget_s = 0.1;
  EXPECT_EQ(next_round(plan, {}, 0, 1.0), 8);
  EXPECT_EQ(next_round(plan, samples(8, 1.0), 8.0, 1.0), 0);
  EXPECT_EQ(next_round(plan, samples(3, 1.0), 3.0, 1.0), 5);
}

TEST(NextRound, SpendsTheBudgetInShares) {
  SamplingPlan plan;
  plan.time_budget_s = 0.03;
  EXPECT_EQ(next_round(plan, {}, 0, 1e-3), 10);
  // 20 ms are left, at 1 ms each.
  EXPECT_NEAR(static_cast<double>(next_round(plan, samples(10, 1e-3, 1e-4), 0.01, 1e-3)), 6, 1);
}

TEST(NextRound, GrowsWithWhatThereIsSoThatItCanStopSoon) {
  const SamplingPlan plan;
  EXPECT_EQ(next_round(plan, {}, 0, 1e-6), 20);
  EXPECT_EQ(next_round(plan, samples(200, 1e-3, 1e-4), 1e-3, 1e-6), 100);
}

TEST(NextRound, TakesWhatIsMissingToThePrecisionByTheSquareRootLaw) {
  SamplingPlan plan;
  const SampleSet wide = samples(400, 1.0, 0.001);
  const double reached = *precision_of(wide.time_s);
  plan.precision = reached / 1.1;
  EXPECT_NEAR(static_cast<double>(next_round(plan, wide, 1e-3, 1e-6)), 0.21 * 400, 1);
  plan.precision = reached / 1.01;
  EXPECT_EQ(next_round(plan, wide, 1e-3, 1e-6), 80) << "not so few that chance decides";
}

TEST(NextRound, StopsWhenTheMedianIsKnownWellEnough) {
  SamplingPlan plan;
  EXPECT_EQ(next_round(plan, samples(60, 1e-3), 0.06, 1e-3), 0);
  EXPECT_GT(next_round(plan, samples(60, 1e-3, 1e-4), 0.06, 1e-3), 0);
  EXPECT_GT(next_round(plan, samples(19, 1e-3), 0.02, 1e-3), 0) << "too few to trust";
  // 60 values from 1 to 1.59: the interval of the median is about +- 6 %.
  const SampleSet wide = samples(60, 1.0, 0.01);
  plan.precision = 0.07;
  EXPECT_EQ(next_round(plan, wide, 0.06, 1e-3), 0);
  plan.precision = 0.05;
  EXPECT_GT(next_round(plan, wide, 0.06, 1e-3), 0);
}

TEST(PrecisionOf, IsTheFartherEndOfTheMediansInterval) {
  // Of 11 values, the second and the tenth bound the median at 95 %: 6 lies within 2 and 10.
  EXPECT_DOUBLE_EQ(*precision_of(samples(11, 1, 1).time_s), 4.0 / 6);
  EXPECT_FALSE(precision_of(samples(5, 1, 1).time_s));
  EXPECT_FALSE(precision_of({}));
}

TEST(SyncPolicy, NamesReadBack) {
  for (const SyncPolicy policy :
       {SyncPolicy::barrier, SyncPolicy::back_to_back, SyncPolicy::window}) {
    EXPECT_EQ(*parse_sync_policy(name(policy)), policy);
  }
  const auto unknown = parse_sync_policy("windo");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            "unknown synchronisation \"windo\", expected barrier, back-to-back or window, did you "
            "mean \"window\"?");
}

TEST(NextRound, NeverPassesTheLargestNumber) {
  SamplingPlan plan;
  plan.max_samples = 20;
  EXPECT_EQ(next_round(plan, {}, 0, 1e-9), 20);
  plan.max_samples = 40;
  EXPECT_EQ(next_round(plan, samples(40, 1e-3, 1e-4), 0.001, 1e-3), 0);
}

TEST(NextRound, ObeysAFixedNumber) {
  SamplingPlan plan;
  plan.fixed_samples = 3;
  EXPECT_EQ(next_round(plan, {}, 0, 100.0), 3);
  EXPECT_EQ(next_round(plan, samples(3, 100.0), 300.0, 100.0), 0);
}

}  // namespace
}  // namespace collscale

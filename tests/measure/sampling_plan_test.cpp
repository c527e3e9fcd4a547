// SPDX-License-Identifier: Apache-2.0
#include "measure/sampling_plan.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "stats/quantiles.hpp"

namespace collscale {
namespace {

SampleSet samples(std::size_t count, double time_s, double step_s = 0) {
  SampleSet set;
  for (std::size_t i = 0; i < count; ++i) {
    set.time_s.push_back(time_s + step_s * static_cast<double>(i));
  }
  return set;
}

std::int64_t next_round(const SamplingPlan& plan, const SampleSet& so_far, double elapsed_s,
                        double sample_cost_s) {
  return Rounds(plan).next(so_far, elapsed_s, sample_cost_s);
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

TEST(NextBatch, IsLengthenedOnlyWhereTheQuickestSampleIsFarTooShort) {
  SamplingPlan plan;
  plan.min_sample_s = 20e-6;
  EXPECT_EQ(batch_after_samples(plan, 10, 10e-6), 10);
  EXPECT_EQ(batch_after_samples(plan, 10, 9e-6), 27);
  EXPECT_EQ(batch_after_samples(plan, 1, 0.2e-6), 10);
}

TEST(TimesAgree, WithinFivePercentOrWithinTheNoise) {
  EXPECT_TRUE(times_agree(1.0, 1.05));
  EXPECT_FALSE(times_agree(1.1, 1.0));
  const std::vector<double> even(10, 1.0);
  EXPECT_TRUE(times_agree(1.05, even));
  EXPECT_FALSE(times_agree(1.1, even)) << "it still falls";
  const std::vector<double> noisy{0.8, 0.85, 0.85, 0.9, 1.0, 1.0, 1.1, 1.2, 1.2, 1.3};
  EXPECT_TRUE(times_agree(1.1, noisy));
  EXPECT_FALSE(times_agree(1.3, noisy));
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

TEST(NextRound, LooksAgainAfterATenthMore) {
  const SamplingPlan plan;
  EXPECT_EQ(next_round(plan, {}, 0, 1e-6), 20);
  EXPECT_EQ(next_round(plan, samples(200, 1e-3, 1e-4), 1e-3, 1e-6), 20);
}

// Who stops as soon as an interval is narrow enough stops by chance, too: the interval then covers
// the truth less often than it says. Of 2000 points 95 % are 1900, give or take 10.
TEST(NextRound, IntervalsCoverTheTruthAlthoughTheyDecideWhenToStop) {
  std::mt19937_64 generator(1);
  for (const double spread : {0.03, 0.08, 0.15}) {
    std::lognormal_distribution<double> noise(0, spread);
    int covered = 0;
    int close = 0;
    for (int point = 0; point < 2000; ++point) {
      Rounds rounds({});
      SampleSet set;
      while (const std::int64_t count = rounds.next(set, 0, 1e-9))
        for (std::int64_t i = 0; i < count; ++i) set.time_s.push_back(noise(generator));
      const MedianInterval interval = median_interval(set.time_s, 0.95);
      covered += interval.low <= 1 && interval.high >= 1;
      close += std::abs(interval.median - 1) <= 0.02;
    }
    EXPECT_GE(covered, 1880) << spread;
    EXPECT_GE(close, 1900) << spread;
  }
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

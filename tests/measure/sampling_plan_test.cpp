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
  plan.time_budget_s = 0.3;
  plan.max_samples = 1000;
  EXPECT_EQ(next_round(plan, {}, 0, 1e-3), 100);
  // 0.2 s are left, at 1 ms each.
  EXPECT_NEAR(static_cast<double>(next_round(plan, samples(100, 1e-3, 1e-4), 0.1, 1e-3)), 66, 1);
}

TEST(NextRound, StopsWhenTheMedianIsKnownWellEnough) {
  const SamplingPlan plan;
  EXPECT_EQ(next_round(plan, samples(60, 1e-3), 0.06, 1e-3), 0);
  EXPECT_GT(next_round(plan, samples(60, 1e-3, 1e-4), 0.06, 1e-3), 0);
  EXPECT_GT(next_round(plan, samples(20, 1e-3), 0.02, 1e-3), 0) << "too few to trust";
}

TEST(NextRound, NeverPassesTheLargestNumber) {
  SamplingPlan plan;
  plan.max_samples = 40;
  EXPECT_EQ(next_round(plan, {}, 0, 1e-9), 40);
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

// SPDX-License-Identifier: Apache-2.0
// The sampler on a clock and a communicator that the test holds in its hands.
#include "measure/sampler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "stats/quantiles.hpp"

namespace collscale {
namespace {

/// Two processes of which this is one: the other one's times are `slower` times this one's, and the
/// decisions of process 0 are what `decide` makes of this one's.
struct FakeProcesses {
  double slower = 1;
  int barriers = 0;
  std::vector<std::size_t> reductions{};
  std::vector<std::int64_t> agreed{};
  [[nodiscard]] static int rank() { return 1; }
  [[nodiscard]] static int size() { return 2; }
  void barrier() { ++barriers; }
  void all_max(std::span<double> values) {
    reductions.push_back(values.size());
    for (double& value : values) {
      value = std::max(value, value * slower);
    }
  }
  std::int64_t agree(std::int64_t value) {
    agreed.push_back(value);
    return value;
  }
};

TEST(TakeSamples, ASampleIsTheSlowestProcesssTimePerOperation) {
  double now_s = 0;
  FakeProcesses processes{3.0};
  SamplingPlan plan;
  plan.fixed_samples = 5;
  plan.fixed_batch = 4;
  const SampleSet set = take_samples(
      processes, plan, [&](std::int64_t n) { now_s += static_cast<double>(n) * 2e-3; },
      [&] { return now_s; });
  EXPECT_EQ(set.batch, 4);
  EXPECT_THAT(set.time_s, testing::Each(testing::DoubleNear(6e-3, 1e-12)));
  EXPECT_EQ(set.time_s.size(), 5U);
}

TEST(TakeSamples, ShortOperationsAreTimedInBatches) {
  double now_s = 0;
  FakeProcesses processes;
  SamplingPlan plan;
  plan.min_sample_s = 20e-6;
  const SampleSet set = take_samples(
      processes, plan, [&](std::int64_t n) { now_s += static_cast<double>(n) * 1e-6; },
      [&] { return now_s; });
  EXPECT_GE(set.batch, 20);
  EXPECT_LE(set.batch, 48);
  EXPECT_NEAR(set.time_s.front(), 1e-6, 1e-12);
}

TEST(TakeSamples, NothingButABarrierCommunicatesBetweenTwoSamples) {
  double now_s = 0;
  FakeProcesses processes;
  SamplingPlan plan;
  plan.fixed_samples = 100;
  plan.fixed_batch = 1;
  plan.fixed_warmup = 2;
  take_samples(
      processes, plan, [&](std::int64_t) { now_s += 1e-3; }, [&] { return now_s; });
  EXPECT_EQ(std::count(processes.reductions.begin(), processes.reductions.end(), 100U), 1)
      << "one maximum over the whole round";
  EXPECT_LE(processes.reductions.size(), 4U) << "and up to three pilots";
}

TEST(TakeSamples, TheNumberOfSamplesIsProcessZeros) {
  // Whatever this process would decide, it follows what agree() gives.
  struct Follower : FakeProcesses {
    int calls = 0;
    std::int64_t agree(std::int64_t) {
      ++calls;
      return calls <= 2 ? 1 : (calls == 3 ? 13 : 0);
    }
  } processes;
  double now_s = 0;
  std::int64_t operations = 0;
  SamplingPlan plan;
  plan.fixed_warmup = 0;
  const SampleSet set = take_samples(
      processes, plan,
      [&](std::int64_t n) {
        operations += n;
        now_s += 1e-3;
      },
      [&] { return now_s; });
  EXPECT_EQ(set.time_s.size(), 13U);
  EXPECT_EQ(operations, 13 + 3) << "three pilots before";
}

TEST(TakeSamples, WarmUpIsNotTimed) {
  double now_s = 0;
  std::int64_t operations = 0;
  SingleProcess alone;
  SamplingPlan plan;
  plan.fixed_warmup = 3;
  plan.fixed_samples = 10;
  plan.fixed_batch = 1;
  const SampleSet set = take_samples(
      alone, plan,
      [&](std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) {
          now_s += operations++ < 3 ? 1.0 : 1e-3;
        }
      },
      [&] { return now_s; });
  EXPECT_THAT(set.time_s, testing::Each(testing::DoubleNear(1e-3, 1e-9)));
}

/// Alone, with an operation whose n-th call (from 0) takes time_s(n).
template <class F>
SampleSet sample_alone(const SamplingPlan& plan, F&& time_s) {
  double now_s = 0;
  std::int64_t calls = 0;
  SingleProcess alone;
  return take_samples(
      alone, plan,
      [&](std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) {
          now_s += time_s(calls++);
        }
      },
      [&] { return now_s; });
}

TEST(TakeSamples, WarmsUpUntilTimesNoLongerFall) {
  SamplingPlan plan;
  plan.fixed_batch = 1;
  // Each operation a tenth quicker than the last, down to 1 ms after the 50th.
  const auto falling = [](std::int64_t n) {
    return n < 50 ? 1e-3 * (1 + 0.1 * static_cast<double>(50 - n)) : 1e-3;
  };
  const SampleSet set = sample_alone(plan, falling);
  EXPECT_TRUE(set.warmup_stable);
  EXPECT_GE(set.warmup, 45);
  EXPECT_LT(set.time_s.front(), 1.5e-3);
}

TEST(TakeSamples, TheRoundByWhichTimesHaveSettledCounts) {
  SamplingPlan plan;
  plan.fixed_batch = 1;
  std::int64_t operations = 0;
  const auto even = [&](std::int64_t) {
    ++operations;
    return 1e-3;
  };
  const SampleSet set = sample_alone(plan, even);
  EXPECT_EQ(set.warmup, 1 + 3) << "the first and the pilots";
  EXPECT_EQ(set.time_s.size(), 20U);
  EXPECT_EQ(operations, 24);
  plan.fixed_samples = 12;
  EXPECT_EQ(sample_alone(plan, even).time_s.size(), 12U);
  plan.fixed_samples.reset();
  plan.max_samples = 5;
  plan.min_samples = 5;
  EXPECT_EQ(sample_alone(plan, even).time_s.size(), 5U);
}

TEST(TakeSamples, WarmUpGivesUpAfterAFifthOfTheBudget) {
  SamplingPlan plan;
  plan.fixed_batch = 1;
  plan.time_budget_s = 1;
  const auto restless = [](std::int64_t n) { return 1e-3 * std::pow(1.1, static_cast<double>(n)); };
  const SampleSet set = sample_alone(plan, restless);
  EXPECT_FALSE(set.warmup_stable);
  EXPECT_GT(set.warmup, 10);
}

/// An operation of 200 ns, and 8 ms more for each batch that other work interrupts.
SampleSet sample_interrupted(const SamplingPlan& plan,
                             std::function<bool(std::int64_t)> interrupts) {
  double now_s = 0;
  std::int64_t batches = 0;
  SingleProcess alone;
  return take_samples(
      alone, plan,
      [&](std::int64_t n) {
        now_s += 200e-9 * static_cast<double>(n) + (interrupts(batches++) ? 8e-3 : 0);
      },
      [&] { return now_s; });
}

TEST(TakeSamples, InterruptedPilotsDoNotMakeAShortOperationLong) {
  SamplingPlan plan;
  // The first operation and all three pilots, and two of three batches after them: samples of one
  // operation each would be waits for the processor.
  const auto interrupts = [](std::int64_t batch) { return batch < 4 || batch % 3 != 0; };
  EXPECT_GE(sample_interrupted(plan, interrupts).batch, 50);
  // Nor where it is found late: in a round of samples after the warm-up's.
  const auto later = [](std::int64_t batch) { return batch < 20 || batch % 3 == 0; };
  const SampleSet set = sample_interrupted(plan, later);
  EXPECT_GE(set.batch, 50);
  EXPECT_NEAR(median(set.time_s), 200e-9, 1e-12);
  // Who asks for single operations gets them.
  plan.fixed_batch = 1;
  EXPECT_EQ(sample_interrupted(plan, interrupts).batch, 1);
}

TEST(TakeSamples, ALongOperationIsWarmedUpByOneAndAPilot) {
  SamplingPlan plan;
  plan.time_budget_s = 1;
  const SampleSet set = sample_alone(plan, [](std::int64_t) { return 2.0; });
  EXPECT_EQ(set.warmup, 2);
  EXPECT_TRUE(set.warmup_stable);
  EXPECT_EQ(set.time_s.size(), 8U) << "the floor holds beyond the budget";
}

TEST(TakeSamples, BackToBackHasOneBarrierPerRoundAndNoGaps) {
  double now_s = 0;
  FakeProcesses processes;
  SamplingPlan plan;
  plan.sync = SyncPolicy::back_to_back;
  plan.fixed_samples = 50;
  plan.fixed_batch = 2;
  plan.fixed_warmup = 1;
  int reads = 0;
  const SampleSet set = take_samples(
      processes, plan, [&](std::int64_t n) { now_s += static_cast<double>(n) * 1e-3; },
      [&] {
        ++reads;
        return now_s;
      });
  EXPECT_EQ(set.sync, SyncPolicy::back_to_back);
  EXPECT_THAT(set.time_s, testing::Each(testing::DoubleNear(1e-3, 1e-12)));
  EXPECT_EQ(processes.barriers, 3 + 1) << "of three pilots and one round";
  EXPECT_LE(reads, 3 * 2 + 1 + 51 + 3) << "one read per sample";
}

}  // namespace
}  // namespace collscale

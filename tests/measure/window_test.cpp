// SPDX-License-Identifier: Apache-2.0
// Clocks that disagree, and samples that begin at agreed times.
#include "measure/window.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "measure/sampler.hpp"

namespace collscale {
namespace {

TEST(ReferenceClock, IsTheOwnClockBeforeTheFirstReading) {
  const ReferenceClock clock;
  EXPECT_EQ(clock.at(12.5), 12.5);
  EXPECT_EQ(clock.worst_error_s(), 0);
}

TEST(ReferenceClock, LearnsOffsetAndRateThroughNoise) {
  // The reference is 1000 s ahead and gains 20 µs per second; readings err by up to 0.2 µs.
  const auto offset_s = [](double local_s) { return 1000 + 20e-6 * local_s; };
  ReferenceClock clock;
  for (int i = 0; i < 12; ++i) {
    const double local_s = 5e5 + 0.1 * i;
    clock.add({local_s, offset_s(local_s) + (i % 2 == 0 ? 0.2e-6 : -0.2e-6)});
  }
  const double later_s = 5e5 + 1.2;
  EXPECT_NEAR(clock.at(later_s), later_s + offset_s(later_s), 0.3e-6);
  // Before there was a rate, each step of 0.1 s brought 2 µs.
  EXPECT_NEAR(clock.worst_error_s(), 2e-6, 0.5e-6);
}

TEST(ReferenceClock, ReadingsCloseTogetherGiveNoRate) {
  ReferenceClock clock;
  for (int i = 0; i < 5; ++i) {
    clock.add({1e-4 * i, i % 2 == 0 ? 1e-6 : -1e-6});  // as a rate: 2 % of a second per second
  }
  EXPECT_NEAR(clock.at(1.0), 1.0, 1.1e-6);
}

/// Process 1 of two, whose counterpart's clock is ahead and which answers at once.
struct FakePair {
  double* now_s;
  double ahead_s = 100;
  double delay_s = 1e-6;  ///< of a message, each way
  double lead_s = 300e-6;
  [[nodiscard]] static int rank() { return 1; }
  [[nodiscard]] static int size() { return 2; }
  void barrier() const { *now_s += 1e-6; }
  static void all_max(std::span<double> /*values*/) {}
  std::int64_t agree(std::int64_t value) {
    // The start of a round, in nanoseconds of process 0's clock, must be near that clock's time.
    if (value > 1000000000) {
      EXPECT_NEAR(1e-9 * static_cast<double>(value), *now_s + ahead_s, lead_s);
    }
    return value;
  }
  void send(int, double) const { *now_s += delay_s; }
  double receive(int) const {
    const double sent = *now_s + ahead_s;
    *now_s += delay_s;
    return sent;
  }
};
static_assert(ClockPeers<FakePair>);

SamplingPlan window_plan(std::int64_t samples) {
  SamplingPlan plan;
  plan.sync = SyncPolicy::window;
  plan.fixed_samples = samples;
  plan.fixed_batch = 1;
  return plan;
}

TEST(TakeWindows, SamplesBeginAtTheAgreedTime) {
  double now_s = 0;
  FakePair pair{&now_s};
  const SampleSet set = take_samples(
      pair, window_plan(40), [&](std::int64_t) { now_s += 30e-6; }, [&] { return now_s += 20e-9; });
  EXPECT_EQ(set.sync, SyncPolicy::window);
  EXPECT_EQ(set.missed, 0);
  EXPECT_EQ(set.time_s.size(), 40U);
  // The operation, two reads of the clock, and what a poll overshoots.
  EXPECT_THAT(set.time_s, testing::Each(testing::DoubleNear(30.05e-6, 0.05e-6)));
  ASSERT_TRUE(set.clock_error_s);
  EXPECT_LT(*set.clock_error_s, 1e-7);
}

TEST(TakeWindows, ALateSampleIsThrownAwayAndCounted) {
  double now_s = 0;
  FakePair pair{&now_s};
  int calls = 0;
  const SampleSet set = take_samples(
      pair, window_plan(40),
      // Every tenth takes so long that the next window has begun when it ends.
      [&](std::int64_t) { now_s += ++calls % 10 == 0 ? 60e-6 : 30e-6; },
      [&] { return now_s += 20e-9; });
  EXPECT_EQ(set.sync, SyncPolicy::window);
  EXPECT_EQ(set.time_s.size(), 40U);
  EXPECT_GE(set.missed, 3);
  for (const double sample_s : set.time_s) {
    EXPECT_TRUE(std::abs(sample_s - 30e-6) < 1e-6 || std::abs(sample_s - 60e-6) < 1e-6) << sample_s;
  }
}

TEST(TakeWindows, WhereEveryWindowIsMissedBarriersTakeOver) {
  double now_s = 0;
  FakePair pair{&now_s};
  pair.lead_s = 5e-3;
  SamplingPlan plan = window_plan(5);
  // A clock that jumps by a millisecond whenever it is read is always late.
  const SampleSet set = take_samples(
      pair, plan, [&](std::int64_t) { now_s += 30e-6; }, [&] { return now_s += 1e-3; });
  EXPECT_EQ(set.sync, SyncPolicy::barrier);
  EXPECT_EQ(set.time_s.size(), 5U);
  EXPECT_GE(set.missed, 100);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "measure/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stats/random.hpp"

namespace collscale {
namespace {

/// `count` values of value(i, u), u uniform in [0, 1).
template <class F>
std::vector<double> draw(std::size_t count, std::uint64_t seed, F&& value) {
  Random random(seed, 0);
  std::vector<double> drawn;
  for (std::size_t i = 0; i < count; ++i) {
    drawn.push_back(value(static_cast<double>(i), random.uniform()));
  }
  return drawn;
}

std::vector<double> quiet(std::size_t count, std::uint64_t seed = 1) {
  return draw(count, seed, [](double, double u) { return 10e-6 * (1 + 0.1 * u); });
}

SampleSet set_of(std::vector<double> times_s) {
  SampleSet set;
  set.time_s = std::move(times_s);
  return set;
}

TEST(FindModes, OneGroupIsNotSplitWhateverItsShape) {
  int flagged = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    for (const std::size_t n : {40U, 400U}) {
      flagged += find_modes(quiet(n, seed)) > 1;
      flagged +=
          find_modes(draw(n, seed, [](double, double u) { return 1 - std::log(1 - u); })) > 1;
      flagged += find_modes(draw(n, seed, [](double, double u) { return 1 + u; })) > 1;
      // One straggler in fifty, a thousandfold.
      flagged += find_modes(draw(n, seed, [](double i, double u) {
                   return std::fmod(i, 50) == 7 ? 1000 : 1 + 0.1 * u;
                 })) > 1;
    }
  }
  EXPECT_LE(flagged, 8) << "of 1600";
}

TEST(FindModes, TwoGroupsAreFoundAndTheirRatioIsGiven) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    for (const double share : {0.25, 0.5, 0.75}) {
      Random which(seed, 1);
      const double ratio = find_modes(draw(200, seed, [&](double, double u) {
        return (which.uniform() < share ? 1.4 : 1.0) * (1 + 0.05 * u);
      }));
      EXPECT_NEAR(ratio, 1.4, 0.05) << seed << " " << share;
    }
  }
}

TEST(FindModes, TooFewOrEqualSamplesHaveOneMode) {
  EXPECT_EQ(find_modes(std::vector<double>(100, 1e-6)), 1);
  EXPECT_EQ(find_modes(std::vector<double>{1, 2, 1, 2, 1, 2}), 1);
  EXPECT_EQ(find_modes({}), 1);
}

TEST(FindDrift, ATrendIsFoundAndNoiseIsNot) {
  const Drift rising =
      find_drift(draw(90, 1, [](double i, double u) { return 1 + 0.003 * i + 0.05 * u; }));
  EXPECT_TRUE(rising.significant);
  EXPECT_NEAR(rising.change, 0.18, 0.03);
  const Drift falling =
      find_drift(draw(90, 1, [](double i, double u) { return 2 - 0.003 * i + 0.05 * u; }));
  EXPECT_TRUE(falling.significant);
  EXPECT_LT(falling.change, 0);
  int flagged = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    flagged += find_drift(draw(60, seed, [](double, double u) { return 1 + u; })).significant;
  }
  EXPECT_LE(flagged, 3);
  // Significant but small: a trend of 1 % over 2000 samples harms nobody.
  EXPECT_FALSE(find_drift(draw(2000, 1, [](double i, double u) {
                 return 1 + 1e-5 * i + 0.001 * u;
               })).significant);
  EXPECT_FALSE(find_drift(std::vector<double>{1, 2}).significant);
}

TEST(Judge, AQuietRowIsGood) {
  Conditions conditions;
  conditions.cpu_share = 0.99;
  conditions.foreign_cores = 0.02;
  conditions.short_of_cores = 0.02;
  conditions.processes_per_node = 2;
  conditions.involuntary_switches = 3;
  EXPECT_EQ(judge(set_of(quiet(100)), conditions), Verdict::good);
  EXPECT_EQ(judge(set_of({1e-6}), {}), Verdict::good);
}

TEST(Judge, EachSignOfContentionSuffices) {
  const SampleSet samples = set_of(quiet(100));
  Conditions shared;
  shared.cpu_share = 0.85;
  EXPECT_EQ(judge(samples, shared), Verdict::contended);
  Conditions crowded;
  crowded.processes_per_node = 2;
  crowded.foreign_cores = 0.3;
  crowded.short_of_cores = 0.3;
  EXPECT_EQ(judge(samples, crowded), Verdict::contended);
  crowded.short_of_cores = -5.7;  // much foreign work, and more idle cores
  EXPECT_EQ(judge(samples, crowded), Verdict::good);
  Conditions preempted;
  preempted.involuntary_switches = 11;
  EXPECT_EQ(judge(samples, preempted), Verdict::contended);
  preempted.involuntary_switches = 9;
  EXPECT_EQ(judge(samples, preempted), Verdict::good);
}

TEST(Judge, TheWorstSignWins) {
  SampleSet drifting = set_of(draw(90, 1, [](double i, double) { return 1 + 0.01 * i; }));
  EXPECT_EQ(judge(drifting, {}), Verdict::drifting);
  Conditions conditions;
  conditions.cpu_share = 0.5;
  EXPECT_EQ(judge(drifting, conditions), Verdict::contended);
  conditions.oversubscribed = true;
  EXPECT_EQ(judge(drifting, conditions), Verdict::oversubscribed);
  const SampleSet two = set_of(
      draw(100, 1, [](double i, double u) { return (std::fmod(i, 2) == 0 ? 1 : 2) + 0.1 * u; }));
  EXPECT_EQ(judge(two, {}), Verdict::bimodal);
}

TEST(Assess, RecordsWhatTheVerdictRestsOn) {
  SampleSet samples = set_of(quiet(100));
  samples.batch = 7;
  samples.warmup = 40;
  samples.warmup_stable = true;
  samples.sync = SyncPolicy::window;
  samples.missed = 2;
  samples.clock_error_s = 3e-7;
  Conditions conditions;
  conditions.cpu_share = 0.97;
  const Quality quality = assess(samples, conditions, BufferPolicy::cold);
  EXPECT_EQ(quality.verdict, "good");
  EXPECT_EQ(quality.sync, "window");
  EXPECT_EQ(quality.buffers, "cold");
  EXPECT_EQ(quality.batch, 7);
  EXPECT_EQ(quality.warmup, 40);
  EXPECT_TRUE(quality.warmup_stable);
  EXPECT_EQ(quality.missed, 2);
  EXPECT_EQ(quality.cpu_share, 0.97);
  EXPECT_EQ(quality.clock_error_s, 3e-7);
  EXPECT_EQ(quality.precision, precision_of(samples.time_s));
}

TEST(Retrying, IsForWhatMayPassAndKeepsTheBetter) {
  Quality good;
  good.verdict = "good";
  good.precision = 0.05;
  Quality contended = good;
  contended.verdict = "contended";
  contended.precision = 0.01;
  Quality crowded = good;
  crowded.verdict = "oversubscribed";
  EXPECT_FALSE(worth_retrying(good));
  EXPECT_TRUE(worth_retrying(contended));
  EXPECT_FALSE(worth_retrying(crowded));
  EXPECT_TRUE(is_better(good, contended));
  EXPECT_FALSE(is_better(contended, good));
  Quality narrower = contended;
  narrower.precision = 0.005;
  EXPECT_TRUE(is_better(narrower, contended));
  contended.precision.reset();
  EXPECT_TRUE(is_better(narrower, contended));
  EXPECT_FALSE(is_better(contended, narrower));
}

}  // namespace
}  // namespace collscale

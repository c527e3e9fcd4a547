// SPDX-License-Identifier: Apache-2.0
// Figures of a topology from measurements that were made up from known figures.
#include "fit/figure_fit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "fit/figures.hpp"
#include "fit/profile.hpp"
#include "model/analytic.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;

System truth() {
  System system = synthetic::system(8, "truth");
  system.node.name = "made-up";
  system.node.scale_up.latency_s.value = 2.4e-6;
  system.node.scale_up.efficiency.value = 0.6;
  system.node.compute.launch_s = synthetic::figure(11e-6);
  system.node.nics.latency_s.value = 9e-6;
  std::get<Clos>(system.fabric).efficiency.value = 0.7;
  return system;
}

System guessed() {
  System system = synthetic::system(8, "guessed");
  system.node.name = "made-up";
  return system;
}

/// What the analytic engine says of `system`, with a ripple of ±3 % in place of noise.
std::vector<Record> measured(const System& system, const std::vector<std::int64_t>& ranks) {
  std::vector<Record> records;
  std::vector<double> sizes;
  for (double size = 64; size < 4.3e9; size *= 4) sizes.push_back(size);
  for (const auto& [collective, algorithm] :
       {std::pair{Collective::all_reduce, "ring"}, std::pair{Collective::all_gather, "ring"},
        std::pair{Collective::all_reduce, "recursive_doubling"}}) {
    for (const std::int64_t n : ranks) {
      const auto times = predict_analytic(system, collective, algorithm, n, sizes);
      EXPECT_TRUE(times) << times.error().message;
      for (std::size_t i = 0; times && i < sizes.size(); ++i)
        records.push_back(synthetic::record(
            collective, algorithm, n, (n + 7) / 8, sizes[i],
            (*times)[i].time_s *
                (1 + 0.03 * std::sin(static_cast<double>(7 * i) + 3.0 * static_cast<double>(n)))));
    }
  }
  return records;
}

FigureFit fitted(const std::vector<Record>& records, const System& system, std::uint64_t seed = 1) {
  FigureFitOptions options;
  options.replicates = 100;
  options.seed = seed;
  const auto series = make_series(records, system);
  EXPECT_TRUE(series);
  auto fit = fit_figures(*series, system, options);
  EXPECT_TRUE(fit) << fit.error().message;
  return fit ? *std::move(fit) : FigureFit{};
}

double value_of(const FigureFit& fit, const std::string& path) {
  for (const FigureTier& tier : fit.tiers)
    for (const FittedFigure& figure : tier.figures)
      if (figure.path == path) return figure.value;
  return 0;
}

Profile profile_of(const FigureFit& fit) {
  Profile profile;
  profile.data_system = "synthetic";
  profile.figures = fit.tiers;
  return profile;
}

TEST(FigureFit, RecoversKnownFiguresTierByTier) {
  const FigureFit fit = fitted(measured(truth(), {2, 4, 8, 16, 32, 64, 128}), guessed());
  ASSERT_EQ(fit.tiers.size(), 2U);
  EXPECT_NEAR(value_of(fit, "node.scale_up.latency") / 2.4e-6, 1, 0.1);
  EXPECT_NEAR(value_of(fit, "node.scale_up.efficiency") / 0.6, 1, 0.05);
  EXPECT_NEAR(value_of(fit, "node.compute.launch") / 11e-6, 1, 0.1);
  EXPECT_NEAR(value_of(fit, "node.nics.latency") / 9e-6, 1, 0.1);
  EXPECT_NEAR(value_of(fit, "fabric.efficiency") / 0.7, 1, 0.05);
  for (const FigureTier& tier : fit.tiers) {
    EXPECT_LT(tier.median_error, 0.05) << tier.source;
    EXPECT_GT(tier.prior_error, 0.15) << tier.source;
    ASSERT_EQ(tier.hold_outs.size(), tier.scales.size() - 1);
    for (const HeldOutScales& held : tier.hold_outs) {
      EXPECT_LT(held.median_error, 0.06);
      EXPECT_EQ(held.ranks.back(), tier.network ? 128 : 8);
      EXPECT_GT(held.coverage_95, 0.9);
    }
    for (const FittedFigure& figure : tier.figures) {
      EXPECT_LE(figure.low, figure.value) << figure.path;
      EXPECT_GE(figure.high, figure.value) << figure.path;
    }
  }
}

TEST(FigureFit, ATierWithoutMeasurementsKeepsTheTopologysFigures) {
  const FigureFit fit = fitted(measured(truth(), {2, 4, 8}), guessed());
  ASSERT_EQ(fit.tiers.size(), 1U);
  EXPECT_FALSE(fit.tiers.front().network);
  ASSERT_FALSE(fit.notes.empty());
  EXPECT_THAT(fit.notes.back(), HasSubstr("a fit inside a node says nothing about the network"));
  System system = guessed();
  const auto applied = apply_figures(system, fit.tiers, "p.json");
  ASSERT_TRUE(applied);
  EXPECT_EQ(system.node.nics.latency_s.value, guessed().node.nics.latency_s.value);
  EXPECT_EQ(system.node.nics.latency_s.label, Label::assumed);
  EXPECT_EQ(system.node.scale_up.latency_s.label, Label::calibrated);
  EXPECT_FALSE(applied->network);
  Record far = synthetic::record(Collective::all_reduce, "ring", 64, 8, 1e6, 1e-3);
  EXPECT_EQ(judge_by(*applied, 8, Judged::as_fastest, far), std::vector<std::string>{"x8.0"});
  EXPECT_TRUE(far.intervals.empty());
  EXPECT_EQ(far.validated_to_ranks, 8);
}

TEST(FigureFit, TheSameSeedGivesTheSameProfile) {
  const std::vector<Record> records = measured(truth(), {2, 4, 8, 16, 32});
  const std::string once = profile_to_json(profile_of(fitted(records, guessed())));
  EXPECT_EQ(once, profile_to_json(profile_of(fitted(records, guessed()))));
  EXPECT_NE(once, profile_to_json(profile_of(fitted(records, guessed(), 2))));
  const auto read = profile_from_json(once, "p.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(profile_to_json(*read), once);
}

TEST(FigureFit, OtherNodesAreRefusedAndTimesHoldAtTheirNicRateOnly) {
  const FigureFit fit = fitted(measured(truth(), {2, 4, 8, 16, 32, 64}), guessed());
  System other = guessed();
  other.node.name = "another";
  const auto refused = apply_figures(other, fit.tiers, "p.json");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "--profile: p.json was measured on nodes made-up, and those of guessed are another");
  EXPECT_TRUE(apply_figures(other, fit.tiers, "p.json", {.any_system = true}));

  System faster = guessed();
  faster.node.nics.bandwidth_Bps.value = 100e9;
  const auto applied = apply_figures(faster, fit.tiers, "p.json");
  ASSERT_TRUE(applied);
  EXPECT_EQ(faster.node.nics.latency_s.label, Label::assumed);
  EXPECT_EQ(std::get<Clos>(faster.fabric).efficiency.label, Label::calibrated);
  EXPECT_FALSE(applied->network);
  ASSERT_EQ(applied->notes.size(), 1U);
  EXPECT_THAT(applied->notes.front(), HasSubstr("node.nics.latency was measured with NICs of"));
}

TEST(FigureFit, IntervalsHoldTheMeasurementsAndWidenBeyondThem) {
  const FigureFit fit = fitted(measured(truth(), {2, 4, 8, 16, 32, 64}), guessed());
  System system = guessed();
  const auto applied = apply_figures(system, fit.tiers, "p.json");
  ASSERT_TRUE(applied);
  double before = 0;
  for (const std::int64_t ranks : {64, 256, 4096}) {
    const auto predicted =
        predict_analytic(system, Collective::all_reduce, "ring", ranks, std::vector<double>{1e6});
    const auto really =
        predict_analytic(truth(), Collective::all_reduce, "ring", ranks, std::vector<double>{1e6});
    Record record = synthetic::record(Collective::all_reduce, "ring", ranks, ranks / 8, 1e6,
                                      predicted->front().time_s);
    judge_by(*applied, 8, Judged::as_chosen, record);
    ASSERT_EQ(record.intervals.size(), 2U);
    const Interval& wide = record.intervals.back();
    EXPECT_EQ(wide.level, 0.95);
    EXPECT_LT(wide.low_s, really->front().time_s);
    EXPECT_GT(wide.high_s, really->front().time_s);
    EXPECT_LT(record.intervals.front().high_s, wide.high_s);
    EXPECT_GT(wide.high_s / wide.low_s, before);
    before = wide.high_s / wide.low_s;
    EXPECT_EQ(record.validated_to_ranks, 64);
  }
}

}  // namespace
}  // namespace collscale

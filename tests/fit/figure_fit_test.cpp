// SPDX-License-Identifier: Apache-2.0
// Figures of a topology from measurements that were made up from known figures.
#include "fit/figure_fit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "fit/figure_interval.hpp"
#include "fit/figure_price.hpp"
#include "fit/figures.hpp"
#include "fit/profile.hpp"
#include "model/analytic.hpp"
#include "model/selected.hpp"
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

// Large messages of one scale are slow for a reason that no figure is. They draw the bandwidth away
// from what the other scales have, so that a fit would be worse than none.
TEST(FigureFit, AFitThatMissesMoreThanTheTopologysFiguresIsNotKept) {
  System system = guessed();
  system.node.compute.launch_s = synthetic::figure(6.6e-6);
  std::vector<Record> records;
  for (const std::int64_t ranks : {2, 4, 8}) {
    std::vector<double> sizes;
    for (double size = 64; size < 4.3e9; size *= 4) sizes.push_back(size);
    const auto times = predict_analytic(system, Collective::all_reduce, "ring", ranks, sizes);
    ASSERT_TRUE(times) << times.error().message;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      records.push_back(
          synthetic::record(Collective::all_reduce, "ring", ranks, 1, sizes[i],
                            (*times)[i].time_s * (ranks == 8 && sizes[i] > 64 << 20 ? 3 : 1)));
  }
  const auto series = make_series(records, system);
  ASSERT_TRUE(series);
  const auto refused = fit_figures(*series, system);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("inside a node no figures miss what was measured by less than the "
                        "topology's own, 0.0 %"));
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

// What was measured may have been badly set up: links are as good as the better of what the
// topology and the fit say, and no end of an interval lies below what such links allow.
TEST(FigureFit, BoundsHoldWithTheFiguresAtTheirBest) {
  const FigureFit fit = fitted(measured(truth(), {2, 4, 8, 16, 32, 64}), guessed());
  System system = guessed();
  const auto applied = apply_figures(system, fit.tiers, "p.json");
  ASSERT_TRUE(applied);
  ASSERT_EQ(applied->at_best.size(), static_cast<std::size_t>(applied->figures));
  System own = guessed();
  System best = with_figures_at_best(system, applied->at_best);
  for (const FigureAtBest& one : applied->at_best) {
    const double fitted_value = fittable_figure(system, one.path)->value;
    const double own_value = fittable_figure(own, one.path)->value;
    const double value = fittable_figure(best, one.path)->value;
    EXPECT_EQ(value, one.value) << one.path;
    if (one.path.ends_with("efficiency"))
      EXPECT_TRUE(value >= fitted_value && value >= own_value) << one.path;
    else
      EXPECT_TRUE(value <= fitted_value && value <= own_value) << one.path;
  }
  Record record = synthetic::record(Collective::all_reduce, "ring", 64, 8, 1e9, 1e-2);
  set_bound(record, 0.99e-2);
  judge_by(*applied, 8, Judged::as_chosen, record);
  ASSERT_EQ(record.intervals.size(), 2U);
  EXPECT_EQ(record.intervals[1].low_s, 0.99e-2);
  EXPECT_GT(record.intervals[1].high_s, 1e-2);
  judge_unmeasured(nullptr, system, record);
  EXPECT_EQ(record.intervals[1].low_s, 0.99e-2);
}

// 128 GPUs of racks of 72 are 64 of each of two, measured and priced alike.
TEST(FigureFit, JobsOnRacksArePricedWithAsManyRanksOfEach) {
  System guess = synthetic::system(72, "racks");
  guess.node.scale_up.kind = ScaleUpKind::nvswitch;
  std::get<Clos>(guess.fabric).rails = 4;
  System real = guess;
  std::get<Clos>(real.fabric).efficiency.value = 0.7;
  std::vector<Record> records;
  for (const std::int64_t racks : {2, 3, 4, 8}) {
    const std::int64_t ranks = 64 * racks;
    const System job = with_shared_racks(real, ranks);
    ASSERT_EQ(ranks_per_node(job), 64);
    std::vector<double> sizes;
    for (double size = 1024; size < 4.3e9; size *= 4) sizes.push_back(size);
    const auto times = predict_analytic(job, Collective::all_to_all, "pairwise", ranks, sizes);
    ASSERT_TRUE(times) << times.error().message;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      records.push_back(synthetic::record(Collective::all_to_all, "pairwise", ranks, racks,
                                          sizes[i], (*times)[i].time_s));
  }
  const FigureFit fit = fitted(records, guess);
  ASSERT_EQ(fit.tiers.size(), 1U);
  EXPECT_TRUE(fit.tiers.front().network);
  EXPECT_LT(fit.tiers.front().median_error, 0.01);
}

TEST(FigureFit, NodesOfAnotherSizeAreRefused) {
  const auto series = make_series(measured(truth(), {2, 4, 8, 16}), guessed());
  ASSERT_TRUE(series);
  const auto refused = fit_figures(*series, synthetic::system(4, "smaller"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("and a node of smaller has 4"));
}

TEST(FigureFit, TimesThatTheSystemCannotReachAreRefused) {
  std::vector<Record> records = measured(truth(), {16, 32});
  for (Record& record : records) record.time_s /= 20;
  const auto series = make_series(records, guessed());
  ASSERT_TRUE(series);
  const auto refused = fit_figures(*series, guessed());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("faster than guessed allows"));
}

/// A library of two protocols, each a way to run a ring; it says that `told` is what it takes,
/// unless a record says more.
Library two_protocols(const std::string& told) {
  const auto way = [](const std::string& protocol) {
    Selection selection;
    selection.algorithm = "ring";
    selection.library_algorithm = "Ring";
    selection.protocol = protocol;
    selection.channels = 8;
    selection.figures = protocol == "LL" ? ProtocolFigures{0.4, 1e-6, 3e-6, 6e-6}
                                         : ProtocolFigures{1, 4e-6, 15e-6, 9e-6};
    return selection;
  };
  Library library;
  library.use.name = "nccl:2.28";
  library.choose = [way, told](const Series& series, std::int64_t,
                               double) -> Expected<std::optional<Selection>> {
    return std::optional<Selection>(way(series.protocol.empty() ? told : series.protocol));
  };
  library.offers = [way](Collective, std::int64_t, double) {
    return std::vector<Selection>{way("LL"), way("Simple")};
  };
  return library;
}

/// Times of LL up to 1 MiB and of Simple beyond, with factors 2 and 1.5 on their latencies.
std::vector<Record> by_two_protocols(const System& system) {
  const Library library = two_protocols("LL");
  PriceOptions options;
  options.protocol_factors = {2, 1.5, 1};
  std::vector<Record> records;
  for (const std::int64_t ranks : {16, 32, 64}) {
    SelectedCosts costs(system, Collective::all_reduce, ranks, options);
    for (double size = 64; size < 4.3e9; size *= 4) {
      const auto offers = library.offers(Collective::all_reduce, ranks, size);
      const auto time = costs.predict(offers[size <= 1048576 ? 0 : 1], size);
      EXPECT_TRUE(time);
      records.push_back(synthetic::record(Collective::all_reduce, "auto", ranks, ranks / 8, size,
                                          time->time_s * (1 + 0.02 * std::sin(size))));
    }
  }
  return records;
}

FigureFitOptions by_rules_of(const std::string& protocol) {
  FigureFitOptions options;
  options.replicates = 50;
  options.libraries = {two_protocols(protocol)};
  return options;
}

TEST(FigureFit, WhatRanAtWhichSizesIsInferredWhereNobodySays) {
  System system = guessed();
  const auto series = make_series(by_two_protocols(system), system);
  ASSERT_TRUE(series);
  const FigureFitOptions options = by_rules_of("LL");
  const auto fit = fit_figures(*series, system, options);
  ASSERT_TRUE(fit) << fit.error().message;
  const FigureTier& tier = fit->tiers.back();
  EXPECT_TRUE(tier.is_inferred);
  EXPECT_GT(tier.told_error, 0.1);
  EXPECT_LT(tier.median_error, 0.1);
  ASSERT_EQ(tier.library.pieces.size(), 2U);
  EXPECT_EQ(tier.library.pieces[0].protocol, "LL");
  EXPECT_EQ(tier.library.pieces[1].protocol, "Simple");
  EXPECT_THAT(fit->notes.back(), HasSubstr("which no record says"));
  // And it is not where the library's own choice explains them.
  FigureFitOptions right = options;
  right.libraries.front().choose = [](const Series&, std::int64_t ranks,
                                      double size) -> Expected<std::optional<Selection>> {
    const auto offers = two_protocols("LL").offers(Collective::all_reduce, ranks, size);
    return std::optional<Selection>(offers[size <= 1048576 ? 0 : 1]);
  };
  const auto told = fit_figures(*series, system, right);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->tiers.back().is_inferred);
}

TEST(FigureFit, WhatTheLibraryToldStandsInPlaceOfItsRulesAndOfWhatTimesSay) {
  const System system = guessed();
  std::vector<Record> records = by_two_protocols(system);
  for (Record& record : records)
    record.chosen = Chosen{"ring", record.scenario.size_bytes <= 1048576 ? "LL" : "Simple"};
  records.front().chosen.reset();
  const auto series = make_series(records, system);
  ASSERT_TRUE(series);
  EXPECT_EQ(series->size(), 1U);  // no series of its own
  const FigureFitOptions options = by_rules_of("LL");
  const auto fit = fit_figures(*series, system, options);
  ASSERT_TRUE(fit) << fit.error().message;
  const FigureTier& tier = fit->tiers.back();
  EXPECT_FALSE(tier.is_inferred);
  EXPECT_LT(tier.median_error, 0.1);
  EXPECT_THAT(tier.source, HasSubstr("as the library told at 41 of them, else as nccl:2.28 with"));
  EXPECT_THAT(fit->notes.back(),
              HasSubstr("the library told what it ran at 41 of 42 points; nccl:2.28 would have "
                        "chosen so at 23 of them, so answers follow what it told"));
  ASSERT_EQ(tier.library.pieces.size(), 2U);
  EXPECT_EQ(tier.library.pieces[0].protocol, "LL");
  EXPECT_EQ(tier.library.pieces[1].protocol, "Simple");
  EXPECT_EQ(tier.library.pieces[1].from_bytes, 4194304);
}

TEST(FigureFit, AnAlgorithmIsPricedWhosesoeverItIs) {
  for (const char* name :
       {"ring_ompi", "ring_mpich", "allreduce_nccl_ring", "all_reduce_ring_nccl"})
    EXPECT_EQ(priced_algorithm(Collective::all_reduce, name), "ring") << name;
  EXPECT_EQ(priced_algorithm(Collective::all_reduce, "rabenseifner_mpich"), "halving_doubling");
  for (const char* name :
       {"auto", "ring_over", "scatter_allgather_ring", "nccl", "nccl_x", "ring_b_utofu"})
    EXPECT_EQ(priced_algorithm(Collective::all_reduce, name), name);
  std::vector<Record> records = measured(truth(), {16, 32, 64});
  std::erase_if(records, [](const Record& r) { return r.scenario.algorithm != "ring"; });
  for (Record& record : records) record.scenario.algorithm = "ring_ompi";
  const FigureFit fit = fitted(records, guessed());
  EXPECT_NEAR(value_of(fit, "fabric.efficiency") / 0.7, 1, 0.05);
  EXPECT_EQ(fit.notes.front(), "all_reduce/ring_ompi is taken for ring");
}

TEST(FigureInterval, HasNoStepsOverTheSizes) {
  const RegimeErrors known =
      errors_by_regime(std::vector<double>{1e3, 1e6, 1e9}, std::vector<double>{0.1, 0.6, 0.01});
  Unmeasured unknown;
  unknown.network = true;
  unknown.ranks = 16;
  Remoteness another;
  another.other_kind = another.other_machine = another.network = true;
  for (double size_bytes = 1024; size_bytes < 1e10; size_bytes *= 1.01) {
    const IntervalOffsets here = interval_offsets(known, size_bytes, another);
    const IntervalOffsets next = interval_offsets(known, 1.01 * size_bytes, another);
    const IntervalOffsets of_none = unmeasured_offsets(unknown, size_bytes);
    const IntervalOffsets next_of_none = unmeasured_offsets(unknown, 1.01 * size_bytes);
    for (std::size_t q = 0; q < here.size(); ++q) {
      EXPECT_NEAR(next[q], here[q], 0.02) << size_bytes;
      EXPECT_NEAR(next_of_none[q], of_none[q], 0.02) << size_bytes;
    }
  }
}

TEST(FigureInterval, WidensWithWhatIsFartherAndHoldsThePrediction) {
  std::vector<double> sizes(40, 1e6);
  std::vector<double> errors;
  for (int i = 0; i < 40; ++i) errors.push_back(0.005 * (i - 10));
  const RegimeErrors known = errors_by_regime(sizes, errors);
  Remoteness farther;
  double before = 0;
  const auto is_wider = [&] {
    const IntervalOffsets offsets = interval_offsets(known, 1e6, farther);
    EXPECT_LT(offsets[0], offsets[1]);
    EXPECT_LT(offsets[1], 0);
    EXPECT_GT(offsets[2], 0);
    EXPECT_GT(offsets[3], offsets[2]);
    EXPECT_GT(offsets[3] - offsets[0], before);
    before = offsets[3] - offsets[0];
  };
  is_wider();
  farther.octaves = 3;
  is_wider();
  farther.distance = 4;
  is_wider();
  farther.other_kind = true;
  is_wider();
  farther.network = true;
  is_wider();
  farther.other_machine = true;
  is_wider();
}

// What other systems teach of those that nobody measured: both intervals hold the answer, and more
// ranks than they had make them wider.
TEST(FigureInterval, OfWhatNobodyMeasured) {
  for (const bool network : {false, true}) {
    for (const double size_bytes : {1e3, 1e6, 1e9}) {
      const Unmeasured small{.network = network, .ranks = 64};
      const IntervalOffsets near = unmeasured_offsets(small, size_bytes);
      Unmeasured large = small;
      large.ranks = 256;
      EXPECT_EQ(near, unmeasured_offsets(large, size_bytes));
      large.ranks = 100000;
      const IntervalOffsets far = unmeasured_offsets(large, size_bytes);
      // Of a node whose figures are of fewer ranks, too.
      Unmeasured of_few = small;
      of_few.inside = 16;
      const IntervalOffsets rack = unmeasured_offsets(of_few, size_bytes);
      EXPECT_TRUE(rack[0] < near[0] && rack[3] > near[3]);
      // Cards on PCIe differ at least as much as GPUs with links.
      Unmeasured on_pcie = small;
      on_pcie.pcie = true;
      const IntervalOffsets cards = unmeasured_offsets(on_pcie, size_bytes);
      EXPECT_TRUE(cards[0] <= near[0] && cards[3] >= near[3]);
      EXPECT_TRUE(network || size_bytes < 1e5 || cards[3] > near[3]);
      EXPECT_TRUE(near[0] <= near[1] && near[1] <= 0 && 0 < near[2] && near[2] < near[3]);
      EXPECT_TRUE(far[0] < near[0] && far[1] < near[1] && far[2] > near[2] && far[3] > near[3]);
    }
  }
}

}  // namespace
}  // namespace collscale

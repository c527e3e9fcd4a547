// SPDX-License-Identifier: Apache-2.0
#include "fit/normal_form.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "fit/normal_form_check.hpp"
#include "stats/random.hpp"

namespace collscale {
namespace {

std::vector<double> scales(int count) {
  std::vector<double> n;
  for (int k = 0; k < count; ++k) n.push_back(8.0 * std::exp2(k));
  return n;
}

std::vector<double> times(const std::vector<double>& n, const std::function<double(double)>& law,
                          double noise = 0, std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<double> times_s;
  for (const double ranks : n) times_s.push_back(law(ranks) * std::exp(noise * random.normal()));
  return times_s;
}

TEST(NormalForm, RecoversKnownForms) {
  const std::vector<double> n = scales(6);
  const auto form_of = [&](const std::function<double(double)>& law) {
    return fit_normal_form(n, times(n, law)).value();
  };
  const NormalForm tree = form_of([](double p) { return 20e-6 + 12e-6 * std::log2(p); });
  EXPECT_EQ(to_text(tree), "20.0 us + 12.0 us log2(n)");
  EXPECT_NEAR(tree.at(1e5), 20e-6 + 12e-6 * std::log2(1e5), 1e-9);
  EXPECT_EQ(to_text(form_of([](double p) { return 5e-6 + 3e-6 * p; })), "5.00 us + 3.00 us n");
  EXPECT_EQ(to_text(form_of([](double p) { return 2e-6 * std::sqrt(p) * std::log2(p); })),
            "2.00 us n^(1/2) log2(n)");
  EXPECT_EQ(to_text(form_of([](double) { return 7e-6; })), "7.00 us");
  EXPECT_EQ(to_text(form_of(
                [](double p) { return 1e-3 + 1e-4 * std::log2(p) * std::log2(p) + 1e-7 * p * p; })),
            "1.00 ms + 100 us log2(n)^2 + 100 ns n^2");
}

// The example input of Extra-P (github.com/extra-p/extrap, docs/examples/input.txt), means of three
// repetitions: it grows as p^(3/2).
TEST(NormalForm, AgreesOnTheExampleOfExtraP) {
  const std::vector<double> p = {4, 8, 16, 32, 64};
  const std::vector<double> mean = {(8.31 + 8.02 + 8.14) / 3, (22.74 + 22.66 + 23.20) / 3,
                                    (65.79 + 64.74 + 66.62) / 3, (186.78 + 184.68 + 181.58) / 3,
                                    (528.86 + 522.44 + 531.78) / 3};
  const NormalForm form = fit_normal_form(p, mean).value();
  ASSERT_EQ(form.terms.size(), 1U);
  EXPECT_DOUBLE_EQ(form.terms[0].exponent, 1.5);
  EXPECT_EQ(form.terms[0].log_exponent, 0);
  EXPECT_NEAR(form.terms[0].coefficient, 1.03, 0.01);
}

TEST(NormalForm, NoiseMakesNeitherATermNorASecondOne) {
  int grown = 0;
  int second = 0;
  constexpr int kTrials = 200;
  for (std::uint64_t seed = 0; seed < kTrials; ++seed) {
    const std::vector<double> n = scales(5 + static_cast<int>(seed % 4));
    const double noise = seed % 2 == 0 ? 0.03 : 0.1;
    const auto constant = [](double) { return 1e-3; };
    const auto tree = [](double p) { return 10e-6 + 2e-6 * std::log2(p); };
    grown += fit_normal_form(n, times(n, constant, noise, seed))->terms.empty() ? 0 : 1;
    second += fit_normal_form(n, times(n, tree, noise, seed))->terms.size() > 1 ? 1 : 0;
  }
  EXPECT_LE(grown, kTrials / 20);
  EXPECT_LE(second, kTrials / 50);
}

TEST(NormalForm, NeverFallsWithTheRanks) {
  const std::vector<double> n = scales(6);
  const NormalForm form = fit_normal_form(n, times(n, [](double p) { return 1e-3 / p; })).value();
  EXPECT_TRUE(form.terms.empty());
  EXPECT_GT(form.constant, 0);
}

TEST(NormalForm, NeedsFourScales) {
  const std::vector<double> n = scales(3);
  EXPECT_FALSE(fit_normal_form(n, times(n, [](double p) { return p; })));
  const std::vector<double> four = scales(4);
  EXPECT_EQ(to_text(fit_normal_form(four, times(four, [](double p) { return 1e-6 * p; })).value()),
            "1.00 us n");
}

/// A series of one size on 2 to 64 nodes of 4 ranks.
Series series_of(const std::function<double(double)>& law, std::vector<double>& times_s) {
  Series series;
  for (std::int64_t nodes = 2; nodes <= 64; nodes *= 2) {
    const std::int64_t ranks = 4 * nodes;
    times_s.push_back(law(static_cast<double>(ranks)));
    series.cells.push_back({ranks, nodes, 1024, {times_s.back()}, {0}});
  }
  return series;
}

TEST(NormalFormCheck, SaysWhichPhysicsMayBeMissingWhereItDisagrees) {
  using Verdict = NormalFormCheck::Verdict;
  std::vector<double> times_s;
  const Series series = series_of([](double n) { return 1e-6 * n; }, times_s);
  const Place target = {4096, 1024};
  const auto check = [&](double low_s, double high_s) {
    return check_normal_form(series, times_s, true, target, 1024, {0.95, low_s, high_s});
  };
  EXPECT_EQ(check(1e-3, 1e-2).verdict, Verdict::agrees);
  EXPECT_EQ(disagreement(check(1e-3, 1e-2)), "");
  EXPECT_NEAR(check(1e-3, 1e-2).time_s, 4096e-6, 1e-9);
  const NormalFormCheck above = check(1e-4, 1e-3);
  EXPECT_EQ(above.verdict, Verdict::above);
  EXPECT_EQ(
      disagreement(above),
      "the normal form 1.00 us n of the same 6 scales gives 4.10 ms, above the 95 % interval: "
      "measured times grow faster than the laws here, which know of no contention, no "
      "further switch level and no change of algorithm");
  const NormalFormCheck below = check(1e-2, 1e-1);
  EXPECT_EQ(below.verdict, Verdict::below);
  EXPECT_NE(disagreement(below).find("below the 95 % interval: measured times grow more slowly"),
            std::string::npos);
  // Where nothing can be faster than the answer's interval, the form is not either.
  EXPECT_EQ(
      check_normal_form(series, times_s, true, target, 1024, {0.95, 1e-2, 1e-1}, 1e-2).verdict,
      Verdict::agrees);
}

TEST(NormalFormCheck, IsSilentAtMeasuredScalesAndWithoutFourOfThem) {
  using Verdict = NormalFormCheck::Verdict;
  std::vector<double> times_s;
  const Series series = series_of([](double n) { return 1e-6 * n; }, times_s);
  const Interval interval{0.95, 1e-6, 2e-6};
  EXPECT_EQ(check_normal_form(series, times_s, true, {128, 32}, 1024, interval).verdict,
            Verdict::not_beyond);
  const NormalFormCheck other_size =
      check_normal_form(series, times_s, true, {4096, 1024}, 2048, interval);
  EXPECT_EQ(other_size.verdict, Verdict::few_scales);
  EXPECT_EQ(other_size.scales, 0);
  EXPECT_EQ(check_normal_form(series, times_s, false, {4, 4}, 1024, interval).verdict,
            Verdict::few_scales);
}

}  // namespace
}  // namespace collscale

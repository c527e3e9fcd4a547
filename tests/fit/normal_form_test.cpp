// SPDX-License-Identifier: Apache-2.0
#include "fit/normal_form.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

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

// The example input of Extra-P's own documentation (docs/file-formats, means of three repetitions):
// it grows as p^(3/2).
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

}  // namespace
}  // namespace collscale

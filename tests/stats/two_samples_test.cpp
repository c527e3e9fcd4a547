// SPDX-License-Identifier: Apache-2.0
#include "stats/two_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "stats/random.hpp"

namespace collscale {
namespace {

/// Over all ways to say which of the values are of b.
double brute_force_p(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  const auto pairs = [&](const std::vector<bool>& of_b) {  // in which b is larger
    double u = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
      for (std::size_t j = 0; j < all.size(); ++j) u += !of_b[i] && of_b[j] && all[j] > all[i];
    return std::min(u, static_cast<double>(a.size() * b.size()) - u);
  };
  std::vector<bool> of_b(all.size());
  std::fill(of_b.begin() + static_cast<std::ptrdiff_t>(a.size()), of_b.end(), true);
  const double seen = pairs(of_b);
  double as_far = 0;
  double ways = 0;
  do {
    as_far += pairs(of_b) <= seen;
    ++ways;
  } while (std::next_permutation(of_b.begin(), of_b.end()));
  return as_far / ways;
}

TEST(RankSum, IsExactForFewValues) {
  const std::vector<double> low{1, 2, 3, 4};
  const std::vector<double> high{5, 6, 7, 8};
  EXPECT_NEAR(rank_sum(low, high).p, 2.0 / 70, 1e-12);
  EXPECT_EQ(rank_sum(low, high).effect, 1);
  EXPECT_EQ(rank_sum(high, low).effect, -1);
  EXPECT_NEAR(rank_sum(high, low).p, 2.0 / 70, 1e-12);
  EXPECT_NEAR(least_rank_sum_p(4, 4), 2.0 / 70, 1e-12);
  EXPECT_EQ(least_rank_sum_p(1, 1), 1);
  // scipy.stats.mannwhitneyu, method exact.
  const std::vector<double> a{3.1, 4.5, 2.2, 9.9};
  const std::vector<double> b{1.0, 7.2, 8.8, 10.5, 11.1};
  EXPECT_NEAR(rank_sum(a, b).p, 0.4126984126984127, 1e-12);
}

TEST(RankSum, CountsTheWaysThatCountingOneByOneFinds) {
  Random random(4);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> a(1 + random.below(6));
    std::vector<double> b(1 + random.below(6));
    for (double& x : a) x = random.uniform();
    for (double& x : b) x = random.uniform() * 1.5;
    EXPECT_NEAR(rank_sum(a, b).p, brute_force_p(a, b), 1e-12);
  }
}

TEST(RankSum, CorrectsForTies) {
  // scipy.stats.mannwhitneyu, method asymptotic, with continuity.
  const std::vector<double> a{1.1, 2.2, 3.3, 4.4, 2.2, 5.0};
  const std::vector<double> b{2.2, 3.3, 6.1, 7.2, 8.3, 9.4, 3.3};
  EXPECT_NEAR(rank_sum(a, b).p, 0.09667054340670089, 1e-12);
}

TEST(RankSum, RaisesAFalseAlarmAsOftenAsItSays) {
  Random random(8);
  int alarms = 0;
  constexpr int kTrials = 4000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> a(30);
    std::vector<double> b(50);
    for (double& x : a) x = std::exp(random.normal());
    for (double& x : b) x = std::exp(random.normal());
    alarms += rank_sum(a, b).p < 0.05;
  }
  EXPECT_NEAR(alarms, 0.05 * kTrials, 4 * std::sqrt(0.05 * 0.95 * kTrials));
}

TEST(RankSum, SaysNothingWithoutDifference) {
  const std::vector<double> same(7, 2.0);
  EXPECT_EQ(rank_sum(same, same).p, 1);
  EXPECT_EQ(rank_sum(same, same).effect, 0);
  EXPECT_EQ(rank_sum({}, same).p, 1);
}

TEST(Holm, CorrectsEachForTheRest) {
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005};
  const std::vector<double> corrected = holm(p);
  const std::vector<double> expected{0.03, 0.06, 0.06, 0.02};
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(corrected[i], expected[i], 1e-12);
  EXPECT_TRUE(holm({}).empty());
}

TEST(RatioOfMedians, HoldsTheTrueRatio) {
  Random random(6);
  int held = 0;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> a(60);
    std::vector<double> b(60);
    for (double& x : a) x = 1e-5 * std::exp(0.1 * random.normal());
    for (double& x : b) x = 1.2e-5 * std::exp(0.1 * random.normal());
    const Ratio ratio = ratio_of_medians(a, b, 0.95, 1);
    EXPECT_LE(ratio.low, ratio.value);
    EXPECT_GE(ratio.high, ratio.value);
    held += ratio.low <= 1.2 && 1.2 <= ratio.high;
  }
  EXPECT_GE(held, 180);
}

}  // namespace
}  // namespace collscale

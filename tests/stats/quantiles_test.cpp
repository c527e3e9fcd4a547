// SPDX-License-Identifier: Apache-2.0
#include "stats/quantiles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "stats/random.hpp"

namespace collscale {
namespace {

TEST(Quantile, IsLinearBetweenOrderStatistics) {
  const std::vector<double> values{7, 1, 4, 2, 9};  // numpy.quantile(values, q)
  EXPECT_DOUBLE_EQ(quantile(values, 0.0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 0.1), 1.4);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 4);
  EXPECT_DOUBLE_EQ(quantile(values, 0.95), 8.6);
  EXPECT_DOUBLE_EQ(quantile(values, 1.0), 9);
}

TEST(Quantile, OfNothingIsNotANumber) {
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(Median, OfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
  EXPECT_DOUBLE_EQ(median(std::vector<double>{4, 1, 3, 100}), 3.5);
}

TEST(MedianAbsoluteDeviation, IgnoresOneOutlier) {
  EXPECT_DOUBLE_EQ(median_absolute_deviation(std::vector<double>{1, 2, 3, 4, 1e9}), 1);
}

TEST(MedianInterval, UsesTheOrderStatisticsOfTheSignTest) {
  std::vector<double> values;
  for (int i = 1; i <= 20; ++i) {
    values.push_back(i);
  }
  const MedianInterval interval = median_interval(values, 0.95);
  EXPECT_DOUBLE_EQ(interval.median, 10.5);
  EXPECT_DOUBLE_EQ(interval.low, 6);  // tables of the sign test, n = 20: ranks 6 and 15
  EXPECT_DOUBLE_EQ(interval.high, 15);
  EXPECT_NEAR(interval.coverage, 0.9586105346679688, 1e-12);  // 1 - 2 sum_{k<6} C(20,k)/2^20
  EXPECT_TRUE(interval.reached);
}

TEST(MedianInterval, NeedsSixSamplesForNinetyFivePercent) {
  EXPECT_EQ(median_interval_samples(0.95), 6U);
  EXPECT_EQ(median_interval_samples(0.99), 8U);
  EXPECT_EQ(median_interval_samples(0.5), 2U);
  const MedianInterval five = median_interval(std::vector<double>{1, 2, 3, 4, 5}, 0.95);
  EXPECT_FALSE(five.reached);
  EXPECT_DOUBLE_EQ(five.low, 1);
  EXPECT_DOUBLE_EQ(five.high, 5);
  EXPECT_DOUBLE_EQ(five.coverage, 0.9375);
  const MedianInterval six = median_interval(std::vector<double>{1, 2, 3, 4, 5, 6}, 0.95);
  EXPECT_TRUE(six.reached);
  EXPECT_DOUBLE_EQ(six.coverage, 0.96875);
}

TEST(MedianInterval, OfOneSampleHasNoWidthAndNoCoverage) {
  const MedianInterval one = median_interval(std::vector<double>{3}, 0.95);
  EXPECT_DOUBLE_EQ(one.low, 3);
  EXPECT_DOUBLE_EQ(one.high, 3);
  EXPECT_DOUBLE_EQ(one.coverage, 0);
  EXPECT_FALSE(one.reached);
}

TEST(MedianInterval, CoversTheMedianAsOftenAsItSaysOnASkewedDistribution) {
  Random random(7);
  int covered = 0;
  double coverage = 0;
  constexpr int kTrials = 4000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(15);
    for (double& value : values) {
      value = -std::log(1.0 - random.uniform());  // exponential: median ln 2
    }
    const MedianInterval interval = median_interval(values, 0.95);
    covered += interval.low <= std::log(2.0) && std::log(2.0) <= interval.high ? 1 : 0;
    coverage = interval.coverage;
  }
  EXPECT_NEAR(static_cast<double>(covered) / kTrials, coverage, 0.012);  // 4 standard errors
}

TEST(MedianInterval, IsTheSameOfSortedValues) {
  Random random(1);
  for (std::size_t n = 0; n < 80; ++n) {
    std::vector<double> values(n);
    for (double& value : values) value = random.uniform();
    const MedianInterval any = median_interval(values, 0.95);
    std::sort(values.begin(), values.end());
    const MedianInterval sorted = sorted_median_interval(values, 0.95);
    EXPECT_EQ(any.reached, sorted.reached);
    EXPECT_EQ(any.coverage, sorted.coverage);
    if (n == 0) continue;
    EXPECT_EQ(any.low, sorted.low);
    EXPECT_EQ(any.high, sorted.high);
    EXPECT_DOUBLE_EQ(any.median, sorted.median);
  }
}

TEST(MedianInterval, OfManySamplesDoesNotUnderflow) {
  std::vector<double> values(20001);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(i);
  }
  const MedianInterval interval = median_interval(values, 0.95);
  EXPECT_TRUE(interval.reached);
  // Normal limit: half width 1.96 sqrt(n)/2.
  EXPECT_NEAR(interval.high - interval.low, 1.96 * std::sqrt(20001.0), 4);
}

}  // namespace
}  // namespace collscale

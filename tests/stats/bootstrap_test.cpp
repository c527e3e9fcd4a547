// SPDX-License-Identifier: Apache-2.0
#include "stats/bootstrap.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace collscale {
namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Bootstrap, IsBitIdenticalForAnyNumberOfThreads) {
  std::vector<double> values(50);
  std::iota(values.begin(), values.end(), 1.0);
  const auto run = [&](int threads) {
    return bootstrap_replicates(
        BootstrapOptions{500, 9, threads},
        [&](Random& random, std::size_t) { return mean(resample(values, random)); });
  };
  const std::vector<double> one = run(1);
  EXPECT_EQ(one, run(2));
  EXPECT_EQ(one, run(7));
  EXPECT_NE(one.front(), one.back());
}

TEST(Bootstrap, GivesTheStandardErrorOfAMean) {
  Random random(3);
  std::vector<double> values(400);
  for (double& value : values) {
    value = random.normal();
  }
  const double center = mean(values);
  double variance = 0;
  for (const double value : values) {
    variance += (value - center) * (value - center);
  }
  const double standard_error = std::sqrt(variance) / static_cast<double>(values.size());
  const PercentileInterval interval =
      bootstrap_interval(values, mean, 0.95, BootstrapOptions{4000, 1, 0});
  EXPECT_NEAR(interval.low, center - 1.96 * standard_error, 0.15 * standard_error);
  EXPECT_NEAR(interval.high, center + 1.96 * standard_error, 0.15 * standard_error);
}

TEST(Bootstrap, OfNoReplicatesIsEmpty) {
  EXPECT_TRUE(bootstrap_replicates(BootstrapOptions{0, 1, 4}, [](Random& random, std::size_t) {
                return random.uniform();
              }).empty());
  EXPECT_TRUE(std::isnan(percentile_interval({}, 0.95).low));
}

TEST(Resample, DrawsOnlyWhatIsThere) {
  Random random(1);
  const std::vector<double> values{1, 2, 3};
  for (int i = 0; i < 100; ++i) {
    for (const double value : resample(values, random)) {
      EXPECT_TRUE(value == 1 || value == 2 || value == 3);
    }
  }
  EXPECT_EQ(resample({}, random).size(), 0U);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "fit/uncertainty.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace collscale {
namespace {

TEST(Uncertainty, WidthsGrowWithDistanceAndNeverShrink) {
  for (double log_size = 2; log_size < 23; log_size += 0.5) {
    double up = 0;
    double down = 0;
    for (double log_distance = 0; log_distance < 7; log_distance += 0.1) {
      const HalfWidths widths = prior_widths(log_size, log_distance);
      EXPECT_GE(widths.up, up);
      EXPECT_GE(widths.down, down);
      up = widths.up;
      down = widths.down;
    }
    EXPECT_GT(up, down);  // errors upward have the longer tail
  }
}

TEST(Uncertainty, RegimesAreOneOctaveApartAtTheirBoundaries) {
  EXPECT_EQ(regime_of(65535), Regime::latency);
  EXPECT_EQ(regime_of(65536), Regime::middle);
  EXPECT_EQ(regime_of(67108864), Regime::middle);
  EXPECT_EQ(regime_of(67108865), Regime::bandwidth);
  const double boundary = std::log(65536.0);
  const double at = prior_widths(boundary, 0).up;
  EXPECT_NEAR(at, 0.5 * (0.27 + 0.64), 1e-12);
  EXPECT_NEAR(prior_widths(boundary + 1e-6, 0).up, at, 1e-5);  // no jump
}

TEST(Uncertainty, WithoutErrorsOfItsOwnASeriesHasThePriors) {
  const WidthFactors factors = own_width_factors({});
  for (const HalfWidths& factor : factors) {
    EXPECT_DOUBLE_EQ(factor.up, 1);
    EXPECT_DOUBLE_EQ(factor.down, 1);
  }
}

TEST(Uncertainty, ASeriesMovesItsWidthsByWhatItShowsPerSide) {
  std::vector<OriginError> errors;
  for (int pair = 0; pair < 6; ++pair) {
    errors.push_back({Regime::latency, std::log(1024.0), std::log(2.0), 1.0, pair});
    errors.push_back({Regime::latency, std::log(1024.0), std::log(2.0), 0.0, pair});
  }
  const WidthFactors factors = own_width_factors(errors);
  const double prior = 0.27 + 0.29 * std::log(2.0);
  EXPECT_NEAR(factors[0].up, std::pow(1.0 / prior, 6.0 / 9.0), 1e-9);
  EXPECT_DOUBLE_EQ(factors[0].down, 0.4);  // never an error downwards
  EXPECT_DOUBLE_EQ(factors[1].up, 1);      // nothing known of the other regimes
}

TEST(Uncertainty, OneScaleIsWiderThanSeveral) {
  for (const double log_distance : {std::log(2.0), std::log(16.0), std::log(1000.0)}) {
    const HalfWidths one = one_scale_widths(true, log_distance);
    const HalfWidths several = prior_widths(std::log(1024.0), log_distance);
    EXPECT_GT(one.up + one.down, several.up + several.down);
    EXPECT_GT(one_scale_widths(false, std::log(2.0)).up, one_scale_widths(true, std::log(2.0)).up);
  }
}

TEST(Uncertainty, OnePairMovesLessThanMany) {
  const auto up_after = [](int pairs) {
    std::vector<OriginError> errors;
    for (int pair = 0; pair < pairs; ++pair) {
      errors.push_back({Regime::middle, std::log(1e6), std::log(2.0), 2.0, pair});
    }
    return own_width_factors(errors)[1].up;
  };
  EXPECT_GT(up_after(1), 1.0);
  EXPECT_GT(up_after(6), up_after(1));
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "fit/uncertainty.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace collscale {
namespace {

constexpr ErrorsOf kAcross{};

TEST(Uncertainty, WidthsGrowWithDistanceAndNeverShrink) {
  for (double log_size = 2; log_size < 23; log_size += 0.5) {
    double up = 0;
    double down = 0;
    for (double log_distance = 0; log_distance < 7; log_distance += 0.1) {
      const HalfWidths widths = prior_widths(kPublishedPriors, kAcross, log_size, log_distance);
      EXPECT_GE(widths.up, up);
      if (log_distance > 1.0) {
        EXPECT_GT(widths.up, widths.down);  // far from the data errors upward have the longer tail
      }
      EXPECT_GE(widths.down, down);
      up = widths.up;
      down = widths.down;
    }
  }
}

TEST(Uncertainty, GoodDataNarrowNothingBeyondWhatWasEverMeasured) {
  const double near = std::log(16.0);
  const double far = std::log(400.0);
  const auto step = [&](double factor) {
    return prior_widths(kPublishedPriors, kAcross, 10, far, factor).up -
           prior_widths(kPublishedPriors, kAcross, 10, near, factor).up;
  };
  EXPECT_NEAR(step(0.3), kExtrapolatedKappa * (far - near), 1e-12);
  EXPECT_NEAR(step(2.0), 2 * kExtrapolatedKappa * (far - near), 1e-12);
  EXPECT_NEAR(prior_widths(kPublishedPriors, kAcross, 10, near, 0.5).up,
              0.5 * prior_widths(kPublishedPriors, kAcross, 10, near).up, 1e-12);
}

TEST(Uncertainty, RegimesAreOneOctaveApartAtTheirBoundaries) {
  EXPECT_EQ(regime_of(65535), Regime::latency);
  EXPECT_EQ(regime_of(65536), Regime::middle);
  EXPECT_EQ(regime_of(67108864), Regime::middle);
  EXPECT_EQ(regime_of(67108865), Regime::bandwidth);
  const double boundary = std::log(65536.0);
  const double at = prior_widths(kPublishedPriors, kAcross, boundary, 0).up;
  const auto& laws = kPublishedPriors.several_scales;
  EXPECT_NEAR(at, 0.5 * (laws[0].up + laws[1].up), 1e-12);
  EXPECT_NEAR(prior_widths(kPublishedPriors, kAcross, boundary + 1e-6, 0).up, at, 1e-5);  // no jump
}

OriginError error_of(Regime regime, double log_size, double log_error, int pair) {
  OriginError error;
  error.regime = regime;
  error.log_size = log_size;
  error.log_distance = std::log(2.0);
  error.log_error = log_error;
  error.pair = pair;
  return error;
}

TEST(Uncertainty, NcclsGrowLessWithTheDistance) {
  const ErrorsOf nccl = {.network = true, .nccl = true};
  const auto width = [](ErrorsOf of, double distance) {
    const HalfWidths widths = prior_widths(kPublishedPriors, of, std::log(1e6), std::log(distance));
    return widths.up + widths.down;
  };
  EXPECT_GT(width(nccl, 1), width(kAcross, 1)) << "no better at the scale itself";
  for (const double distance : {4.0, 8.0, 16.0})
    EXPECT_LT(width(nccl, distance), width(kAcross, distance)) << distance;
  EXPECT_NEAR(width(nccl, 128) - width(nccl, 16), width(kAcross, 128) - width(kAcross, 16), 1e-9)
      << "beyond what was tested nobody knows better";
  const HalfWidths inside = prior_widths(kPublishedPriors, {false, true}, 10, 1);
  EXPECT_DOUBLE_EQ(inside.up, prior_widths(kPublishedPriors, {false, false}, 10, 1).up);
}

TEST(Uncertainty, WithoutErrorsOfItsOwnASeriesHasThePriors) {
  EXPECT_DOUBLE_EQ(own_width_factor(kPublishedPriors, {}), 1);
}

TEST(Uncertainty, ASeriesMovesItsWidthsByWhatItShows) {
  const double log_size = std::log(1024.0);
  const HalfWidths prior = prior_widths(kPublishedPriors, kAcross, log_size, std::log(2.0));
  const double half = 0.5 * (prior.up + prior.down);
  const auto factor_of = [&](double share, int pairs) {
    std::vector<OriginError> errors;
    for (int pair = 0; pair < pairs; ++pair) {
      errors.push_back(error_of(Regime::latency, log_size, share * half, pair));
      errors.push_back(error_of(Regime::latency, log_size, -share * half, pair));
    }
    return own_width_factor(kPublishedPriors, errors);
  };
  EXPECT_NEAR(factor_of(0.33, 3), 1, 1e-6);
  EXPECT_NEAR(factor_of(0.165, 1), std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(factor_of(0.165, 3), std::pow(0.5, 0.75), 1e-6) << "more pairs are believed more";
  EXPECT_DOUBLE_EQ(factor_of(20, 9), 1) << "a bad record is told by the straight line";
  EXPECT_DOUBLE_EQ(factor_of(0, 9), 0.3);
}

TEST(Uncertainty, AStepUnlikeTheLawsWidensMoreWhereItIsSteeper) {
  EXPECT_DOUBLE_EQ(off_line_width(0), 0);
  double before = 0;
  for (const double gap : {0.1, 0.5, 1.0, 3.0}) {
    EXPECT_GT(off_line_width(gap), before);
    EXPECT_LT(off_line_width(gap), gap) << "no farther than the line";
    EXPECT_GT(off_line_width(gap), 2 * off_line_width(-gap));
    before = off_line_width(gap);
  }
}

TEST(Uncertainty, RoughDataGetWiderIntervals) {
  EXPECT_DOUBLE_EQ(roughness_factor(kTypicalRoughness), 1);
  EXPECT_NEAR(roughness_factor(0.2), std::pow(2.0, 0.25), 1e-12);
  EXPECT_DOUBLE_EQ(roughness_factor(0), roughness_factor(0.03)) << "no data are that smooth";
  EXPECT_DOUBLE_EQ(roughness_factor(9), roughness_factor(0.5));
}

TEST(Uncertainty, OneScaleIsWiderThanSeveral) {
  for (const double log_distance : {std::log(2.0), std::log(16.0), std::log(1000.0)}) {
    const HalfWidths one = one_scale_widths(kPublishedPriors, true, log_distance);
    const HalfWidths several =
        prior_widths(kPublishedPriors, kAcross, std::log(1024.0), log_distance);
    EXPECT_GT(one.up + one.down, several.up + several.down);
    EXPECT_GT(one_scale_widths(kPublishedPriors, false, std::log(2.0)).up,
              one_scale_widths(kPublishedPriors, true, std::log(2.0)).up);
  }
}

TEST(Uncertainty, FromOneScaleInsideANodeItCountsWhatIsKnownOfIt) {
  for (const double distance : {2.0, 4.0, 8.0}) {
    const auto widths = [&](Inside inside) {
      return one_scale_widths(kPublishedPriors, false, std::log(distance), inside);
    };
    for (const Inside other : {Inside::unknown, Inside::uneven}) {
      EXPECT_GT(widths(other).up, widths(Inside::even).up);
      EXPECT_GT(widths(other).down + widths(other).up,
                widths(Inside::even).down + widths(Inside::even).up);
    }
  }
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Medians, quantiles, and an interval of the median that assumes no distribution. Times on shared
// machines are skewed and bistable, so means and variances are not used to judge them.
//
// No value may be NaN. The functions take the values in any order and copy them; the ones named
// `sorted_` take them ascending and copy nothing.
#pragma once

#include <cstddef>
#include <span>

namespace collscale {

/// The q-quantile (0 <= q <= 1) by linear interpolation between order statistics at position
/// q (n-1): type 7 of Hyndman & Fan, The American Statistician 50 (1996), numpy's default.
/// NaN when there are no values.
double quantile(std::span<const double> values, double q);
double sorted_quantile(std::span<const double> ascending, double q);

/// The 0.5-quantile: the middle value, or the mean of the two in the middle.
double median(std::span<const double> values);

/// The middle value, or the lower of the two in the middle: always one of the values, of which
/// there is at least one.
double lower_median(std::span<const double> values);

/// Median of |value - median|, not scaled to a standard deviation.
double median_absolute_deviation(std::span<const double> values);

struct MedianInterval {
  double median = 0;
  double low = 0;
  double high = 0;
  double coverage = 0;   ///< exact probability that [low, high] holds the median of the population
  bool reached = false;  ///< coverage >= the level asked for; false when there are too few values
};

/// Two order statistics x(r), x(n+1-r) with the largest r whose coverage 1 - 2 P(Bin(n, 1/2) < r)
/// is at least `level` (David & Nagaraja, Order Statistics, section 7.1). Distribution-free for
/// independent samples. With fewer than median_interval_samples(level) values no interval reaches
/// the level: then it is [min, max], with the coverage that this has.
MedianInterval median_interval(std::span<const double> values, double level);
MedianInterval sorted_median_interval(std::span<const double> ascending, double level);

/// The fewest samples for which median_interval reaches `level` (0 < level < 1): the least n with
/// 1 - 2^(1-n) >= level; 6 for 95 %, 8 for 99 %.
std::size_t median_interval_samples(double level);

}  // namespace collscale

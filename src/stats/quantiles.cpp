// SPDX-License-Identifier: Apache-2.0
#include "stats/quantiles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace collscale {
namespace {

std::vector<double> sorted_copy(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  std::sort(copy.begin(), copy.end());
  return copy;
}

// P(Bin(n, 1/2) = k), through logarithms so that any n works.
double half_binomial(std::size_t n, std::size_t k) {
  const double dn = static_cast<double>(n);
  const double dk = static_cast<double>(k);
  return std::exp(std::lgamma(dn + 1) - std::lgamma(dk + 1) - std::lgamma(dn - dk + 1) -
                  dn * std::log(2.0));
}

}  // namespace

double sorted_quantile(std::span<const double> ascending, double q) {
  if (ascending.empty()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  const double share = position - static_cast<double>(below);
  if (share == 0.0) {
    return ascending[below];
  }
  return ascending[below] + share * (ascending[above] - ascending[below]);
}

double quantile(std::span<const double> values, double q) {
  return sorted_quantile(sorted_copy(values), q);
}

double median(std::span<const double> values) { return quantile(values, 0.5); }

double median_absolute_deviation(std::span<const double> values) {
  const double center = median(values);
  std::vector<double> distances(values.begin(), values.end());
  for (double& value : distances) {
    value = std::fabs(value - center);
  }
  return median(distances);
}

MedianInterval median_interval(std::span<const double> values, double level) {
  const std::vector<double> ascending = sorted_copy(values);
  MedianInterval interval;
  const std::size_t n = ascending.size();
  interval.median = sorted_quantile(ascending, 0.5);
  if (n == 0) {
    interval.low = interval.high = interval.median;
    return interval;
  }
  // r = 1 leaves out nothing but the tails beyond min and max.
  std::size_t r = 1;
  double tail = half_binomial(n, 0);  // P(Bin < r)
  while (2 * (r + 1) <= n) {
    const double wider_tail = tail + half_binomial(n, r);
    if (1.0 - 2.0 * wider_tail < level) {
      break;
    }
    tail = wider_tail;
    ++r;
  }
  interval.low = ascending[r - 1];
  interval.high = ascending[n - r];
  interval.coverage = std::max(0.0, 1.0 - 2.0 * tail);
  interval.reached = interval.coverage >= level;
  return interval;
}

std::size_t median_interval_samples(double level) {
  std::size_t n = 1;
  double outside = 1.0;  // 2^(1-n)
  while (1.0 - outside < level && n < 1024) {
    outside /= 2.0;
    ++n;
  }
  return n;
}

}  // namespace collscale

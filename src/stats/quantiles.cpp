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

// P(Bin(n, 1/2) = k), through logarithms so that any n works; exact where the coefficient is.
double half_binomial(std::size_t n, std::size_t k) {
  const double dn = static_cast<double>(n);
  if (n <= 50) {
    double coefficient = 1;
    for (std::size_t i = 1; i <= k; ++i) {
      coefficient = coefficient * static_cast<double>(n - k + i) / static_cast<double>(i);
    }
    return std::ldexp(coefficient, -static_cast<int>(n));
  }
  const double dk = static_cast<double>(k);
  return std::exp(std::lgamma(dn + 1) - std::lgamma(dk + 1) - std::lgamma(dn - dk + 1) -
                  dn * std::log(2.0));
}

struct LowerEnd {
  std::size_t rank = 1;       // r of x(r), from 1
  MedianInterval interval{};  // without values
};

// P(r <= Bin <= n - r), from the middle outwards: some square root of n steps.
LowerEnd lower_end(std::size_t n, double level) {
  LowerEnd end{std::max<std::size_t>(n / 2, 1)};
  double at_r = half_binomial(n, end.rank);  // P(Bin = r) = P(Bin = n - r)
  double coverage = 2 * end.rank == n ? at_r : 2 * at_r;
  while (coverage < level && end.rank > 1) {
    at_r *= static_cast<double>(end.rank) / static_cast<double>(n - end.rank + 1);
    --end.rank;
    coverage += 2 * at_r;
  }
  end.interval.coverage = n == 1 ? 0 : std::min(coverage, 1.0);
  end.interval.reached = end.interval.coverage >= level;
  return end;
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

double lower_median(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  const auto middle = copy.begin() + static_cast<std::ptrdiff_t>((copy.size() - 1) / 2);
  std::nth_element(copy.begin(), middle, copy.end());
  return *middle;
}

double median_absolute_deviation(std::span<const double> values) {
  const double center = median(values);
  std::vector<double> distances(values.begin(), values.end());
  for (double& value : distances) {
    value = std::fabs(value - center);
  }
  return median(distances);
}

MedianInterval median_interval(std::span<const double> values, double level) {
  const std::size_t n = values.size();
  if (n == 0) {
    return sorted_median_interval(values, level);
  }
  std::vector<double> copy(values.begin(), values.end());
  auto [r, interval] = lower_end(n, level);
  // Order statistics without sorting: the interval's ends split the values, the middle is between.
  const auto at = [&](std::size_t k) { return copy.begin() + static_cast<std::ptrdiff_t>(k); };
  std::nth_element(copy.begin(), at(r - 1), copy.end());
  interval.low = *at(r - 1);
  std::nth_element(at(r - 1), at(n - r), copy.end());
  interval.high = *at(n - r);
  const std::size_t middle = (n - 1) / 2;
  std::nth_element(at(r - 1), at(middle), copy.end());
  const double lower = *at(middle);
  const double upper = n % 2 == 1 ? lower : *std::min_element(at(middle + 1), copy.end());
  interval.median = n % 2 == 1 ? lower : lower + 0.5 * (upper - lower);
  return interval;
}

MedianInterval sorted_median_interval(std::span<const double> ascending, double level) {
  const std::size_t n = ascending.size();
  if (n == 0) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    return {kNone, kNone, kNone, 0, false};
  }
  auto [r, interval] = lower_end(n, level);
  interval.low = ascending[r - 1];
  interval.high = ascending[n - r];
  interval.median = sorted_quantile(ascending, 0.5);
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

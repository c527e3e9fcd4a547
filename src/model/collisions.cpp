// SPDX-License-Identifier: Apache-2.0
#include "model/collisions.hpp"

#include <algorithm>
#include <cmath>

#include "scenario/noise.hpp"
#include "scenario/special_functions.hpp"

namespace collscale {
namespace {

/// Above this mean a load is normal enough for three terms of Cornish and Fisher's expansion.
constexpr double kMany = 64;
/// About how many links the sum expects beyond where it begins; a geometric series counts them.
constexpr double kBeyond = 1e-3;

double of_many(double mean, double p, double independent) {
  const NormalMax z = normal_max(independent);
  const double variance = mean * (1 - p);
  const double skewness = (1 - 2 * p) / std::sqrt(variance);
  const double kurtosis = (1 - 6 * p * (1 - p)) / variance;
  const double standardised = z.first + skewness / 6 * (z.second - 1) +
                              kurtosis / 24 * (z.third - 3 * z.first) -
                              skewness * skewness / 36 * (2 * z.third - 5 * z.first);
  return 1 + standardised * std::sqrt(variance) / mean;
}

}  // namespace

double expected_max_over_mean(double flows, double links, double groups) {
  if (flows <= 0 || links <= 1) return 1;
  const double mean = flows / links;
  const double p = 1 / links;
  const double independent = links * std::max(1.0, groups);
  if (mean > kMany) return of_many(mean, p, independent);
  // Bernstein's inequality: hardly a link has more than `top`. From there downward P(load ≥ k) is a
  // sum of positive terms. Where some link is sure to reach k, so it is for every lower k.
  const double doubt = std::log(independent / kBeyond);
  const double reach = doubt / 3 + std::sqrt(doubt * doubt / 9 + 2 * mean * doubt);
  const double top = std::min(std::floor(flows), std::ceil(mean + reach));
  if (top < 1) return 1;
  const double odds = (1 - p) / p;
  double mass = std::exp(log_factorial(flows) - log_factorial(top) - log_factorial(flows - top) +
                         top * std::log(p) + (flows - top) * std::log1p(-p));
  const double ratio = std::max(0.0, (flows - top) / ((top + 1) * odds));
  double tail = mass / (1 - ratio);  // P(load ≥ k)
  double expected_max = independent * tail * ratio / (1 - ratio);
  for (double k = top; k >= 1; --k) {
    const double reaching = independent * tail;
    // 1 − (1 − tail)^independent, its second-order form where that is exact to 1e-6
    const double some = reaching < 0.01 ? reaching * (1 - reaching / 2)
                                        : -std::expm1(independent * std::log1p(-tail));
    if (some > 1 - 1e-9) {
      expected_max += k;
      break;
    }
    expected_max += some;
    mass *= k / (flows - k + 1) * odds;
    tail = std::min(tail + mass, 1 - 1e-16);
  }
  return std::max(1.0, expected_max / mean);
}

}  // namespace collscale

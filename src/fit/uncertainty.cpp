// SPDX-License-Identifier: Apache-2.0
#include "fit/uncertainty.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>
#include <vector>

namespace collscale {
namespace {

struct Prior {
  double up, up_kappa, down, down_kappa;
};
constexpr std::array<Prior, kRegimes> kPriors = {{
    {0.27, 0.29, 0.40, 0.05},
    {0.64, 0.34, 0.50, 0.10},
    {0.29, 0.43, 0.15, 0.25},
}};
// One measured scale, whose growth is assumed: the same for all sizes. Inside a node it says
// little: from 2 to 4 or 8 accelerators of one node times differ by up to a factor 3 from any
// assumption.
constexpr Prior kOneScale = {0.25, 0.50, 0.25, 0.60};
constexpr Prior kOneScaleInside = {1.10, 0.30, 1.10, 0.30};

// Shares of the three regimes at a size: one octave of transition each side of a boundary.
std::array<double, kRegimes> shares(double log_size) {
  const auto ramp = [&](double boundary) {
    return std::clamp((log_size - boundary) / (2.0 * std::numbers::ln2) + 0.5, 0.0, 1.0);
  };
  const double above_latency = ramp(kLogLatencyEnd);
  const double bandwidth = ramp(kLogBandwidthBegin);
  return {1.0 - above_latency, above_latency - bandwidth, bandwidth};
}

}  // namespace

Regime regime_of(double size_bytes) {
  if (size_bytes < 65536.0) {
    return Regime::latency;
  }
  return size_bytes > 67108864.0 ? Regime::bandwidth : Regime::middle;
}

namespace {

HalfWidths widths_of(const Prior& prior, double log_distance) {
  const double near = std::clamp(log_distance, 0.0, std::log(16.0));
  const double far = std::max(0.0, log_distance - near);
  return {prior.up + prior.up_kappa * near + kExtrapolatedKappa * far,
          prior.down + prior.down_kappa * near + kExtrapolatedKappa * far};
}

}  // namespace

HalfWidths prior_widths(double log_size, double log_distance) {
  const std::array<double, kRegimes> share = shares(log_size);
  HalfWidths widths;
  for (std::size_t r = 0; r < kRegimes; ++r) {
    const HalfWidths of_regime = widths_of(kPriors[r], log_distance);
    widths.up += share[r] * of_regime.up;
    widths.down += share[r] * of_regime.down;
  }
  return widths;
}

HalfWidths one_scale_widths(bool network, double log_distance) {
  return widths_of(network ? kOneScale : kOneScaleInside, log_distance);
}

namespace {

// Ratios of one regime and side, by pair, to the factor.
double factor_of(const std::map<int, std::vector<double>>& by_pair) {
  if (by_pair.empty()) {
    return 1.0;
  }
  std::vector<std::pair<double, double>> weighted;  // ratio, weight
  for (const auto& [pair, ratios] : by_pair) {
    for (const double ratio : ratios) {
      weighted.emplace_back(ratio, 1.0 / static_cast<double>(ratios.size()));
    }
  }
  std::sort(weighted.begin(), weighted.end());
  const double pairs = static_cast<double>(by_pair.size());
  double sum = 0;
  double quantile = weighted.back().first;
  for (const auto& [ratio, weight] : weighted) {
    sum += weight;
    if (sum >= 0.975 * pairs) {
      quantile = ratio;
      break;
    }
  }
  const double own = std::log(std::clamp(quantile, 0.05, 20.0));
  return std::clamp(std::exp(own * pairs / (pairs + 3.0)), 0.4, 2.5);
}

}  // namespace

WidthFactors own_width_factors(std::span<const OriginError> errors) {
  WidthFactors factors = kPriorFactors;
  for (std::size_t r = 0; r < kRegimes; ++r) {
    std::map<int, std::vector<double>> up;
    std::map<int, std::vector<double>> down;
    for (const OriginError& error : errors) {
      if (static_cast<std::size_t>(error.regime) == r) {
        const HalfWidths prior = prior_widths(error.log_size, error.log_distance);
        up[error.pair].push_back(std::max(0.0, error.log_error) / prior.up);
        down[error.pair].push_back(std::max(0.0, -error.log_error) / prior.down);
      }
    }
    factors[r] = {factor_of(up), factor_of(down)};
  }
  return factors;
}

HalfWidths width_factor(const WidthFactors& factors, double log_size) {
  const std::array<double, kRegimes> share = shares(log_size);
  HalfWidths factor;
  for (std::size_t r = 0; r < kRegimes; ++r) {
    factor.up += share[r] * factors[r].up;
    factor.down += share[r] * factors[r].down;
  }
  return factor;
}

double noise_floor(double log_size) {
  const std::array<double, kRegimes> share = shares(log_size);
  return (share[0] + share[1]) * 0.5 * std::log(1.5) + share[2] * 0.5 * std::log(1.06);
}

}  // namespace collscale

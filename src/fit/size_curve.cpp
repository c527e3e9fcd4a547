// SPDX-License-Identifier: Apache-2.0
#include "fit/size_curve.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace collscale {
namespace {

constexpr double kProportionalDoubt = 0.02;  ///< per unit of ln S above a size of 64 MiB; assumed
constexpr double kConstantDoubt = 0.3;       ///< per unit of ln S below a size of 64 KiB; assumed
constexpr double kLogSlopeBegin =
    10 * std::numbers::ln2;  ///< 1 KiB: times grow with the size from there
constexpr double kLogSurelyConstant = 9 * std::numbers::ln2;  ///< of kSurelyConstant_bytes

}  // namespace

SizeCurve::SizeCurve(std::span<const double> sizes_bytes, std::span<const double> times_s) {
  for (std::size_t i = 0; i < sizes_bytes.size(); ++i) {
    log_sizes_.push_back(std::log(sizes_bytes[i]));
    measured_.push_back(std::log(times_s[i]));
  }
  hull_ = measured_;
  for (std::size_t i = hull_.size(); i-- > 1;) {
    hull_[i - 1] = std::min(hull_[i - 1], hull_[i]);
  }
}

// Of the time below the smallest size; 0 where it is taken as constant.
double SizeCurve::first_slope() const {
  if (log_sizes_.front() <= kLogLatencyEnd) {
    return 0.0;
  }
  if (log_sizes_.size() < 2) {  // as above the largest: between small messages and large ones
    return std::clamp((log_sizes_.front() - kLogSlopeBegin) / (kLogBandwidthBegin - kLogSlopeBegin),
                      0.0, 1.0);
  }
  return std::clamp((hull_[1] - hull_[0]) / (log_sizes_[1] - log_sizes_[0]), 0.0, 1.0);
}

// Of ln t from the largest size on: as slowly as small messages do, as fast as large ones, and in
// between by a slope that rises with ln S.
double SizeCurve::grown_above(double log_size) const {
  const auto integral = [](double x) {  // of the slope, from kLogSlopeBegin on
    const double range = kLogBandwidthBegin - kLogSlopeBegin;
    const double ramp = std::clamp(x - kLogSlopeBegin, 0.0, range);
    return 0.5 * ramp * ramp / range + std::max(0.0, x - kLogBandwidthBegin);
  };
  return integral(log_size) - integral(log_sizes_.back());
}

double SizeCurve::log_time(double log_size) const {
  if (log_size <= log_sizes_.front()) {
    return hull_.front() + first_slope() * (log_size - log_sizes_.front());
  }
  if (log_size >= log_sizes_.back()) {
    return hull_.back() + grown_above(log_size);
  }
  return between(hull_, log_size);
}

double SizeCurve::log_measured(double log_size) const {
  if (log_size < log_sizes_.front() || log_size > log_sizes_.back()) return log_time(log_size);
  return between(measured_, log_size);
}

double SizeCurve::between(const std::vector<double>& values, double log_size) const {
  const auto above = std::upper_bound(log_sizes_.begin(), log_sizes_.end(), log_size);
  if (above == log_sizes_.end()) return values.back();
  const auto i = static_cast<std::size_t>(above - log_sizes_.begin());
  const double share = (log_size - log_sizes_[i - 1]) / (log_sizes_[i] - log_sizes_[i - 1]);
  return values[i - 1] + share * (values[i] - values[i - 1]);
}

HalfWidths SizeCurve::beyond(double log_size) const {
  const double above = log_size - log_sizes_.back();
  if (above > 0.0) {
    const double ramp =
        (kLogBandwidthBegin - log_sizes_.back()) / (kLogBandwidthBegin - kLogLatencyEnd);
    const double grown = grown_above(log_size);
    return {std::max(kProportionalDoubt * above, above - grown),
            std::max(kProportionalDoubt * above, std::clamp(ramp, 0.0, 1.0) * grown)};
  }
  const double below = log_sizes_.front() - log_size;
  if (below <= 0.0) {
    return {};
  }
  if (log_sizes_.front() <= kLogLatencyEnd) {
    const double doubtful = log_sizes_.front() - std::max(log_size, kLogSurelyConstant);
    return {0.0, kConstantDoubt * std::max(0.0, doubtful)};
  }
  return {first_slope() * below, (1.0 - first_slope()) * below};
}

}  // namespace collscale

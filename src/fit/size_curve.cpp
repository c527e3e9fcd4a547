// SPDX-License-Identifier: Apache-2.0
#include "fit/size_curve.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {
namespace {

constexpr double kLatencyRegime_bytes = 65536;

}  // namespace

SizeCurve::SizeCurve(std::span<const double> sizes_bytes, std::span<const double> times_s) {
  for (std::size_t i = 0; i < sizes_bytes.size(); ++i) {
    log_sizes_.push_back(std::log(sizes_bytes[i]));
    raw_.push_back(std::log(times_s[i]));
  }
  hull_ = raw_;
  for (std::size_t i = hull_.size(); i-- > 1;) {
    hull_[i - 1] = std::min(hull_[i - 1], hull_[i]);
  }
}

double SizeCurve::interpolate(const std::vector<double>& values, double log_size) const {
  const std::size_t n = log_sizes_.size();
  if (log_size <= log_sizes_.front()) {
    if (n < 2 || log_sizes_.front() <= std::log(kLatencyRegime_bytes)) {
      return values.front();
    }
    const double slope =
        std::clamp((hull_[1] - hull_[0]) / (log_sizes_[1] - log_sizes_[0]), 0.0, 1.0);
    return values.front() + slope * (log_size - log_sizes_.front());
  }
  if (log_size >= log_sizes_.back()) {
    return values.back() + (log_size - log_sizes_.back());
  }
  const auto above = std::upper_bound(log_sizes_.begin(), log_sizes_.end(), log_size);
  const auto i = static_cast<std::size_t>(above - log_sizes_.begin());
  const double share = (log_size - log_sizes_[i - 1]) / (log_sizes_[i] - log_sizes_[i - 1]);
  return values[i - 1] + share * (values[i] - values[i - 1]);
}

double SizeCurve::gap(double log_size) const {
  return std::max(0.0, interpolate(raw_, log_size) - interpolate(hull_, log_size));
}

}  // namespace collscale

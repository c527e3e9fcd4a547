// SPDX-License-Identifier: Apache-2.0
// Time against size at one scale, as a function.
#pragma once

#include <span>
#include <vector>

#include "fit/uncertainty.hpp"

namespace collscale {

/// Messages below it are taken to last as long as this one.
inline constexpr double kSurelyConstant_bytes = 512;

/// Straight lines between the measured points in ln t over ln S, after the monotone hull
/// t~(S) = min over S' >= S of t(S'): a larger message bounds a smaller one, and what exceeds that
/// is an artefact of the run. Below the smallest size the time is constant where that size is in
/// the latency regime (<= 64 KiB), else it goes on at the slope of the first two points; above the
/// largest it grows by S^p with p from 0 at 1 KiB to 1 at 64 MiB. beyond() says how wrong that may
/// be.
class SizeCurve {
 public:
  SizeCurve() = default;
  /// Sizes ascending, both of the same length, at least one point, all positive.
  SizeCurve(std::span<const double> sizes_bytes, std::span<const double> times_s);

  /// ln of the time of the hull at ln of the size.
  [[nodiscard]] double log_time(double log_size) const;
  /// Within the sizes ln of the time as it was measured, without the hull; beyond them log_time().
  [[nodiscard]] double log_measured(double log_size) const;
  /// What an interval widens by at a size that was not measured, in ln t; 0 within the sizes. Times
  /// grow at most with the size, at least not at all: below the smallest size the two are the
  /// limits (where the time is taken as constant, 30 % of the octaves down to 512 B, assumed);
  /// above the largest they are for a largest size of up to 64 KiB, and the doubt downwards goes
  /// to 2 % of the octaves (assumed) where the largest is 64 MiB.
  [[nodiscard]] HalfWidths beyond(double log_size) const;
  [[nodiscard]] std::span<const double> log_sizes() const { return log_sizes_; }

 private:
  [[nodiscard]] double first_slope() const;
  [[nodiscard]] double grown_above(double log_size) const;
  /// Of `values` at the sizes; not below the first.
  [[nodiscard]] double between(const std::vector<double>& values, double log_size) const;

  std::vector<double> log_sizes_;
  std::vector<double> measured_;  ///< ln of the times
  std::vector<double> hull_;      ///< the same without what exceeds a larger size's
};

}  // namespace collscale

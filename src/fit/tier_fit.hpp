// SPDX-License-Identifier: Apache-2.0
// One tier of a series (inside a node, or across nodes), fitted: an estimator and the widths that
// its own hold-out errors ask for.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "fit/estimator.hpp"
#include "fit/series.hpp"
#include "fit/uncertainty.hpp"

namespace collscale {

/// A prediction with the half widths of its 95 % interval, in ln t.
struct Predicted {
  double log_time = 0;
  HalfWidths widths;
};

/// Tables over octaves of size, so that the prediction is monotone in size whatever is asked.
class TierPrediction {
 public:
  /// Predicts for `target`, from 1 B to 2^47 B.
  TierPrediction(const Estimator& estimator, const WidthFactors& factors, Place target);
  [[nodiscard]] Predicted at(double log_size) const;
  [[nodiscard]] double log_time(double log_size) const;

 private:
  static constexpr std::size_t kGrid = 48;
  std::array<double, kGrid> log_time_{};
  std::array<double, kGrid> spread_{};
  std::array<double, kGrid> gap_{};
  WidthFactors factors_ = kPriorFactors;
  double log_distance_ = 0;
  bool one_scale_ = false;
};

/// Every rolling-origin error within the scales of a tier up to `max_ranks`: fitted on two or more
/// scales, each larger scale predicted. Empty with fewer than three scales.
std::vector<OriginError> rolling_origin_errors(const Series& series,
                                               std::span<const double> times_s, bool network,
                                               std::int64_t max_ranks);

}  // namespace collscale

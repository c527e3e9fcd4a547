// SPDX-License-Identifier: Apache-2.0
// One tier of a series (inside a node, or across nodes), fitted: an estimator and the widths that
// its data and its own hold-out errors ask for.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "fit/estimator.hpp"
#include "fit/own_record.hpp"
#include "fit/series.hpp"
#include "fit/uncertainty.hpp"

namespace collscale {

/// A prediction with the half widths of its 95 % interval, in ln t.
struct Predicted {
  double log_time = 0;
  HalfWidths widths;
  /// Of these widths: what laws that disagree, with each other or with the straight line, and a
  /// size that was not measured add.
  HalfWidths added;
  /// Beyond the largest measured scale: ln of what that scale took for the size, as measured, over
  /// the answer. Above 0 where other sizes and scales do not bear that measurement out.
  double log_measured_over = -std::numeric_limits<double>::infinity();
};

/// Beyond the largest measured scale monotone in the size (but for a per cent between two powers of
/// two) and, from what the laws say of that scale, in the nodes, whatever the data. Up to it the
/// data speak, dips and all.
class TierPrediction {
 public:
  /// Of one `target`; above 2^47 B the time grows with the size. `estimator` must live on.
  TierPrediction(const Estimator& estimator, const OwnRecord& own, Place target);
  [[nodiscard]] Predicted at(double log_size) const;
  [[nodiscard]] double log_time(double log_size) const;

 private:
  using Table = std::array<double, kOctaves>;

  [[nodiscard]] double joined(double log_size) const;
  [[nodiscard]] Estimate followed(double log_size) const;
  [[nodiscard]] double with_line(double log_law, double log_size) const;

  const Estimator* estimator_;
  Place target_;
  std::size_t below_ = 0;  ///< the largest measured scale up to the target
  Table log_time_{};
  std::array<bool, kOctaves> fell_{};  ///< where that is not what the laws say, since they fall
  Table spread_{};
  Table off_line_{};
  Table unmeasured_up_{};
  Table unmeasured_down_{};
  Table line_shares_{};
  double factor_ = 1;  ///< on the prior widths
  double log_distance_ = 0;
};

/// Of the same scales, from times as on `ranks` of their node (times_as_on); nothing where these
/// are as measured: across nodes, on even nodes and on unknown ones, and up to the largest scale.
std::optional<Estimator> estimator_as_on(const Estimator& as_measured, const Series& series,
                                         std::span<const double> times_s, std::int64_t ranks);

/// Every rolling-origin error within the scales of a tier up to `max_ranks`: fitted on
/// `fewest_scales` or more, each larger scale predicted. Empty where there are no more than these.
std::vector<OriginError> rolling_origin_errors(const Series& series,
                                               std::span<const double> times_s, bool network,
                                               std::int64_t max_ranks,
                                               const Priors& priors = kPublishedPriors,
                                               std::size_t fewest_scales = 2);

}  // namespace collscale

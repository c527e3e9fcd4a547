// SPDX-License-Identifier: Apache-2.0
#include "fit/tier_fit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace collscale {

TierPrediction::TierPrediction(const Estimator& estimator, const WidthFactors& factors,
                               Place target)
    : factors_(factors), one_scale_(estimator.scale_count() < 2) {
  // Above the largest scale, or below the smallest; 0 between them.
  log_distance_ = std::max(0.0, std::log(target.units / estimator.anchor().units));
  if (target.units < estimator.place(0).units) {
    log_distance_ = std::log(estimator.anchor().units / target.units);
  }
  // Up to the largest scale the data themselves are joined, by straight lines in ln t over ln g.
  const std::size_t last = estimator.scale_count() - 1;
  std::size_t below = 0;
  while (below < last && estimator.place(below + 1).units <= target.units) {
    ++below;
  }
  const bool between = below < last && target.units > estimator.place(below).units;
  const bool measured = target.units == estimator.place(below).units;
  for (std::size_t g = 0; g < kGrid; ++g) {
    const double log_size = static_cast<double>(g) * std::numbers::ln2;
    if (measured) {
      log_time_[g] = estimator.measured(below, log_size);
    } else if (between) {
      const double low = std::log(estimator.place(below).units);
      const double high = std::log(estimator.place(below + 1).units);
      const double share = (std::log(target.units) - low) / (high - low);
      log_time_[g] = (1.0 - share) * estimator.measured(below, log_size) +
                     share * estimator.measured(below + 1, log_size);
    } else {
      const Estimate estimate = estimator.at(log_size, target);
      log_time_[g] = estimate.log_time;
      spread_[g] = estimate.spread;
      gap_[g] = estimate.gap;
      // More nodes never take less time: where the laws change hands they may dip, on the way.
      for (double units = 2.0 * estimator.anchor().units; units < target.units; units *= 2.0) {
        const Place on_the_way = {target.ranks * units / target.units, units};
        log_time_[g] = std::max(log_time_[g], estimator.at(log_size, on_the_way).log_time);
      }
    }
  }
  for (std::size_t g = kGrid - 1; g > 0; --g) {
    log_time_[g - 1] = std::min(log_time_[g - 1], log_time_[g]);
  }
}

namespace {

double at_octave(std::span<const double> table, double log_size) {
  const double last = static_cast<double>(table.size() - 1);
  const double position = std::clamp(log_size / std::numbers::ln2, 0.0, last);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, table.size() - 1);
  const double share = position - static_cast<double>(below);
  return (1.0 - share) * table[below] + share * table[above];
}

}  // namespace

double TierPrediction::log_time(double log_size) const { return at_octave(log_time_, log_size); }

Predicted TierPrediction::at(double log_size) const {
  Predicted predicted;
  predicted.log_time = log_time(log_size);
  const HalfWidths factor = width_factor(factors_, log_size);
  predicted.widths = prior_widths(log_size, log_distance_);
  predicted.widths.up *= factor.up;
  predicted.widths.down *= factor.down;
  if (log_distance_ <= 0.0) {  // measured, or between measured scales: a third of the first step
    predicted.widths.up /= 3.0;
    predicted.widths.down /= 3.0;
  }
  const double spread = at_octave(spread_, log_size);
  predicted.widths.up += 0.5 * spread + 0.5 * at_octave(gap_, log_size);
  predicted.widths.down += 0.5 * spread;
  if (one_scale_ && log_distance_ > 0.0) {
    predicted.widths.up += std::log(kOneScaleFactor);
    predicted.widths.down += std::log(kOneScaleFactor);
  }
  const double floor = noise_floor(log_size);
  predicted.widths.up = std::max(predicted.widths.up, floor);
  predicted.widths.down = std::max(predicted.widths.down, floor);
  return predicted;
}

std::vector<OriginError> rolling_origin_errors(const Series& series,
                                               std::span<const double> times_s, bool network,
                                               std::int64_t max_ranks) {
  std::vector<OriginError> errors;
  std::vector<std::int64_t> scales = series.scales(network);
  std::erase_if(scales, [&](std::int64_t ranks) { return ranks > max_ranks; });
  int pair = 0;
  for (std::size_t trained = 2; trained < scales.size(); ++trained) {
    const Estimator estimator(series, times_s, network, scales[trained - 1]);
    for (std::size_t target = trained; target < scales.size(); ++target, ++pair) {
      std::size_t i = 0;
      while (series.cells[i].ranks != scales[target] || (series.cells[i].nodes > 1) != network) {
        ++i;
      }
      const Place place = {static_cast<double>(scales[target]),
                           static_cast<double>(network ? series.cells[i].nodes : scales[target])};
      const TierPrediction prediction(estimator, kPriorFactors, place);
      const double log_distance = std::log(place.units / estimator.anchor().units);
      for (; i < series.cells.size() && series.cells[i].ranks == scales[target]; ++i) {
        const double log_size = std::log(series.cells[i].size_bytes);
        errors.push_back({regime_of(series.cells[i].size_bytes), log_size, log_distance,
                          std::log(times_s[i]) - prediction.log_time(log_size), pair});
      }
    }
  }
  return errors;
}

}  // namespace collscale

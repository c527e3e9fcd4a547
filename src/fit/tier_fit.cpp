// SPDX-License-Identifier: Apache-2.0
#include "fit/tier_fit.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {

TierPrediction::TierPrediction(const Estimator& estimator, double own_factor, Place target)
    : factor_(own_factor * roughness_factor(estimator.roughness())),
      priors_(estimator.priors()),
      one_scale_(estimator.scale_count() < 2),
      network_(estimator.network()) {
  // Above the largest scale, or below the smallest; 0 between them.
  log_distance_ = std::max(0.0, std::log(target.units / estimator.anchor().units));
  if (target.units < estimator.place(0).units) {
    log_distance_ = std::log(estimator.anchor().units / target.units);
  }
  const std::size_t last = estimator.scale_count() - 1;
  std::size_t below = 0;
  while (below < last && estimator.place(below + 1).units <= target.units) {
    ++below;
  }
  if (log_distance_ <= 0.0) {
    join_measured(estimator, target, below);
  } else {
    follow_laws(estimator, target);
    for (std::size_t g = kOctaves - 1; g > 0; --g) {
      log_time_[g - 1] = std::min(log_time_[g - 1], log_time_[g]);
    }
  }
  for (std::size_t g = 0; g < kOctaves; ++g) {
    const double log_size = static_cast<double>(g) * kOctave;
    HalfWidths widths = estimator.unmeasured_size(below, log_size, target);
    if (below < last && target.units > estimator.place(below).units) {
      const HalfWidths above = estimator.unmeasured_size(below + 1, log_size, target);
      widths = {std::max(widths.up, above.up), std::max(widths.down, above.down)};
    }
    unmeasured_up_[g] = widths.up;
    unmeasured_down_[g] = widths.down;
  }
}

// Up to the largest scale the data themselves, joined by straight lines in ln t over ln g.
void TierPrediction::join_measured(const Estimator& estimator, Place target, std::size_t below) {
  double share = 0.0;
  if (target.units > estimator.place(below).units) {
    const double low = std::log(estimator.place(below).units);
    const double high = std::log(estimator.place(below + 1).units);
    share = (std::log(target.units) - low) / (high - low);
  }
  for (std::size_t g = 0; g < kOctaves; ++g) {
    const double log_size = static_cast<double>(g) * kOctave;
    log_time_[g] = estimator.as_measured(below, log_size);
    if (share > 0.0) {
      log_time_[g] =
          (1.0 - share) * log_time_[g] + share * estimator.as_measured(below + 1, log_size);
    }
  }
}

// The laws. They may dip where they change hands, and where the largest measured scale has an
// artefact, but more nodes never take less time: so they are followed from that scale by doublings,
// each no faster than the one before, with straight lines in ln t over ln g between two.
void TierPrediction::follow_laws(const Estimator& estimator, Place target) {
  const Place anchor = estimator.anchor();
  for (std::size_t g = 0; g < kOctaves; ++g) {
    const double log_size = static_cast<double>(g) * kOctave;
    const Estimate estimate = estimator.at(log_size, target);
    spread_[g] = estimate.spread;
    log_time_[g] = estimate.log_time;
    if (target.units <= anchor.units) {
      continue;
    }
    double before = estimator.at(log_size, anchor).log_time;
    double units = anchor.units;
    for (; 2.0 * units <= target.units; units *= 2.0) {
      const Place on_the_way = {target.ranks * 2.0 * units / target.units, 2.0 * units};
      before = std::max(before, estimator.at(log_size, on_the_way).log_time);
    }
    log_time_[g] = before;
    if (units < target.units) {
      const Place past = {target.ranks * 2.0 * units / target.units, 2.0 * units};
      const double after = std::max(before, estimator.at(log_size, past).log_time);
      log_time_[g] += std::log2(target.units / units) * (after - before);
    }
  }
}

double TierPrediction::log_time(double log_size) const {
  return over_octaves(log_time_, log_size) + std::max(0.0, log_size - kLogTableEnd);
}

Predicted TierPrediction::at(double log_size) const {
  Predicted predicted;
  predicted.log_time = log_time(log_size);
  predicted.widths = prior_widths(priors_, log_size, log_distance_, factor_);
  if (log_distance_ <= 0.0) {  // measured, or between measured scales: a third of the first step
    predicted.widths.up /= 3.0;
    predicted.widths.down /= 3.0;
  }
  if (one_scale_ && log_distance_ > 0.0)
    predicted.widths = one_scale_widths(priors_, network_, log_distance_);
  const double spread = kSpreadShare * over_octaves(spread_, log_size);
  predicted.added = {spread + over_octaves(unmeasured_up_, log_size),
                     spread + over_octaves(unmeasured_down_, log_size)};
  predicted.widths.up += predicted.added.up;
  predicted.widths.down += predicted.added.down;
  const double floor = noise_floor(log_size);
  predicted.widths.up = std::max(predicted.widths.up, floor);
  predicted.widths.down = std::max(predicted.widths.down, floor);
  return predicted;
}

std::vector<OriginError> rolling_origin_errors(const Series& series,
                                               std::span<const double> times_s, bool network,
                                               std::int64_t max_ranks, const Priors& priors,
                                               std::size_t fewest_scales) {
  std::vector<OriginError> errors;
  std::vector<std::int64_t> scales = series.scales(network);
  std::erase_if(scales, [&](std::int64_t ranks) { return ranks > max_ranks; });
  int pair = 0;
  for (std::size_t trained = fewest_scales; trained < scales.size(); ++trained) {
    const Estimator estimator(series, times_s, network, scales[trained - 1], priors);
    for (std::size_t target = trained; target < scales.size(); ++target, ++pair) {
      std::size_t i = 0;
      while (series.cells[i].ranks != scales[target] || (series.cells[i].nodes > 1) != network) {
        ++i;
      }
      const Place place = {static_cast<double>(scales[target]),
                           static_cast<double>(network ? series.cells[i].nodes : scales[target])};
      const TierPrediction prediction(estimator, 1.0, place);
      const double log_distance = std::log(place.units / estimator.anchor().units);
      for (; i < series.cells.size() && series.cells[i].ranks == scales[target]; ++i) {
        const double log_size = std::log(series.cells[i].size_bytes);
        const Predicted predicted = prediction.at(log_size);
        errors.push_back({regime_of(series.cells[i].size_bytes), log_size, log_distance,
                          std::log(times_s[i]) - predicted.log_time, pair,
                          static_cast<int>(trained), static_cast<int>(target),
                          roughness_factor(estimator.roughness()), predicted.added});
      }
    }
  }
  return errors;
}

}  // namespace collscale

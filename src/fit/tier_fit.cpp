// SPDX-License-Identifier: Apache-2.0
#include "fit/tier_fit.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "fit/node_rates.hpp"

namespace collscale {
namespace {

// Least squares without descents: neighbours that fall are replaced by their mean (pool adjacent
// violators; Ayer and others 1955).
void make_monotone(std::array<double, kOctaves>& values) {
  struct Block {
    double sum, count;
    double mean() const { return sum / count; }
  };
  std::vector<Block> blocks;
  for (const double value : values) {
    blocks.push_back({value, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() > blocks.back().mean()) {
      blocks[blocks.size() - 2].sum += blocks.back().sum;
      blocks[blocks.size() - 2].count += blocks.back().count;
      blocks.pop_back();
    }
  }
  std::size_t g = 0;
  for (const Block& block : blocks)
    for (double i = 0; i < block.count; ++i) values[g++] = block.mean();
}

}  // namespace

TierPrediction::TierPrediction(const Estimator& estimator, const OwnRecord& own, Place target)
    : estimator_(&estimator),
      target_(target),
      line_shares_(own.line_shares),
      factor_(own.width_factor * roughness_factor(estimator.roughness())) {
  // Above the largest scale, or below the smallest; 0 between them.
  log_distance_ = std::max(0.0, std::log(target.units / estimator.anchor().units));
  if (target.units < estimator.place(0).units) {
    log_distance_ = std::log(estimator.anchor().units / target.units);
  }
  const std::size_t last = estimator.scale_count() - 1;
  while (below_ < last && estimator.place(below_ + 1).units <= target.units) {
    ++below_;
  }
  for (std::size_t g = 0; g < kOctaves; ++g) {
    const double log_size = static_cast<double>(g) * kOctave;
    if (log_distance_ <= 0.0) {
      log_time_[g] = joined(log_size);
    } else {
      const Estimate estimate = followed(log_size);
      log_time_[g] = estimate.log_time;
      spread_[g] = estimate.spread;
    }
    HalfWidths widths = estimator.unmeasured_size(below_, log_size, target);
    if (below_ < last && target.units > estimator.place(below_).units) {
      const HalfWidths above = estimator.unmeasured_size(below_ + 1, log_size, target);
      widths = {std::max(widths.up, above.up), std::max(widths.down, above.down)};
    }
    unmeasured_up_[g] = widths.up;
    unmeasured_down_[g] = widths.down;
  }
  if (log_distance_ <= 0.0) return;
  Table before{};
  for (std::size_t g = 0; g < kOctaves; ++g)
    before[g] = with_line(log_time_[g], static_cast<double>(g) * kOctave);
  for (std::size_t g = kOctaves - 1; g > 0; --g)
    log_time_[g - 1] = std::min(log_time_[g - 1], log_time_[g]);
  for (std::size_t g = 0; g < kOctaves; ++g)
    log_time_[g] = with_line(log_time_[g], static_cast<double>(g) * kOctave);
  make_monotone(log_time_);
  for (std::size_t g = 0; g < kOctaves; ++g) fell_[g] = log_time_[g] != before[g];
  if (estimator.scale_count() < 2 || target.units < estimator.anchor().units) return;
  for (std::size_t g = 0; g < kOctaves; ++g)
    off_line_[g] = off_line_width(estimator.steady_line(static_cast<double>(g) * kOctave, target) -
                                  log_time_[g]);
}

// Up to the largest scale the data themselves, joined by straight lines in ln t over ln g.
double TierPrediction::joined(double log_size) const {
  return target_.units <= estimator_->place(below_).units
             ? estimator_->as_measured(below_, log_size)
             : estimator_->line(below_, log_size, target_);
}

// The laws. They may dip where they change hands, and where the largest measured scale has an
// artefact, but more nodes never take less time (unless accelerators bring links along): so they
// are followed from that scale by doublings, each no faster than the one before, with straight
// lines in ln t over ln g between two.
Estimate TierPrediction::followed(double log_size) const {
  const Place anchor = estimator_->anchor();
  Estimate estimate = estimator_->at(log_size, target_);
  if (target_.units <= anchor.units || estimator_->quickens(log_size)) return estimate;
  double before = estimator_->at(log_size, anchor).log_time;
  double units = anchor.units;
  for (; 2.0 * units <= target_.units; units *= 2.0) {
    const Place on_the_way = {target_.ranks * 2.0 * units / target_.units, 2.0 * units};
    before = std::max(before, estimator_->at(log_size, on_the_way).log_time);
  }
  estimate.log_time = before;
  if (units < target_.units) {
    const Place past = {target_.ranks * 2.0 * units / target_.units, 2.0 * units};
    const double after = std::max(before, estimator_->at(log_size, past).log_time);
    estimate.log_time += std::log2(target_.units / units) * (after - before);
  }
  return estimate;
}

// With the straight line's share, which does not fall either.
double TierPrediction::with_line(double log_law, double log_size) const {
  const double share = over_octaves(line_shares_, log_size);
  if (share == 0.0 || !estimator_->doubts_laws()) return log_law;
  const double log_line = std::max(estimator_->steady_line(log_size, target_),
                                   estimator_->steady_line(log_size, estimator_->anchor()));
  return (1.0 - share) * log_law + share * log_line;
}

double TierPrediction::log_time(double log_size) const {
  if (log_size >= kLogTableEnd) return log_time_.back() + log_size - kLogTableEnd;
  if (log_size <= 0.0) return log_time_.front();
  if (log_distance_ <= 0.0) return joined(log_size);
  const auto below = static_cast<std::size_t>(log_size / kOctave);
  if (fell_[below] || fell_[below + 1]) return over_octaves(log_time_, log_size);
  return std::clamp(with_line(followed(log_size).log_time, log_size), log_time_[below],
                    log_time_[below + 1]);
}

Predicted TierPrediction::at(double log_size) const {
  Predicted predicted;
  predicted.log_time = log_time(log_size);
  predicted.widths =
      prior_widths(estimator_->priors(), estimator_->errors_of(), log_size, log_distance_, factor_);
  if (log_distance_ <= 0.0) {  // measured, or between measured scales: a third of the first step
    predicted.widths.up /= 3.0;
    predicted.widths.down /= 3.0;
  }
  if (estimator_->scale_count() < 2 && log_distance_ > 0.0)
    predicted.widths = one_scale_widths(estimator_->priors(), estimator_->errors_of().network,
                                        log_distance_, estimator_->inside());
  const double rivals =
      kSpreadShare * over_octaves(spread_, log_size) + over_octaves(off_line_, log_size);
  predicted.added = {rivals + over_octaves(unmeasured_up_, log_size),
                     rivals + over_octaves(unmeasured_down_, log_size)};
  predicted.widths.up += predicted.added.up;
  predicted.widths.down += predicted.added.down;
  const double floor = noise_floor(log_size);
  predicted.widths.up = std::max(predicted.widths.up, floor);
  predicted.widths.down = std::max(predicted.widths.down, floor);
  if (target_.units > estimator_->anchor().units && !estimator_->quickens(log_size))
    predicted.log_measured_over =
        estimator_->as_measured(estimator_->scale_count() - 1, log_size) - predicted.log_time;
  return predicted;
}

std::optional<Estimator> estimator_as_on(const Estimator& as_measured, const Series& series,
                                         std::span<const double> times_s, std::int64_t ranks) {
  const std::int64_t largest = std::llround(as_measured.anchor().ranks);
  if (as_measured.network() || as_measured.inside() != Inside::uneven || ranks <= largest)
    return std::nullopt;
  return Estimator(series, times_as_on(series, times_s, ranks), false, largest,
                   as_measured.priors());
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
    const Estimator as_measured(series, times_s, network, scales[trained - 1], priors);
    const double roughness = roughness_factor(as_measured.roughness());
    const OwnRecord own = own_record(priors, errors, static_cast<int>(trained));
    for (std::size_t target = trained; target < scales.size(); ++target, ++pair) {
      std::size_t i = 0;
      while (series.cells[i].ranks != scales[target] || (series.cells[i].nodes > 1) != network) {
        ++i;
      }
      const Place place = place_of(series.cells[i], network);
      const auto as_on = estimator_as_on(as_measured, series, times_s, scales[target]);
      const Estimator& estimator = as_on ? *as_on : as_measured;
      const TierPrediction prediction(estimator, own, place);
      std::optional<TierPrediction> laws;
      if (estimator.doubts_laws()) laws.emplace(estimator, OwnRecord{}, place);
      const double log_distance = std::log(place.units / estimator.anchor().units);
      for (; i < series.cells.size() && series.cells[i].ranks == scales[target]; ++i) {
        const double log_size = std::log(series.cells[i].size_bytes);
        const double log_time = std::log(times_s[i]);
        const Predicted predicted = prediction.at(log_size);
        OriginError error = {regime_of(series.cells[i].size_bytes),
                             estimator.errors_of(),
                             log_size,
                             log_distance,
                             log_time - predicted.log_time,
                             std::nullopt,
                             pair,
                             static_cast<int>(trained),
                             static_cast<int>(target),
                             roughness,
                             predicted.added};
        if (laws)
          error.rivals = {log_time - laws->log_time(log_size),
                          log_time - estimator.steady_line(log_size, place)};
        errors.push_back(error);
      }
    }
  }
  return errors;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Where all_reduce is a ring from one size on: two sides, each a series of its own.
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fit/estimator.hpp"
#include "fit/ring_switch.hpp"

namespace collscale {

void Estimator::split_at_ring(const Series& series, std::span<const double> times_s) {
  std::vector<CurveAt> curves;
  for (const Scale& scale : scales_) curves.push_back({scale.place, &scale.measured});
  const std::optional<double> log_begin = ring_switch(curves);
  if (!log_begin) return;
  log_ring_begin_ = *log_begin;
  const SeriesPart trees = part_below(series, times_s, log_ring_begin_);
  SeriesPart rings = part_from(series, times_s, log_ring_begin_);
  rings.series.growth = Growth::ring;
  const auto add = [&](const SeriesPart& side) {
    sides_.emplace_back(side.series, side.times_s, network_, std::llround(anchor().ranks), priors_);
  };
  add(trees);
  add(rings);
}

const Estimator& Estimator::side(double log_size) const {
  return sides_[log_size < log_ring_begin_ ? 0 : 1];
}

Estimator::ScaleOf Estimator::scale_of(std::size_t index, double log_size) const {
  const std::span<const double> measured = scales_[index].measured.log_sizes();
  if (!sides_.empty() && (log_size < measured.front() || log_size > measured.back())) {
    const Estimator& there = side(log_size);
    for (std::size_t i = 0; i < there.scale_count(); ++i)
      if (there.place(i).ranks == place(index).ranks) return {&there, i};
  }
  return {this, index};
}

double Estimator::as_measured(std::size_t index, double log_size) const {
  const ScaleOf of = scale_of(index, log_size);
  return of.estimator->scales_[of.index].curve.log_measured(log_size);
}

}  // namespace collscale

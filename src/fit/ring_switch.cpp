// SPDX-License-Identifier: Apache-2.0
#include "fit/ring_switch.hpp"

#include <cmath>
#include <limits>

#include "fit/octaves.hpp"
#include "fit/regime.hpp"

namespace collscale {
namespace {

constexpr std::size_t kFewestBeyond = 3;  // sizes that the ring has to have
// Of the steps of a ring over those of a tree, how many times longer the larger size has to take at
// least. Between a fifth and a half the published series are told apart alike.
constexpr double kLeastOfSteps = 0.35;
// The same where one scale has to tell alone: the jump is all there is. From 2 ranks to 4 a ring's
// steps and a tree's are too much alike.
constexpr double kLeastOfStepsAlone = 0.7;
constexpr double kFewestRanksAlone = 4;

double log_ring_steps(Place place) { return std::log(2.0 * (place.ranks - 1.0)); }
double log_tree_steps(Place place) { return std::log(1.0 + std::log2(place.units)); }

double jump(const CurveAt& scale, double log_small, double log_large) {
  return scale.curve->log_time(log_large) - scale.curve->log_time(log_small);
}

// ln of what the times have grown by, mean over the octave from a size on.
double growth_from(const CurveAt& below, const CurveAt& largest, double log_begin) {
  double sum = 0;
  int count = 0;
  for (const double log_size : largest.curve->log_sizes()) {
    if (log_size < log_begin || log_size > log_begin + 1.01 * kOctave) continue;
    sum += largest.curve->log_time(log_size) - below.curve->log_time(log_size);
    ++count;
  }
  return sum / count;
}

// Whether the times have grown since the scale below more as a ring's than as a tree's.
bool grows_as_ring(const CurveAt& below, const CurveAt& largest, double log_begin) {
  const double of_ring = log_ring_steps(largest.place) - log_ring_steps(below.place);
  const double of_tree = log_tree_steps(largest.place) - log_tree_steps(below.place);
  return growth_from(below, largest, log_begin) > 0.5 * (of_ring + of_tree);
}

bool begins_ring(std::span<const CurveAt> scales, double log_small, double log_large) {
  const CurveAt& largest = scales.back();
  const double beyond_steps = jump(largest, log_small, log_large) - log_ring_steps(largest.place) +
                              std::log(std::log2(largest.place.ranks));
  if (jump(largest, log_small, log_large) < log_large - log_small) return false;
  if (scales.size() > 1)
    return beyond_steps > std::log(kLeastOfSteps) &&
           grows_as_ring(scales[scales.size() - 2], largest, log_large);
  return beyond_steps > std::log(kLeastOfStepsAlone) && largest.place.ranks >= kFewestRanksAlone &&
         log_large < kLogLatencyEnd;
}

SeriesPart part(const Series& series, std::span<const double> times_s, double log_begin,
                double log_end) {
  SeriesPart part{series, {}};
  part.series.cells.clear();
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const double log_size = std::log(series.cells[i].size_bytes);
    if (log_size < log_begin || log_size >= log_end) continue;
    part.series.cells.push_back(series.cells[i]);
    part.times_s.push_back(times_s[i]);
  }
  return part;
}

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

}  // namespace

std::optional<double> ring_switch(std::span<const CurveAt> scales) {
  const auto log_sizes = scales.back().curve->log_sizes();
  std::optional<double> log_begin;
  double largest_jump = 0;
  for (std::size_t i = 0; i + kFewestBeyond < log_sizes.size(); ++i) {
    const double here = jump(scales.back(), log_sizes[i], log_sizes[i + 1]);
    if (here <= largest_jump || !begins_ring(scales, log_sizes[i], log_sizes[i + 1])) continue;
    largest_jump = here;
    log_begin = 0.5 * (log_sizes[i] + log_sizes[i + 1]);
  }
  return log_begin;
}

SeriesPart part_below(const Series& series, std::span<const double> times_s, double log_size) {
  return part(series, times_s, -kUnbounded, log_size);
}

SeriesPart part_from(const Series& series, std::span<const double> times_s, double log_size) {
  return part(series, times_s, log_size, kUnbounded);
}

}  // namespace collscale

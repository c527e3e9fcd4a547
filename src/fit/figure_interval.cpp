// SPDX-License-Identifier: Apache-2.0
#include "fit/figure_interval.hpp"

#include <algorithm>
#include <cmath>

#include "stats/quantiles.hpp"

namespace collscale {
namespace {

constexpr std::array kLevels = {0.025, 0.25, 0.75, 0.975};
constexpr double kHalf = 0.25;  // half width of 50 % ÷ that of 95 %: errors have long tails

/// Half widths of the 95 % interval, in ln t, that are added in quadrature to the fit's own errors.
/// By regime: what others measured on nodes of the same design, which were launched in other ways;
constexpr std::array<HalfWidths, kRegimes> kOtherMachine = {{{1.05, 0.4}, {0.85, 0.4}, {0.2, 0.3}}};
/// for the first doubling of the ranks beyond the largest that was measured, as √doublings;
constexpr std::array<double, kRegimes> kDoubling = {0.35, 0.55, 0.25};
/// for each doubling of the size beyond those that were;
constexpr double kPerOctave = 0.1;
/// where another collective was measured in place of the one that is asked for, inside a node and
/// across nodes, where sends and receives cost otherwise than rings and trees do;
constexpr std::array<double, kRegimes> kOtherKindInside = {0.25, 0.35, 0.25};
constexpr std::array<double, kRegimes> kOtherKindAcross = {1.2, 1.2, 0.3};
/// and ÷ √points, for how little few of them say about the others.
constexpr double kFewPoints = 0.6;

/// The regime's own errors; of one that was not measured the widest of each quantile.
FigureErrors errors_of_regime(const RegimeErrors& errors, Regime regime) {
  FigureErrors own = errors[static_cast<std::size_t>(regime)];
  if (own.points > 0) return own;
  for (const FigureErrors& other : errors) {
    own.points = std::max(own.points, other.points);
    for (std::size_t q = 0; q < own.quantiles.size(); ++q)
      own.quantiles[q] = q < 2 ? std::min(own.quantiles[q], other.quantiles[q])
                               : std::max(own.quantiles[q], other.quantiles[q]);
  }
  return own;
}

}  // namespace

RegimeErrors errors_by_regime(std::span<const double> sizes_bytes,
                              std::span<const double> log_errors) {
  RegimeErrors all;
  for (std::size_t r = 0; r < kRegimes; ++r) {
    std::vector<double> errors;
    std::vector<double> absolute;
    for (std::size_t i = 0; i < log_errors.size(); ++i) {
      if (regime_of(sizes_bytes[i]) != static_cast<Regime>(r) || std::isnan(log_errors[i]))
        continue;
      errors.push_back(log_errors[i]);
      absolute.push_back(std::fabs(log_errors[i]));
    }
    if (errors.empty()) continue;
    all[r].points = static_cast<int>(errors.size());
    all[r].median_error = std::expm1(median(absolute));
    for (std::size_t q = 0; q < kLevels.size(); ++q)
      all[r].quantiles[q] = quantile(errors, kLevels[q]);
  }
  return all;
}

IntervalOffsets interval_offsets(const RegimeErrors& errors, double size_bytes,
                                 const Remoteness& remoteness) {
  const Regime regime = regime_of(size_bytes);
  const auto r = static_cast<std::size_t>(regime);
  const FigureErrors own = errors_of_regime(errors, regime);
  const auto& kinds = remoteness.network ? kOtherKindAcross : kOtherKindInside;
  const double other_kind = remoteness.other_kind ? kinds[r] : 0;
  const double doublings = std::log2(std::max(1.0, remoteness.distance));
  double common = noise_floor(std::log(std::max(1.0, size_bytes)));
  for (const double one : {kDoubling[r] * std::sqrt(doublings), kPerOctave * remoteness.octaves,
                           other_kind, kFewPoints / std::sqrt(std::max(1, own.points))})
    common = std::hypot(common, one);
  IntervalOffsets offsets{};
  for (std::size_t q = 0; q < offsets.size(); ++q) {
    const double sign = q < 2 ? -1 : 1;
    const HalfWidths& machine = kOtherMachine[r];
    const double other = !remoteness.other_machine ? 0 : q < 2 ? machine.down : machine.up;
    const double share = q == 0 || q == 3 ? 1 : kHalf;
    offsets[q] = sign * std::hypot(std::max(0.0, sign * own.quantiles[q]),
                                   share * std::hypot(common, other));
  }
  return offsets;
}

}  // namespace collscale

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

/// Of ln(measured ÷ predicted) by NCCL's constants and a topology's own figures, before any fit:
/// 2.5, 25, 75 and 97.5 %, each machine weighing the same. Inside a node of 13 or 14 machines,
/// across nodes of 10 to 14; made without a machine the outer two hold 90 to 94 % of its points
/// (docs/method.md).
constexpr std::array<std::array<IntervalOffsets, kRegimes>, 2> kUnmeasured = {
    {{{{-0.30, 0.00, 0.54, 1.18}, {-0.27, 0.00, 0.50, 1.12}, {-0.17, 0.00, 0.11, 0.37}}},
     {{{-0.90, 0.00, 0.36, 0.87}, {-0.38, 0.00, 0.77, 1.38}, {-0.09, 0.00, 0.24, 0.78}}}}};
constexpr double kUnmeasuredRanks = 256;  // that most of these had at most

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

IntervalOffsets unmeasured_offsets(bool network, double size_bytes, double ranks, double inside) {
  const auto r = static_cast<std::size_t>(regime_of(size_bytes));
  IntervalOffsets offsets = kUnmeasured[network ? 1 : 0][r];
  const double doublings =
      std::log2(std::max(1.0, ranks / kUnmeasuredRanks)) + std::log2(std::max(1.0, inside));
  const double farther = kDoubling[r] * std::sqrt(doublings);
  for (std::size_t q = 0; q < offsets.size(); ++q) {
    const double share = q == 0 || q == 3 ? 1 : kHalf;
    offsets[q] = (q < 2 ? -1 : 1) * std::hypot(offsets[q], share * farther);
  }
  return offsets;
}

}  // namespace collscale

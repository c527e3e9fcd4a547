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
/// 2.5, 25, 75 and 97.5 %, each machine weighing the same. Inside a node with links of its own,
/// inside one on PCIe, across nodes (docs/method.md). scripts/learn-unmeasured makes them.
constexpr std::array<std::array<IntervalOffsets, kRegimes>, 3> kUnmeasured = {{
    // learn-unmeasured: begin
    {{{{-0.30, 0.00, 0.54, 1.18}}, {{-0.25, 0.00, 0.57, 1.05}}, {{-0.16, 0.00, 0.13, 0.40}}}},
    {{{{-0.38, -0.23, 0.09, 0.81}}, {{-0.26, -0.01, 1.05, 1.60}}, {{-0.11, 0.00, 0.56, 1.61}}}},
    {{{{-0.89, 0.00, 0.56, 1.12}}, {{-0.39, 0.00, 0.68, 1.52}}, {{-0.10, 0.00, 0.16, 0.74}}}},
    // learn-unmeasured: end
}};
constexpr double kUnmeasuredRanks = 256;  // that most of these had at most

/// To hold the other's ends, too.
void widen(IntervalOffsets& offsets, const IntervalOffsets& other) {
  for (std::size_t q = 0; q < offsets.size(); ++q)
    offsets[q] = q < 2 ? std::min(offsets[q], other[q]) : std::max(offsets[q], other[q]);
}

/// The regime's own errors; of one that was not measured the widest of each quantile.
FigureErrors errors_of_regime(const RegimeErrors& errors, Regime regime) {
  FigureErrors own = errors[static_cast<std::size_t>(regime)];
  if (own.points > 0) return own;
  for (const FigureErrors& other : errors) {
    own.points = std::max(own.points, other.points);
    widen(own.quantiles, other.quantiles);
  }
  return own;
}

IntervalOffsets offsets_in(Regime regime, const RegimeErrors& errors, double size_bytes,
                           const Remoteness& remoteness) {
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

IntervalOffsets unmeasured_in(Regime regime, const Unmeasured& what) {
  const auto r = static_cast<std::size_t>(regime);
  IntervalOffsets offsets = kUnmeasured[what.network ? 2 : 0][r];
  // The one machine on PCIe that was measured does not say that others are as near.
  if (what.pcie) widen(offsets, kUnmeasured[1][r]);
  const double doublings = std::log2(std::max(1.0, what.ranks / kUnmeasuredRanks)) +
                           std::log2(std::max(1.0, what.inside));
  const double farther = kDoubling[r] * std::sqrt(doublings);
  for (std::size_t q = 0; q < offsets.size(); ++q) {
    const double share = q == 0 || q == 3 ? 1 : kHalf;
    offsets[q] = (q < 2 ? -1 : 1) * std::hypot(offsets[q], share * farther);
  }
  return offsets;
}

/// What `offsets_of` says of each regime, by the shares of these at the size.
template <typename OffsetsOf>
IntervalOffsets mixed(double size_bytes, const OffsetsOf& offsets_of) {
  const std::array<double, kRegimes> shares = regime_shares(std::log(std::max(1.0, size_bytes)));
  IntervalOffsets offsets{};
  for (std::size_t r = 0; r < kRegimes; ++r) {
    if (shares[r] == 0) continue;
    const IntervalOffsets of_regime = offsets_of(static_cast<Regime>(r));
    for (std::size_t q = 0; q < offsets.size(); ++q) offsets[q] += shares[r] * of_regime[q];
  }
  return offsets;
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
  return mixed(size_bytes,
               [&](Regime regime) { return offsets_in(regime, errors, size_bytes, remoteness); });
}

IntervalOffsets unmeasured_offsets(const Unmeasured& what, double size_bytes) {
  return mixed(size_bytes, [&](Regime regime) { return unmeasured_in(regime, what); });
}

}  // namespace collscale

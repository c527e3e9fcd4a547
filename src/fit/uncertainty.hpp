// SPDX-License-Identifier: Apache-2.0
// How wide an interval has to be. Extrapolation errors are not noise around a fit: repeats differ
// by 1 to 3 % while the laws are wrong by more, upwards more than downwards, and more with
// distance. So widths come from hold-out errors: priors from many published series, scaled by the
// series' own.
//
//   h = s (c + kappa ln d), in ln t, per side and regime, d = target ÷ largest measured nodes,
//   and a third of what the mixed laws of the estimate lie apart on top
//
// The priors are 97.5 % quantile regressions per side on rolling-origin errors of published series
// (Alps, MareNostrum 5, Polaris, Fugaku, B200 clusters across nodes, A100 to B200 inside one),
// rounded and set so that the intervals of these series cover 90 to 97 % at x2 to x8. So the
// coverage that calibrate and scripts/validate report is not a blind test of them. d = 16 is the
// farthest that any of them reaches; beyond it kappa is kExtrapolatedKappa, assumed.
#pragma once

#include <array>
#include <cstddef>
#include <numbers>
#include <span>

namespace collscale {

/// By size: latency below 64 KiB, bandwidth above 64 MiB, middle between.
enum class Regime : std::size_t { latency = 0, middle = 1, bandwidth = 2 };
inline constexpr std::size_t kRegimes = 3;
inline constexpr std::array<const char*, kRegimes> kRegimeNames = {"latency", "middle",
                                                                   "bandwidth"};
Regime regime_of(double size_bytes);
inline constexpr double kLogLatencyEnd = 16 * std::numbers::ln2;      ///< 64 KiB
inline constexpr double kLogBandwidthBegin = 26 * std::numbers::ln2;  ///< 64 MiB

/// Half widths in ln t of a 95 % interval: time × e^up, time ÷ e^down.
struct HalfWidths {
  double up = 0;
  double down = 0;
};

/// Prior widths at a log distance ln d >= 0. Between regimes they change over one octave each side.
HalfWidths prior_widths(double log_size, double log_distance);

/// The same where one scale alone was measured and growth is assumed, whatever the size; across
/// nodes or inside one.
HalfWidths one_scale_widths(bool network, double log_distance);

/// One rolling-origin error: ln(measured ÷ predicted) at a scale that was left out.
struct OriginError {
  Regime regime = Regime::latency;
  double log_size = 0;
  double log_distance = 0;
  double log_error = 0;
  int pair = 0;  ///< which (training scales, target scale) it is of: errors of a pair go together
};

/// The series' own factors s on the priors, per regime and side.
using WidthFactors = std::array<HalfWidths, kRegimes>;
inline constexpr WidthFactors kPriorFactors = {{{1, 1}, {1, 1}, {1, 1}}};

/// Of each side the 97.5 % quantile of error ÷ prior width over what the series itself shows
/// (errors to the other side count as 0), each pair weighing the same, drawn towards 1 (in
/// logarithms) as if three more pairs had shown the priors to be right; within [0.4, 2.5]. 1
/// without errors.
WidthFactors own_width_factors(std::span<const OriginError> errors);

/// The factors between regimes, over one octave each side.
HalfWidths width_factor(const WidthFactors& factors, double log_size);

/// No interval is narrower: half of what two measurements of one point differ by in 95 % of cases
/// (x1.5 for small and middle sizes, x1.06 for large ones, in repeated runs of the same systems).
double noise_floor(double log_size);

inline constexpr double kExtrapolatedKappa = 0.25;  ///< per unit of ln d beyond 16; assumed
inline constexpr double kHalfLevelShare = 0.3;      ///< 50 % half width ÷ 95 % half width
/// Data of another system: factor 2.5 either way unless accelerator, network and era match; sibling
/// systems that do match differ by 2 to 11 %, others by 50 % to x5.
inline constexpr double kOtherSystemFactor = 2.5;
/// What the mixed laws of an estimate lie apart counts on either side.
inline constexpr double kSpreadShare = 0.33;

}  // namespace collscale

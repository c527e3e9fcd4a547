// SPDX-License-Identifier: Apache-2.0
// How wide an interval has to be. Extrapolation errors are not noise around a fit: repeats differ
// by 1 to 3 % while the laws are wrong by more, upwards more than downwards, and more with
// distance. So widths come from hold-out errors: priors from many published series, scaled by the
// series' own.
//
//   h = r s (c + kappa ln d), in ln t, per side and regime, d = target ÷ largest measured nodes, r
//   by how rough the data are, s by the series' own hold-out errors; on top a third of what the
//   mixed laws of the estimate lie apart (Estimate::spread), and off_line_width
//
// The priors are learned from published series (priors.hpp). d = 16, inside a node 4, is the
// farthest that these reach; beyond it kappa is kExtrapolatedKappa, assumed.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "fit/place.hpp"
#include "fit/priors.hpp"
#include "fit/regime.hpp"

namespace collscale {

/// Half widths in ln t of a 95 % interval: time × e^up, time ÷ e^down.
struct HalfWidths {
  double up = 0;
  double down = 0;
};

/// Whose errors widths are of.
struct ErrorsOf {
  /// Across nodes; MPI inside one counts as that, since the same program chooses there.
  bool network = true;
  bool nccl = false;  ///< across nodes these grow less with the distance (uncertainty.cpp)
};

/// Prior widths at a log distance ln d >= 0, times what the data say
/// of themselves (`factor`). Beyond farthest_log_distance, where nothing was ever measured, good
/// data narrow nothing: that part takes max(1, factor). Across nodes the widths change over one
/// octave each side from one regime to the next.
HalfWidths prior_widths(const Priors& priors, ErrorsOf of, double log_size, double log_distance,
                        double factor = 1);

/// ln of the distance up to which priors are learned: x16 across nodes; inside one x4, beyond which
/// no mesh was measured, nor a host that more accelerators share.
double farthest_log_distance(bool network);

/// The same where one scale alone was measured and growth is assumed, whatever the size; across
/// nodes or inside one, of which it counts what is known.
HalfWidths one_scale_widths(const Priors& priors, bool network, double log_distance,
                            Inside inside = Inside::unknown);

/// log_error of the laws alone and of the straight line alone.
struct RivalErrors {
  double laws = 0;
  double line = 0;
};

/// One rolling-origin error: ln(measured ÷ predicted) at a scale that was left out.
struct OriginError {
  Regime regime = Regime::latency;
  ErrorsOf of;
  double log_size = 0;
  double log_distance = 0;
  double log_error = 0;
  /// Where a straight line stands beside the laws, of either alone (own_record.hpp).
  std::optional<RivalErrors> rivals;
  int pair = 0;  ///< which (training scales, target scale) it is of: errors of a pair go together
  int trained = 2;       ///< how many scales the prediction was made from, the smallest ones
  int target = 2;        ///< the index of the scale predicted
  double roughness = 1;  ///< factor on the prior widths (roughness_factor)
  HalfWidths added{};    ///< what the interval has besides the priors' part (Predicted)
};

/// The series' own factor s on the prior widths: what its errors are on average, over what they are
/// where the priors are right (kTypicalShare of a half width), each pair weighing the same, drawn
/// towards 1 (in logarithms) as if one more pair had shown the priors to be right; within [0.3, 1].
/// A bad record widens nothing: where the smaller scales were missed by much, the straight line
/// ends far from the estimate (off_line_width), and widened once more such series were covered at
/// 96 to 100 %. 1 without errors.
double own_width_factor(const Priors& priors, std::span<const OriginError> errors);

/// Of data whose growth from one scale to the next is rough over the sizes, as of a busy machine:
/// (roughness ÷ kTypicalRoughness)^0.25. Roughness: mean distance of ln(t(k) ÷ t(k')) from the
/// straight line between the sizes next to it.
double roughness_factor(double roughness);
inline constexpr double kTypicalRoughness = 0.1;

/// What either side widens by where the straight line through the two largest scales, in ln t over
/// ln g, ends `log_gap` above the estimate (below it: < 0): a last step steeper than the laws
/// either goes on, or was an artefact of the largest scale that the estimate stands on.
double off_line_width(double log_gap);

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

// SPDX-License-Identifier: Apache-2.0
// What cannot be learned below the target's scale, as a range: the analytic engine's growth from
// the largest measured scale to the target, with and without each effect,
//
//   effect = ln [t(n) / t(k)] − ln [t'(n) / t'(k)],   t' without the effect,
//
// one effect taken away after the other, in the order of EffectKind: their sum is what all of them
// do together. It is no part of the answer, which knows nothing of it, but of the interval.
// Of a clos all of them; of a dragonfly what its global links carry and their latency; of a torus,
// which has no far tiers, none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "collective/collective.hpp"
#include "fit/uncertainty.hpp"
#include "scenario/prediction.hpp"
#include "topology/system.hpp"

namespace collscale {

enum class EffectKind {
  failures,     ///< an uplink of a leaf, or a plane of a NIC, is down somewhere in the system
  ecmp,         ///< collisions of hashed flows grow with the number of places they may happen in
  taper,        ///< oversubscribed uplinks that the measured scale did not use, ranks anywhere
  far_latency,  ///< switches of tiers that the measured scale did not cross
};

struct ScenarioEffect {
  EffectKind kind = EffectKind::far_latency;
  std::string what;     ///< "far latency of core", "taper of leaf 4:1 up to"
  double log_time = 0;  ///< > 0: the target is slower than the answer knows
};

struct ScenarioRange {
  std::string algorithm;                ///< of the analytic engine, which the times are of
  std::vector<ScenarioEffect> effects;  ///< those of kLeastEffect or more

  /// Of all effects: in quadrature those that may or may not meet, per side.
  [[nodiscard]] HalfWidths widths() const;
  /// "far latency of core +3 %, taper of leaf 4:1 up to +62 %"; "" without any.
  [[nodiscard]] std::string text() const;
};

inline constexpr double kLeastEffect = 0.005;

struct ScenarioRangeQuestion {
  Collective collective = Collective::all_reduce;
  std::int64_t measured_ranks = 0;  ///< the largest measured scale, in nodes of the target
  std::int64_t ranks = 0;
  /// The measured system itself: its ECMP and failures are in the data, as far as they go, and so
  /// are the tiers that it crossed. Only tiers beyond those count.
  bool same_system = false;
};

/// One range per size; `predictions` are the engine's for the target (predict_fastest), whose
/// algorithm is asked again. Without effects for what the engine does not price and for answers
/// that are not beyond the data.
std::vector<ScenarioRange> scenario_ranges(const System& system,
                                           const ScenarioRangeQuestion& question,
                                           std::span<const Prediction> predictions,
                                           std::span<const double> sizes_bytes);

/// A link that fails is back after this long; assumed. kNicLinkFailuresPerMonth is the rate.
inline constexpr double kLinkRepairDays = 1;

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Measurements of one system taken with several settings (transports, versions of a library) and
// put together. No record says so; the times may. Two signs are looked for: data sets of the same
// points that lie apart, and large messages between nodes that jump where one data set gives way to
// another. Small messages and single points do either of their own accord, so neither is a sign.
#pragma once

#include <array>
#include <span>
#include <string>

#include "fit/priors.hpp"
#include "fit/regime.hpp"
#include "fit/series.hpp"

namespace collscale {

struct Mixture {
  /// How far the settings lie apart, in ln t, by regime; 0: no more than repeats of a point do.
  std::array<double, kRegimes> apart{};
  std::string text;  ///< one sentence without its full stop; "": no sign of any
};

/// Data sets that differ by less are repeats. Of 109 published files two have more at one scale and
/// range of sizes, which is a bad day; one has it at several, and holds two versions of NCCL.
inline constexpr double kSettingsApart = 2;
/// A jump that is less is one of an MPI's own between two algorithms (x2.3 in the same files).
inline constexpr double kSettingsJump = 3;

/// Of a series with its cells' medians. Data sets must lie apart at two scales or ranges of sizes,
/// a jump must take three sizes of four.
Mixture find_mixture(const Series& series, std::span<const double> medians_s, const Priors& priors);

}  // namespace collscale

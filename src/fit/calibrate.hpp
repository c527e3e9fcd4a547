// SPDX-License-Identifier: Apache-2.0
// From measurements to a Profile.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fit/priors.hpp"
#include "fit/profile.hpp"
#include "record/record.hpp"
#include "stats/random.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

struct CalibrateOptions {
  int replicates = 1000;   ///< bootstrap replicates over runs; at least 1
  std::uint64_t seed = 1;  ///< the same seed gives the same profile, bit for bit
  int threads = 0;         ///< 0: as many as the machine has; does not change the result
  Priors priors = kPublishedPriors;
  bool same_system = false;  ///< `system` is the measured machine (make_series)
};

/// Fits every series in the records (series.hpp). `system` is the one that will be predicted; the
/// data may be of another. A series needs two points; of one scale growth is assumed, and with
/// fewer than kFewestSizes sizes it has no parameters. Fails when the records are unfit
/// (make_series) or no series has two points. The notes of the profile say what is missing for an
/// extrapolation.
Expected<Profile> calibrate(std::span<const Record> records, const System& system,
                            const CalibrateOptions& options = {});

/// The rolling-origin hold-outs of one tier of a series: for each target scale every training set
/// of two or more smaller scales. Empty with fewer than three scales.
std::vector<HoldOut> hold_outs(const Series& series, bool network,
                               const Priors& priors = kPublishedPriors);

/// One bootstrap draw of all cell times: the runs of each scale with replacement, then medians. A
/// cell that none of the drawn runs measured keeps its median.
std::vector<double> resampled_medians(const Series& series, Random& random);

}  // namespace collscale

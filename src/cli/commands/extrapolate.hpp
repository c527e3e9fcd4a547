// SPDX-License-Identifier: Apache-2.0
// `collscale extrapolate`: calibrates on measurements and predicts beyond them, with intervals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "collective/collective.hpp"
#include "units/error.hpp"

namespace collscale {

struct ExtrapolateCommandOptions {
  std::vector<std::string> results;  ///< measurements; or
  std::string profile;               ///< what `calibrate` wrote. One of the two.
  std::string priors;                ///< what `priors` wrote; "": what was learned from ours
  std::string topology;
  Collective collective = Collective::all_reduce;
  std::vector<double> sizes_bytes;
  std::vector<std::int64_t> ranks;
  std::string algorithm;     ///< "": the library's own choice, or the only one there is; "all"
  bool same_system = false;  ///< the target is the measured machine, only larger
  bool alternatives = false;
  std::uint64_t seed = 1;
  std::string json;
};

/// Checks that there is exactly one of results and profile.
Expected<void> check(const ExtrapolateCommandOptions& options);

Expected<void> run(const ExtrapolateCommandOptions& options, const Terminal& terminal);

}  // namespace collscale

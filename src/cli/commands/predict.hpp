// SPDX-License-Identifier: Apache-2.0
// `collscale predict`: time, bandwidths and bottleneck of a collective on a system, from the
// models.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "collective/collective.hpp"
#include "record/record.hpp"
#include "units/error.hpp"

namespace collscale {

struct PredictOptions {
  std::string topology;
  Collective collective = Collective::all_reduce;
  std::vector<double> sizes_bytes;
  std::vector<std::int64_t> ranks;   ///< empty: the whole system
  std::string algorithm = "auto";    ///< a registered name, "auto" (the fastest) or "all" (each)
  Engine engine = Engine::analytic;  ///< analytic or flow
  std::uint64_t seed = 1;            ///< of the flow engine's hashing
  bool breakdown = false;            ///< for every point; a single point always has it
  std::string json;                  ///< "": none; "-": records on stdout instead of the table
};

/// Checks what needs two options at once: that the collective has the algorithm.
Expected<void> check(const PredictOptions& options);

Expected<void> run(const PredictOptions& options, const Terminal& terminal);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The flow engine: enumerates every message of a step, routes it over the explicit links of the
// fabric, and lets the fullest link decide. It uses no load formula: it sums what it enumerates.
//
// Where all messages of a step are equal and start together, the time of the fullest link is
// exactly the makespan under max-min fair sharing (docs/models.md, "Why the fullest link decides").
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "scenario/prediction.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/job_placement.hpp"
#include "topology/faults.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

struct FlowOptions {
  std::uint64_t seed = 1;  ///< of the hash that spreads flows over equal-cost links (routing ecmp),
                           ///< and of a random placement
  PlacementSpec placement{};
  bool job_box = true;  ///< packed jobs on a whole torus get a box (topology/job_box.hpp)
  Faults faults{};
  double memory_limit_bytes = 0;  ///< 0: what the machine has to give
};

/// One prediction per size, as predict_analytic. Also fails where an algorithm has more messages
/// than this engine enumerates in reasonable time (2e9), where a placement does not fit, where
/// failures cut the fabric between two ranks of the job, and where memory would not suffice.
Expected<std::vector<Prediction>> simulate_flow(const System& system, Collective collective,
                                                std::string_view algorithm, std::int64_t ranks,
                                                std::span<const double> sizes_bytes,
                                                const FlowOptions& options = {},
                                                const PriceOptions& price_options = {});

/// The same question for many hash seeds.
struct FlowTrials {
  Prediction median{};            ///< of the trial in the middle (the lower of two)
  std::vector<double> samples_s;  ///< time of each trial, by seed
};

/// Whether times depend on the hash seed: links in bundles know no hash, and a torus has none.
bool hash_matters(const System& system);
/// Which trial is the one in the middle: the lower of two, of equal ones as they come.
std::size_t middle_trial(std::span<const double> samples_s);

/// Trials with the seeds options.seed, options.seed + 1, …, one element per size. With several
/// candidates ("auto") the algorithm with the smallest median, per size. `threads` 0: as many as
/// there are cores. The same for any number of threads.
Expected<std::vector<FlowTrials>> simulate_flow_trials(
    const System& system, Collective collective, std::string_view algorithm, std::int64_t ranks,
    std::span<const double> sizes_bytes, std::int64_t trials, int threads,
    const FlowOptions& options = {}, const PriceOptions& price_options = {});

}  // namespace collscale

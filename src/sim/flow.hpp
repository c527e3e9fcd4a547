// SPDX-License-Identifier: Apache-2.0
// The flow engine: enumerates every message of a step, routes it over the explicit links of the
// fabric, and lets the fullest link decide. It uses no load formula: it sums what it enumerates.
//
// Where all messages of a step are equal and start together, the time of the fullest link is
// exactly the makespan under max-min fair sharing (docs/models.md, "Why the fullest link decides").
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "scenario/prediction.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

struct FlowOptions {
  std::uint64_t seed = 1;  ///< of the hash that spreads flows over equal-cost links (routing ecmp)
};

/// One prediction per size, as predict_analytic. Also fails where an algorithm has more messages
/// than this engine enumerates in reasonable time (2e9).
Expected<std::vector<Prediction>> simulate_flow(const System& system, Collective collective,
                                                std::string_view algorithm, std::int64_t ranks,
                                                std::span<const double> sizes_bytes,
                                                const FlowOptions& options = {},
                                                const PriceOptions& price_options = {});

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The analytic engine: closed-form cost of a schedule on a system, microseconds per answer at any
// scale. docs/models.md explains each term.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "scenario/prediction.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// One prediction per size. `algorithm` is a registered name, or "auto": the fastest per size of
/// those that can serve the ranks. Ranks are placed packed, node by node. Fails when the algorithm
/// does not exist or cannot serve the ranks, or ranks exceed the system.
Expected<std::vector<Prediction>> predict_analytic(const System& system, Collective collective,
                                                   std::string_view algorithm, std::int64_t ranks,
                                                   std::span<const double> sizes_bytes);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The fluid run of a phase: flows start, share links max-min fairly at every moment, and end. When
// flows start or end only the rates that change are found anew.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/max_min.hpp"
#include "units/error.hpp"

namespace collscale {

struct FluidPhase {
  double makespan_s = 0;
  std::vector<double> end_s;      ///< of each entry
  std::int64_t events = 0;        ///< moments at which flows started or ended
  std::int64_t link_updates = 0;  ///< levels of links found anew, over all events
  std::int64_t rate_changes = 0;  ///< of entries, over all events
};

/// Ends that lie within 1e-12 of the time are one event. Fails as check_flows. The first solve is a
/// progressive filling; each event costs what the links and flows cost whose share it changes, all
/// of them in the worst case.
Expected<FluidPhase> max_min_phase(const RoutedFlows& flows, std::span<const double> capacity_Bps);

}  // namespace collscale

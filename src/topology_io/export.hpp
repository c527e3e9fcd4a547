// SPDX-License-Identifier: Apache-2.0
// A system for other programs: every link, and the routes that a Fabric computes, written out.
#pragma once

#include <cstdint>
#include <string>

#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

struct ExportOptions {
  std::int64_t ranks = 0;  ///< the first so many are exported
  std::uint64_t seed = 1;  ///< of the flows' hashes: routes are those of the flow engine's lane 0
};

/// A SimGrid platform (DTD version 4.1): a host for each rank, "rank-17"; the links on any route
/// between them, with attainable capacities; an explicit route for every ordered pair. The
/// latencies on a route add up to Fabric::latency_s. Fails where the text would exceed 512 MiB, or
/// the ranks the system.
Expected<std::string> simgrid_platform(const System& system, const ExportOptions& options);

/// JSON: `system`, `links` [`name tier from to capacity_Bps latency_s`], all of the system; and, of
/// so many ranks, `routes` [`source destination links`], links by index. Fails as above.
Expected<std::string> links_json(const System& system, const ExportOptions& options);

}  // namespace collscale

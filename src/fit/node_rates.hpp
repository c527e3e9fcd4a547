// SPDX-License-Identifier: Apache-2.0
// What the accelerators of a node have among them: where they are joined by links of their own
// every further one brings its links along, and where they share a host all get less. The topology
// knows, the smaller scales do not: a mesh of 8 carries 7 times as much as 2 of its accelerators.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fit/place.hpp"
#include "fit/series.hpp"
#include "topology/system.hpp"

namespace collscale {

/// Bus bandwidth in B/s of large messages among 2, 3, .. and all ranks of a node, by the analytic
/// engine; of a switch, where any of them have the same, one number. Empty where the system does
/// not say how they are joined: its figure for that is assumed, as in a family.
std::vector<double> node_rates(const System& system, const Series& series);

Inside inside_of(const Series& series);

/// Times of the cells as if the ranks of a node had, on every scale below `ranks`, what `ranks` of
/// them have: a law fitted to these has nothing to know of links. Only what moves bytes changes,
/// the size at the largest bus bandwidth of its scale; what starts and waits does not. As they are
/// where the node is even or unknown, and where measured scales already crossed a slower joint:
/// where hosts are shared measurements know better than the file (8 L40S have a third of the bus
/// bandwidth that its links say).
std::vector<double> times_as_on(const Series& series, std::span<const double> times_s,
                                std::int64_t ranks);

}  // namespace collscale

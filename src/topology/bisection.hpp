// SPDX-License-Identifier: Apache-2.0
// How much a system carries between its halves.
#pragma once

#include "topology/system.hpp"

namespace collscale {

/// Bisection bandwidth per accelerator, bytes per second, one way, at line rate: what the narrowest
/// cut carries that divides the system into two halves along its aligned groups ÷ the accelerators
/// of a half. Groups are taken to be full, and to divide evenly.
///   clos       half of the groups of the highest tier that has several: their uplinks, and of what
///              is below (uplinks of lower tiers, NICs) the narrowest
///   torus      positions of one dimension below the middle: the links across it, in a ring also
///              those across its ends
///   dragonfly  half of the groups: the global links between them; a single group: the local links
///              between half of its routers and the others
/// and never more than the NICs; of a single node the narrowest cut between two halves of its ranks
/// (up to 16 ranks of all halves, beyond that the first half and the second).
/// (W. Dally, B. Towles, "Principles and Practices of Interconnection Networks", 2004, section
/// 3.3.1: channel bisection.)
double bisection_Bps(const System& system);

}  // namespace collscale

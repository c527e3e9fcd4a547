// SPDX-License-Identifier: Apache-2.0
// The counts that follow from a clos: groups, switches, links. Used to number links (fabric.hpp),
// to check a system, and to show it.
#pragma once

#include <cstdint>
#include <vector>

#include "topology/system.hpp"

namespace collscale {

/// One tier of one plane of a clos, of a system whose figures are in range.
struct TierShape {
  std::int64_t group_nodes = 0;  ///< nodes of a full group
  std::int64_t groups = 0;       ///< the last one may be partly filled
  std::int64_t switches = 0;     ///< of one group: rails for the leaf tier, above it one for each
                                 ///< uplink of a switch below
  std::int64_t uplinks = 0;      ///< of one switch, whole, at least 1; 0 for the top tier
  double below_Bps = 0;          ///< capacity that reaches one group from below, line rate
  double up_Bps = 0;             ///< below_Bps ÷ oversubscription; 0 for the top tier
  double down_ports = 0;  ///< of one switch: links to what lies below, at the rate of its own
                          ///< links (for the top tier: of the links that reach it)
};

/// Leaf first. Uplinks of a switch = up_Bps ÷ switches ÷ link_Bps, rounded to the nearest whole
/// number, at least 1.
std::vector<TierShape> clos_shape(const System& system);

/// Of each tier, how many of the switches that are numbered one for each uplink below are one
/// switch as bought: as many as its ports suffice for. 1 of leaves, and where the radix is not
/// known.
std::vector<std::int64_t> switches_in_one(const System& system);

/// Switches of each tier as they would be bought, of all groups and planes: above the leaves, as
/// many of those numbered one for each uplink are one switch as its ports suffice for (several
/// links of a leaf then end in the same switch). Where the radix is not known, each is its own. Of
/// a clos in which check_system finds no error.
std::vector<std::int64_t> hardware_switches(const System& system);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What a system is in a few numbers, whatever its fabric: for lists, comparisons and drawings.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topology/system.hpp"

namespace collscale {

/// How many figures have each label, in the order of Label.
struct LabelCounts {
  std::array<int, 6> of{};
  [[nodiscard]] int operator[](Label label) const { return of[static_cast<std::size_t>(label)]; }
  [[nodiscard]] int all() const;
  [[nodiscard]] int unsourced() const;  ///< assumed or recalled
};

LabelCounts label_counts(const System& system);
/// "12 stated, 8 derived, 6 assumed, 3 recalled": labels that occur.
std::string label_words(const LabelCounts& counts);

/// A number that follows from the figures.
struct DerivedQuantity {
  std::string name;  ///< "network per accelerator", "switches of leaf"
  double value = 0;
  Quantity quantity = Quantity::count;
};

/// In this order: accelerators, ranks, nodes, scale-up domain (accelerators of a node), scale-up
/// per rank, network per accelerator, network tiers, oversubscription of each tier,
/// bisection per accelerator, latency within a node, to the nearest node, to the farthest node,
/// switches of each tier (as they would be bought, see hardware_switches). Bandwidths are one way
/// at line rate. Of a torus the tiers are its dimensions, of a dragonfly its local and global
/// links; what a fabric has not is left out.
std::vector<DerivedQuantity> derived_quantities(const System& system);
/// Of those the one of a name, 0 where the fabric does not have it.
double derived_quantity(const System& system, std::string_view name);

/// One way at line rate, what the NICs of a node carry ÷ its accelerators.
double network_per_accelerator_Bps(const System& system);

/// "hgx-h100"; of several designs "hgx-h100 + hgx-h200".
std::string node_names(const System& system);

/// "clos", "rails", "torus", "mesh", "dragonfly", "dragonfly+", "full mesh" (of routers).
std::string fabric_words(const System& system);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "topology/clos_shape.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {

namespace {
// Keeps products of counts within 64 bits even for absurd figures, which check_system refuses.
constexpr double kManyLinks = 1 << 21;
constexpr double kManySwitches = 1LL << 42;
}  // namespace

std::vector<TierShape> clos_shape(const System& system) {
  const Clos& clos = std::get<Clos>(system.fabric);
  const Nics& nics = system.node.nics;
  const std::int64_t nodes = std::llround(system.nodes.value);

  std::vector<TierShape> shape(clos.tiers.size());
  // What one child of the tier brings: a node its NICs, a group its uplinks.
  std::int64_t child_nodes = 1;
  const double nic_Bps = nics.bandwidth_Bps.value / static_cast<double>(clos.planes);
  double child_Bps = nics.per_node.value * nic_Bps;
  std::int64_t switches = clos.rails;
  // Links of one child that end in the same switch of this tier, and their rate.
  double child_links = nics.per_node.value / static_cast<double>(clos.rails);
  double child_link_Bps = nic_Bps;
  for (std::size_t t = 0; t < shape.size(); ++t) {
    const Tier& tier = clos.tiers[t];
    const bool top = t + 1 == shape.size();
    TierShape& here = shape[t];
    here.group_nodes = child_nodes * std::llround(tier.children.value);
    here.groups = (nodes + here.group_nodes - 1) / here.group_nodes;
    here.switches = switches;
    here.below_Bps = tier.children.value * child_Bps;
    here.down_ports = tier.children.value * child_links;
    if (top) break;
    here.up_Bps = here.below_Bps / tier.oversubscription.value;
    here.down_ports *= child_link_Bps / tier.link_Bps.value;
    const double links = here.up_Bps / static_cast<double>(switches) / tier.link_Bps.value;
    here.uplinks = std::max<std::int64_t>(1, std::llround(std::min(links, kManyLinks)));

    child_nodes = here.group_nodes;
    child_Bps = here.up_Bps;
    // Uplink j of every leaf of a group ends in spine j: one link for each switch of the leaf tier.
    child_links = t == 0 ? static_cast<double>(switches) : 1.0;
    child_link_Bps = tier.link_Bps.value;
    const double above =
        static_cast<double>(t == 0 ? 1 : switches) * static_cast<double>(here.uplinks);
    switches = std::llround(std::min(above, kManySwitches));
  }
  return shape;
}

std::vector<std::int64_t> switches_in_one(const System& system) {
  const Clos& clos = std::get<Clos>(system.fabric);
  std::vector<std::int64_t> in_one;
  for (const TierShape& tier : clos_shape(system)) {
    const double radix = clos.tiers[in_one.size()].switch_radix.value;
    const double ports = tier.down_ports + static_cast<double>(tier.uplinks);
    const bool leaf = in_one.empty();
    const auto fit = static_cast<std::int64_t>(radix / ports * (1 + 1e-9));
    in_one.push_back(leaf || radix < ports ? 1 : std::min(fit, tier.switches));
  }
  return in_one;
}

std::vector<std::int64_t> hardware_switches(const System& system) {
  const Clos& clos = std::get<Clos>(system.fabric);
  const std::vector<std::int64_t> in_one = switches_in_one(system);
  std::vector<std::int64_t> switches;
  for (const TierShape& tier : clos_shape(system)) {
    const std::int64_t one = in_one[switches.size()];
    switches.push_back(clos.planes * tier.groups * ((tier.switches + one - 1) / one));
  }
  return switches;
}

}  // namespace collscale

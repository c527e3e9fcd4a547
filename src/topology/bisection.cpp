// SPDX-License-Identifier: Apache-2.0
#include "topology/bisection.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "topology/clos_shape.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/node_links.hpp"
#include "topology/torus_routes.hpp"

namespace collscale {
namespace {

double node_accelerators(const System& system) { return system.node.accelerators.value; }

double narrowest_cut_Bps(const System& system, const Clos& clos) {
  double narrowest = HUGE_VAL;
  const std::vector<TierShape> shapes = clos_shape(system);
  for (std::size_t t = 0; t + 1 < shapes.size(); ++t) {
    const TierShape& tier = shapes[t];
    if (tier.groups < 2) break;  // nothing above it is used
    // Numbered apart, links are whole; an even share has the capacity that was asked for.
    const double plane_Bps =
        clos.routing == Routing::ecmp
            ? static_cast<double>(tier.switches * tier.uplinks) * clos.tiers[t].link_Bps.value
            : tier.up_Bps;
    const double accelerators = static_cast<double>(tier.group_nodes) * node_accelerators(system);
    narrowest = std::min(narrowest, plane_Bps * static_cast<double>(clos.planes) / accelerators);
  }
  return narrowest;
}

double narrowest_cut_Bps(const System& system, const Torus& torus) {
  const TorusRoutes routes(torus);
  const double half = static_cast<double>(routes.nodes()) * node_accelerators(system) / 2;
  double narrowest = HUGE_VAL;
  for (int d = 0; d < routes.dimensions(); ++d) {
    const Dimension& dimension = torus.dimensions[static_cast<std::size_t>(d)];
    const std::int64_t size = std::llround(dimension.size.value);
    if (size < 2) continue;
    const std::int64_t lines = routes.nodes() / size;
    const std::int64_t places = dimension.wrap == Wrap::ring ? 2 : 1;
    narrowest =
        std::min(narrowest, static_cast<double>(lines * places) * dimension.link_Bps.value / half);
  }
  return narrowest;
}

double narrowest_cut_Bps(const System& system, const Dragonfly& dragonfly) {
  const DragonflyRoutes routes(dragonfly);
  const double router = dragonfly.nodes.value * node_accelerators(system) /
                        static_cast<double>(routes.node_routers());
  const auto routers = static_cast<double>(routes.routers());
  const double parallel = dragonfly.local_links.value * dragonfly.local_link_Bps.value;
  // A leaf of a dragonfly+ reaches everything over its spines.
  double narrowest = HUGE_VAL;
  if (routes.spines() > 0) {
    if (routes.groups() * routes.routers() > 1)
      narrowest = static_cast<double>(routes.spines()) * parallel / router;
  } else if (routes.groups() == 1 && routes.routers() > 1) {
    const double half = std::floor(routers / 2);
    narrowest = half * (routers - half) * parallel / (routers * router / 2);
  }
  if (routes.groups() > 1) {
    const auto groups = static_cast<double>(routes.groups());
    const double half = std::floor(groups / 2);
    const double cables =
        half * (groups - half) * static_cast<double>(routes.links_between_groups());
    narrowest = std::min(
        narrowest, cables * dragonfly.global_link_Bps.value / (groups * routers * router / 2));
  }
  return narrowest;
}

/// Links between the ranks of `inside`, a set of bits, and the others.
double links_cut(const std::vector<LinkPair>& pairs, std::uint64_t inside) {
  double links = 0;
  for (const LinkPair& pair : pairs)
    if (((inside >> pair.a) & 1U) != ((inside >> pair.b) & 1U)) links += pair.links;
  return links;
}

/// The fewest links between two halves of the ranks of a node.
double narrowest_half(const std::vector<LinkPair>& pairs, std::int64_t ranks) {
  constexpr std::int64_t kMostTried = 16;  // ranks: 12,870 halves
  const std::int64_t half = ranks / 2;
  if (ranks > kMostTried)
    return links_cut(pairs, (std::uint64_t{1} << std::min<std::int64_t>(half, 63)) - 1);
  double fewest = HUGE_VAL;
  for (std::uint64_t inside = 0; inside < std::uint64_t{1} << ranks; ++inside)
    if (std::popcount(inside) == half) fewest = std::min(fewest, links_cut(pairs, inside));
  return fewest;
}

/// Between two halves of one node, per accelerator.
double within_node_Bps(const System& system) {
  const ScaleUp& scale_up = system.node.scale_up;
  const std::int64_t ranks = ranks_per_node(system);
  const double port_Bps = port_bandwidth_Bps(system.node);
  if (ranks < 2) return port_Bps;
  const double of_accelerator = system.node.ranks_per_accelerator.value;
  const auto half = static_cast<double>(ranks) / 2;
  switch (scale_up.kind) {
    case ScaleUpKind::nvswitch:
      return port_Bps * of_accelerator;
    case ScaleUpKind::full_mesh: {
      const double low = std::floor(half);
      return low * (static_cast<double>(ranks) - low) / half * scale_up.link_Bps.value *
             of_accelerator;
    }
    case ScaleUpKind::links:
      return narrowest_half(scale_up.pairs, ranks) / half * scale_up.link_Bps.value *
             of_accelerator;
    case ScaleUpKind::pcie: {
      const bool one_switch = scale_up.switch_ranks.value >= static_cast<double>(ranks);
      const double up_Bps = scale_up.uplink_Bps.value / scale_up.switch_ranks.value;
      return (one_switch ? port_Bps : std::min(port_Bps, up_Bps)) * of_accelerator;
    }
  }
  return port_Bps;
}

}  // namespace

double bisection_Bps(const System& system) {
  if (system.nodes.value < 2) return within_node_Bps(system);
  const Nics& nics = system.node.nics;
  const double nic_Bps = nics.per_node.value * nics.bandwidth_Bps.value / node_accelerators(system);
  return std::min(nic_Bps,
                  std::visit([&](const auto& fabric) { return narrowest_cut_Bps(system, fabric); },
                             system.fabric));
}

}  // namespace collscale

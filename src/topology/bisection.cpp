// SPDX-License-Identifier: Apache-2.0
#include "topology/bisection.hpp"

#include <algorithm>
#include <cmath>

#include "topology/clos_shape.hpp"
#include "topology/dragonfly_routes.hpp"
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
  const double router = dragonfly.nodes.value * node_accelerators(system);
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

}  // namespace

double bisection_Bps(const System& system) {
  if (system.nodes.value < 2) return system.node.scale_up.bandwidth_Bps.value;
  const Nics& nics = system.node.nics;
  const double nic_Bps = nics.per_node.value * nics.bandwidth_Bps.value / node_accelerators(system);
  return std::min(nic_Bps,
                  std::visit([&](const auto& fabric) { return narrowest_cut_Bps(system, fabric); },
                             system.fabric));
}

}  // namespace collscale

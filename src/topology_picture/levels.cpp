// SPDX-License-Identifier: Apache-2.0
// What the boxes of a folded picture say.
#include <fmt/format.h>

#include <cmath>

#include "topology/clos_shape.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/summary.hpp"
#include "topology/torus_routes.hpp"
#include "topology_picture/parts.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

std::string nics_words(const System& system) {
  const Nics& nics = system.node.nics;
  return fmt::format("{} of {} per node", plural(nics.per_node.value, "NIC", "NICs"),
                     rate_words(nics.bandwidth_Bps.value));
}

std::string ports_words(double used, double radix) {
  return radix > 0 ? fmt::format("{:g} of {:g} ports used", used, radix)
                   : fmt::format("{:g} ports used", used);
}

std::vector<Level> levels(const System& system, const Clos& clos) {
  std::vector<Level> all;
  const std::vector<TierShape> shapes = clos_shape(system);
  const std::vector<std::int64_t> switches = hardware_switches(system);
  const std::vector<std::int64_t> in_one = switches_in_one(system);
  const std::int64_t nodes = std::llround(system.nodes.value);
  for (std::size_t t = shapes.size(); t-- > 0;) {
    const TierShape& shape = shapes[t];
    const Tier& tier = clos.tiers[t];
    const bool top = t + 1 == shapes.size();
    Level level;
    level.name = tier.name;
    level.colour = tier_colour(t);
    level.several = switches[t] > 1;
    level.count = plural(static_cast<double>(switches[t]), "switch", "switches");
    const std::int64_t of_group = switches[t] / shape.groups / clos.planes;
    if (shape.groups > 1) level.count += fmt::format(": {} groups", format_count(shape.groups));
    if (shape.groups > 1 && of_group > 1)
      level.count += fmt::format(" of {}", format_count(of_group));
    if (clos.planes > 1) level.count += fmt::format(", in {} planes alike", clos.planes);
    const double up = top ? 0 : static_cast<double>(shape.uplinks);
    level.lines.push_back(ports_words(static_cast<double>(in_one[t]) * (shape.down_ports + up),
                                      tier.switch_radix.value) +
                          fmt::format(", {} a traversal", format_time(tier.hop_latency_s.value)));
    const std::int64_t group_nodes = std::min(shape.group_nodes, nodes);
    std::string group = fmt::format("a group: {} accelerators on {}",
                                    format_count(std::llround(static_cast<double>(group_nodes) *
                                                              system.node.accelerators.value)),
                                    plural(static_cast<double>(group_nodes), "node", "nodes"));
    const std::int64_t last = nodes - (shape.groups - 1) * shape.group_nodes;
    if (shape.groups > 1 && last < shape.group_nodes)
      group += fmt::format(", {} in the last", plural(static_cast<double>(last), "node", "nodes"));
    if (shape.groups > 1) level.lines.push_back(group);
    if (t > 0) {
      const Tier& below = clos.tiers[t - 1];
      level.links.push_back(fmt::format(
          "{} of {} up from each {} switch",
          plural(static_cast<double>(in_one[t - 1] * shapes[t - 1].uplinks), "link", "links"),
          rate_words(below.link_Bps.value), below.name));
      level.links.push_back(fmt::format("oversubscription {:.4g}:1", below.oversubscription.value));
    } else {
      level.links.push_back(nics_words(system));
      if (clos.rails > 1)
        level.links.push_back(
            fmt::format("{} rails: a leaf switch for each of a group", clos.rails));
      if (clos.planes > 1)
        level.links.push_back(fmt::format(
            "each NIC shared out to {} planes, {} each", clos.planes,
            rate_words(system.node.nics.bandwidth_Bps.value / static_cast<double>(clos.planes))));
    }
    all.push_back(std::move(level));
  }
  return all;
}

std::vector<Level> levels(const System& system, const Torus& torus) {
  const TorusRoutes routes(torus);
  const std::vector<std::string_view> names = direct_tier_names(system);
  std::vector<Level> all;
  for (std::size_t d = torus.dimensions.size(); d-- > 0;) {
    const Dimension& dimension = torus.dimensions[d];
    Level level;
    level.name = names[d];
    level.colour = tier_colour(d);
    const std::int64_t size = std::llround(dimension.size.value);
    level.several = size > 1;
    const std::string line = dimension.wrap == Wrap::ring ? "ring" : "line";
    level.count = fmt::format("{} of {}",
                              plural(static_cast<double>(routes.nodes() / size), line, line + "s"),
                              plural(dimension.size.value, "node", "nodes"));
    level.lines.push_back(fmt::format(
        "{} of {} each way",
        plural(static_cast<double>(routes.cables(static_cast<int>(d))), "cable", "cables"),
        rate_words(dimension.link_Bps.value)));
    if (d == 0) {
      level.links.push_back(nics_words(system) + " into its switch");
      level.links.push_back(
          fmt::format("{} from switch to switch", format_time(torus.hop_latency_s.value)));
    }
    all.push_back(std::move(level));
  }
  return all;
}

std::vector<Level> levels(const System& system, const Dragonfly& dragonfly) {
  const DragonflyRoutes routes(dragonfly);
  const bool plus = routes.spines() > 0;
  std::vector<Level> all;
  Level groups;
  groups.name = "groups";
  groups.colour = tier_colour(1);
  groups.several = routes.groups() > 1;
  groups.count = plural(dragonfly.groups.value, "group", "groups");
  groups.lines.push_back(fmt::format(
      "routing {} over {}", name(dragonfly.routing),
      plural(static_cast<double>(routes.global_links() / 2), "global cable", "global cables")));
  if (routes.groups() > 1) {
    groups.links.push_back(fmt::format(
        "{} of {} between each two groups",
        plural(static_cast<double>(routes.links_between_groups()), "global link", "global links"),
        rate_words(dragonfly.global_link_Bps.value)));
    groups.links.push_back(fmt::format("oversubscription {:.3g}:1, a global cable adds {}",
                                       derived_quantity(system, "oversubscription of global"),
                                       format_time(dragonfly.global_latency_s.value)));
  }
  all.push_back(std::move(groups));
  const double radix = dragonfly.router_radix ? dragonfly.router_radix->value : 0;
  const auto shared = static_cast<double>(routes.node_routers());  // routers of a node
  const double nics = dragonfly.nodes.value * system.node.nics.per_node.value / shared;
  const std::string latency =
      fmt::format(", {} a traversal", format_time(dragonfly.hop_latency_s.value));
  if (plus) {
    Level spines;
    spines.name = "spines of a group";
    spines.colour = tier_colour(2);
    spines.several = true;
    spines.count = plural(dragonfly.spines->value, "spine", "spines");
    spines.lines.push_back(ports_words(dragonfly.local_links.value * dragonfly.routers.value +
                                           dragonfly.global_links.value,
                                       radix) +
                           latency);
    spines.links.push_back(fmt::format("{} of {} between each leaf and each spine",
                                       plural(dragonfly.local_links.value, "link", "links"),
                                       rate_words(dragonfly.local_link_Bps.value)));
    all.push_back(std::move(spines));
  }
  Level routers;
  routers.name = plus ? "leaves of a group" : "routers of a group";
  routers.colour = tier_colour(0);
  routers.several = dragonfly.routers.value > 1;
  routers.count = plus ? plural(dragonfly.routers.value, "leaf", "leaves")
                       : plural(dragonfly.routers.value, "router", "routers");
  const double local =
      dragonfly.local_links.value * (plus ? dragonfly.spines->value : dragonfly.routers.value - 1);
  routers.lines.push_back(
      ports_words(nics + local + (plus ? 0 : dragonfly.global_links.value), radix) + latency);
  if (!plus && dragonfly.routers.value > 1)
    routers.lines.push_back(fmt::format("{} of {} between each two routers",
                                        plural(dragonfly.local_links.value, "link", "links"),
                                        rate_words(dragonfly.local_link_Bps.value)));
  routers.links.push_back(
      fmt::format("{} at each {}", plural(dragonfly.nodes.value, "node", "nodes"),
                  shared > 1 ? plural(shared, plus ? "leaf" : "router", plus ? "leaves" : "routers")
                  : plus     ? "leaf"
                             : "router"));
  routers.links.push_back(nics_words(system));
  all.push_back(std::move(routers));
  return all;
}

}  // namespace

std::string rate_words(double bandwidth_Bps) { return format_bandwidth(bandwidth_Bps); }

std::string plural(double count, const std::string& one, const std::string& several) {
  return fmt::format("{} {}", format_count(std::llround(count)), count == 1 ? one : several);
}

std::vector<Level> levels_of(const System& system) {
  return std::visit([&](const auto& fabric) { return levels(system, fabric); }, system.fabric);
}

}  // namespace collscale

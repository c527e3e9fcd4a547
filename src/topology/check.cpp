// SPDX-License-Identifier: Apache-2.0
#include "topology/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "topology/check_rules.hpp"
#include "topology/check_scale_up.hpp"
#include "topology/clos_shape.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/fabric.hpp"
#include "topology/torus_routes.hpp"

namespace collscale {

namespace {

using Problems = std::vector<Problem>;

constexpr double kMaxCount = 1 << 24;    // of any one figure: keeps products within 2^47
constexpr double kMaxRanks = 1LL << 40;  // far above any system
constexpr double kMaxUplinks = 1 << 20;  // of one switch

void require_count(Problems& problems, std::string_view field, const Figure& figure) {
  if (figure.value >= 1 && figure.value <= kMaxCount && figure.value == std::floor(figure.value)) {
    return;
  }
  problems.push_back(
      {std::string(field), fmt::format("found {:g}, expected a whole number ≥ 1", figure.value)});
}

void require_positive(Problems& problems, std::string_view field, const Figure& figure) {
  if (figure.value > 0 && std::isfinite(figure.value)) return;
  problems.push_back(
      {std::string(field), fmt::format("found {:g}, expected a number > 0", figure.value)});
}

void require_not_negative(Problems& problems, std::string_view field, const Figure& figure) {
  if (figure.value >= 0 && std::isfinite(figure.value)) return;
  problems.push_back(
      {std::string(field), fmt::format("found {:g}, expected a number ≥ 0", figure.value)});
}

void require_share(Problems& problems, std::string_view field, const Figure& figure) {
  if (figure.value > 0 && figure.value <= 1) return;
  problems.push_back(
      {std::string(field), fmt::format("found {:g}, expected a number in (0, 1]", figure.value)});
}

void check_fabric_ranges(Problems& problems, const Clos& clos) {
  for (std::size_t t = 0; t < clos.tiers.size(); ++t) {
    const Tier& tier = clos.tiers[t];
    const std::string path = fmt::format("fabric.tiers[{}].", t);
    require_count(problems, path + "children", tier.children);
    if (t + 1 < clos.tiers.size()) {
      require_positive(problems, path + "link", tier.link_Bps);
      require_positive(problems, path + "oversubscription", tier.oversubscription);
    }
    require_not_negative(problems, path + "hop_latency", tier.hop_latency_s);
    require_not_negative(problems, path + "radix", tier.switch_radix);
  }
  constexpr std::int64_t kMostPlanes = 64;  // eight times the most there are
  if (clos.planes < 1 || clos.planes > kMostPlanes)
    problems.push_back(
        {"fabric.planes",
         fmt::format("found {}, expected a whole number from 1 to {}", clos.planes, kMostPlanes)});
}

void check_fabric_ranges(Problems& problems, const Torus& torus) {
  require_not_negative(problems, "fabric.hop_latency", torus.hop_latency_s);
  const std::size_t dimensions = torus.dimensions.size();
  if (dimensions < 1 || dimensions > Torus::kMaxDimensions)
    problems.push_back({"fabric.dimensions", fmt::format("found {} dimensions, expected 1 to {}",
                                                         dimensions, Torus::kMaxDimensions)});
  for (std::size_t d = 0; d < dimensions; ++d) {
    const std::string path = fmt::format("fabric.dimensions[{}].", d);
    require_count(problems, path + "size", torus.dimensions[d].size);
    require_positive(problems, path + "link", torus.dimensions[d].link_Bps);
  }
}

void check_fabric_ranges(Problems& problems, const Dragonfly& dragonfly) {
  require_count(problems, "fabric.groups", dragonfly.groups);
  require_count(problems, "fabric.routers", dragonfly.routers);
  require_count(problems, "fabric.nodes", dragonfly.nodes);
  require_count(problems, "fabric.local_links", dragonfly.local_links);
  require_positive(problems, "fabric.local_link", dragonfly.local_link_Bps);
  require_count(problems, "fabric.global_links", dragonfly.global_links);
  require_positive(problems, "fabric.global_link", dragonfly.global_link_Bps);
  require_not_negative(problems, "fabric.hop_latency", dragonfly.hop_latency_s);
  require_not_negative(problems, "fabric.global_latency", dragonfly.global_latency_s);
}

void check_ranges(Problems& problems, const System& system) {
  const Node& node = system.node;
  require_count(problems, "nodes", system.nodes);
  require_count(problems, "node.accelerators", node.accelerators);
  require_count(problems, "node.ranks_per_accelerator", node.ranks_per_accelerator);
  for (Problem& problem : check_scale_up_ranges(node.scale_up))
    problems.push_back(std::move(problem));
  require_share(problems, "node.scale_up.efficiency", node.scale_up.efficiency);
  require_not_negative(problems, "node.scale_up.latency", node.scale_up.latency_s);
  require_count(problems, "node.nics.per_node", node.nics.per_node);
  require_positive(problems, "node.nics.bandwidth", node.nics.bandwidth_Bps);
  require_not_negative(problems, "node.nics.latency", node.nics.latency_s);
  require_share(problems, "fabric.efficiency", fabric_efficiency(system));
  std::visit([&problems](const auto& fabric) { check_fabric_ranges(problems, fabric); },
             system.fabric);
  const auto in_network = [&](const std::string& where, const InNetworkReduction* reduction) {
    if (reduction == nullptr) return;
    require_share(problems, where + ".in_network.efficiency", reduction->efficiency);
    require_not_negative(problems, where + ".in_network.latency", reduction->latency_s);
  };
  in_network("node.scale_up", node.scale_up.in_network ? &*node.scale_up.in_network : nullptr);
  in_network("fabric", fabric_in_network(system));
  System listed = system;
  for (const OptionalFigure& optional : optional_figures(listed)) {
    if (!*optional.figure) continue;
    if (optional.quantity == Quantity::count)
      require_count(problems, optional.path, **optional.figure);
    else if (optional.quantity == Quantity::time)
      require_not_negative(problems, optional.path, **optional.figure);
    else
      require_positive(problems, optional.path, **optional.figure);
  }
  const Nics& nics = system.node.nics;
  if (nics.per_device && std::fmod(nics.per_node.value, nics.per_device->value) != 0)
    problems.push_back({"node.nics.per_device",
                        fmt::format("found {:g}, expected a divisor of the {:g} NICs of a node",
                                    nics.per_device->value, nics.per_node.value)});
}
void check_size(Problems& problems, const System& system, const Clos& clos) {
  const double nodes = system.nodes.value;
  const double per_node = system.node.accelerators.value * system.node.ranks_per_accelerator.value;
  const std::size_t tiers = clos.tiers.size();
  if (tiers > Fabric::kMaxTiers) {
    problems.push_back({"fabric.tiers", fmt::format("found {} tiers, expected at most {}", tiers,
                                                    Fabric::kMaxTiers)});
    return;
  }
  if (tiers == 0 && nodes > 1) {
    problems.push_back(
        {"fabric.tiers", fmt::format("found no tier, but {:g} nodes need at least one", nodes)});
    return;
  }
  double reach = 1;
  for (const Tier& tier : clos.tiers) reach *= tier.children.value;
  if (tiers > 0 && reach < nodes) {
    problems.push_back(
        {fmt::format("fabric.tiers[{}].children", tiers - 1),
         fmt::format("the groups of {} tier{} hold {:g} nodes, fewer than the {:g} of the system",
                     tiers, tiers == 1 ? "" : "s", reach, nodes)});
  } else if (reach * per_node > kMaxRanks) {
    problems.push_back(
        {fmt::format("fabric.tiers[{}].children", tiers - 1),
         fmt::format("the groups hold {:g} nodes, far more than the {:g} of the system", reach,
                     nodes)});
  }
  for (std::size_t t = 0; t < tiers; ++t) {
    for (std::size_t other = 0; other < t; ++other) {
      if (clos.tiers[t].name == clos.tiers[other].name) {
        problems.push_back(
            {fmt::format("fabric.tiers[{}].name", t),
             fmt::format("\"{}\" is the name of tier {} already", clos.tiers[t].name, other)});
      }
    }
  }
}

void check_rails(Problems& problems, const System& system, const Clos& clos) {
  const std::int64_t ranks = ranks_per_node(system);
  const auto nics = static_cast<std::int64_t>(system.node.nics.per_node.value);
  if (clos.rails < 1) {
    problems.push_back(
        {"fabric.rails", fmt::format("found {}, expected a whole number ≥ 1", clos.rails)});
    return;
  }
  if (ranks % clos.rails != 0) {
    problems.push_back(
        {"fabric.rails", fmt::format("found {}, expected a divisor of the {} ranks of "
                                     "a node",
                                     clos.rails, ranks)});
  } else if (nics % clos.rails != 0) {
    problems.push_back(
        {"fabric.rails", fmt::format("found {}, expected a divisor of the {} NICs of a "
                                     "node",
                                     clos.rails, nics)});
  }
  if (clos.rails > 1 && clos.cross_rail == CrossRail::spine && clos.tiers.size() < 2) {
    problems.push_back(
        {"fabric.cross_rail",
         "found \"spine\", which needs a tier above the leaves; expected \"forward\""});
  }
}

void check_switches(Problems& problems, const System& system, const Clos& clos) {
  const std::vector<TierShape> shape = clos_shape(system);
  for (std::size_t t = 0; t < shape.size(); ++t) {
    const TierShape& here = shape[t];
    const Tier& tier = clos.tiers[t];
    const bool top = t + 1 == shape.size();
    if (!top) {
      const double exact = here.up_Bps / static_cast<double>(here.switches) / tier.link_Bps.value;
      if (!(exact <= kMaxUplinks)) {
        problems.push_back(
            {fmt::format("fabric.tiers[{}].link", t),
             fmt::format("a {} switch would need {:.3g} uplinks of this speed", tier.name, exact)});
        return;  // what follows counts links
      }
      const auto whole = static_cast<double>(here.uplinks);
      if (clos.routing == Routing::ecmp && std::abs(exact - whole) > 1e-6 * whole) {
        problems.push_back(
            {fmt::format("fabric.tiers[{}].oversubscription", t),
             fmt::format(
                 "{:g} asks for {:.4g} uplinks of a {} switch; {} are taken, {:.4g} times the "
                 "capacity",
                 tier.oversubscription.value, exact, tier.name, here.uplinks, whole / exact),
             false});
      }
    }
    const double links = static_cast<double>(here.groups) * static_cast<double>(here.switches) *
                         static_cast<double>(top ? 1 : here.uplinks);
    if (links > kMaxRanks) {
      problems.push_back({fmt::format("fabric.tiers[{}].link", t),
                          fmt::format("the {} tier would have {:.3g} links", tier.name, links)});
      return;
    }
    const double radix = tier.switch_radix.value;
    const double up_ports = top ? 0 : static_cast<double>(here.uplinks);
    if (radix > 0 && here.down_ports + up_ports > radix * (1 + 1e-9)) {
      problems.push_back(
          {fmt::format("fabric.tiers[{}].radix", t),
           fmt::format("a {} switch needs {:g} ports down and {:g} up, more than its "
                       "{:g}",
                       tier.name, here.down_ports, up_ports, radix)});
    }
  }
}

void check_torus(Problems& problems, const System& system, const Torus& torus) {
  double points = 1;
  for (const Dimension& dimension : torus.dimensions) points *= dimension.size.value;
  if (points != system.nodes.value) {
    problems.push_back({"nodes", fmt::format("found {:g}, expected the {:g} that the sizes of the "
                                             "dimensions multiply to",
                                             system.nodes.value, points)});
    return;
  }
  const int diameter = TorusRoutes(torus).diameter();
  const int most = Path::kMaxLinks - 4;  // beside the NICs and the scale-up ports
  if (diameter > most)
    problems.push_back({"fabric.dimensions[0].size",
                        fmt::format("the longest way would cross {} links, more than the {} that "
                                    "are counted here; more dimensions are shorter",
                                    diameter, most)});
}

void check_dragonfly(Problems& problems, const System& system, const Dragonfly& dragonfly) {
  const double groups = dragonfly.groups.value;
  const double routers = dragonfly.routers.value;
  const double node_routers = dragonfly.node_routers ? dragonfly.node_routers->value : 1;
  const double nics = system.node.nics.per_node.value;
  const double per_node = system.node.accelerators.value * system.node.ranks_per_accelerator.value;
  for (const auto& [what, number] : {std::pair{"routers of a group", routers},
                                     {"NICs of a node", nics},
                                     {"ranks of a node", per_node}}) {
    if (std::fmod(number, node_routers) == 0) continue;
    problems.push_back({"fabric.node_routers", fmt::format("found {:g}, expected a divisor of the "
                                                           "{:g} {}",
                                                           node_routers, number, what)});
    return;
  }
  const double places = groups * routers / node_routers * dragonfly.nodes.value;
  const bool plus = dragonfly.spines.has_value();
  const double with_ports = plus ? dragonfly.spines->value : routers;
  if (system.nodes.value > places) {
    problems.push_back(
        {"nodes",
         fmt::format("found {:g}, more than the {:g} that {:g} groups of "
                     "{:g} routers of {:g} nodes hold{}",
                     system.nodes.value, places, groups, routers, dragonfly.nodes.value,
                     node_routers > 1 ? fmt::format(", {:g} routers a node", node_routers) : "")});
    return;
  }
  const double local = routers * (plus ? with_ports : routers) * dragonfly.local_links.value;
  const double global = with_ports * dragonfly.global_links.value;
  if (places * per_node > kMaxRanks || groups * (local + global) > kMaxRanks) {
    problems.push_back({"fabric.groups", "the groups have more links than are counted here"});
    return;
  }
  if (groups > 1 && global < groups - 1) {
    problems.push_back(
        {"fabric.global_links",
         fmt::format("{:g} {} of {:g} global links reach {:g} other groups, expected the {:g} that "
                     "there are",
                     with_ports, plus ? "spines" : "routers", dragonfly.global_links.value, global,
                     groups - 1)});
    return;
  }
  if (dragonfly.pair_links) {
    const double used = dragonfly.pair_links->value * (groups - 1);
    if (used > global) {
      problems.push_back(
          {"fabric.pair_links",
           fmt::format("{:g} links to each of {:g} other groups need {:g} global ports of a group, "
                       "more than its {:g}",
                       dragonfly.pair_links->value, groups - 1, used, global)});
      return;
    }
  } else if (groups > 1 && std::fmod(global, groups - 1) != 0) {
    problems.push_back(
        {"fabric.global_links",
         fmt::format("{:g} of the {:g} global ports of a group stay unused, so that every two "
                     "groups have as many links",
                     std::fmod(global, groups - 1), global),
         false});
  }
  if (!dragonfly.router_radix) return;
  const double to_nodes = dragonfly.nodes.value * nics / node_routers;
  const double to_routers = dragonfly.local_links.value * (plus ? with_ports : routers - 1);
  const double leaf = to_nodes + to_routers + (plus ? 0 : dragonfly.global_links.value);
  const double spine =
      plus ? dragonfly.local_links.value * routers + dragonfly.global_links.value : 0;
  if (std::max(leaf, spine) > dragonfly.router_radix->value)
    problems.push_back(
        {"fabric.radix",
         fmt::format("a {} needs {:g} ports, more than its {:g}", spine > leaf ? "spine" : "router",
                     std::max(leaf, spine), dragonfly.router_radix->value)});
}

bool has_error(const Problems& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.is_error; });
}

/// All but the sources.
Problems check_design(const System& system) {
  Problems problems;
  check_ranges(problems, system);
  if (has_error(problems)) return problems;  // the rest computes with the figures
  const double ranks =
      system.nodes.value * system.node.accelerators.value * system.node.ranks_per_accelerator.value;
  if (ranks > kMaxRanks) {
    problems.push_back(
        {"nodes", fmt::format("{:g} nodes of {:g} ranks are more ranks than the "
                              "{:g} that are counted here",
                              system.nodes.value, ranks / system.nodes.value, kMaxRanks)});
    return problems;
  }
  problems = check_scale_up(system.node);
  if (has_error(problems)) return problems;
  if (const auto* clos = std::get_if<Clos>(&system.fabric)) {
    check_size(problems, system, *clos);
    check_rails(problems, system, *clos);
    if (!has_error(problems)) check_switches(problems, system, *clos);
    if (!has_error(problems)) check_empty_groups(problems, system);
  } else if (const auto* torus = std::get_if<Torus>(&system.fabric)) {
    check_torus(problems, system, *torus);
  } else if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
    check_dragonfly(problems, system, *dragonfly);
  }
  return problems;
}

}  // namespace

std::vector<Problem> check_system(const System& system) {
  Problems problems = check_design(system);
  check_sources(problems, system);
  return problems;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "topology/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "topology/bisection.hpp"
#include "topology/clos_shape.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/fabric.hpp"
#include "topology/node_links.hpp"

namespace collscale {
namespace {

using Quantities = std::vector<DerivedQuantity>;

void add_oversubscription(Quantities& all, const System& system) {
  if (const auto* clos = std::get_if<Clos>(&system.fabric)) {
    for (std::size_t t = 0; t + 1 < clos->tiers.size(); ++t)
      all.push_back({"oversubscription of " + clos->tiers[t].name,
                     clos->tiers[t].oversubscription.value, Quantity::ratio});
  } else if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
    const DragonflyRoutes routes(*dragonfly);
    if (routes.groups() < 2) return;
    // What the NICs of a group bring ÷ its links to other groups: the inverse of the taper.
    const Nics& nics = system.node.nics;
    const double in_Bps = static_cast<double>(routes.nodes_of_group()) * nics.per_node.value *
                          nics.bandwidth_Bps.value;
    const auto links = static_cast<double>(routes.links_between_groups() * (routes.groups() - 1));
    all.push_back({"oversubscription of global",
                   in_Bps / (links * dragonfly->global_link_Bps.value), Quantity::ratio});
  }
}

void add_switches(Quantities& all, const System& system) {
  if (const auto* clos = std::get_if<Clos>(&system.fabric)) {
    const std::vector<std::int64_t> switches = hardware_switches(system);
    for (std::size_t t = 0; t < switches.size(); ++t)
      all.push_back({"switches of " + clos->tiers[t].name, static_cast<double>(switches[t])});
  } else if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
    const DragonflyRoutes routes(*dragonfly);
    const auto groups = static_cast<double>(routes.groups());
    const bool plus = routes.spines() > 0;
    all.push_back(
        {plus ? "switches of leaf" : "switches", groups * static_cast<double>(routes.routers())});
    if (plus) all.push_back({"switches of spine", groups * static_cast<double>(routes.spines())});
  }
}

/// Of a clos its tiers of switches; of a dragonfly local and global links.
double tiers_of(const System& system) {
  if (const auto* clos = std::get_if<Clos>(&system.fabric))
    return static_cast<double>(clos->tiers.size());
  return std::get<Dragonfly>(system.fabric).groups.value > 1 ? 2 : 1;
}

/// Of a message between the farthest two nodes.
double farthest_s(const System& system, const Fabric& fabric) {
  if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
    double farthest = 0;
    for (const auto& hops : DragonflyRoutes(*dragonfly).all_hops())
      farthest =
          std::max(farthest, fabric.host_latency_s() +
                                 (hops.local + hops.global + 1) * dragonfly->hop_latency_s.value +
                                 hops.global * dragonfly->global_latency_s.value);
    return farthest;
  }
  if (!fabric.is_clos()) return fabric.latency_s(fabric.diameter());
  return fabric.latency_s(fabric.turning_level(0, max_ranks(system) - 1));
}

}  // namespace

int LabelCounts::all() const { return std::accumulate(of.begin(), of.end(), 0); }

int LabelCounts::unsourced() const { return (*this)[Label::assumed] + (*this)[Label::recalled]; }

LabelCounts label_counts(const System& system) {
  LabelCounts counts;
  for_each_figure(system, [&counts](std::string_view, const Figure& figure) {
    ++counts.of[static_cast<std::size_t>(figure.label)];
  });
  return counts;
}

std::string label_words(const LabelCounts& counts) {
  std::string words;
  for (std::size_t i = 0; i < counts.of.size(); ++i) {
    if (counts.of[i] == 0) continue;
    if (!words.empty()) words += ", ";
    words += fmt::format("{} {}", counts.of[i], name(static_cast<Label>(i)));
  }
  return words;
}

double network_per_accelerator_Bps(const System& system) {
  const Nics& nics = system.node.nics;
  return nics.per_node.value * nics.bandwidth_Bps.value / system.node.accelerators.value;
}

std::string node_names(const System& system) {
  if (system.parts.empty()) return system.node.name;
  std::string names;
  for (const NodePart& part : system.parts) names += (names.empty() ? "" : " + ") + part.name;
  return names;
}

std::string fabric_words(const System& system) {
  if (const auto* clos = std::get_if<Clos>(&system.fabric))
    return clos->rails > 1 ? "rails" : "clos";
  if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric))
    return dragonfly->spines              ? "dragonfly+"
           : dragonfly->groups.value == 1 ? "full mesh"
                                          : "dragonfly";
  const auto& dimensions = std::get<Torus>(system.fabric).dimensions;
  return std::any_of(dimensions.begin(), dimensions.end(),
                     [](const Dimension& one) { return one.wrap == Wrap::mesh; })
             ? "mesh"
             : "torus";
}

Quantities derived_quantities(const System& system) {
  const Fabric fabric(system);
  const double nodes = system.nodes.value;
  Quantities all{
      {"accelerators", nodes * system.node.accelerators.value},
      {"ranks", static_cast<double>(max_ranks(system))},
      {"nodes", nodes},
      {"scale-up domain", system.node.accelerators.value},
      {"scale-up per rank", port_bandwidth_Bps(system.node), Quantity::bandwidth},
      {"network per accelerator", network_per_accelerator_Bps(system), Quantity::bandwidth}};
  if (const auto* torus = std::get_if<Torus>(&system.fabric))
    all.push_back({"network dimensions", static_cast<double>(torus->dimensions.size())});
  else
    all.push_back({"network tiers", tiers_of(system)});
  add_oversubscription(all, system);
  all.push_back({"bisection per accelerator", bisection_Bps(system), Quantity::bandwidth});
  all.push_back({"latency within a node", fabric.latency_s(0), Quantity::time});
  if (nodes > 1) {
    all.push_back({"latency to the nearest node", fabric.latency_s(1), Quantity::time});
    all.push_back({"latency to the farthest node", farthest_s(system, fabric), Quantity::time});
  }
  add_switches(all, system);
  return all;
}

double derived_quantity(const System& system, std::string_view name) {
  for (const DerivedQuantity& one : derived_quantities(system))
    if (one.name == name) return one.value;
  return 0;
}

}  // namespace collscale

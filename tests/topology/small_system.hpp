// SPDX-License-Identifier: Apache-2.0
// Systems for tests, valid unless a test changes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/system.hpp"

namespace collscale::testing {

struct SmallSystem {
  std::int64_t nodes = 16;
  std::int64_t gpus = 4;
  std::int64_t nics = 4;
  std::int64_t rails = 1;
  std::vector<std::int64_t> children = {4, 4};  ///< leaf first
  double oversubscription = 1;                  ///< of every tier but the top
  Routing routing = Routing::ecmp;
  CrossRail cross_rail = CrossRail::forward;
  double efficiency = 1;
};

inline Figure figure(double value) { return {value, Label::assumed, "test"}; }

inline System make_system(const SmallSystem& small) {
  System system;
  system.name = "small";
  system.origin = "small";
  system.nodes = figure(static_cast<double>(small.nodes));
  system.node.accelerators = figure(static_cast<double>(small.gpus));
  system.node.ranks_per_accelerator = figure(1);
  system.node.scale_up.bandwidth_Bps = figure(400e9);
  system.node.scale_up.efficiency = figure(0.75);
  system.node.scale_up.latency_s = figure(1e-6);
  system.node.nics.per_node = figure(static_cast<double>(small.nics));
  system.node.nics.bandwidth_Bps = figure(50e9);
  system.node.nics.latency_s = figure(3e-6);
  Clos clos;
  clos.rails = small.rails;
  clos.routing = small.routing;
  clos.cross_rail = small.cross_rail;
  clos.efficiency = figure(small.efficiency);
  for (std::size_t t = 0; t < small.children.size(); ++t) {
    Tier tier;
    tier.name = "tier" + std::to_string(t);
    if (t == 0) tier.name = "leaf";
    if (t == 1) tier.name = "spine";
    tier.children = figure(static_cast<double>(small.children[t]));
    tier.link_Bps = figure(50e9);
    tier.oversubscription = figure(small.oversubscription);
    tier.hop_latency_s = figure(0.5e-6 * static_cast<double>(t + 1));
    tier.switch_radix = figure(0);
    clos.tiers.push_back(tier);
  }
  system.fabric = clos;
  return system;
}

/// As make_system, with another fabric; `nodes` of one GPU and NIC each unless told otherwise.
inline System make_torus(const std::vector<std::int64_t>& sizes, Wrap wrap = Wrap::ring,
                         std::int64_t gpus = 1) {
  Torus torus;
  std::int64_t nodes = 1;
  for (const std::int64_t size : sizes) {
    torus.dimensions.push_back({figure(static_cast<double>(size)), wrap, figure(25e9)});
    nodes *= size;
  }
  torus.efficiency = figure(1);
  torus.hop_latency_s = figure(0.25e-6);
  System system = make_system({.nodes = nodes, .gpus = gpus, .nics = gpus, .children = {}});
  system.fabric = torus;
  return system;
}

struct SmallDragonfly {
  std::int64_t groups = 9;
  std::int64_t routers = 4;
  std::int64_t nodes = 2;
  std::int64_t global = 2;
  std::int64_t local = 1;
  std::int64_t spines = 0;
  DragonflyRouting routing = DragonflyRouting::minimal;
  std::int64_t gpus = 1;
};

inline System make_dragonfly(const SmallDragonfly& small) {
  const auto count = [](std::int64_t value) { return figure(static_cast<double>(value)); };
  Dragonfly dragonfly;
  dragonfly.routing = small.routing;
  dragonfly.efficiency = figure(1);
  dragonfly.groups = count(small.groups);
  dragonfly.routers = count(small.routers);
  dragonfly.nodes = count(small.nodes);
  dragonfly.local_links = count(small.local);
  dragonfly.local_link_Bps = figure(50e9);
  dragonfly.global_links = count(small.global);
  dragonfly.global_link_Bps = figure(50e9);
  dragonfly.hop_latency_s = figure(0.25e-6);
  dragonfly.global_latency_s = figure(0.5e-6);
  if (small.spines > 0) dragonfly.spines = count(small.spines);
  System system = make_system({.nodes = small.groups * small.routers * small.nodes,
                               .gpus = small.gpus,
                               .nics = small.gpus,
                               .children = {}});
  system.fabric = dragonfly;
  return system;
}

inline Clos& clos_of(System& system) { return std::get<Clos>(system.fabric); }

}  // namespace collscale::testing

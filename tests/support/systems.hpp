// SPDX-License-Identifier: Apache-2.0
// Small systems for tests, made in code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/system.hpp"

namespace collscale::test {

inline Figure figure(double value) { return {value, Label::assumed, "test"}; }

struct ClosOptions {
  std::int64_t nodes = 16;
  std::int64_t per_node = 8;
  std::int64_t nics = 8;
  std::int64_t rails = 1;
  std::vector<double> children = {4, 4};  ///< nodes of a leaf group, leaf groups of a pod, ...
  std::vector<double> oversubscription = {1, 1};
  Routing routing = Routing::spray;
  CrossRail cross_rail = CrossRail::forward;
  double scale_up_Bps = 400e9;
  double nic_Bps = 50e9;
  std::int64_t planes = 1;
  double queue_pairs = 1;
  bool adds_up_in_network = false;  ///< in nodes and between them
  /// full_mesh: the links of a rank have scale_up_Bps together. links: a ring whose links are one
  /// and two wide in turn; of 8 ranks the graph of a node of MI250X. pcie: two switches.
  ScaleUpKind kind = ScaleUpKind::nvswitch;
};

inline void wire_nodes(System& system, const ClosOptions& options) {
  ScaleUp& scale_up = system.node.scale_up;
  const std::int64_t n = options.per_node;
  scale_up.kind = options.kind;
  const double peers = n > 1 ? static_cast<double>(n - 1) : 1;
  scale_up.link_Bps =
      figure(options.scale_up_Bps / (options.kind == ScaleUpKind::links ? 8 : peers));
  scale_up.uplink_Bps = figure(options.scale_up_Bps / 3);
  scale_up.switch_ranks = figure(n % 2 == 0 ? static_cast<double>(n / 2) : static_cast<double>(n));
  scale_up.pairs = {{0, 1, 4}, {2, 3, 4}, {4, 5, 4}, {6, 7, 4}, {0, 6, 2}, {2, 4, 2},
                    {0, 2, 1}, {1, 3, 1}, {1, 5, 1}, {3, 7, 1}, {4, 6, 1}, {5, 7, 1}};
  if (n != 8) scale_up.pairs.clear();
  for (std::int64_t i = 0; n != 8 && i < (n > 2 ? n : n - 1); ++i)
    scale_up.pairs.push_back({i, (i + 1) % n, static_cast<double>(1 + i % 2)});
}

inline System clos_system(const ClosOptions& options) {
  System system;
  system.name = "test-clos";
  system.nodes = figure(static_cast<double>(options.nodes));
  system.node.name = "test-node";
  system.node.accelerators = figure(static_cast<double>(options.per_node));
  system.node.ranks_per_accelerator = figure(1);
  system.node.scale_up.bandwidth_Bps = figure(options.scale_up_Bps);
  system.node.scale_up.efficiency = figure(1);
  system.node.scale_up.latency_s = figure(2e-6);
  system.node.nics.per_node = figure(static_cast<double>(options.nics));
  system.node.nics.bandwidth_Bps = figure(options.nic_Bps);
  system.node.nics.latency_s = figure(4e-6);
  Clos clos;
  clos.rails = options.rails;
  clos.routing = options.routing;
  clos.cross_rail = options.cross_rail;
  clos.efficiency = figure(1);
  clos.planes = options.planes;
  system.node.nics.queue_pairs = figure(options.queue_pairs);
  wire_nodes(system, options);
  if (options.adds_up_in_network) {
    if (options.kind == ScaleUpKind::nvswitch)
      system.node.scale_up.in_network = {figure(0.7), figure(5e-6)};
    clos.in_network = {figure(0.8), figure(9e-6)};
  }
  const std::vector<std::string> names = {"leaf", "spine", "core", "super"};
  for (std::size_t t = 0; t < options.children.size(); ++t) {
    Tier tier;
    tier.name = names[t];
    tier.children = figure(options.children[t]);
    tier.link_Bps = figure(options.nic_Bps);
    tier.oversubscription = figure(options.oversubscription[t]);
    tier.hop_latency_s = figure(0.5e-6);
    tier.switch_radix = figure(0);
    clos.tiers.push_back(tier);
  }
  system.fabric = clos;
  return system;
}

}  // namespace collscale::test

// SPDX-License-Identifier: Apache-2.0
// Measurements made up from known laws, and small systems to predict.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "record/record.hpp"
#include "topology/system.hpp"

namespace collscale::synthetic {

inline Figure figure(double value) { return {value, Label::assumed, ""}; }

/// A rail-optimised clos of 4,096 nodes of `per_node` accelerators with a 50 GB/s NIC each.
inline System system(double per_node, const std::string& name = "synthetic") {
  System system;
  system.name = name;
  system.nodes = figure(4096);
  system.node.accelerators = figure(per_node);
  system.node.ranks_per_accelerator = figure(1);
  system.node.scale_up.bandwidth_Bps = figure(450e9);
  system.node.scale_up.efficiency = figure(1);
  system.node.scale_up.latency_s = figure(1e-6);
  system.node.nics.per_node = figure(per_node);
  system.node.nics.bandwidth_Bps = figure(50e9);
  system.node.nics.latency_s = figure(2e-6);
  Clos clos;
  clos.rails = static_cast<std::int64_t>(per_node);
  clos.efficiency = figure(1);
  clos.tiers = {{"leaf", figure(32), figure(50e9), figure(1), figure(3e-7), figure(64)},
                {"spine", figure(128), figure(50e9), figure(1), figure(3e-7), figure(128)}};
  system.fabric = clos;
  return system;
}

inline Record record(Collective collective, const std::string& algorithm, std::int64_t ranks,
                     std::int64_t nodes, double size_bytes, double time_s,
                     const std::string& run = "run 1") {
  Record record;
  record.scenario.topology = "synthetic";
  record.scenario.collective = collective;
  record.scenario.algorithm = algorithm;
  record.scenario.ranks = ranks;
  record.scenario.nodes = nodes;
  record.scenario.size_bytes = size_bytes;
  record.engine = Engine::nccl;
  record.trust = Trust::measured;
  record.time_s = time_s;
  record.source = run;
  set_bandwidths(record);
  return record;
}

/// time_s(ranks, nodes, size_bytes)
using Law = std::function<double(double, double, double)>;

/// Sizes 8 B to 4 GiB by factor 4 on 2, 4, ... `largest_nodes` nodes of 4 ranks.
inline std::vector<Record> records(Collective collective, const std::string& algorithm,
                                   std::int64_t largest_nodes, const Law& law) {
  std::vector<Record> all;
  for (std::int64_t nodes = 2; nodes <= largest_nodes; nodes *= 2) {
    for (double size_bytes = 8; size_bytes <= 4.3e9; size_bytes *= 4) {
      const std::int64_t ranks = 4 * nodes;
      all.push_back(
          record(collective, algorithm, ranks, nodes, size_bytes,
                 law(static_cast<double>(ranks), static_cast<double>(nodes), size_bytes)));
    }
  }
  return all;
}

/// 2(n-1) steps of 3 us + S/n at 20 GB/s.
inline double ring_all_reduce(double n, double /*nodes*/, double size_bytes) {
  return 2.0 * (n - 1.0) * (3e-6 + size_bytes / n / 20e9);
}

/// 15 us and 12 us per level, then 25 GB/s.
inline double tree_all_reduce(double /*n*/, double nodes, double size_bytes) {
  return 15e-6 + 12e-6 * std::log2(nodes) + size_bytes / 25e9;
}

/// The faster of the two, with the ring at 40 GB/s.
inline double library_all_reduce(double n, double nodes, double size_bytes) {
  const double ring = 2.0 * (n - 1.0) * (3e-6 + size_bytes / n / 80e9);
  return std::min(ring, tree_all_reduce(n, nodes, size_bytes));
}

}  // namespace collscale::synthetic

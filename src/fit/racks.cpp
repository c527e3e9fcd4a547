// SPDX-License-Identifier: Apache-2.0
#include "fit/racks.hpp"

#include <algorithm>

namespace collscale {
namespace {

// Ranks of each rack in jobs of more than one.
std::int64_t ranks_of_a_rack(std::span<const Record> records, const System& system) {
  const std::int64_t full = ranks_per_node(system);
  for (std::int64_t ranks = full; ranks > 1; --ranks) {
    const bool serves = std::all_of(records.begin(), records.end(), [&](const Record& record) {
      const std::int64_t all = record.scenario.ranks;
      return !counts_hosts(record, system) || all <= full || all % ranks == 0;
    });
    if (serves) return ranks;
  }
  return full;
}

}  // namespace

bool counts_hosts(const Record& record, const System& system) {
  const Scenario& scenario = record.scenario;
  const Node& node = system.node;
  if (record.engine == Engine::mpi && is_unsourced(node.scale_up.bandwidth_Bps)) return false;
  return node.accelerators.value > kMostOfAHost && scenario.nodes > 1 &&
         static_cast<double>(scenario.ranks) <=
             static_cast<double>(scenario.nodes) * kMostOfAHost * node.ranks_per_accelerator.value;
}

std::vector<Record> with_racks_for_nodes(std::vector<Record> records, const System& system) {
  const std::int64_t full = ranks_per_node(system);
  const std::int64_t shared = ranks_of_a_rack(records, system);
  for (Record& record : records) {
    Scenario& s = record.scenario;
    if (!counts_hosts(record, system)) continue;
    s.nodes = s.ranks <= full ? 1 : (s.ranks + shared - 1) / shared;
  }
  return records;
}

}  // namespace collscale

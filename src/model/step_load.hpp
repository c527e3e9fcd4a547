// SPDX-License-Identifier: Apache-2.0
// Closed-form loads of one step of a stage: what the busiest port, NIC and uplink of the worst node
// and group carry. Nothing is enumerated; tests compare every number with the flow engine, which
// does.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "collective/lane.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/fabric.hpp"
#include "topology/system.hpp"

namespace collscale {

/// What the formulas need of a system, looked up once.
struct FabricShape {
  std::int64_t ranks_per_node = 1;
  std::int64_t nics_per_node = 1;  ///< numbered NIC links: at most one per rank
  std::int64_t rails = 1;
  bool forwards_across_rails = true;
  bool hashes = false;     ///< routing ecmp
  double planes = 1;       ///< in one of which a hashed flow stays
  double queue_pairs = 1;  ///< flows of a message
  std::int64_t ranks = 0;  ///< that take part
  struct Tier {
    std::int64_t group_ranks = 0;
    std::int64_t parts = 1;     ///< rails on the leaf tier: a group's uplinks are split in parts
    double links_per_part = 1;  ///< parallel uplinks; 1 when bundled
    double link_Bps = 0;
  };
  std::vector<Tier> tiers;  ///< those that have uplinks
  double scale_up_Bps = 0;
  const NodeLinks* node_links = nullptr;  ///< of the fabric, which must live on; null: none
  double nic_Bps = 0;
  int levels = 1;

  [[nodiscard]] std::int64_t rail(std::int64_t local_rank) const {
    return local_rank * rails / ranks_per_node;
  }
  [[nodiscard]] std::int64_t nic(std::int64_t local_rank) const {
    return local_rank * nics_per_node / ranks_per_node;
  }
};
FabricShape fabric_shape(const System& system, const Fabric& fabric, std::int64_t ranks);

/// Hashed loads: the fullest of the parallel links of all groups, up and down, over an even share.
double collision_factor(const FabricShape& shape, const FabricShape::Tier& tier, double flows);
/// The same for a NIC whose planes share `messages` messages.
double nic_collision_factor(const FabricShape& shape, double messages);

/// Bytes are fractions of the scenario's size.
struct StepLoad {
  explicit StepLoad(const FabricShape& shape);  ///< nothing loaded

  std::vector<double> scale_up_out, scale_up_in;  ///< by local rank of the worst node
  std::vector<double> node_links;                 ///< and by link, as NodeLinks numbers them
  int node_hops = 1;  ///< links of the longest way within nodes that a message takes
  std::vector<double> nic_out, nic_in;  ///< by NIC of the worst node
  struct Tier {
    std::vector<double> bytes;  ///< by part of the worst group, upwards (and downwards: the same)
    std::vector<double> flows;
  };
  std::vector<Tier> tiers;
  ArcEdges edges{};  ///< messages of one group of the first lane, by arc and level
};

/// Loads of step `step` of all lanes together.
StepLoad step_load(const FabricShape& shape, const std::vector<Lane>& lanes, std::int64_t step);

/// Loads of a whole phase in which nothing waits and every rank sends `bytes` to every other.
StepLoad all_pairs_load(const FabricShape& shape, double bytes);

/// Adds a message within a node to its ports and links.
void add_within(const FabricShape& shape, std::int64_t from, std::int64_t to, double bytes,
                StepLoad& load);
/// Seconds per byte that the busiest of a node's links needs for these bytes; 0 without links.
double busiest_link_s(const FabricShape& shape, std::span<const double> node_links);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What some nodes and switch groups carry, the busiest of all among them: they are looked for where
// boxes of messages begin and end, in the middle of each, and in the first and last node and group;
// of small systems all are looked at. Nothing is enumerated but the messages of those nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/flow_boxes.hpp"
#include "model/box_ends.hpp"
#include "model/step_load.hpp"
#include "topology/divisor.hpp"

namespace collscale {

/// Messages alike, as they are entered.
struct LoadEntry {
  FlowBox box;
  double bytes = 0;  ///< of each message, times the steps in which it is sent
  enum class Kind : std::uint8_t { messages, to_switch, from_switch } kind = Kind::messages;
  bool in_node = false;  ///< of a switch
  double groups = 1;     ///< of a switch: how many there are
  std::size_t lane = 0;  ///< whose turns these are
};

/// What every rank, NIC and group carries alike.
struct EvenLoads {
  double port = 0;
  double nic = 0;
  std::vector<double> up;  ///< by tier, per part
};

class LoadSamples {
 public:
  explicit LoadSamples(const FabricShape& shape);

  /// Forgets all turns.
  void clear_turns();
  /// Of the next lane: how it is turned, in local ranks. Lanes that differ only in the local rank
  /// where they enter the nodes are one lane and these turns: channels of rings and trees.
  void add_turns(const std::vector<std::int64_t>& turns);
  [[nodiscard]] std::size_t turn_count(std::size_t lane) const { return turns_[lane].count; }
  /// The local rank of a rank of a node, turned.
  [[nodiscard]] std::int64_t local_rank(std::size_t lane, std::size_t turn, std::int64_t node,
                                        std::int64_t rank) const {
    return turned(turns_[lane], turn, node)[rank - node * node_ranks_.value()];
  }

  /// The same of a lane that orders the ranks of nodes: these of the orders.
  void add_orders(const std::vector<std::vector<std::int32_t>>& orders,
                  const std::vector<std::int64_t>& which);

  /// there_and_back: every message also runs backwards (and none is handed to another rail).
  enum class Directions : std::uint8_t { as_entered, there_and_back };
  /// Looks for the busiest of all and loads them.
  enum class Steps : std::uint8_t { one, together };
  void load(const std::vector<LoadEntry>& entries, const EvenLoads& even, Directions directions,
            Steps steps);

  [[nodiscard]] double busiest_port() const { return busiest_port_; }
  /// Of a node's links: seconds per byte; and the links of the longest way that is taken.
  [[nodiscard]] double busiest_link_s() const { return busiest_link_s_; }
  [[nodiscard]] int node_hops() const { return node_hops_; }
  [[nodiscard]] double busiest_nic() const { return busiest_nic_; }
  struct Uplinks {
    double bytes = 0;
    double flows = 0;  ///< of the busiest part
  };
  [[nodiscard]] Uplinks busiest_uplinks(std::size_t tier) const { return busiest_up_[tier]; }

 private:
  /// Turned local ranks of one lane, `node_ranks_` for each turn.
  struct Turns {
    std::size_t first = 0;  ///< in full_ and last_
    std::size_t count = 0;
  };
  /// Loads of one node: by local rank, or by NIC.
  struct NodeLoads {
    double *out, *in, *nic_out, *nic_in, *links;
  };
  /// Loads of one group: by part.
  struct GroupLoads {
    double *up, *down, *flows_up, *flows_down;
  };

  void list_places(const std::vector<LoadEntry>& entries);
  void choose(const Divisor& block, std::size_t most, std::vector<std::int64_t>& chosen) const;
  void load_nodes(const LoadEntry& entry);
  void load_groups(const LoadEntry& entry, std::size_t tier);
  void load_switch(const LoadEntry& entry, std::size_t tier_index, std::int64_t number,
                   const GroupLoads& group) const;
  void add_way_back(const EvenLoads& even);
  void find_busiest();
  [[nodiscard]] std::size_t link_count() const {
    return shape_.node_links != nullptr ? shape_.node_links->all().size() : 0;
  }
  void add_to_links(double* links, std::int64_t from, std::int64_t to, double bytes) const {
    for (const std::uint16_t link : shape_.node_links->way(from, to)) links[link] += bytes;
  }
  [[nodiscard]] NodeLoads node_loads(std::size_t sample);
  [[nodiscard]] GroupLoads group_loads(std::size_t tier, std::size_t sample);
  [[nodiscard]] const std::int32_t* turned(const Turns& turns, std::size_t turn,
                                           std::int64_t node) const {
    const auto at = turns.first + turn * static_cast<std::size_t>(node_ranks_.value());
    return (node == part_node_ ? part_turned_.data() : full_turned_.data()) + at;
  }

  const FabricShape& shape_;
  Divisor node_ranks_;
  std::vector<Divisor> group_ranks_;            ///< by tier
  std::vector<std::int32_t> rail_of_, nic_of_;  ///< by local rank
  std::vector<std::int32_t> period_;  ///< by hop mod ranks of a node: local ranks repeat after it
  std::int64_t part_node_ = -1;       ///< partly used

  std::vector<Turns> turns_;
  std::vector<std::int32_t> full_turned_, part_turned_;

  std::vector<std::int64_t> places_;  ///< ranks where the busiest are looked for, in this order
  std::vector<std::int64_t> nodes_;
  std::vector<double> node_loads_;
  struct Groups {
    std::vector<std::int64_t> numbers;
    std::vector<double> loads;
  };
  std::vector<Groups> groups_;  ///< by tier

  double busiest_port_ = 0;
  double busiest_nic_ = 0;
  double busiest_link_s_ = 0;
  int node_hops_ = 1;
  std::vector<Uplinks> busiest_up_;
};

}  // namespace collscale

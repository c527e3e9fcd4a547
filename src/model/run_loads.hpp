// SPDX-License-Identifier: Apache-2.0
// Loads of any phase by arithmetic on progressions: a step is a handful of boxes of messages
// (collective/flow_boxes.hpp), and how many of a box leave or enter a node or a switch group is a
// few divisions, whatever the number of ranks.
//
// The busiest node and group are looked for where boxes begin and end, and in the first and last
// ones; of small systems in all. Nothing is enumerated but the messages of those nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/flow_boxes.hpp"
#include "model/step_load.hpp"
#include "scenario/price.hpp"

namespace collscale {

/// Σ_{k=0}^{n−1} ⌊(a + h·k) / m⌋ in O(log m) (the Euclid-like algorithm; R. Graham, D. Knuth,
/// O. Patashnik, "Concrete Mathematics", 2nd ed., section 3.5). m > 0; a, h of any sign.
std::int64_t floor_sum(std::int64_t n, std::int64_t a, std::int64_t h, std::int64_t m);

/// How many messages of a box have both ends in one aligned block of `block` ranks.
double count_within_blocks(const FlowBox& box, std::int64_t block);

/// Hashed loads: the fullest of the parallel links of all groups, up and down, over an even share.
double collision_factor(const FabricShape& shape, const FabricShape::Tier& tier, double flows);
/// The same for a NIC whose planes share `messages` messages.
double nic_collision_factor(const FabricShape& shape, double messages);

class RunLoads {
 public:
  RunLoads(const System& system, const Fabric& fabric, const FabricShape& shape)
      : system_(system), fabric_(fabric), shape_(shape) {}

  /// One step of all lanes; edges of one group of the first lane.
  StepLoads step(const std::vector<Lane>& lanes, std::int64_t step);
  /// All steps of all lanes; edges of all messages.
  StepLoads all_steps(const std::vector<const Lane*>& lanes);

 private:
  struct Entry {
    FlowBox box;
    double bytes = 0;  ///< of each message, times the steps in which it is sent
    enum class Kind { messages, to_switch, from_switch } kind = Kind::messages;
    bool in_node = false;  ///< of a switch
    double groups = 1;     ///< of a switch: how many there are
    std::size_t lane = 0;  ///< index into turns_
  };
  /// Lanes that differ only in the local rank where they enter the nodes are one lane and these
  /// turns: channels of rings and trees.
  using Turns = std::vector<std::int64_t>;

  struct NodeSample {
    std::int64_t node = 0;
    std::vector<double> out, in, nic_out, nic_in;
  };
  struct GroupSample {
    std::int64_t group = 0;
    std::vector<double> up, down, flows_up, flows_down;  ///< by part
  };

  void clear();
  /// The lanes that stand for all; fills turns_.
  std::vector<const Lane*> representatives(const std::vector<const Lane*>& lanes);
  [[nodiscard]] std::int64_t turned(std::int64_t local, std::int64_t turn, std::int64_t node) const;
  /// Where messages of a step differ, it ends with the largest; over all steps the mean adds up.
  enum class Bytes { largest, mean };
  void add_step(const Lane& lane, const RankLayout& layout, std::int64_t step, double count,
                Bytes which, ArcEdges* edges);
  void add_lane(const Lane& lane, ArcEdges& edges);
  void add_all_to_all_in_groups(const Lane& lane, ArcEdges& edges);
  void add_entry(const Lane& lane, int arc, const FlowBox& box, double bytes);
  void add_edges(const FlowBox& box, double count, LevelCounts& edges) const;
  void choose_samples();
  void load_node(const Entry& entry, NodeSample& node) const;
  void load_group(const Entry& entry, std::size_t tier, GroupSample& group) const;
  StepLoads busiest();

  const System& system_;
  const Fabric& fabric_;
  const FabricShape& shape_;
  std::vector<Entry> entries_;
  std::vector<Turns> turns_;
  std::size_t lane_ = 0;  ///< whose entries are being added
  std::vector<NodeSample> nodes_;
  std::vector<std::vector<GroupSample>> groups_;  ///< by tier
  /// What every rank, NIC and group carries alike: added to each sample's.
  double even_port_ = 0;
  double even_nic_ = 0;
  std::vector<double> even_up_;  ///< by tier, per part
};

}  // namespace collscale

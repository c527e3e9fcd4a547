// SPDX-License-Identifier: Apache-2.0
// Loads of any phase by arithmetic on progressions: a step is a handful of boxes of messages
// (collective/flow_boxes.hpp), and how many of a box leave or enter a node or a switch group is a
// few multiplications, whatever the number of ranks (box_ends.hpp, load_samples.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "collective/rank_layout.hpp"
#include "model/load_samples.hpp"
#include "model/step_load.hpp"
#include "scenario/price.hpp"

namespace collscale {

class RunLoads {
 public:
  RunLoads(const System& system, const Fabric& fabric, const FabricShape& shape)
      : system_(system), fabric_(fabric), shape_(shape), samples_(shape) {}

  /// The steps asked for next are of this stage; its lanes must live on.
  void begin(const std::vector<Lane>& lanes);
  /// One step of all lanes of the stage; edges of one group of the first lane.
  StepLoads step(std::int64_t step);
  /// All steps of all lanes; edges of all messages. Ends the stage.
  StepLoads all_steps(const std::vector<const Lane*>& lanes);

 private:
  /// A lane that stands for `copies` that differ by a turn only (LoadSamples::add_turns).
  struct Representative {
    const Lane* lane = nullptr;
    double copies = 1;
    RankLayout layout;
  };

  void clear();
  void find_representatives(const std::vector<const Lane*>& lanes);
  /// Where messages of a step differ, it ends with the largest; over all steps the mean adds up.
  enum class Bytes { largest, mean };
  void add_step(std::size_t number, std::int64_t step, double count, Bytes which, ArcEdges* edges);
  void add_lane(std::size_t number, ArcEdges& edges);
  void add_all_to_all_in_groups(const Lane& lane, double copies, ArcEdges& edges);
  void add_entry(std::size_t number, int arc, const FlowBox& box, double bytes);
  void add_edges(const FlowBox& box, double count, LevelCounts& edges) const;
  StepLoads busiest();

  const System& system_;
  const Fabric& fabric_;
  const FabricShape& shape_;
  LoadSamples samples_;
  std::vector<Representative> lanes_;
  std::vector<LoadEntry> entries_;
  EvenLoads even_;
};

}  // namespace collscale

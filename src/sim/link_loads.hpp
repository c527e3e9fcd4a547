// SPDX-License-Identifier: Apache-2.0
// Bytes on every link of a fabric: what the flow engine sums, and nothing else.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/lane.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/fabric.hpp"
#include "topology/system.hpp"

namespace collscale {

class LinkLoads {
 public:
  explicit LinkLoads(const Fabric& fabric);
  void clear();
  void add(const Path& path, double bytes) {
    for (const std::int64_t link : path.view()) add(link, bytes);
  }
  void add(std::int64_t link, double bytes) { bytes_[static_cast<std::size_t>(link)] += bytes; }
  [[nodiscard]] double bytes(std::int64_t link) const {
    return bytes_[static_cast<std::size_t>(link)];
  }
  /// Seconds that the fullest link of each resource needs for the bytes on it.
  [[nodiscard]] PerResource fullest() const;

 private:
  const Fabric& fabric_;
  std::vector<double> bytes_;
};

/// What enumeration needs to know beside the fabric.
struct FlowHashing {
  std::uint64_t seed = 1;
  std::int64_t queue_pairs = 1;  ///< parts of a message between nodes, each hashed by itself
};

/// Adds `times` equal steps of one lane, which is the `number`-th of its stage, and counts its
/// messages by arc and level. A flow keeps its path through all steps: the hash knows its ends, its
/// lane and the seed, not the step. step < 0: all steps together.
void add_lane_flows(const System& system, const Fabric& fabric, const Lane& lane,
                    std::size_t number, std::int64_t step, double times, const FlowHashing& hashing,
                    LinkLoads& loads, ArcEdges& edges);

/// Adds what every rank sends every other, `bytes` a pair, aggregated: all pairs between two leaf
/// groups are one entry per pair of rails, since parallel links share them evenly. Returns the
/// farthest level.
int add_all_pairs(const System& system, const Fabric& fabric, std::int64_t ranks, double bytes,
                  LinkLoads& loads);

}  // namespace collscale

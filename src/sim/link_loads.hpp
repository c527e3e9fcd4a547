// SPDX-License-Identifier: Apache-2.0
// Bytes on every link of a fabric: what the flow engine sums, and nothing else.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/lane.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/fabric.hpp"

namespace collscale {

/// The fullest link: which, and how long it takes for the bytes on it.
struct FullestLink {
  std::int64_t link = -1;
  double seconds = 0;
  int resource = kScaleUpResource;
};

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
  [[nodiscard]] FullestLink fullest() const;

 private:
  const Fabric& fabric_;
  std::vector<double> bytes_;
};

/// Adds one step of all lanes and counts the first lane's messages per group by arc and level. A
/// flow keeps its path through all steps: the hash knows its ends, its lane and the seed, not the
/// step.
ArcEdges add_step_flows(const Fabric& fabric, const std::vector<Lane>& lanes, std::int64_t step,
                        std::uint64_t seed, LinkLoads& loads);

/// Adds what every rank sends every other, `bytes` a pair, aggregated: all pairs between two leaf
/// groups are one entry per pair of rails, since parallel links share them evenly. Returns the
/// farthest level.
int add_all_pairs(const System& system, const Fabric& fabric, std::int64_t ranks, double bytes,
                  LinkLoads& loads);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What the groups of a communicator send over which links: the flow engine for a layout of groups
// (an Engine of scenario/price.hpp). Part of simulate_concurrent.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collective/lane.hpp"
#include "scenario/candidates.hpp"
#include "scenario/price.hpp"
#include "sim/concurrent.hpp"
#include "sim/flow_engine.hpp"
#include "sim/link_loads.hpp"
#include "topology/fabric.hpp"

namespace collscale {

class GroupsEngine {
 public:
  /// `capacity_Bps` of every link of the network's fabric; everything named lives on.
  GroupsEngine(const FlowNetwork& network, const GroupLayout& layout, std::uint64_t seed,
               const std::vector<double>& capacity_Bps);

  [[nodiscard]] const System& system() const { return network_.system(); }
  [[nodiscard]] const Fabric& fabric() const { return network_.routes().fabric(); }
  [[nodiscard]] Expected<void> accepts(const Candidate& candidate) const;
  /// Fails where some flow found no whole way: the failures cut the fabric.
  [[nodiscard]] Expected<void> check_cut() const;

  StepLoads step(const std::vector<Lane>& lanes, std::int64_t step);
  StepLoads all_steps(const std::vector<const Lane*>& lanes);

  /// Adds to `bytes` (by link, as fractions of the size) one step of the lanes, or all.
  void add_step(const std::vector<const Lane*>& lanes, std::int64_t step, ArcEdges& edges);
  void add_all_steps(const std::vector<const Lane*>& lanes, ArcEdges& edges);
  void clear();
  [[nodiscard]] const std::vector<double>& bytes() const { return bytes_; }

  // As a sink of flows (routed_flows.hpp):
  void way(std::span<const std::int64_t> path, double bytes, std::int64_t, std::int64_t) {
    for (const std::int64_t link : path) bytes_[static_cast<std::size_t>(link)] += bytes;
  }
  void link(std::int64_t link, double bytes, std::int64_t, std::int64_t) {
    bytes_[static_cast<std::size_t>(link)] += bytes;
  }
  void cut(std::int64_t source, std::int64_t destination) {
    if (cut_source_ >= 0) return;
    cut_source_ = source;
    cut_destination_ = destination;
  }

 private:
  void add_lane(const Lane& lane, std::size_t number, std::int64_t step, double times,
                ArcEdges& edges);
  void add_spread(const LinkLoads& bundles);
  [[nodiscard]] bool whole() const { return layout_.groups == 1 && layout_.member_hop == 1; }
  [[nodiscard]] PerResource fullest() const;
  void set_links(const std::vector<const Lane*>& lanes, std::int64_t step, StepLoads& loads) const;

  const FlowNetwork& network_;
  GroupLayout layout_;
  FlowHashing hashing_;
  const std::vector<double>& capacity_Bps_;
  std::vector<double> bytes_;
  std::int64_t cut_source_ = -1;
  std::int64_t cut_destination_ = -1;
};

}  // namespace collscale

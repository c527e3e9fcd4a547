// SPDX-License-Identifier: Apache-2.0
// Bytes on every link of a fabric: what the flow engine sums, and nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "scenario/schedule_cost.hpp"
#include "sim/routes.hpp"
#include "topology/fabric.hpp"

namespace collscale {

/// The resource of a breakdown that links of a class are.
int resource_of(const LinkClass& link_class);

/// Once all messages are summed, by link: on a dragonfly with adaptive routing, between the routers
/// of a group, what full links carry goes over third routers (topology/local_detours.hpp). Groups
/// with a failed or degraded local link are left as they are: nothing is known of detours there.
void spread_local_loads(const Routes& routes, std::span<double> bytes);

class LinkLoads {
 public:
  explicit LinkLoads(const Routes& routes);
  void clear();
  void add(const Path& path, double bytes) {
    for (const std::int64_t link : path.view()) add(link, bytes);
  }
  void add(std::int64_t link, double bytes) { bytes_[static_cast<std::size_t>(link)] += bytes; }
  [[nodiscard]] double bytes(std::int64_t link) const {
    return bytes_[static_cast<std::size_t>(link)];
  }
  /// spread_local_loads of what was added.
  void spread() { spread_local_loads(routes_, bytes_); }
  /// Seconds that the fullest link of each resource needs for the bytes on it.
  [[nodiscard]] PerResource fullest() const;
  /// The same of the ranks' ports alone, which share their resource with the links of nodes.
  [[nodiscard]] double fullest_port_s() const;

  // As a sink of flows (routed_flows.hpp):
  void way(std::span<const std::int64_t> links, double bytes, std::int64_t, std::int64_t) {
    for (const std::int64_t link : links) add(link, bytes);
  }
  void link(std::int64_t link, double bytes, std::int64_t, std::int64_t) { add(link, bytes); }
  void cut(std::int64_t source, std::int64_t destination) {
    if (cut_source_ >= 0) return;
    cut_source_ = source;
    cut_destination_ = destination;
  }
  /// The first two ranks between which no way was whole, since it was made; −1: none.
  [[nodiscard]] std::int64_t cut_source() const { return cut_source_; }
  [[nodiscard]] std::int64_t cut_destination() const { return cut_destination_; }

 private:
  const Routes& routes_;
  std::vector<double> bytes_;
  std::int64_t cut_source_ = -1;
  std::int64_t cut_destination_ = -1;
};

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The links of a system, numbered arithmetically, and the path of a flow over them. No path table and
// nothing per rank is stored: a Fabric is a few hundred bytes for any system.
//
// Link numbering, one range after another ("resource class"), both directions apart:
//   scale_up_out[rank] scale_up_in[rank] nic_out[nic] nic_in[nic] then per tier below the top:
//   up[link] down[link].
// With routing adaptive or spray the parallel uplinks of one switch group and rail are ONE link of
// their summed capacity (the even share is what these routings mean); with ecmp each is its own.
//
// A path between nodes: [scale_up_out, scale_up_in when forwarded to another rail] nic_out,
// up(leaf) .. up(tier t−1), down(tier t−1) .. down(leaf), nic_in. Within a node: scale_up_out,
// scale_up_in. A rank to itself: empty.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "topology/system.hpp"

namespace collscale {

/// What kind of link: used for names, tiers in breakdowns, and capacities.
struct LinkClass {
  enum class Kind { scale_up_out, scale_up_in, nic_out, nic_in, up, down } kind;
  int tier = -1;              ///< of up and down: 0 = leaf
  std::int64_t first = 0;     ///< number of the first link of the class
  std::int64_t count = 0;
  double capacity_Bps = 0;    ///< of each link of the class, efficiency already applied
};

/// The links of a path in order. At most 16.
struct Path {
  std::array<std::int64_t, 16> links{};
  int length = 0;
  void push(std::int64_t link) { links[static_cast<std::size_t>(length++)] = link; }
  [[nodiscard]] std::span<const std::int64_t> view() const {
    return {links.data(), static_cast<std::size_t>(length)};
  }
};

class Fabric {
 public:
  explicit Fabric(const System& system);

  [[nodiscard]] std::int64_t link_count() const { return link_count_; }
  [[nodiscard]] std::span<const LinkClass> classes() const {
    return {classes_.data(), static_cast<std::size_t>(class_count_)};
  }
  [[nodiscard]] const LinkClass& class_of(std::int64_t link) const;
  /// "leaf 12 rail 3 up", "gpu 17 scale-up out": for messages and the list of busiest links.
  [[nodiscard]] std::string link_name(std::int64_t link) const;
  /// Where a class shows in a breakdown: "scale-up", "nic", "leaf", "spine".
  [[nodiscard]] std::string tier_name(const LinkClass& link_class) const;

  /// The path of one flow. `hash` picks among equal-cost links under ecmp and is ignored otherwise.
  [[nodiscard]] Path path(std::int64_t source_rank, std::int64_t destination_rank,
                          std::uint64_t hash) const;

  /// 0: same node; 1: same leaf group and leaf tier only; t+1: turns round at tier t.
  [[nodiscard]] int turning_level(std::int64_t source_rank, std::int64_t destination_rank) const;
  /// End-to-end latency of a message that turns round at that level: scale-up latency for 0, else the
  /// host part plus one hop latency per switch on the way (2·level − 1 switches).
  [[nodiscard]] double latency_s(int level) const;
  [[nodiscard]] int levels() const;  ///< number of tiers + 1

  /// Ranks of one aligned group of tier `tier` (0 = leaf group).
  [[nodiscard]] std::int64_t group_ranks(int tier) const;

 private:
  static constexpr int kMaxTiers = 5;
  // Filled by the constructor; see fabric.cpp.
  std::array<LinkClass, 4 + 2 * kMaxTiers> classes_{};
  int class_count_ = 0;
  std::int64_t link_count_ = 0;
  std::int64_t ranks_per_node_ = 1;
  std::int64_t nics_per_node_ = 1;
  std::int64_t rails_ = 1;
  int tiers_ = 0;
  CrossRail cross_rail_ = CrossRail::forward;
  bool bundled_ = true;
  std::array<std::int64_t, kMaxTiers> group_ranks_{};
  std::array<std::int64_t, kMaxTiers> uplinks_{};  ///< parallel uplinks of one switch group (and rail)
  std::array<double, kMaxTiers + 1> latency_s_{};
  std::array<std::string, kMaxTiers> tier_names_{};
};

}  // namespace collscale

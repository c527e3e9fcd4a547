// SPDX-License-Identifier: Apache-2.0
// The links of a system, numbered arithmetically, and the path of a flow over them. No path table
// and nothing per rank is stored: a Fabric is a few hundred bytes for any system.
//
// Link numbering, one range after another ("resource class"), both directions apart:
//   scale_up_out[rank] scale_up_in[rank] nic_out[nic] nic_in[nic] then per tier below the top:
//   up[link] down[link].
// With routing adaptive or spray the parallel uplinks of one switch group and rail are ONE link of
// their summed capacity (the even share is what these routings mean); with ecmp each is its own.
//
// Under ecmp every plane has its own links: those of plane p follow those of plane p − 1 within the
// class, and a flow stays in the plane its hash picks. Otherwise the planes are bundled, too.
//
// Wiring under ecmp is that of a folded clos: uplink j of a leaf goes to spine j of its group of
// tier 1; uplink k of spine j goes to core (j, k); and so on. The way down is then determined: from
// core (j, k) over link k to spine j of the destination's group, over link j to its leaf. A down
// link has the number, within its class, of the up link it shares a cable with. The last group of a
// tier may be partly filled: its links are numbered as if it were full.
//
// A path between nodes: [scale_up_out, scale_up_in when forwarded to another rail] nic_out,
// up(leaf) .. up(tier t−1), down(tier t−1) .. down(leaf), nic_in. Within a node: scale_up_out,
// scale_up_in. A rank to itself: empty.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "topology/divisor.hpp"
#include "topology/system.hpp"

namespace collscale {

/// What kind of link: used for names, tiers in breakdowns, and capacities.
struct LinkClass {
  enum class Kind { scale_up_out, scale_up_in, nic_out, nic_in, up, down } kind;
  int tier = -1;           ///< of up and down: 0 = leaf
  std::int64_t first = 0;  ///< number of the first link of the class
  std::int64_t count = 0;
  double capacity_Bps = 0;  ///< of each link of the class, efficiency already applied
};

/// The links of a path in order. At most 16.
struct Path {
  std::array<std::int64_t, 16> links;  ///< only the first `length` are set: clearing costs time
  int length = 0;
  void push(std::int64_t link) { links[static_cast<std::size_t>(length++)] = link; }
  [[nodiscard]] std::span<const std::int64_t> view() const& {
    return {links.data(), static_cast<std::size_t>(length)};
  }
  /// Of a call's result the links themselves: a span would outlive them in
  /// `for (link : fabric.path(...).view())`.
  [[nodiscard]] Path view() && { return *this; }
  [[nodiscard]] const std::int64_t* begin() const { return links.data(); }
  [[nodiscard]] const std::int64_t* end() const { return links.data() + length; }
};

class Fabric {
 public:
  static constexpr int kMaxTiers = 5;

  /// The system is one in which check_system (check.hpp) finds no error.
  explicit Fabric(const System& system);

  [[nodiscard]] std::int64_t link_count() const { return link_count_; }
  [[nodiscard]] std::span<const LinkClass> classes() const {
    return {classes_.data(), static_cast<std::size_t>(class_count_)};
  }
  [[nodiscard]] const LinkClass& class_of(std::int64_t link) const;
  /// The class of a kind and tier, or nullptr where there is none (the top tier has no up and
  /// down).
  [[nodiscard]] const LinkClass* find_class(LinkClass::Kind kind, int tier = -1) const;
  /// "leaf 12 rail 3 up", "gpu 17 scale-up out": for messages and the list of busiest links.
  [[nodiscard]] std::string link_name(std::int64_t link) const;
  /// Where a class shows in a breakdown: "scale-up", "nic", "leaf", "spine".
  [[nodiscard]] std::string tier_name(const LinkClass& link_class) const;

  /// The path of one flow. `hash` picks among equal-cost links under ecmp and is ignored otherwise;
  /// any bits that tell flows apart will do, they are mixed here, for each tier anew.
  [[nodiscard]] Path path(std::int64_t source_rank, std::int64_t destination_rank,
                          std::uint64_t hash) const;

  /// Appends the way from one node to another, out of the NIC of local rank `out` and into that of
  /// `in`. `choose(tier, count)` picks among equal-cost links: the plane first (tier kMaxTiers),
  /// then uplinks from the leaf on; it is asked only where links are numbered apart.
  template <class Choose>
  void append_way(Path& path, std::int64_t source_node, std::int64_t out,
                  std::int64_t destination_node, std::int64_t in, Choose&& choose) const;

  /// Links as they are numbered: of one tier, and of NICs.
  struct TierLinks {
    std::int64_t group_nodes = 0;
    std::int64_t switches = 1;  ///< of a group
    std::int64_t uplinks = 1;   ///< of a switch
    std::int64_t plane_links = 0;
  };
  [[nodiscard]] TierLinks tier_links(int tier) const;
  [[nodiscard]] std::int64_t planes() const { return planes_; }  ///< numbered apart
  [[nodiscard]] std::int64_t nics_per_node() const { return nics_per_node_; }
  [[nodiscard]] std::int64_t ranks_per_node() const { return ranks_per_node_.value(); }
  [[nodiscard]] std::int64_t nic_of(std::int64_t node, std::int64_t local_rank) const {
    return nic(node, local_rank);
  }
  [[nodiscard]] std::int64_t rail_of(std::int64_t local_rank) const { return rail(local_rank); }
  [[nodiscard]] bool forwards() const { return cross_rail_ == CrossRail::forward; }
  [[nodiscard]] bool bundles() const { return bundled_; }

  /// 0: same node; 1: same leaf group and leaf tier only; t+1: turns round at tier t.
  [[nodiscard]] int turning_level(std::int64_t source_rank, std::int64_t destination_rank) const;
  /// End-to-end latency of a message that turns round at that level: scale-up latency for 0, else
  /// the host part plus one hop latency per switch on the way (2·level − 1 switches).
  [[nodiscard]] double latency_s(int level) const;
  /// The part of it that no switch causes (of levels from 1 on).
  [[nodiscard]] double host_latency_s() const { return host_latency_s_; }
  [[nodiscard]] int levels() const;  ///< number of tiers + 1

  /// Ranks of one aligned group of tier `tier` (0 = leaf group).
  [[nodiscard]] std::int64_t group_ranks(int tier) const;

 private:
  struct Level {
    Divisor group_ranks;        ///< ranks of a group of the tier
    std::int64_t switches = 1;  ///< of a group: rails for the leaf tier
    std::int64_t uplinks = 1;   ///< numbered uplinks of one switch; 1 when bundled
    std::int64_t first_up = 0;
    std::int64_t first_down = 0;
    std::int64_t plane_links = 0;  ///< of one plane and direction
  };

  [[nodiscard]] std::int64_t rail(std::int64_t local_rank) const {
    return rails_ == 1 ? 0 : rail_ranks_.quotient(local_rank);
  }
  [[nodiscard]] std::int64_t nic(std::int64_t node, std::int64_t local_rank) const {
    return node * nics_per_node_ + (nics_per_node_ == ranks_per_node_.value()
                                        ? local_rank
                                        : ranks_per_node_.quotient(local_rank * nics_per_node_));
  }
  /// `changes_rail`: on the fabric, not by forwarding in a node.
  [[nodiscard]] int level(std::int64_t source, std::int64_t destination, bool changes_rail) const;
  void add_class(LinkClass::Kind kind, int tier, std::int64_t count, double capacity_Bps);

  std::array<LinkClass, 4 + 2 * kMaxTiers> classes_{};
  int class_count_ = 0;
  std::int64_t link_count_ = 0;
  Divisor ranks_per_node_;
  Divisor rail_ranks_;  ///< ranks of a node on one rail
  std::int64_t ranks_ = 0;
  std::int64_t nics_per_node_ = 1;  ///< numbered links of one plane: at most one per rank
  std::int64_t plane_nics_ = 0;     ///< of all nodes
  std::int64_t planes_ = 1;         ///< numbered apart; 1 when bundled
  std::int64_t rails_ = 1;
  int tiers_ = 0;
  CrossRail cross_rail_ = CrossRail::forward;
  bool bundled_ = true;
  std::array<Level, kMaxTiers> levels_{};
  std::array<double, kMaxTiers + 1> latency_s_{};
  double host_latency_s_ = 0;
  std::array<std::string, kMaxTiers> tier_names_{};
};

inline int Fabric::level(std::int64_t source, std::int64_t destination, bool changes_rail) const {
  // A change of rail needs a switch above the leaves; without one the leaf tier has to do.
  int tier = changes_rail && tiers_ > 1 ? 1 : 0;
  for (; tier + 1 < tiers_; ++tier) {
    const Divisor& ranks = levels_[static_cast<std::size_t>(tier)].group_ranks;
    if (ranks.quotient(source) == ranks.quotient(destination)) break;
  }
  return tier + 1;
}

template <class Choose>
inline void Fabric::append_way(Path& path, std::int64_t source_node, std::int64_t out,
                               std::int64_t destination_node, std::int64_t in,
                               Choose&& choose) const {
  const std::int64_t source_rail = rail(out);
  const std::int64_t destination_rail = rail(in);
  const std::int64_t source_rank = source_node * ranks_per_node_.value();
  const std::int64_t destination_rank = destination_node * ranks_per_node_.value();
  const std::int64_t plane = planes_ == 1 ? 0 : choose(kMaxTiers, planes_);
  path.push(classes_[2].first + plane * plane_nics_ + nic(source_node, out));
  const int turn = level(source_rank, destination_rank, source_rail != destination_rail);
  // Up, and the way down at once: both use the same switch and link of a group at each tier.
  const int length = path.length;
  std::int64_t position =
      0;  // of the link among those of its group (and rail), see the wiring above
  for (int tier = 0; tier + 1 < turn; ++tier) {
    const Level& here = levels_[static_cast<std::size_t>(tier)];
    std::int64_t up = here.group_ranks.quotient(source_rank);
    std::int64_t down = here.group_ranks.quotient(destination_rank);
    if (bundled_) {
      if (tier == 0) {
        up = up * rails_ + source_rail;
        down = down * rails_ + destination_rail;
      }
    } else {
      position = position * here.uplinks + choose(tier, here.uplinks);
      const std::int64_t of_group = here.uplinks * here.switches;
      up = up * of_group + (tier == 0 ? source_rail * here.uplinks : 0) + position;
      down = down * of_group + (tier == 0 ? destination_rail * here.uplinks : 0) + position;
    }
    const std::int64_t before = plane * here.plane_links;
    path.links[static_cast<std::size_t>(length + tier)] = here.first_up + before + up;
    path.links[static_cast<std::size_t>(length + 2 * (turn - 1) - 1 - tier)] =
        here.first_down + before + down;
  }
  path.length = length + 2 * (turn - 1);
  path.push(classes_[3].first + plane * plane_nics_ + nic(destination_node, in));
}

inline Path Fabric::path(std::int64_t source_rank, std::int64_t destination_rank,
                         std::uint64_t hash) const {
  Path path;
  if (source_rank == destination_rank) return path;
  const std::int64_t scale_up_out = 0;  // the first class of all
  const std::int64_t scale_up_in = ranks_;
  const std::int64_t source_node = ranks_per_node_.quotient(source_rank);
  const std::int64_t destination_node = ranks_per_node_.quotient(destination_rank);
  if (source_node == destination_node) {
    path.push(scale_up_out + source_rank);
    path.push(scale_up_in + destination_rank);
    return path;
  }
  std::int64_t out = source_rank - source_node * ranks_per_node_.value();
  const std::int64_t in = destination_rank - destination_node * ranks_per_node_.value();
  if (cross_rail_ == CrossRail::forward && rail(out) != rail(in)) {
    path.push(scale_up_out + source_rank);
    path.push(scale_up_in + source_node * ranks_per_node_.value() + in);
    out = in;
  }
  append_way(path, source_node, out, destination_node, in,
             [hash](int tier, std::int64_t count) { return pick(hash, tier, count); });
  return path;
}

}  // namespace collscale

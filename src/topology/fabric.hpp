// SPDX-License-Identifier: Apache-2.0
// The links of a system, numbered arithmetically, and the path of a flow over them. No path table
// and nothing per rank is stored: a Fabric is a few hundred bytes for any system.
//
// Link numbering, one range after another ("resource class"), both directions apart:
//   scale_up_out[rank] scale_up_in[rank] (scale_up_link[link]) nic_out[nic] nic_in[nic] then per
//   tier below the top: up[link] down[link].
// Where the ranks of a node are joined by links (node_links.hpp) there is a scale_up_link class for
// each capacity of theirs, with the links of one node after those of the other.
// Of a torus, instead: per dimension plus[cable] minus[cable]; of a dragonfly: local[link]
// global[link]. See torus_routes.hpp and dragonfly_routes.hpp; what follows is the clos.
//
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
// A path between nodes: [as within the node, when forwarded to another rail] nic_out, up(leaf) ..
// up(tier t−1), down(tier t−1) .. down(leaf), nic_in. Within a node: scale_up_out, the links of the
// way if there are such, scale_up_in. A rank to itself: empty.
// Of a torus or dragonfly: nic_out, what lies between the routers of the two nodes, nic_in.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "topology/divisor.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/node_links.hpp"
#include "topology/path.hpp"
#include "topology/system.hpp"
#include "topology/torus_routes.hpp"

namespace collscale {

/// What kind of link: used for names, tiers in breakdowns, and capacities.
struct LinkClass {
  enum class Kind {
    scale_up_out,
    scale_up_in,
    scale_up_link,  ///< `tier`: the number of the width
    nic_out,
    nic_in,
    up,  ///< up and down: clos
    down,
    plus,  ///< plus and minus: torus
    minus,
    local,  ///< local and global: dragonfly
    global
  } kind;
  int tier = -1;  ///< of up and down: 0 = leaf; the dimension; 0 local, 1 global; the width
  std::int64_t first = 0;  ///< number of the first link of the class
  std::int64_t count = 0;
  double capacity_Bps = 0;  ///< of each link of the class, efficiency already applied
};

/// A place where links end.
struct Vertex {
  enum class Kind {
    rank,
    scale_up_switch,  ///< of a node; of PCIe the host
    port,             ///< of a rank: where its links to other ranks end
    pcie_switch,      ///< node × switches of a node + switch
    node,             ///< where its NICs are
    network_switch,   ///< of a clos: of a tier, see Fabric::vertex_name; else the router
  } kind = Kind::rank;
  int tier = 0;
  std::int64_t index = 0;
  friend bool operator==(const Vertex&, const Vertex&) = default;
};
struct LinkEnds {
  Vertex from;
  Vertex to;
};

class Fabric {
 public:
  static constexpr int kMaxTiers = 5;  ///< of a clos

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

  /// The same of a clos, for loops over very many flows.
  template <class AnyPath = ClosPath>
  [[nodiscard]] AnyPath clos_path(std::int64_t source_rank, std::int64_t destination_rank,
                                  std::uint64_t hash) const;

  /// Of a clos: appends the way from one node to another, out of the NIC of local rank `out` and
  /// into that of `in`. `choose(tier, count)` picks among equal-cost links: the plane first (tier
  /// kMaxTiers), then uplinks from the leaf on; it is asked only where links are numbered apart.
  template <class AnyPath, class Choose>
  void append_way(AnyPath& path, std::int64_t source_node, std::int64_t out,
                  std::int64_t destination_node, std::int64_t in, Choose&& choose) const;

  /// Appends the way from one local rank of a node to another.
  template <class AnyPath>
  void append_within(AnyPath& path, std::int64_t node, std::int64_t from, std::int64_t to) const;
  /// The links between the ranks of a node; nullptr where the ports are all there is.
  [[nodiscard]] const NodeLinks* node_links() const { return node_links_.get(); }
  /// Of a node, by number in NodeLinks::all().
  [[nodiscard]] std::int64_t node_link(std::int64_t node, std::size_t link) const {
    const NodeLinks::Link& of_node = node_links_->at(link);
    const LinkClass& width = classes_[2 + static_cast<std::size_t>(of_node.width)];
    return width.first +
           node * node_links_->widths()[static_cast<std::size_t>(of_node.width)].count +
           of_node.number;
  }

  /// What a chain through the ranks of a node in the order of their numbers gets along: the
  /// harmonic mean over the ways from each to the next, of the narrowest link.
  [[nodiscard]] double neighbours_Bps() const;

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

  /// How far a message goes: what is of one level has one latency, and higher levels take longer.
  /// 0: same node. Clos: 1: same leaf group and leaf tier only; t+1: turns round at tier t. Torus:
  /// the number of hops. Dragonfly: one level for each number of local and global links, which the
  /// flow's hash may decide, as in path().
  [[nodiscard]] int turning_level(std::int64_t source_rank, std::int64_t destination_rank,
                                  std::uint64_t hash = 0) const;
  /// That of a path.
  [[nodiscard]] int turning_level(const Path& path) const;
  /// Of a dragonfly: that of a way over so many links.
  [[nodiscard]] int level_of(const DragonflyRoutes::Hops& hops) const;
  /// End-to-end latency of a message of that level: scale-up latency for 0, else the host part plus
  /// one hop latency per switch on the way (clos: 2·level − 1 switches; torus: per link between
  /// nodes; dragonfly: per router, and what global cables add).
  [[nodiscard]] double latency_s(int level) const;
  /// The part of it that no switch causes (of levels from 1 on).
  [[nodiscard]] double host_latency_s() const { return host_latency_s_; }
  /// Clos: number of tiers + 1. Of torus and dragonfly more than a whole fabric has: ways around
  /// what is broken are longer.
  [[nodiscard]] int levels() const;
  /// Of torus and dragonfly: links of the longest way of a whole fabric.
  [[nodiscard]] int diameter() const;

  /// Of a dragonfly; else nullptr.
  [[nodiscard]] const DragonflyRoutes* dragonfly() const {
    return std::get_if<DragonflyRoutes>(&routes_);
  }
  /// Of torus and dragonfly: the router of a rank's NIC, the links that leave a router, and links
  /// that a way between two routers has at least. Routers are numbered as the vertices that
  /// link_name names.
  [[nodiscard]] std::int64_t router_of(std::int64_t node, std::int64_t local_rank) const;
  [[nodiscard]] std::vector<LinkTo> hops_from(std::int64_t router) const;
  [[nodiscard]] int least_hops(std::int64_t router, std::int64_t other) const;
  /// Of torus and dragonfly: the other direction of the same cable, of a NIC the same port.
  [[nodiscard]] std::int64_t reverse(std::int64_t link) const;

  [[nodiscard]] bool is_clos() const { return is_clos_; }
  /// Tiers of a clos; none elsewhere.
  [[nodiscard]] int tiers() const { return tiers_; }
  /// Ranks of one aligned group of tier `tier` (0 = leaf group).
  [[nodiscard]] std::int64_t group_ranks(int tier) const;

  /// Where a link begins and ends. Links that follow one another on a path share an end, if a rank
  /// is taken to be at its node. Of links bundled into one, the switches at an end are one, too.
  [[nodiscard]] LinkEnds ends(std::int64_t link) const;
  /// "node 3", "leaf 2 rail 1", "group 3 router 5".
  [[nodiscard]] std::string vertex_name(const Vertex& vertex) const;
  /// The part of a path's latency that is spent on entering and crossing this link: the parts add
  /// up to latency_s(turning_level) on every path that does not forward within a node.
  [[nodiscard]] double link_latency_s(std::int64_t link) const;

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
  void add_nodes(const System& system, double plane_share);
  void add_clos(const System& system, const Clos& clos);
  void add_torus(const System& system, const Torus& torus);
  void add_dragonfly(const System& system, const Dragonfly& dragonfly);
  [[nodiscard]] Path routed_path(std::int64_t source_rank, std::int64_t destination_rank,
                                 std::uint64_t hash) const;
  [[nodiscard]] double latency_of(const DragonflyRoutes::Hops& hops) const;
  [[nodiscard]] int routed_level(std::int64_t source_rank, std::int64_t destination_rank,
                                 std::uint64_t hash) const;
  /// Of a dragonfly, without spines in the count: where the NIC of that local rank ends.
  [[nodiscard]] std::int64_t router(std::int64_t node, std::int64_t local_rank) const {
    return router_nodes_.quotient(node) * rails_ + rail(local_rank);
  }
  [[nodiscard]] std::string class_name_of(const LinkClass& link_class, std::int64_t index) const;
  [[nodiscard]] Vertex port_end(std::int64_t rank) const;
  [[nodiscard]] LinkEnds node_link_ends(const LinkClass& link_class, std::int64_t index) const;
  /// Within a node a message's latency is that of the links, not of the port it leaves by.
  [[nodiscard]] bool latency_on_links() const {
    return node_links_ != nullptr && !node_links_->through_host();
  }
  [[nodiscard]] LinkEnds clos_ends(const LinkClass& link_class, std::int64_t index) const;

  static constexpr std::size_t kMaxLinkTiers = std::max(kMaxTiers, Torus::kMaxDimensions);
  std::array<LinkClass, 4 + NodeLinks::kMaxWidths + 2 * kMaxLinkTiers> classes_{};
  int class_count_ = 0;
  std::int64_t link_count_ = 0;
  std::int64_t first_nic_out_ = 0;
  std::int64_t first_nic_in_ = 0;
  std::int64_t first_global_ = 0;  ///< of a dragonfly
  std::shared_ptr<const NodeLinks> node_links_;
  Divisor ranks_per_node_;
  Divisor rail_ranks_;  ///< ranks of a node on one rail
  std::int64_t ranks_ = 0;
  std::int64_t nics_per_node_ = 1;  ///< numbered links of one plane: at most one per rank
  std::int64_t plane_nics_ = 0;     ///< of all nodes
  std::int64_t planes_ = 1;         ///< numbered apart; 1 when bundled
  std::int64_t rails_ = 1;          ///< of a dragonfly: routers that share out the NICs of a node
  int tiers_ = 0;
  CrossRail cross_rail_ = CrossRail::forward;
  bool bundled_ = true;
  std::array<Level, kMaxTiers> levels_{};
  std::array<double, kMaxTiers + 1> latency_s_{};
  std::array<double, kMaxTiers> hops_s_{};  ///< of a clos: one switch of each tier
  double host_latency_s_ = 0;
  std::array<std::string, kMaxLinkTiers> tier_names_{};

  std::variant<std::monostate, TorusRoutes, DragonflyRoutes> routes_;  ///< none: a clos
  bool is_clos_ = true;
  Divisor router_nodes_;      ///< nodes of a router
  double hop_latency_s_ = 0;  ///< of torus and dragonfly
  double global_latency_s_ = 0;
  std::vector<DragonflyRoutes::Hops> hops_of_level_;  ///< of a dragonfly, from level 1 on
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

template <class AnyPath, class Choose>
inline void Fabric::append_way(AnyPath& path, std::int64_t source_node, std::int64_t out,
                               std::int64_t destination_node, std::int64_t in,
                               Choose&& choose) const {
  const std::int64_t source_rail = rail(out);
  const std::int64_t destination_rail = rail(in);
  const std::int64_t source_rank = source_node * ranks_per_node_.value();
  const std::int64_t destination_rank = destination_node * ranks_per_node_.value();
  const std::int64_t plane = planes_ == 1 ? 0 : choose(kMaxTiers, planes_);
  path.push(first_nic_out_ + plane * plane_nics_ + nic(source_node, out));
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
  path.push(first_nic_in_ + plane * plane_nics_ + nic(destination_node, in));
}

template <class AnyPath>
inline void Fabric::append_within(AnyPath& path, std::int64_t node, std::int64_t from,
                                  std::int64_t to) const {
  const std::int64_t first_rank = node * ranks_per_node_.value();
  path.push(first_rank + from);  // scale_up_out is the first class of all
  if (node_links_ != nullptr)
    for (const std::uint16_t link : node_links_->way(from, to)) path.push(node_link(node, link));
  path.push(ranks_ + first_rank + to);  // scale_up_in the second
}

template <class AnyPath>
inline AnyPath Fabric::clos_path(std::int64_t source_rank, std::int64_t destination_rank,
                                 std::uint64_t hash) const {
  AnyPath path;
  if (source_rank == destination_rank) return path;
  const std::int64_t source_node = ranks_per_node_.quotient(source_rank);
  const std::int64_t destination_node = ranks_per_node_.quotient(destination_rank);
  std::int64_t out = source_rank - source_node * ranks_per_node_.value();
  const std::int64_t in = destination_rank - destination_node * ranks_per_node_.value();
  if (source_node == destination_node) {
    append_within(path, source_node, out, in);
    return path;
  }
  if (cross_rail_ == CrossRail::forward && rail(out) != rail(in)) {
    append_within(path, source_node, out, in);
    out = in;
  }
  append_way(path, source_node, out, destination_node, in,
             [hash](int tier, std::int64_t count) { return pick(hash, tier, count); });
  return path;
}

inline Path Fabric::path(std::int64_t source_rank, std::int64_t destination_rank,
                         std::uint64_t hash) const {
  return is_clos_ ? clos_path<Path>(source_rank, destination_rank, hash)
                  : routed_path(source_rank, destination_rank, hash);
}

}  // namespace collscale

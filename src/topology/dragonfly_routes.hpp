// SPDX-License-Identifier: Apache-2.0
// The links between the routers of a dragonfly, numbered arithmetically, and the routes over them
// (J. Kim, W. Dally, S. Scott, D. Abts: "Technology-Driven, Highly-Scalable Dragonfly Topology",
// ISCA 2008).
//
// Within a group every router reaches every other directly; with spines (dragonfly+, A. Shpiner et
// al.: "Dragonfly+: Low Cost Topology for Scaling Datacenters", HiPINEB 2017) the first routers of
// a group are leaves, which hold the nodes, and every leaf has a link to every spine.
//
// Global ports of a group are counted over its routers (over its spines), global_links each. Port p
// leads to the (p mod others)-th of the other groups, as the p div others-th link between the two;
// ports that are left over stay unused: the last ones, or, where the file says how many links join
// two groups (pair_links), as many of every router. That is the "absolute" arrangement (E. Hastings
// et al.: "Comparing Global Link Arrangements for Dragonfly Networks", CLUSTER 2015).
//
// Where several routers share out the NICs of a node (node_routers), they are successive ones, and
// serve the same nodes.
//
// Numbers of links: local[group][from][to][parallel], then global[group][port], both directions
// apart. With spines local is up[group][leaf][spine][parallel], then down with the same order.
//
// Which of several links a flow takes, and its intermediate group, is its hash's choice.
#pragma once

#include <cstdint>
#include <vector>

#include "topology/divisor.hpp"
#include "topology/path.hpp"
#include "topology/system.hpp"

namespace collscale {

class DragonflyRoutes {
 public:
  explicit DragonflyRoutes(const Dragonfly& dragonfly);

  [[nodiscard]] std::int64_t groups() const { return groups_; }
  /// That nodes are attached to, of a group.
  [[nodiscard]] std::int64_t routers() const { return routers_.value(); }
  [[nodiscard]] std::int64_t spines() const { return spines_; }
  [[nodiscard]] std::int64_t local_links() const { return local_links_; }
  [[nodiscard]] std::int64_t global_links() const { return groups_ * group_ports_; }
  /// Between each two groups, one direction.
  [[nodiscard]] std::int64_t links_between_groups() const { return between_; }
  /// The router (spine) of a group where a global port is, and the first port of a router; ports
  /// are numbered within the group, those of router r are [first_port(r), first_port(r + 1)).
  [[nodiscard]] std::int64_t router_of_port(std::int64_t port) const;
  [[nodiscard]] std::int64_t first_port(std::int64_t router) const;
  /// The port of a group from which the `link`-th of the links to another group leaves.
  [[nodiscard]] std::int64_t port_to(std::int64_t group, std::int64_t other,
                                     std::int64_t link) const {
    return link * (groups_ - 1) + (other < group ? other : other - 1);
  }
  [[nodiscard]] std::int64_t parallel_local_links() const { return parallel_; }
  [[nodiscard]] DragonflyRouting routing() const { return routing_; }
  /// Packets between two routers of a group avoid full links (local_detours.hpp).
  [[nodiscard]] bool spreads_locally() const {
    return routing_ == DragonflyRouting::adaptive && spines_ == 0 && routers_.value() > 1;
  }
  /// The first of the parallel links from one router of a group to another, of local links.
  [[nodiscard]] std::int64_t local_link(std::int64_t group, std::int64_t from,
                                        std::int64_t to) const {
    return first_local_ + local_index(group, from, to);
  }

  /// Routers that share out the NICs of a node, and nodes of such a set of routers.
  [[nodiscard]] std::int64_t node_routers() const { return node_routers_; }
  [[nodiscard]] std::int64_t nodes_of_router() const { return nodes_; }
  [[nodiscard]] std::int64_t nodes_of_group() const {
    return routers_.value() / node_routers_ * nodes_;
  }
  void place(std::int64_t first_local, std::int64_t first_global) {
    first_local_ = first_local;
    first_global_ = first_global;
  }

  /// Between routers that nodes are attached to, numbered group by group.
  void append(Path& path, std::int64_t source, std::int64_t destination, std::uint64_t hash) const;

  struct Hops {
    int local = 0;
    int global = 0;
  };
  /// Links of that route.
  [[nodiscard]] Hops hops(std::int64_t source, std::int64_t destination, std::uint64_t hash) const;
  /// What routes there are.
  [[nodiscard]] std::vector<Hops> all_hops() const;
  /// Links that leave a router, local before global; routers are numbered group by group, spines
  /// after the leaves of theirs.
  [[nodiscard]] std::vector<LinkTo> hops_from(std::int64_t router) const;
  /// Of routers numbered like that, that nodes are attached to.
  [[nodiscard]] std::int64_t with_spines(std::int64_t router) const {
    return spines_ == 0 ? router : routers_.quotient(router) * spines_ + router;
  }

  /// A router by group and by number within it; spines follow the leaves.
  struct Router {
    std::int64_t group = 0;
    std::int64_t router = 0;
    friend bool operator==(const Router&, const Router&) = default;
  };
  struct Ends {
    Router from;
    Router to;
    std::int64_t parallel = 0;  ///< of a local link: which of those between the two
    std::int64_t port = 0;      ///< of a global link: which of its router's
  };
  [[nodiscard]] Ends local_ends(std::int64_t index) const;
  [[nodiscard]] Ends global_ends(std::int64_t index) const;
  /// The other direction of the same cable.
  [[nodiscard]] std::int64_t local_reverse(std::int64_t index) const;
  [[nodiscard]] std::int64_t global_reverse(std::int64_t index) const;

 private:
  template <class Local, class Global>
  void walk(Router at, Router destination, std::uint64_t hash, const Local& local,
            const Global& global) const;
  template <class Local, class Global>
  Router cross(Router at, std::int64_t to_group, std::uint64_t hash, int stage, const Local& local,
               const Global& global) const;
  [[nodiscard]] Router split(std::int64_t router) const {
    const std::int64_t group = routers_.quotient(router);
    return {group, router - group * routers_.value()};
  }
  /// Of a hop from router to router of one group, before the choice of a parallel link.
  [[nodiscard]] std::int64_t local_index(std::int64_t group, std::int64_t from,
                                         std::int64_t to) const;
  [[nodiscard]] Router far_end(std::int64_t group, std::int64_t port) const;

  DragonflyRouting routing_ = DragonflyRouting::minimal;
  std::int64_t groups_ = 1;
  Divisor routers_;
  std::int64_t spines_ = 0;
  std::int64_t parallel_ = 1;
  std::int64_t ports_of_router_ = 1;  ///< global
  std::int64_t node_routers_ = 1;
  std::int64_t nodes_ = 1;       ///< of a router
  std::int64_t with_ports_ = 1;  ///< routers of a group that have global ports
  bool spread_ = false;          ///< ports that are used, over all of those
  std::int64_t between_ = 0;
  std::int64_t group_ports_ = 0;  ///< used
  std::int64_t local_links_ = 0;
  std::int64_t first_local_ = 0;
  std::int64_t first_global_ = 0;
};

}  // namespace collscale

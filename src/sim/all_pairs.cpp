// SPDX-License-Identifier: Apache-2.0
#include "sim/all_pairs.hpp"

#include <algorithm>
#include <vector>

#include "topology/flow_hash.hpp"

namespace collscale {
namespace {

using Kind = LinkClass::Kind;

/// Members below one leaf group on one rail.
struct Leaf {
  std::int64_t number = 0;
  std::int64_t rail = 0;
  std::int64_t count = 0;
  std::int64_t first = -1;  ///< ranks of the system
};

/// Which ranks of the system the group has; of nodes that lack a NIC they are kept apart.
struct Group {
  std::vector<std::int64_t> job_rank;  ///< by rank of the system, −1: not of the group
  std::vector<std::int64_t> apart;     ///< members on nodes that lack a NIC
  std::vector<bool> node_apart;        ///< empty: none
  [[nodiscard]] std::int64_t rank_of(std::int64_t system_rank) const {
    return job_rank[static_cast<std::size_t>(system_rank)];
  }
};

Group group_of(const Routes& routes, const std::vector<std::int64_t>& members) {
  const Fabric& fabric = routes.fabric();
  const std::int64_t per_node = fabric.ranks_per_node();
  const std::int64_t all = fabric.find_class(Kind::scale_up_out)->count;
  Group group;
  group.job_rank.assign(static_cast<std::size_t>(all), -1);
  for (const std::int64_t rank : members)
    group.job_rank[static_cast<std::size_t>(routes.placement().rank(rank))] = rank;
  if (routes.has_dead_nics()) {
    group.node_apart.assign(static_cast<std::size_t>(all / per_node), false);
    for (std::int64_t node = 0; node < all / per_node; ++node)
      group.node_apart[static_cast<std::size_t>(node)] = routes.node_lacks_nic(node);
    for (const std::int64_t rank : members)
      if (group.node_apart[static_cast<std::size_t>(routes.placement().rank(rank) / per_node)])
        group.apart.push_back(rank);
  }
  return group;
}

}  // namespace

double pairs_one_by_one(const Routes& routes, const std::vector<std::int64_t>& members) {
  if (!routes.fabric().is_clos()) {
    // Every two nodes are an entry.
    const double nodes =
        static_cast<double>(members.size()) / static_cast<double>(routes.fabric().ranks_per_node());
    return nodes * nodes;
  }
  if (!routes.has_dead_nics()) return 0;
  return 2 * static_cast<double>(group_of(routes, members).apart.size()) *
         static_cast<double>(members.size());
}

int for_each_pair_load(const Routes& routes, const std::vector<std::int64_t>& members, double bytes,
                       const PairLoad& f,
                       const std::function<void(std::int64_t, std::int64_t)>& cut) {
  const Fabric& fabric = routes.fabric();
  const std::int64_t per_node = fabric.ranks_per_node();
  const LinkClass& port_out = *fabric.find_class(Kind::scale_up_out);
  const LinkClass& port_in = *fabric.find_class(Kind::scale_up_in);
  const LinkClass& nic_out = *fabric.find_class(Kind::nic_out);
  const LinkClass& nic_in = *fabric.find_class(Kind::nic_in);
  const std::int64_t nodes = port_out.count / per_node;
  const auto rail = [&](std::int64_t local) { return fabric.rail_of(local); };
  const Group group = group_of(routes, members);
  int farthest = 0;

  // One by one: within nodes that lack a NIC and between them and all others, both ways.
  const auto one = [&](std::int64_t source, std::int64_t destination) {
    const Path path = routes.path(source, destination, 0);
    if (path.length == 0 && source != destination) return cut(source, destination);
    farthest = std::max(farthest, routes.turning_level(path));
    for (const std::int64_t link : path) f(link, bytes, source, destination);
  };
  const auto is_apart = [&](std::int64_t node) {
    return !group.node_apart.empty() && group.node_apart[static_cast<std::size_t>(node)];
  };
  for (const std::int64_t rank : group.apart)
    for (const std::int64_t other : members) {
      one(rank, other);
      if (!is_apart(routes.placement().rank(other) / per_node)) one(other, rank);
    }

  // The others. By local rank how many nodes have it, and by node which.
  std::vector<std::int64_t> with_local(static_cast<std::size_t>(per_node), 0);
  std::int64_t total = 0;
  const auto job_rank = [&](std::int64_t node, std::int64_t local) {
    return is_apart(node) ? -1 : group.rank_of(node * per_node + local);
  };
  for (std::int64_t node = 0; node < nodes; ++node)
    for (std::int64_t local = 0; local < per_node; ++local)
      if (job_rank(node, local) >= 0) {
        ++with_local[static_cast<std::size_t>(local)];
        ++total;
      }

  const auto within = [&](std::int64_t node, std::int64_t from, std::int64_t to, double bytes_there,
                          std::int64_t source, std::int64_t destination) {
    if (fabric.node_links() == nullptr) return;
    for (const std::uint16_t link : fabric.node_links()->way(from, to))
      f(fabric.node_link(node, link), bytes_there, source, destination);
  };

  // Ports and NICs, node by node: what each local rank i sends to local ranks j of other nodes.
  for (std::int64_t node = 0; node < nodes; ++node) {
    std::int64_t here = 0;
    for (std::int64_t i = 0; i < per_node; ++i) here += job_rank(node, i) >= 0 ? 1 : 0;
    if (here == 0) continue;
    if (here < total) farthest = std::max(farthest, 1);
    for (std::int64_t i = 0; i < per_node; ++i) {
      const std::int64_t rank = job_rank(node, i);
      if (rank < 0) continue;
      const std::int64_t at = node * per_node + i;
      f(port_out.first + at, bytes * static_cast<double>(here - 1), rank, -1);
      f(port_in.first + at, bytes * static_cast<double>(here - 1), -1, rank);
      f(nic_in.first + fabric.nic_of(node, i), bytes * static_cast<double>(total - here), -1, rank);
      for (std::int64_t j = 0; j < per_node; ++j) {
        if (j != i && job_rank(node, j) >= 0) within(node, i, j, bytes, rank, job_rank(node, j));
        const std::int64_t elsewhere =
            with_local[static_cast<std::size_t>(j)] - (job_rank(node, j) >= 0 ? 1 : 0);
        if (elsewhere == 0) continue;
        const double sent = bytes * static_cast<double>(elsewhere);
        const bool forwarded = fabric.forwards() && rail(i) != rail(j);
        if (forwarded) {
          f(port_out.first + at, sent, rank, -1);
          f(port_in.first + node * per_node + j, sent, rank, -1);
          within(node, i, j, sent, rank, -1);
        }
        f(nic_out.first + fabric.nic_of(node, forwarded ? j : i), sent, rank, -1);
      }
    }
  }

  // Uplinks and downlinks: all pairs between two leaf groups and two rails are one entry. Between
  // the routers of a torus or dragonfly: all pairs between two nodes.
  const std::int64_t group_nodes = fabric.is_clos() ? fabric.group_ranks(0) / per_node : 1;
  const std::int64_t rails = rail(per_node - 1) + 1;
  std::vector<Leaf> leaves;
  for (std::int64_t leaf = 0; leaf * group_nodes < nodes; ++leaf) {
    const std::size_t begin = leaves.size();
    for (std::int64_t r = 0; r < rails; ++r) leaves.push_back({leaf, r, 0, -1});
    const std::int64_t last = std::min(nodes, (leaf + 1) * group_nodes);
    for (std::int64_t node = leaf * group_nodes; node < last; ++node)
      for (std::int64_t local = 0; local < per_node; ++local) {
        if (job_rank(node, local) < 0) continue;
        Leaf& of_rail = leaves[begin + static_cast<std::size_t>(rail(local))];
        if (of_rail.count++ == 0) of_rail.first = node * per_node + local;
      }
  }
  std::erase_if(leaves, [](const Leaf& leaf) { return leaf.count == 0; });
  const std::int64_t first_fabric_link = nic_in.first + nic_in.count;
  const auto on_rail = [&](std::int64_t node, std::int64_t r) {
    std::int64_t count = 0;
    for (std::int64_t local = 0; local < per_node; ++local)
      count += rail(local) == r && job_rank(node, local) >= 0 ? 1 : 0;
    return count;
  };
  for (const Leaf& from : leaves) {
    for (const Leaf& to : leaves) {
      const bool same_group = from.number == to.number;
      if (same_group && (from.rail == to.rail || fabric.forwards())) continue;
      double pairs = static_cast<double>(from.count) * static_cast<double>(to.count);
      std::int64_t source = from.first;
      std::int64_t destination = to.first;
      if (same_group) {
        // Pairs of one node stay inside it; the others turn round above the leaf, on any two nodes
        // alike.
        const std::int64_t first = from.number * group_nodes;
        const std::int64_t last = std::min(nodes, first + group_nodes);
        for (std::int64_t node = first; node < last; ++node)
          pairs -= static_cast<double>(on_rail(node, from.rail) * on_rail(node, to.rail));
        if (pairs <= 0) continue;
        std::int64_t there = first;
        while (there == source / per_node || is_apart(there)) ++there;
        destination = there * per_node + destination % per_node;
      }
      const Path path = routes.path_of_ranks(source, destination, pair_hash(source, destination));
      const std::int64_t job_source = group.rank_of(source);
      const std::int64_t job_destination = group.rank_of(destination);
      if (path.length == 0) {
        cut(job_source, job_destination < 0 ? job_source : job_destination);
        continue;
      }
      farthest = std::max(farthest, routes.turning_level(path));
      for (const std::int64_t link : path)
        if (link >= first_fabric_link) f(link, bytes * pairs, job_source, job_destination);
    }
  }
  return farthest;
}

}  // namespace collscale

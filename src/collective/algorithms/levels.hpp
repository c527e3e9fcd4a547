// SPDX-License-Identifier: Apache-2.0
// Which nodes the ranks of a shape lie on, for the families that work level by level. Even nodes
// become digits of the rank (views by digits), uneven ones runs of nodes (views by nodes).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "collective/algorithms.hpp"
#include "units/error.hpp"

namespace collscale {

/// The nodes in the order of the ranks, as runs of equal nodes (neighbouring runs differ): those of
/// Shape::nodes, or nodes of ranks_per_node of which the last holds what is left. One run means
/// even nodes. Fails where a run is not positive or the nodes do not hold the ranks.
Expected<std::vector<NodeRun>> node_runs(const Shape& shape);

/// node_runs, and numbers the schedule's ranks by them: even nodes as radix {ranks per node, nodes}
/// (digit 0 the local rank, digit 1 the node), uneven ones as Schedule::nodes and one digit.
Expected<std::vector<NodeRun>> number_by_node(const Shape& shape, Schedule& schedule);

std::int64_t node_count(const std::vector<NodeRun>& runs);
std::int64_t largest_node(const std::vector<NodeRun>& runs);  ///< ranks of the largest node

/// Shape::channels, at most one per local rank.
std::int64_t channels_of(const Shape& shape, const std::vector<NodeRun>& runs);

/// What runs among `size` ranks.
using Among = Term (*)(std::int64_t size);

/// `inside(size)` in every node at the same time: nodes have no rank in common.
Term in_nodes(const std::vector<NodeRun>& runs, Among inside);
/// One rank of every node: local rank 0, of copy c local rank c (mod the size of the node).
View leaders(const std::vector<NodeRun>& runs);
/// Where rings can go round equal nodes in several orders (Shape::node_rings): those orders; else
/// null. Through nodes: begun and ended at every rank alike, for what enters and leaves a node.
enum class Through : bool { node, nodes };
std::shared_ptr<const LocalOrders> node_orders(const Shape& shape, const std::vector<NodeRun>& runs,
                                               Through through);
/// The term on as many equal parts of the data as there are orders, in each of them.
Par::Child in_orders(const std::shared_ptr<const LocalOrders>& orders, double weight, Term term);

/// Each term on as many equal parts of the data as there are parts; copy c has local rank c of
/// every node as its leader. With orders: on as many parts as there are orders, the first of each
/// as its leader. For par().
std::vector<Par::Child> with_leaders(const std::vector<NodeRun>& runs, std::int64_t parts,
                                     const std::vector<Term>& terms,
                                     const std::shared_ptr<const LocalOrders>& orders = nullptr);

}  // namespace collscale

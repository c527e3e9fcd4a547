// SPDX-License-Identifier: Apache-2.0
// Which nodes the ranks of a shape lie on, for the families that work level by level. Even nodes
// become digits of the rank (views by digits), uneven ones runs of nodes (views by nodes).
#pragma once

#include <cstdint>
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

}  // namespace collscale

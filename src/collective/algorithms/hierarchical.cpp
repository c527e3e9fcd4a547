// SPDX-License-Identifier: Apache-2.0
// Level by level: within each node (digit 0), between ranks of equal local rank in a group of nodes
// (digit 1), between groups (digit 2), so that every NIC of a node carries its own shard along its
// own rail. The scheme of BlueConnect (M. Cho et al., MLSys 2019) and of multi-level rings in MPI
// libraries and NCCL plug-ins. Uneven nodes have no shards that nest: there each of as many parts
// as the largest node has ranks goes through another leader of every node (multi_rail.cpp).
#include <algorithm>

#include "collective/algorithms/families.hpp"
#include "collective/algorithms/levels.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

Term on_digit(std::size_t digit, Term term) {
  return over(digits_view({static_cast<int>(digit)}), std::move(term));
}

Term forward(std::int64_t size) { return ring_gather(size, +1); }
Term backward(std::int64_t size) { return ring_gather(size, -1); }

/// Splits the nodes into groups: as many as the shape says, clipped to a divisor of their number.
void number_by_group(const Shape& shape, Schedule& schedule) {
  const std::int64_t nodes = schedule.radix[1];
  std::int64_t group = std::clamp<std::int64_t>(shape.nodes_per_group, 1, nodes);
  while (nodes % group != 0) --group;
  schedule.radix = {schedule.radix[0], group, nodes / group};
}

/// In nodes with links the rings inside go round in all orders, a part of the data each.
Term in_all_orders(const Shape& shape, const std::vector<NodeRun>& runs, Term term) {
  const auto orders = node_orders(shape, runs, Through::node);
  if (!orders) return term;
  return par({in_orders(orders, 1, std::move(term))});
}

/// Rings on all levels but the last, which runs `top`.
Term reduce_by_level(const std::vector<std::int64_t>& radix, Among top) {
  std::vector<Term> stages;
  for (std::size_t d = 0; d + 1 < radix.size(); ++d)
    stages.push_back(on_digit(d, dual(backward(radix[d]))));
  stages.push_back(on_digit(radix.size() - 1, top(radix.back())));
  for (std::size_t d = radix.size() - 1; d-- > 0;) stages.push_back(on_digit(d, forward(radix[d])));
  return seq(std::move(stages));
}

/// From the last level, with `top`, down to the nodes with rings in `direction`.
Term gather_by_level(const std::vector<std::int64_t>& radix, Among top, int direction) {
  std::vector<Term> stages{on_digit(radix.size() - 1, top(radix.back()))};
  for (std::size_t d = radix.size() - 1; d-- > 0;)
    stages.push_back(on_digit(d, ring_gather(radix[d], direction)));
  return seq(std::move(stages));
}

/// Among leaders blocks are as large as their nodes, and a fold would send them twice: Bruck's
/// rounds take any number.
Term doubling_among_leaders(std::int64_t size) {
  return core_size(size) == size ? recursive_doubling_gather(size) : bruck_gather(size, 2);
}

template <int levels, Among top>
Expected<Term> all_reduce(const Shape& shape, Schedule& schedule) {
  const auto runs = number_by_node(shape, schedule);
  if (!runs) return tl::unexpected(runs.error());
  if (runs->size() > 1) return reduce_through_leaders(*runs, largest_node(*runs), 1, top);
  if (levels == 3) number_by_group(shape, schedule);
  return in_all_orders(shape, *runs, reduce_by_level(schedule.radix, top));
}

template <int levels, Among top, Among leaders = top>
Expected<Term> all_gather(const Shape& shape, Schedule& schedule) {
  const auto runs = number_by_node(shape, schedule);
  if (!runs) return tl::unexpected(runs.error());
  if (runs->size() > 1) return gather_through_leaders(*runs, largest_node(*runs), leaders);
  if (levels == 3) number_by_group(shape, schedule);
  return in_all_orders(shape, *runs, gather_by_level(schedule.radix, top, +1));
}

template <int levels, Among top, Among leaders = top>
Expected<Term> reduce_scatter(const Shape& shape, Schedule& schedule) {
  const auto runs = number_by_node(shape, schedule);
  if (!runs) return tl::unexpected(runs.error());
  if (runs->size() > 1) return dual(gather_through_leaders(*runs, largest_node(*runs), leaders));
  if (levels == 3) number_by_group(shape, schedule);
  return in_all_orders(shape, *runs, dual(gather_by_level(schedule.radix, top, -1)));
}

constexpr std::string_view kSource =
    "M. Cho, U. Finkler, M. Serrano, D. Kung, H. Hunter: BlueConnect, MLSys 2019";

}  // namespace

Family hierarchical_family() {
  using C = Collective;
  const Algorithm::Uses nodes{.nodes = true};
  const Algorithm::Uses groups{.nodes = true, .groups = true};
  return {
      {C::all_reduce, "hierarchical",
       "ring reduce_scatter in the node, rings between nodes, ring all_gather in the node",
       "2(g-1) + 2(N-1)", "2(n-1)/n S", kSource, nodes, all_reduce<2, ring_reduce>},
      {C::all_reduce, "hierarchical_3level",
       "as hierarchical, with rings in each group of nodes and rings between groups",
       "2(g-1) + 2(p-1) + 2(N/p-1)", "2(n-1)/n S", kSource, groups, all_reduce<3, ring_reduce>},
      {C::all_reduce, "hierarchical_halving_doubling",
       "as hierarchical, with recursive halving and doubling between nodes",
       "2(g-1) + 2 log2 N (+2)", "2(n-1)/n S (+S/g)", kSource, nodes,
       all_reduce<2, halving_doubling_reduce>},
      {C::all_gather, "hierarchical", "rings between nodes, then a ring in the node",
       "(g-1) + (N-1)", "(n-1)/n S", kSource, nodes, all_gather<2, forward>},
      {C::all_gather, "hierarchical_3level",
       "rings between groups of nodes, in each group, then in the node", "(g-1) + (p-1) + (N/p-1)",
       "(n-1)/n S", kSource, groups, all_gather<3, forward>},
      {C::all_gather, "hierarchical_halving_doubling",
       "recursive doubling between nodes, then a ring in the node", "(g-1) + log2 N (+2)",
       "(n-1)/n S at 2^k", kSource, nodes,
       all_gather<2, recursive_doubling_gather, doubling_among_leaders>},
      {C::reduce_scatter, "hierarchical", "a ring in the node, then rings between nodes",
       "(g-1) + (N-1)", "(n-1)/n S", kSource, nodes, reduce_scatter<2, backward>},
      {C::reduce_scatter, "hierarchical_3level",
       "a ring in the node, in each group of nodes, then between groups", "(g-1) + (p-1) + (N/p-1)",
       "(n-1)/n S", kSource, groups, reduce_scatter<3, backward>},
      {C::reduce_scatter, "hierarchical_halving_doubling",
       "a ring in the node, then recursive halving between nodes", "(g-1) + log2 N (+2)",
       "(n-1)/n S at 2^k", kSource, nodes,
       reduce_scatter<2, recursive_doubling_gather, doubling_among_leaders>},
  };
}

}  // namespace collscale

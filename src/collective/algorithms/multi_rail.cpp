// SPDX-License-Identifier: Apache-2.0
// Several leaders per node, a part of the data each: M. Bayatpour, S. Chakraborty, H. Subramoni,
// X. Lu, D. K. Panda: "Scalable reduction collectives with data partitioning-based multi-leader
// design" (DPML), SC 2017. Part c goes along a chain to local rank c of every node, round a ring
// between these, and along the chain back, so that part c uses the rail of local rank c. As nothing
// is said of how large a node is, this also serves uneven nodes, for every hierarchy.
#include <algorithm>

#include "collective/algorithms/families.hpp"
#include "collective/algorithms/levels.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

/// Every rank hands its block to the leader, all at once.
Term collect(std::int64_t size) {
  Phase phase_of_leader = phase(Frame::cyclic, Unit::one, size - 1,
                                {to_receivers(arc(steps_of(-1, -1), singleton(steps_of(-1, -1))),
                                              interval(constant(0), constant(1)))});
  phase_of_leader.lag = Lag::none;
  return {phase_of_leader};
}

}  // namespace

Term reduce_through_leaders(const std::vector<NodeRun>& runs, std::int64_t parts,
                            std::int32_t chunks, Among among,
                            const std::shared_ptr<const LocalOrders>& orders) {
  const Term hand_out = in_nodes(runs, chain_from_leader);
  Term all = seq({dual(hand_out), over(leaders(runs), among(node_count(runs))), hand_out});
  if (chunks > 1) all = pipe(chunks, 0, std::move(all));
  return par(with_leaders(runs, parts, {std::move(all)}, orders));
}

Term gather_through_leaders(const std::vector<NodeRun>& runs, std::int64_t parts, Among among) {
  return par(
      with_leaders(runs, parts,
                   {seq({in_nodes(runs, collect), over(leaders(runs), among(node_count(runs))),
                         in_nodes(runs, chain_from_leader)})}));
}

namespace {

Expected<Term> all_reduce(const Shape& shape, Schedule& schedule) {
  const auto runs = number_by_node(shape, schedule);
  if (!runs) return tl::unexpected(runs.error());
  return reduce_through_leaders(*runs, channels_of(shape, *runs),
                                static_cast<std::int32_t>(shape.options.chunks), ring_reduce,
                                node_orders(shape, *runs, Through::nodes));
}

}  // namespace

Family multi_rail_family() {
  return {{Collective::all_reduce,
           "multi_rail",
           "each channel collects its part at another local rank of every node, rings between them",
           "2(g-1) + 2(N-1) + (K-1)(N-1)",
           "2S + 2(N-1)/N S/C at most",
           "M. Bayatpour, S. Chakraborty, H. Subramoni, X. Lu, D. K. Panda: Scalable reduction "
           "collectives with data partitioning-based multi-leader design, SC 2017",
           {.nodes = true, .channels = true, .chunks = true},
           all_reduce}};
}

}  // namespace collscale

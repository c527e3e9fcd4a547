// SPDX-License-Identifier: Apache-2.0
// Several leaders per node, a part of the data each: M. Bayatpour, S. Chakraborty, H. Subramoni,
// X. Lu, D. K. Panda: "Scalable reduction collectives with data partitioning-based multi-leader
// design" (DPML), SC 2017. Part c goes along a chain to local rank c of every node, round a ring
// between these, and along the chain back, so that part c uses the rail of local rank c. As nothing
// is said of how large a node is, this also serves uneven nodes, for every hierarchy.
#include <fmt/format.h>

#include <algorithm>

#include "collective/algorithms/families.hpp"
#include "collective/algorithms/levels.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kMaxChunks = std::int64_t{1} << 20;

bool even(const std::vector<NodeRun>& runs) { return runs.size() == 1; }

/// `inside(size)` in every node, at the same time (nodes have no rank in common).
Term in_nodes(const std::vector<NodeRun>& runs, Among inside) {
  if (even(runs)) return over(digits_view({0}), inside(runs.front().ranks));
  std::vector<Term> terms;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (runs[i].ranks > 1)
      terms.push_back(over(nodes_view(static_cast<std::int32_t>(i)), inside(runs[i].ranks)));
  return seq(std::move(terms));
}

Term between_leaders(const std::vector<NodeRun>& runs, Term term) {
  if (!even(runs)) return over(leaders_view(), std::move(term));
  View leaders = digits_view({1});
  leaders.fixed[0] = {0, 0};
  leaders.fixed_count = 1;
  return over(leaders, std::move(term));
}

/// Part c turns the ranks of every node by c, so that the leader is local rank c.
Term in_parts(const std::vector<NodeRun>& runs, std::int64_t parts, Term term) {
  const auto copies = static_cast<std::int32_t>(parts);
  const int digit = even(runs) ? 0 : -1;  // views by nodes turn by themselves
  return par({child(1.0 / static_cast<double>(parts), std::move(term), copies, digit, digit)});
}

/// From the leader, index 0, to everyone: a chain.
Term chain(std::int64_t size) { return *restrict_to(0, ring_gather(size, +1)); }

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
                            std::int32_t chunks, Among among) {
  const Term hand_out = in_nodes(runs, chain);
  Term all = seq({dual(hand_out), between_leaders(runs, among(node_count(runs))), hand_out});
  return in_parts(runs, parts, chunks > 1 ? pipe(chunks, 0, std::move(all)) : std::move(all));
}

Term gather_through_leaders(const std::vector<NodeRun>& runs, std::int64_t parts, Among among) {
  return in_parts(runs, parts,
                  seq({in_nodes(runs, collect), between_leaders(runs, among(node_count(runs))),
                       in_nodes(runs, chain)}));
}

namespace {

Expected<Term> all_reduce(const Shape& shape, Schedule& schedule) {
  const auto runs = number_by_node(shape, schedule);
  if (!runs) return tl::unexpected(runs.error());
  const std::int64_t chunks = shape.options.chunks;
  if (chunks < 1 || chunks > kMaxChunks)
    return fail(fmt::format("{} chunks: expected 1 to {}", chunks, kMaxChunks));
  const std::int64_t rails = std::min(shape.channels, largest_node(*runs));
  return reduce_through_leaders(*runs, rails, static_cast<std::int32_t>(chunks), ring_reduce);
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

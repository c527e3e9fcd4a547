// SPDX-License-Identifier: Apache-2.0
// Two levels: within each node (digit 0) and between ranks of equal local rank (digit 1), so that
// every NIC of a node carries its own shard along its own rail. The scheme of BlueConnect (M. Cho
// et al., MLSys 2019) and of two-level rings in MPI libraries and NCCL plug-ins.
#include <fmt/format.h>

#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

Expected<void> number_by_node(const Shape& shape, std::vector<std::int64_t>& radix) {
  if (shape.ranks <= shape.ranks_per_node) {
    radix = {shape.ranks, 1};
    return {};
  }
  const std::int64_t nodes = shape.ranks / shape.ranks_per_node;
  const std::int64_t full = nodes * shape.ranks_per_node;
  if (full != shape.ranks)
    return fail(
        fmt::format("algorithm hierarchical needs full nodes of {} ranks: {} ranks leave one of "
                    "them part empty; "
                    "{} or {} ranks would do, or algorithm ring",
                    shape.ranks_per_node, shape.ranks, full, full + shape.ranks_per_node));
  radix = {shape.ranks_per_node, nodes};
  return {};
}

Term in_node(Term term) { return over(digits_view({0}), std::move(term)); }
Term between_nodes(Term term) { return over(digits_view({1}), std::move(term)); }

/// What runs between nodes, among `nodes` ranks.
using Between = Term (*)(std::int64_t nodes);

Term ring_between(std::int64_t nodes) {
  return seq({dual(ring_gather(nodes, -1)), ring_gather(nodes, +1)});
}
Term ring_gather_forward(std::int64_t nodes) { return ring_gather(nodes, +1); }
Term ring_gather_backward(std::int64_t nodes) { return ring_gather(nodes, -1); }

Expected<Term> all_reduce(const Shape& shape, Schedule& schedule, Between between) {
  std::vector<std::int64_t>& radix = schedule.radix;
  if (auto ok = number_by_node(shape, radix); !ok) return tl::unexpected(ok.error());
  return seq({in_node(dual(ring_gather(radix[0], -1))), between_nodes(between(radix[1])),
              in_node(ring_gather(radix[0], +1))});
}

Expected<Term> all_gather(const Shape& shape, Schedule& schedule, Between gather) {
  std::vector<std::int64_t>& radix = schedule.radix;
  if (auto ok = number_by_node(shape, radix); !ok) return tl::unexpected(ok.error());
  return seq({between_nodes(gather(radix[1])), in_node(ring_gather(radix[0], +1))});
}

Expected<Term> reduce_scatter(const Shape& shape, Schedule& schedule, Between gather) {
  std::vector<std::int64_t>& radix = schedule.radix;
  if (auto ok = number_by_node(shape, radix); !ok) return tl::unexpected(ok.error());
  return seq({in_node(dual(ring_gather(radix[0], -1))), between_nodes(dual(gather(radix[1])))});
}

template <Between between>
Expected<Term> all_reduce_with(const Shape& shape, Schedule& schedule) {
  return all_reduce(shape, schedule, between);
}
template <Between gather>
Expected<Term> all_gather_with(const Shape& shape, Schedule& schedule) {
  return all_gather(shape, schedule, gather);
}
template <Between gather>
Expected<Term> reduce_scatter_with(const Shape& shape, Schedule& schedule) {
  return reduce_scatter(shape, schedule, gather);
}

constexpr std::string_view kSource =
    "M. Cho, U. Finkler, M. Serrano, D. Kung, H. Hunter: BlueConnect, MLSys 2019";

}  // namespace

Family hierarchical_family() {
  using C = Collective;
  const Algorithm::Uses uses{.nodes = true};
  return {
      {C::all_reduce, "hierarchical",
       "ring reduce_scatter in the node, rings between nodes, ring all_gather in the node",
       "2(g-1) + 2(N-1)", "2(n-1)/n S", kSource, uses, all_reduce_with<ring_between>},
      {C::all_reduce, "hierarchical_halving_doubling",
       "as hierarchical, with recursive halving and doubling between nodes",
       "2(g-1) + 2 log2 N (+2)", "2(n-1)/n S (+S/g)", kSource, uses,
       all_reduce_with<halving_doubling_reduce>},
      {C::all_gather, "hierarchical", "rings between nodes, then a ring in the node",
       "(g-1) + (N-1)", "(n-1)/n S", kSource, uses, all_gather_with<ring_gather_forward>},
      {C::all_gather, "hierarchical_halving_doubling",
       "recursive doubling between nodes, then a ring in the node", "(g-1) + log2 N (+2)",
       "(n-1)/n S at 2^k", kSource, uses, all_gather_with<halving_doubling_gather>},
      {C::reduce_scatter, "hierarchical", "a ring in the node, then rings between nodes",
       "(g-1) + (N-1)", "(n-1)/n S", kSource, uses, reduce_scatter_with<ring_gather_backward>},
      {C::reduce_scatter, "hierarchical_halving_doubling",
       "a ring in the node, then recursive halving between nodes", "(g-1) + log2 N (+2)",
       "(n-1)/n S at 2^k", kSource, uses, reduce_scatter_with<halving_doubling_gather>},
  };
}

}  // namespace collscale

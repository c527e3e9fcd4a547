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

Expected<void> number_by_node(const Shape& shape, Radix& radix) {
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

Expected<Term> all_reduce(const Shape& shape, Radix& radix, Between between) {
  if (auto ok = number_by_node(shape, radix); !ok) return tl::unexpected(ok.error());
  return seq({in_node(dual(ring_gather(radix[0], -1))), between_nodes(between(radix[1])),
              in_node(ring_gather(radix[0], +1))});
}

Expected<Term> all_gather(const Shape& shape, Radix& radix, Between gather) {
  if (auto ok = number_by_node(shape, radix); !ok) return tl::unexpected(ok.error());
  return seq({between_nodes(gather(radix[1])), in_node(ring_gather(radix[0], +1))});
}

Expected<Term> reduce_scatter(const Shape& shape, Radix& radix, Between gather) {
  if (auto ok = number_by_node(shape, radix); !ok) return tl::unexpected(ok.error());
  return seq({in_node(dual(ring_gather(radix[0], -1))), between_nodes(dual(gather(radix[1])))});
}

}  // namespace

Expected<Term> hierarchical_all_reduce(const Shape& shape, Radix& radix) {
  return all_reduce(shape, radix, ring_between);
}

Expected<Term> hierarchical_all_gather(const Shape& shape, Radix& radix) {
  return all_gather(shape, radix, ring_gather_forward);
}

Expected<Term> hierarchical_reduce_scatter(const Shape& shape, Radix& radix) {
  return reduce_scatter(shape, radix, ring_gather_backward);
}

Expected<Term> hierarchical_halving_doubling_all_reduce(const Shape& shape, Radix& radix) {
  return all_reduce(shape, radix, halving_doubling_reduce);
}

Expected<Term> hierarchical_halving_doubling_all_gather(const Shape& shape, Radix& radix) {
  return all_gather(shape, radix, halving_doubling_gather);
}

Expected<Term> hierarchical_halving_doubling_reduce_scatter(const Shape& shape, Radix& radix) {
  return reduce_scatter(shape, radix, halving_doubling_gather);
}

}  // namespace collscale

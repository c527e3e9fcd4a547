// SPDX-License-Identifier: Apache-2.0
// Rings. P. Patarasuk, X. Yuan: "Bandwidth optimal all-reduce algorithms for clusters of
// workstations", J. Parallel Distrib. Comput. 69(2), 2009. Several channels are several rings that
// differ in the local rank by which they enter and leave a node, so that each loads another NIC.
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

/// Splits the term over the shape's channels, and numbers the ranks node by node where that
/// matters.
Term on_channels(const Shape& shape, Radix& radix, Term one_ring) {
  const bool several_nodes = shape.ranks > shape.ranks_per_node;
  const bool full_nodes = shape.ranks % shape.ranks_per_node == 0;
  if (several_nodes && full_nodes)
    radix = {shape.ranks_per_node, shape.ranks / shape.ranks_per_node};
  else
    radix = {shape.ranks};
  // A ring over ragged nodes has one order only: turning it as a whole uses the same links.
  if (shape.channels <= 1) return one_ring;
  return rotated_copies(shape.channels, 0, std::move(one_ring));
}

}  // namespace

Term ring_gather(std::int64_t size, int direction) {
  return {phase(Frame::cyclic, Unit::one, size - 1,
                {arc(constant(direction), singleton(steps_of(direction, direction)))})};
}

Expected<Term> ring_all_reduce(const Shape& shape, Radix& radix) {
  // The blocks travel the same way round in both halves: the dual reverses arrows.
  return on_channels(shape, radix,
                     seq({dual(ring_gather(shape.ranks, -1)), ring_gather(shape.ranks, +1)}));
}

Expected<Term> ring_all_gather(const Shape& shape, Radix& radix) {
  return on_channels(shape, radix, ring_gather(shape.ranks, +1));
}

Expected<Term> ring_reduce_scatter(const Shape& shape, Radix& radix) {
  return on_channels(shape, radix, dual(ring_gather(shape.ranks, -1)));
}

}  // namespace collscale

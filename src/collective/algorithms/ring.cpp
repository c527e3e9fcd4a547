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
Term on_channels(const Shape& shape, Schedule& schedule, Term one_ring) {
  const bool several_nodes = shape.ranks > shape.ranks_per_node;
  const bool full_nodes = shape.ranks % shape.ranks_per_node == 0;
  if (several_nodes && full_nodes)
    schedule.radix = {shape.ranks_per_node, shape.ranks / shape.ranks_per_node};
  // A ring over ragged nodes has one order only: turning it as a whole uses the same links.
  if (shape.channels <= 1) return one_ring;
  return rotated_copies(shape.channels, 0, std::move(one_ring));
}

Expected<Term> all_reduce(const Shape& shape, Schedule& schedule) {
  // The blocks travel the same way round in both halves: the dual reverses arrows.
  return on_channels(shape, schedule,
                     seq({dual(ring_gather(shape.ranks, -1)), ring_gather(shape.ranks, +1)}));
}

Expected<Term> all_gather(const Shape& shape, Schedule& schedule) {
  return on_channels(shape, schedule, ring_gather(shape.ranks, +1));
}

Expected<Term> reduce_scatter(const Shape& shape, Schedule& schedule) {
  return on_channels(shape, schedule, dual(ring_gather(shape.ranks, -1)));
}

constexpr std::string_view kSource =
    "P. Patarasuk, X. Yuan: Bandwidth optimal all-reduce algorithms, JPDC 69(2), 2009";

}  // namespace

Term ring_gather(std::int64_t size, int direction) {
  return {phase(Frame::cyclic, Unit::one, size - 1,
                {arc(constant(direction), singleton(steps_of(direction, direction)))})};
}

Family ring_family() {
  using C = Collective;
  const Algorithm::Uses uses{.nodes = true, .channels = true};
  return {
      {C::all_reduce, "ring", "reduce_scatter and all_gather round a ring; least bytes", "2(n-1)",
       "2(n-1)/n S", kSource, uses, all_reduce},
      {C::all_gather, "ring", "blocks travel round a ring", "n-1", "(n-1)/n S", kSource, uses,
       all_gather},
      {C::reduce_scatter, "ring", "partial sums travel round a ring", "n-1", "(n-1)/n S", kSource,
       uses, reduce_scatter},
  };
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Rings. P. Patarasuk, X. Yuan: "Bandwidth optimal all-reduce algorithms for clusters of
// workstations", J. Parallel Distrib. Comput. 69(2), 2009. Several channels are several rings that
// differ in the local rank by which they enter and leave a node, so that each loads another NIC; in
// nodes whose ranks are joined by links, also in the order in which they go round it.
#include <utility>

#include "collective/algorithms/families.hpp"
#include "collective/algorithms/levels.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

/// Splits the term over the shape's channels, and numbers the ranks node by node where that
/// matters.
Expected<Term> on_channels(const Shape& shape, Schedule& schedule, Term one_ring) {
  const auto runs = node_runs(shape);
  if (!runs) return tl::unexpected(runs.error());
  // A ring over uneven nodes has one order only: turning it as a whole uses the same links.
  if (runs->size() == 1 && runs->front().nodes > 1)
    schedule.radix = {runs->front().ranks, runs->front().nodes};
  const bool one_node = runs->size() == 1 && runs->front().nodes == 1;
  if (const auto orders = node_orders(shape, *runs, one_node ? Through::node : Through::nodes))
    return par({in_orders(orders, 1, std::move(one_ring))});
  if (shape.channels <= 1) return one_ring;
  return rotated_copies(shape.channels, 0, std::move(one_ring));
}

Expected<Term> all_reduce(const Shape& shape, Schedule& schedule) {
  // The blocks travel the same way round in both halves: the dual reverses arrows.
  return on_channels(shape, schedule, ring_reduce(shape.ranks));
}

Expected<Term> all_gather(const Shape& shape, Schedule& schedule) {
  return on_channels(shape, schedule, ring_gather(shape.ranks, +1));
}

Expected<Term> reduce_scatter(const Shape& shape, Schedule& schedule) {
  return on_channels(shape, schedule, dual(ring_gather(shape.ranks, -1)));
}

Expected<Term> bidirectional_all_reduce(const Shape& shape, Schedule&) {
  const Term gather = bidirectional_ring_gather(shape.ranks);
  return seq({dual(gather), gather});
}
Expected<Term> bidirectional_all_gather(const Shape& shape, Schedule&) {
  return bidirectional_ring_gather(shape.ranks);
}
Expected<Term> bidirectional_reduce_scatter(const Shape& shape, Schedule&) {
  return dual(bidirectional_ring_gather(shape.ranks));
}

Expected<Term> two_way_all_reduce(const Shape& shape, Schedule&) {
  const std::int64_t n = shape.ranks;
  return par({child(0.5, seq({dual(ring_gather(n, -1)), ring_gather(n, +1)})),
              child(0.5, seq({dual(ring_gather(n, +1)), ring_gather(n, -1)}))});
}

constexpr std::string_view kSource =
    "P. Patarasuk, X. Yuan: Bandwidth optimal all-reduce algorithms, JPDC 69(2), 2009";
constexpr std::string_view kBidirectionalSource =
    "S. Wang et al.: Overlap communication with dependent computation via decomposition in large "
    "deep learning models, ASPLOS 2023";
constexpr std::string_view kTwoWaySource =
    "N. Jain, Y. Sabharwal: Optimal bucket algorithms for large MPI collectives on torus "
    "interconnects, ICS 2010";

}  // namespace

Term ring_gather(std::int64_t size, int direction) {
  return {phase(Frame::cyclic, Unit::one, size - 1,
                {arc(constant(direction), singleton(steps_of(direction, direction)))})};
}

Term ring_reduce(std::int64_t size) {
  return seq({dual(ring_gather(size, -1)), ring_gather(size, +1)});
}

Term bidirectional_ring_gather(std::int64_t size) {
  OffsetSet from_ahead = singleton(steps_of(-1, -1));
  from_ahead.has_cut = true;  // an even group has one rank opposite: it is heard from behind only
  from_ahead.cut_low = static_cast<std::int32_t>(-((size - 1) / 2));
  from_ahead.cut_high = 0;
  return {phase(Frame::cyclic, Unit::one, size / 2,
                {arc(constant(1), singleton(steps_of(1, 1))), arc(constant(-1), from_ahead)})};
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
      {C::all_reduce,
       "bidirectional_ring",
       "blocks travel both ways round and meet half way: half the steps of a ring",
       "2 floor(n/2)",
       "2(n-1)/n S",
       kBidirectionalSource,
       {},
       bidirectional_all_reduce},
      {C::all_gather,
       "bidirectional_ring",
       "blocks travel both ways round and meet half way",
       "floor(n/2)",
       "(n-1)/n S",
       kBidirectionalSource,
       {},
       bidirectional_all_gather},
      {C::reduce_scatter,
       "bidirectional_ring",
       "partial sums come from both sides of a ring",
       "floor(n/2)",
       "(n-1)/n S",
       kBidirectionalSource,
       {},
       bidirectional_reduce_scatter},
      {C::all_reduce,
       "two_way_ring",
       "two rings in opposite directions, half of the data each: both directions of a link",
       "2(n-1)",
       "2(n-1)/n S",
       kTwoWaySource,
       {},
       two_way_all_reduce},
  };
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Exchanges of all with all: directly, in logarithmic rounds, and level by level.
#include <fmt/format.h>

#include <algorithm>

#include "collective/algorithms/families.hpp"
#include "collective/algorithms/levels.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

Expected<Term> pairwise(const Shape& shape, Schedule&) { return direct_exchange(shape.ranks); }

/// Step s: to the rank s ahead, from the rank s behind, once the step before is done.
Expected<Term> in_turn(const Shape& shape, Schedule&) {
  Phase direct = std::get<Phase>(direct_exchange(shape.ranks).node);
  direct.lag = Lag::previous;
  return Term{direct};
}

Expected<Term> bruck(const Shape& shape, Schedule&) {
  const std::int64_t radix = shape.options.bruck_radix;
  if (radix < 2 || radix > 4)
    return fail(fmt::format("radix {} of algorithm bruck: expected 2, 3 or 4", radix));
  return bruck_exchange(shape.ranks, radix, Unit::power_up);
}

Term exchange_over(int digit, std::int64_t size) {
  return over(digits_view({digit}), direct_exchange(size));
}

Expected<Term> two_phase(const Shape& shape, Schedule& schedule) {
  const auto radix = full_nodes(shape, schedule, "pairwise");
  if (!radix) return tl::unexpected(radix.error());
  return seq({exchange_over(0, (*radix)[0]), exchange_over(1, (*radix)[1])});
}

Expected<Term> three_phase(const Shape& shape, Schedule& schedule) {
  const auto radix = full_nodes(shape, schedule, "pairwise");
  if (!radix) return tl::unexpected(radix.error());
  const std::int64_t nodes = (*radix)[1];
  std::int64_t group = std::clamp<std::int64_t>(shape.nodes_per_group, 1, nodes);
  while (nodes % group != 0) --group;  // the largest that divides the nodes
  schedule.radix = {(*radix)[0], group, nodes / group};
  return seq({exchange_over(0, schedule.radix[0]), exchange_over(1, schedule.radix[1]),
              exchange_over(2, schedule.radix[2])});
}

}  // namespace

Expected<std::vector<std::int64_t>> full_nodes(const Shape& shape, Schedule& schedule,
                                               std::string_view instead) {
  const auto runs = number_by_node(shape, schedule);
  if (!runs) return tl::unexpected(runs.error());
  if (runs->size() == 1) return schedule.radix;
  if (!shape.nodes.empty())
    return fail(fmt::format("algorithm {} needs nodes of equal size; algorithm {} serves any",
                            schedule.algorithm, instead));
  const std::int64_t full = shape.ranks / shape.ranks_per_node * shape.ranks_per_node;
  return fail(
      fmt::format("algorithm {} needs full nodes of {} ranks: {} ranks leave one of them "
                  "part empty; {} or {} ranks would do, or algorithm {}",
                  schedule.algorithm, shape.ranks_per_node, shape.ranks, full,
                  full + shape.ranks_per_node, instead));
}

Term direct_exchange(std::int64_t size) {
  Phase direct =
      phase(Frame::cyclic, Unit::one, size - 1, {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  direct.address = Address::pair;
  direct.transfer = Transfer::move;
  direct.lag = Lag::none;
  return {direct};
}

Term bruck_exchange(std::int64_t size, std::int64_t radix, Unit order) {
  std::int64_t rounds = 0;
  for (std::int64_t reach = 1; reach < size; reach *= radix) ++rounds;
  // Round of u = radix^k: the blocks whose distance has the digit c at place k travel c u further.
  const auto hop = [&](std::int64_t c) {
    OffsetSet payload = interval(constant(0), constant(size));
    payload.divisor = units_of(1);
    payload.modulus = constant(radix);
    payload.residue = constant(c);
    return arc(units_of(c), payload);
  };
  Phase exchange = phase(Frame::cyclic, order, rounds, {hop(1), hop(2), hop(3)});
  exchange.arc_count = static_cast<std::int8_t>(radix - 1);
  exchange.base = static_cast<std::int32_t>(radix);
  exchange.address = Address::pair;
  exchange.transfer = Transfer::move;
  return {exchange};
}

Family all_to_all_family() {
  using C = Collective;
  return {
      {C::all_to_all,
       "pairwise",
       "every rank to every other directly, all at once",
       "1",
       "(n-1)/n S",
       "R. Thakur, R. Rabenseifner, W. Gropp: Optimization of collective communication operations "
       "in MPICH, IJHPCA 19(1), 2005",
       {},
       pairwise},
      {C::all_to_all,
       "pairwise_in_turn",
       "every rank to every other directly, one after another: no more than one message at a time",
       "n-1",
       "(n-1)/n S",
       "R. Thakur, R. Rabenseifner, W. Gropp: Optimization of collective communication operations "
       "in MPICH, IJHPCA 19(1), 2005",
       {},
       in_turn},
      {C::all_to_all,
       "bruck",
       "blocks travel by the digits of their distance: few messages, more bytes",
       "log_b n",
       "S/2 log2 n at 2^k",
       "J. Bruck, C.-T. Ho, S. Kipnis, E. Upfal, D. Weathersby: Efficient algorithms for "
       "all-to-all communications in multiport message-passing systems, IEEE TPDS 8(11), 1997",
       {.radix = true},
       bruck},
      {C::all_to_all,
       "two_phase",
       "in the node to the rank on the rail of the destination, then along the rail (PXN)",
       "2",
       "(g-1)/g S + (N-1)/N S",
       "K. Agarwal, V. Krishnan, S. Jeaugey: Doubling all2all performance with NCCL 2.12, NVIDIA, "
       "2022",
       {.nodes = true},
       two_phase},
      {C::all_to_all,
       "three_phase",
       "in the node, among the nodes of a group, among groups: fewest messages",
       "3",
       "(g-1)/g S + (R-1)/R S + (Q-1)/Q S",
       "K. Agarwal, V. Krishnan, S. Jeaugey: Doubling all2all performance with NCCL 2.12, NVIDIA, "
       "2022; once more for groups of nodes",
       {.nodes = true, .groups = true},
       three_phase},
  };
}

}  // namespace collscale

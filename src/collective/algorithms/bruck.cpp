// SPDX-License-Identifier: Apache-2.0
// Bruck's all_gather in ⌈log_r n⌉ rounds for any rank count. J. Bruck, C.-T. Ho, S. Kipnis,
// E. Upfal, D. Weathersby: "Efficient algorithms for all-to-all communications in multiport
// message-passing systems", IEEE Trans. Parallel Distrib. Syst. 8(11), 1997, section 4. In round i
// a rank hears from the r − 1 ranks r^i, 2r^i, ... behind it (k = r − 1 ports).
#include <fmt/format.h>

#include <algorithm>

#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {

Term bruck_gather(std::int64_t size, std::int64_t radix) {
  std::int64_t rounds = 0;
  for (std::int64_t held = 1; held < size; held *= radix) ++rounds;
  const auto gained = [&](std::int64_t c) {
    return arc(units_of(c), cut_below(interval(units_of(c), units_of(c + 1)), size));
  };
  if (radix <= 4) {
    Phase all = radix == 2   ? phase(Frame::cyclic, Unit::power_up, rounds, {gained(1)})
                : radix == 3 ? phase(Frame::cyclic, Unit::power_up, rounds, {gained(1), gained(2)})
                             : phase(Frame::cyclic, Unit::power_up, rounds,
                                     {gained(1), gained(2), gained(3)});
    all.base = static_cast<std::int32_t>(radix);
    return {all};
  }
  // More partners than a step has arcs: a round is a phase of steps that do not wait.
  std::vector<Term> each;
  for (std::int64_t held = 1; held < size; held *= radix) {
    const std::int64_t partners = std::min(radix - 1, (size - 1) / held);
    Phase round =
        phase(Frame::cyclic, Unit::one, partners,
              {arc(steps_of(held, held),
                   cut_below(interval(steps_of(held, held), steps_of(2 * held, held)), size))});
    round.lag = Lag::none;
    each.push_back({round});
  }
  return seq(std::move(each));
}

namespace {

Expected<Term> all_gather(const Shape& shape, Schedule&) {
  const std::int64_t radix = shape.options.bruck_radix;
  if (radix < 2)
    return fail(fmt::format(
        "Bruck radix {}: expected 2 or more, a rank hears from radix - 1 others per round", radix));
  return bruck_gather(shape.ranks, std::min(radix, std::max<std::int64_t>(shape.ranks, 2)));
}

Expected<Term> reduce_scatter(const Shape& shape, Schedule& schedule) {
  auto gather = all_gather(shape, schedule);
  if (!gather) return gather;
  return dual(std::move(*gather));
}

Expected<Term> all_reduce(const Shape& shape, Schedule&) {
  const Term gather = bruck_gather(shape.ranks, 2);
  return seq({dual(gather), gather});
}

constexpr std::string_view kSource =
    "J. Bruck, C.-T. Ho, S. Kipnis, E. Upfal, D. Weathersby: Efficient algorithms for all-to-all "
    "communications in multiport message-passing systems, IEEE TPDS 8(11), 1997";

}  // namespace

Family bruck_family() {
  using C = Collective;
  const Algorithm::Uses uses{.radix = true};
  return {
      {C::all_gather, "bruck", "doubling distances round a ring, any rank count in fewest rounds",
       "ceil(log_r n)", "(n-1)/n S", kSource, uses, all_gather},
      {C::reduce_scatter, "bruck", "Bruck's all_gather backwards: halving distances round a ring",
       "ceil(log_r n)", "(n-1)/n S", kSource, uses, reduce_scatter},
      {C::all_reduce,
       "circulant",
       "Bruck's rounds backwards, then forwards: any rank count without folding",
       "2 ceil(log2 n)",
       "2(n-1)/n S",
       "J. L. Träff: Optimal, non-pipelined reduce-scatter and allreduce algorithms, "
       "arXiv:2410.14234, 2024; with the distances 1, 2, 4, ... of J. Bruck et al., 1997",
       {},
       all_reduce},
  };
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Shapes and schedules that several tests go through, and terms of the catalogue of
// docs/schedules.md that the registry does not offer yet: the algebra must be able to say them all
// the same.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/algorithms/families.hpp"
#include "collective/program.hpp"
#include "collective/terms.hpp"

namespace collscale::testing {

using Radix = std::vector<std::int64_t>;

using Radix = std::vector<std::int64_t>;

/// Rank counts 2..max in nodes of every size that divides them, and in ragged nodes of 8.
inline std::vector<Shape> shapes(std::int64_t max_ranks, std::int64_t max_channels) {
  std::vector<Shape> all;
  for (std::int64_t n = 2; n <= max_ranks; ++n)
    for (std::int64_t g = 1; g <= n; ++g)
      for (std::int64_t channels = 1; channels <= max_channels; ++channels)
        if (n % g == 0 || g == 8)
          all.push_back({.ranks = n, .ranks_per_node = g, .channels = channels});
  return all;
}

inline std::string label(const Schedule& schedule, const Shape& shape) {
  return std::string(name(schedule.collective)) + "/" + schedule.algorithm +
         " ranks=" + std::to_string(shape.ranks) +
         " per_node=" + std::to_string(shape.ranks_per_node) +
         " channels=" + std::to_string(shape.channels);
}

/// Calls f(schedule, shape) for every algorithm that serves the shape.
template <class F>
void for_each_schedule(const std::vector<Shape>& over_shapes, F&& f) {
  for (const Shape& shape : over_shapes) {
    for (const Algorithm& a : algorithms()) {
      // Once each for those that do not look at what the shapes differ in.
      if (!a.uses.channels && shape.channels > 1) continue;
      if (!a.uses.nodes && shape.ranks_per_node != shape.ranks) continue;
      auto schedule = make_schedule(a.collective, a.name, shape);
      if (!schedule) {
        ASSERT_TRUE(a.uses.nodes) << schedule.error().message;
        ASSERT_GT(shape.ranks, shape.ranks_per_node) << schedule.error().message;
        continue;
      }
      SCOPED_TRACE(label(*schedule, shape));
      f(*schedule, shape);
    }
  }
}

inline Schedule schedule_of(Collective collective, std::string algorithm, Radix radix, Term term,
                            std::int64_t root = 0) {
  Schedule s;
  s.collective = collective;
  s.algorithm = std::move(algorithm);
  s.ranks = 1;
  for (const std::int64_t r : radix) s.ranks *= r;
  s.radix = std::move(radix);
  s.root = root;
  s.term = std::move(term);
  return s;
}

inline std::int64_t ceil_log(std::int64_t base, std::int64_t m) {
  std::int64_t k = 0;
  for (std::int64_t power = 1; power < m; power *= base) ++k;
  return k;
}

inline Term bruck(std::int64_t m) {
  return {phase(Frame::cyclic, Unit::power_up, ceil_log(2, m),
                {arc(units_of(1), cut_below(interval(units_of(1), units_of(2)), m))})};
}

inline Term cube_like(Frame frame, bool up, std::int64_t m) {
  const OffsetSet payload =
      up ? interval(units_of(1), units_of(2)) : residue_class(units_of(2), units_of(1));
  return {phase(frame, up ? Unit::power_up : Unit::power_down, ceil_log(2, m),
                {arc(units_of(1), payload)})};
}

inline Term biring(std::int64_t m) {
  OffsetSet ahead = singleton(steps_of(-1, -1));
  ahead.has_cut = true;
  ahead.cut_low = static_cast<std::int32_t>(-((m - 1) / 2));
  ahead.cut_high = 0;
  return {phase(Frame::cyclic, Unit::one, m / 2,
                {arc(constant(1), singleton(steps_of(1, 1))), arc(constant(-1), ahead)})};
}

/// PAT with aggregation A (a power of two): far offsets first, then a tree walk of the near ones.
inline Term pat(std::int64_t m, std::int64_t aggregation) {
  const std::int64_t p = std::int64_t{1} << ceil_log(2, m);
  const std::int64_t stride = p / aggregation;
  Phase far = phase(Frame::cyclic, Unit::power_down, ceil_log(2, aggregation),
                    {arc(units_of(stride), residue_class(units_of(2 * stride), units_of(stride)))});
  Phase near = phase(Frame::cyclic, Unit::ruler, stride - 1,
                     {arc(units_of(1), residue_class(constant(stride), steps_of(1, 1)))});
  near.lag = Lag::ruler;
  return seq({{far}, {near}});
}

inline Term btree(std::int64_t m) {
  const auto classes = [&](std::int64_t residue, std::int64_t modulus) {
    return residue_class(units_of(modulus), units_of(residue));
  };
  OffsetSet left = classes(1, 4);
  left.hi = units_of(-1, m);
  left.hi_is_group_size = false;
  OffsetSet only_left = classes(1, 4);
  only_left.lo = units_of(-1, m);
  return {
      phase(Frame::absolute, Unit::power_down, ceil_log(2, m),
            {to_receivers(arc(units_of(-1)), left), to_receivers(arc(units_of(1)), classes(3, 4)),
             to_receivers(arc(units_of(1)), only_left)})};
}

inline Term double_tree(std::int64_t m, std::int32_t chunks) {
  const Term tree = seq({dual(btree(m)), btree(m)});
  View other;
  if (m % 2 == 0)
    other.mirror = true;
  else
    other.shift = 1;
  return par({child(0.5, pipe(chunks, 0, tree)), child(0.5, pipe(chunks, 0, over(other, tree)))});
}

inline Term recursive_doubling(std::int64_t n) {
  Phase exchange =
      phase(Frame::exclusive_or, Unit::power_up, ceil_log(2, core_size(n)), {arc(units_of(1))});
  exchange.transfer = Transfer::accumulate;
  return fold(n, {exchange});
}

inline Term pairwise(std::int64_t m, std::int32_t window = 0) {
  Phase p =
      phase(Frame::cyclic, Unit::one, m - 1, {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  p.address = Address::pair;
  p.transfer = Transfer::move;
  p.lag = Lag::none;
  p.window = window;
  return {p};
}

inline Term bruck_exchange(std::int64_t m, bool up) {
  OffsetSet payload = interval(constant(0), constant(m));
  payload.divisor = units_of(1);
  payload.modulus = constant(2);
  payload.residue = constant(1);
  Phase p = phase(Frame::cyclic, up ? Unit::power_up : Unit::power_down, ceil_log(2, m),
                  {arc(units_of(1), payload)});
  p.address = Address::pair;
  p.transfer = Transfer::move;
  return {p};
}

/// Terms beyond the registry, for n ranks: what they are for, and what they cost in steps.
struct CatalogueEntry {
  Schedule schedule;
  std::int64_t depth = -1;  ///< −1: not stated
};

inline std::vector<CatalogueEntry> catalogue(std::int64_t n) {
  using C = Collective;
  std::vector<CatalogueEntry> all;
  const auto add = [&](C collective, std::string name, Term term, std::int64_t depth,
                       std::int64_t root = 0) {
    all.push_back({schedule_of(collective, std::move(name), {n}, std::move(term), root), depth});
  };
  const std::int64_t k = ceil_log(2, n);
  add(C::all_gather, "bruck", bruck(n), k);
  add(C::reduce_scatter, "dual bruck", dual(bruck(n)), k);
  add(C::all_reduce, "circulant", seq({dual(bruck(n)), bruck(n)}), 2 * k);
  add(C::all_gather, "biring", biring(n), n / 2);
  add(C::all_reduce, "biring", seq({dual(biring(n)), biring(n)}), 2 * (n / 2));
  add(C::all_reduce, "both ways round",
      par({child(0.5, seq({dual(ring_gather(n, -1)), ring_gather(n, 1)})),
           child(0.5, seq({dual(ring_gather(n, 1)), ring_gather(n, -1)}))}),
      2 * (n - 1));
  add(C::all_reduce, "recursive doubling", recursive_doubling(n), -1);
  for (std::int64_t a = 1; a <= n / 2; a *= 2) {
    add(C::all_gather, "pat", pat(n, a), -1);
    add(C::reduce_scatter, "dual pat", dual(pat(n, a)), -1);
  }
  for (const std::int32_t chunks : {1, 3})
    add(C::all_reduce, "double tree", double_tree(n, chunks), -1);
  for (std::int64_t root = 0; root < n; root += 3) {
    for (const std::int32_t chunks : {1, 4})
      add(C::broadcast, "chain", pipe(chunks, 0, *restrict_to(root, ring_gather(n, 1))),
          n - 2 + chunks, root);
    add(C::broadcast, "binomial", *restrict_to(root, bruck(n)), k, root);
    add(C::reduce, "dual binomial", dual(*restrict_to(root, bruck(n))), k, root);
  }
  for (const std::int32_t window : {0, 1})
    add(C::all_to_all, "pairwise", pairwise(n, window), window == 0 ? 1 : n - 1);
  for (const bool up : {false, true}) add(C::all_to_all, "bruck", bruck_exchange(n, up), k);
  const std::int64_t m = core_size(n);
  for (const Frame frame : {Frame::exclusive_or, Frame::dihedral}) {
    for (const bool up : {false, true}) {
      const Term gather = cube_like(frame, up, m);
      for (const auto map : {View::CoreMap::first, View::CoreMap::neighbour})
        add(C::all_reduce, "folded butterfly", fold(n, seq({dual(gather), gather}), map),
            2 * ceil_log(2, m) + (n == m ? 0 : 2));
      if (n == m) {
        add(C::all_gather, "butterfly", gather, k);
        add(C::broadcast, "butterfly tree", *restrict_to(n - 1, gather), k, n - 1);
      }
    }
  }
  for (std::int64_t g = 2; g <= n / 2; ++g) {
    if (n % g != 0) continue;
    const std::int64_t nodes = n / g;
    const auto two_digits = [&](C collective, std::string name, Term term, std::int64_t depth) {
      all.push_back({schedule_of(collective, std::move(name), {g, nodes}, std::move(term)), depth});
    };
    const View local = digits_view({0});
    const View across = digits_view({1});
    two_digits(C::all_to_all, "two phases",
               seq({over(local, pairwise(g)), over(across, pairwise(nodes))}), 2);
    two_digits(
        C::all_reduce, "hierarchy with a folded cube",
        seq({over(local, dual(ring_gather(g, -1))),
             over(across,
                  fold(nodes, seq({dual(cube_like(Frame::exclusive_or, true, core_size(nodes))),
                                   cube_like(Frame::exclusive_or, true, core_size(nodes))}))),
             over(local, ring_gather(g, 1))}),
        -1);
    const auto torus_half = [&](int first, int second, std::int64_t n1, std::int64_t n2) {
      return seq({over(digits_view({first}), dual(ring_gather(n1, -1))),
                  over(digits_view({second}), seq({dual(ring_gather(n2, -1)), ring_gather(n2, 1)})),
                  over(digits_view({first}), ring_gather(n1, 1))});
    };
    two_digits(
        C::all_reduce, "torus",
        par({child(0.5, torus_half(0, 1, g, nodes)), child(0.5, torus_half(1, 0, nodes, g))}),
        2 * (g - 1) + 2 * (nodes - 1));
    // NCCL's tree: a chain to the channel's local root, a tree among the roots, the chain again.
    View roots = across;
    roots.fixed[0] = {0, 0};
    roots.fixed_count = 1;
    const Term down = over(local, *restrict_to(0, ring_gather(g, 1)));
    const Term tree = seq({dual(btree(nodes)), btree(nodes)});
    const auto channels = static_cast<std::int32_t>(std::min<std::int64_t>(g, 3));
    two_digits(C::all_reduce, "chain and tree",
               par({child(1.0 / channels, pipe(2, 0, seq({dual(down), over(roots, tree), down})),
                          channels, 0, 0)}),
               -1);
    two_digits(C::all_reduce, "overlapped stages", pipe(3, 0, torus_half(0, 1, g, nodes)), -1);
  }
  return all;
}

/// The lanes of a program in the order of the walk.
inline void collect_lanes(const Program& program, std::vector<Lane>& lanes) {
  lanes.insert(lanes.end(), program.lanes.begin(), program.lanes.end());
  for (const Program& part : program.parts) collect_lanes(part, lanes);
}

}  // namespace collscale::testing

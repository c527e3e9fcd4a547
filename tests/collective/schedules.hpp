// SPDX-License-Identifier: Apache-2.0
// Schedules that several tests go through: those of the registry, and terms that the algebra can
// say beyond it. shapes.hpp has the shapes to try one algorithm on.
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
      const auto schedule = make_schedule(a.collective, a.name, shape);
      if (!schedule) continue;  // proof_test.cpp looks at refusals
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

// Terms of the families by themselves, for tests that change them.
inline Term bruck(std::int64_t m) { return bruck_gather(m, 2); }
inline Term cube_like(Frame frame, bool up, std::int64_t m) {
  return butterfly_gather(frame, up, m);
}
inline Term biring(std::int64_t m) { return bidirectional_ring_gather(m); }
inline Term pat(std::int64_t m, std::int64_t aggregation) { return pat_gather(m, aggregation); }
inline Term btree(std::int64_t m) { return binary_tree(m); }
inline Term double_tree(std::int64_t m, std::int32_t chunks) {
  return double_binary_tree(m, chunks);
}
inline Term recursive_doubling(std::int64_t m) {
  return make_schedule(Collective::all_reduce, "recursive_doubling", {.ranks = m})->term;
}
inline Term pairwise(std::int64_t m, std::int32_t window = 0) {
  Term term = direct_exchange(m);
  std::get<Phase>(term.node).window = window;
  return term;
}
inline Term bruck_exchange(std::int64_t m, bool up) {
  return collscale::bruck_exchange(m, 2, up ? Unit::power_up : Unit::power_down);
}

/// Terms that the algebra can say beyond those of the registry, for n ranks, and what they cost in
/// steps.
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
  for (std::int64_t root = 0; root < n; root += 3) {
    // The tree of Bruck's rounds: other parents than the registry's binomial tree.
    add(C::broadcast, "tree of rounds", *restrict_to(root, bruck(n)), k, root);
    add(C::reduce, "dual tree of rounds", dual(*restrict_to(root, bruck(n))), k, root);
  }
  add(C::all_to_all, "pairwise, one at a time", pairwise(n, 1), n - 1);
  add(C::all_to_all, "bruck, far first", bruck_exchange(n, false), k);
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
    const Term stages = seq({over(digits_view({0}), dual(ring_gather(g, -1))),
                             over(digits_view({1}), ring_reduce(nodes)),
                             over(digits_view({0}), ring_gather(g, 1))});
    all.push_back(
        {schedule_of(C::all_reduce, "overlapped stages", {g, nodes}, pipe(3, 0, stages)), -1});
  }
  return all;
}

/// The lanes of a program in the order of the walk.
inline void collect_lanes(const Program& program, std::vector<Lane>& lanes) {
  lanes.insert(lanes.end(), program.lanes.begin(), program.lanes.end());
  for (const Program& part : program.parts) collect_lanes(part, lanes);
}

}  // namespace collscale::testing

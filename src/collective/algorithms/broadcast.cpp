// SPDX-License-Identifier: Apache-2.0
// From one rank to all (broadcast), and the transpose (reduce), from any root. Places in a tree
// count from the root: place x is the rank (root + x) mod n.
#include <fmt/format.h>

#include <bit>

#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

std::int32_t chunks_of(const Shape& shape) {
  return static_cast<std::int32_t>(shape.options.chunks);
}

View from_root(const Shape& shape) {
  View view;
  view.shift = static_cast<std::int32_t>(shape.root);
  return view;
}

Expected<Term> pipelined_chain(const Shape& shape, Schedule&) {
  return pipe(chunks_of(shape), 0, chain_from(shape.ranks, shape.root));
}

Expected<Term> binomial(const Shape& shape, Schedule&) {
  return binomial_tree(shape.ranks, shape.root);
}

Expected<Term> linear(const Shape& shape, Schedule&) {
  return restrict_to(shape.root, direct_gather(shape.ranks));
}

Expected<Term> linear_all_reduce(const Shape& shape, Schedule&) {
  const Term down = *restrict_to(0, direct_gather(shape.ranks));
  return seq({dual(down), down});
}

Expected<std::int64_t> checked_radix(const Shape& shape, std::string_view algorithm) {
  const std::int64_t radix = shape.options.bruck_radix;
  if (radix >= 2 && radix <= 4) return radix;
  return fail(fmt::format("radix {} of algorithm {}: expected 2, 3 or 4", radix, algorithm));
}

Expected<Term> k_nomial(const Shape& shape, Schedule& schedule) {
  const auto radix = checked_radix(shape, schedule.algorithm);
  if (!radix) return tl::unexpected(radix.error());
  return knomial_tree(shape.ranks, *radix, shape.root);
}

Expected<Term> reduce_broadcast(const Shape& shape, Schedule& schedule) {
  const auto radix = checked_radix(shape, schedule.algorithm);
  if (!radix) return tl::unexpected(radix.error());
  return seq({dual(binomial_tree(shape.ranks, 0)), knomial_tree(shape.ranks, *radix, 0)});
}

/// Place x of level u = 2^k, that is x + 1 in [u, 2u), passes on to x + u and x + 2u.
Expected<Term> level_order_tree(const Shape& shape, Schedule&) {
  const std::int64_t size = shape.ranks;
  const auto levels = std::bit_width(static_cast<std::uint64_t>(size)) - 1;
  const auto below = [&](std::int64_t low, std::int64_t high) {
    return cut_below(interval(units_of(low, -1), units_of(high, -1)), size);
  };
  const Term tree{phase(
      Frame::absolute, Unit::power_up, levels,
      {to_receivers(arc(units_of(1)), below(2, 3)), to_receivers(arc(units_of(2)), below(3, 4))})};
  return pipe(chunks_of(shape), 0, over(from_root(shape), tree));
}

/// The halves of the data go down two binary trees with the same root: a rank that is a leaf of one
/// is an inner node of the other and so sends no more than the data once.
Expected<Term> double_tree(const Shape& shape, Schedule&) {
  const Term tree = binary_tree(shape.ranks);
  View second = from_root(shape);
  if (shape.ranks % 2 == 0) {
    second.twist = 1;
  } else {
    second.mirror = true;
    second.shift += 1;
  }
  return par({child(0.5, pipe(chunks_of(shape), 0, over(from_root(shape), tree))),
              child(0.5, pipe(chunks_of(shape), 0, over(second, tree)))});
}

/// Far exchanges first; the ranks beyond the largest power of two hear last.
Expected<Term> bine_tree(const Shape& shape, Schedule&) {
  const std::int64_t core = core_size(shape.ranks);
  const auto steps = std::bit_width(static_cast<std::uint64_t>(core)) - 1;
  View view = from_root(shape);
  const Phase tree = phase(Frame::dihedral, Unit::power_down, steps,
                           {arc(units_of(1), residue_class(units_of(2), units_of(1)))});
  if (core == shape.ranks) return over(view, *restrict_to(0, {tree}));
  const Phase beyond =
      phase(Frame::absolute, Unit::one, 1,
            {to_receivers(arc(constant(core)), interval(constant(core), constant(shape.ranks)))});
  View core_of_it = view;
  core_of_it.core = core;
  return seq({over(core_of_it, *restrict_to(0, {tree})), over(view, {beyond})});
}

Expected<Term> scatter_all_gather(const Shape& shape, Schedule&) {
  return seq({binomial_scatter(shape.ranks, shape.root), ring_gather(shape.ranks, +1)});
}

Expected<Term> scatter_doubling(const Shape& shape, Schedule&) {
  const bool power = core_size(shape.ranks) == shape.ranks;
  return seq({binomial_scatter(shape.ranks, shape.root),
              power ? recursive_doubling_gather(shape.ranks) : bruck_gather(shape.ranks, 2)});
}

Expected<Term> reduce_scatter_gather(const Shape& shape, Schedule&) {
  return seq({dual(distance_halving_gather(shape.ranks)),
              dual(binomial_scatter(shape.ranks, shape.root))});
}

std::int64_t chain_chunks(double size_bytes, NcclProtocol protocol, const Shape&) {
  return nccl_chain_chunks(size_bytes, 1, protocol);
}

template <auto broadcast>
Expected<Term> transposed(const Shape& shape, Schedule& schedule) {
  auto term = broadcast(shape, schedule);
  if (!term) return term;
  return dual(std::move(*term));
}

constexpr std::string_view kOpenMpi =
    "J. Pjesivac-Grbovic, T. Angskun, G. Bosilca, G. E. Fagg, E. Gabriel, J. J. Dongarra: "
    "Performance analysis of MPI collective operations, Cluster Computing 10(2), 2007; the trees "
    "as in "
    "open-mpi/ompi, ompi/mca/coll/base/coll_base_topo.c";
constexpr std::string_view kMpich =
    "R. Thakur, R. Rabenseifner, W. Gropp: Optimization of collective communication operations in "
    "MPICH, IJHPCA 19(1), 2005";
constexpr std::string_view kVanDeGeijn =
    "M. Barnett, L. Shuler, R. van de Geijn, S. Gupta, D. Payne, J. Watts: Interprocessor "
    "collective communication library, SHPCC 1994";
constexpr std::string_view kRabenseifner =
    "R. Rabenseifner: Optimization of collective reduction operations, ICCS 2004";
constexpr std::string_view kBine =
    "D. De Sensi, S. Pasqualoni, L. Piarulli et al.: Bine trees: enhancing collective operations "
    "by optimizing communication locality, SC 2025 (arXiv 2508.17311)";
constexpr std::string_view kChain =
    "J. Watts, R. van de Geijn: A pipelined broadcast for multidimensional meshes, Parallel "
    "Processing Letters 5(2), 1995";

}  // namespace

Term chain_from(std::int64_t size, std::int64_t root) {
  return *restrict_to(root, ring_gather(size, +1));
}

Term chain_from_leader(std::int64_t size) { return chain_from(size, 0); }

Term distance_halving_gather(std::int64_t size) {
  const auto steps = std::bit_width(static_cast<std::uint64_t>(size - 1));
  return {phase(Frame::cyclic, Unit::power_down, steps,
                {arc(units_of(1), residue_class(units_of(2), units_of(1)))})};
}

Term direct_gather(std::int64_t size) {
  Phase direct =
      phase(Frame::cyclic, Unit::one, size - 1, {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  direct.lag = Lag::none;
  return {direct};
}

Term knomial_tree(std::int64_t size, std::int64_t radix, std::int64_t root) {
  std::int64_t rounds = 0;
  for (std::int64_t reach = 1; reach < size; reach *= radix) ++rounds;
  // Round of u = radix^k, far ones first: the ranks c u ahead of those that have the data.
  const auto child = [&](std::int64_t c) {
    return arc(units_of(c), residue_class(units_of(radix), units_of(c)));
  };
  Phase tree = phase(Frame::cyclic, Unit::power_down, rounds, {child(1), child(2), child(3)});
  tree.arc_count = static_cast<std::int8_t>(radix - 1);
  tree.base = static_cast<std::int32_t>(radix);
  return *restrict_to(root, {tree});
}

Term binomial_tree(std::int64_t size, std::int64_t root) {
  return *restrict_to(root, distance_halving_gather(size));
}

Term binomial_scatter(std::int64_t size, std::int64_t root) {
  return *restrict_to(root, bruck_exchange(size, 2, Unit::power_down));
}

Family broadcast_family() {
  using C = Collective;
  const Algorithm::Uses root{.root = true};
  const Algorithm::Uses rooted_radix{.root = true, .radix = true};
  const Algorithm::Uses pipelined{.root = true, .chunks = true};
  return {
      {C::broadcast, "chain", "from rank to rank round the ring, in chunks", "n-2+K", "S", kChain,
       pipelined, pipelined_chain, chain_chunks},
      {C::broadcast, "binomial", "every rank that has the data passes it on, far ones first",
       "log2 n", "S log2 n", kMpich, root, binomial},
      {C::broadcast, "knomial",
       "a binomial tree with radix - 1 children a round: fewer rounds, more sends in each",
       "ceil(log_r n)", "(r-1) S log_r n", kOpenMpi, rooted_radix, k_nomial},
      {C::broadcast, "linear", "the root sends every rank the data, all at once", "1", "(n-1) S",
       kOpenMpi, root, linear},
      {C::broadcast, "binary_tree", "down a complete binary tree, level by level, in chunks",
       "floor(log2 n) + K-1", "2S", kOpenMpi, pipelined, level_order_tree},
      {C::broadcast, "scatter_all_gather",
       "a binomial scatter, then a ring: twice the data instead of log2 n times", "log2 n + n-1",
       "2(n-1)/n S", kVanDeGeijn, root, scatter_all_gather},
      {C::broadcast, "scatter_doubling",
       "a binomial scatter, then recursive doubling (Bruck's rounds beyond powers of two)",
       "2 ceil(log2 n)", "2(n-1)/n S", kMpich, root, scatter_doubling},
      {C::broadcast, "double_tree",
       "down two binary trees with half of the data each, in chunks; every rank sends S at most",
       "D+K-1", "S", kTwoTreesSource, pipelined, double_tree, two_tree_chunks},
      {C::broadcast, "bine_tree",
       "a binomial tree of negabinary distances, which are shorter: less traffic far away",
       "log2 M (+1)", "S log2 M (+S)", kBine, root, bine_tree},
      {C::reduce, "chain", "partial sums from rank to rank to the root, in chunks", "n-2+K", "S",
       kChain, pipelined, transposed<pipelined_chain>, chain_chunks},
      {C::reduce, "binomial", "partial sums up a binomial tree, near ones first", "log2 n", "S",
       kMpich, root, transposed<binomial>},
      {C::reduce, "linear", "every rank sends the root its data, all at once", "1", "S", kOpenMpi,
       root, transposed<linear>},
      {C::reduce, "binary_tree", "up a complete binary tree, level by level, in chunks",
       "floor(log2 n) + K-1", "S", kOpenMpi, pipelined, transposed<level_order_tree>},
      {C::all_reduce,
       "reduce_broadcast",
       "up a binomial tree to one rank, then down a k-nomial tree",
       "log2 n + ceil(log_r n)",
       "(r-1) S log_r n",
       kOpenMpi,
       {.radix = true},
       reduce_broadcast},
      {C::all_reduce,
       "linear",
       "every rank sends one rank its data, which sends all of them the sum",
       "2",
       "(n-1) S",
       kOpenMpi,
       {},
       linear_all_reduce},
      {C::reduce, "reduce_scatter_gather",
       "reduce_scatter by distance doubling, then a binomial gather: less data for each rank",
       "2 log2 n", "(n-1)/n S + S/2 at 2^k", kRabenseifner, root, reduce_scatter_gather},
      {C::reduce, "double_tree", "up two binary trees with half of the data each, in chunks",
       "D+K-1", "S", kTwoTreesSource, pipelined, transposed<double_tree>, two_tree_chunks},
      {C::reduce, "bine_tree", "partial sums up a binomial tree of negabinary distances",
       "log2 M (+1)", "S", kBine, root, transposed<bine_tree>},
  };
}

}  // namespace collscale

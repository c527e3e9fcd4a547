// SPDX-License-Identifier: Apache-2.0
// Butterflies. R. Thakur, R. Rabenseifner, W. Gropp: "Optimization of collective communication
// operations in MPICH", Int. J. High Perform. Comput. Appl. 19(1), 2005. Rank counts other than
// powers of two are folded onto the largest power of two below.
#include <bit>

#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {

Term butterfly_gather(Frame frame, bool near_first, std::int64_t size) {
  const auto steps =
      static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(size))) - 1;
  // near_first: step s doubles the blocks [0, 2^s) held so far, which lie next to each other.
  const OffsetSet gained =
      near_first ? interval(units_of(1), units_of(2)) : residue_class(units_of(2), units_of(1));
  return {phase(frame, near_first ? Unit::power_up : Unit::power_down, steps,
                {arc(units_of(1), gained)})};
}

Term halving_doubling_reduce(std::int64_t size) {
  // Rabenseifner: the reduce_scatter halves the vector while it doubles the distance, so that most
  // bytes stay near; the all_gather goes back the same way.
  const Term gather = butterfly_gather(Frame::exclusive_or, false, core_size(size));
  return fold(size, seq({dual(gather), gather}));
}

Term recursive_doubling_gather(std::int64_t size) {
  return fold_gather(size, butterfly_gather(Frame::exclusive_or, true, core_size(size)));
}

namespace {

Expected<Term> all_reduce(const Shape& shape, Schedule&) {
  return halving_doubling_reduce(shape.ranks);
}

/// Partners 1, 2, 4, ... away exchange everything and add it.
Expected<Term> all_reduce_at_once(const Shape& shape, Schedule&) {
  const std::int64_t core = core_size(shape.ranks);
  Phase exchange = std::get<Phase>(butterfly_gather(Frame::exclusive_or, true, core).node);
  exchange.address = Address::scope;
  exchange.arcs[0] = arc(units_of(1));
  exchange.transfer = Transfer::accumulate;
  return fold(shape.ranks, {exchange});
}

Expected<Term> all_gather(const Shape& shape, Schedule&) {
  return recursive_doubling_gather(shape.ranks);
}
Expected<Term> reduce_scatter(const Shape& shape, Schedule&) {
  return dual(recursive_doubling_gather(shape.ranks));
}

/// The same exchanges in the opposite order, near partners and many bytes first.
Expected<Term> near_first(const Shape& shape, Schedule&) {
  return dual(fold_gather(shape.ranks,
                          butterfly_gather(Frame::exclusive_or, false, core_size(shape.ranks))));
}

constexpr std::string_view kButterfly =
    "J. L. Träff: An improved algorithm for (non-commutative) reduce-scatter with an application, "
    "EuroPVM/MPI 2005";
constexpr std::string_view kSource =
    "R. Thakur, R. Rabenseifner, W. Gropp: Optimization of collective communication operations in "
    "MPICH, IJHPCA 19(1), 2005";

}  // namespace

Family halving_doubling_family() {
  using C = Collective;
  return {
      {C::all_reduce,
       "halving_doubling",
       "Rabenseifner: recursive halving, then doubling; least bytes in logarithmic steps",
       "2 log2 M (+2)",
       "2(M-1)/M S (+S)",
       kSource,
       {},
       all_reduce},
      {C::all_reduce,
       "recursive_doubling",
       "the whole vector is exchanged with partners 1, 2, 4, ... away; fewest steps",
       "log2 M (+2)",
       "log2 M S (+S)",
       kSource,
       {},
       all_reduce_at_once},
      {C::all_gather,
       "recursive_doubling",
       "partners 1, 2, 4, ... away exchange all that they hold",
       "log2 M (+2)",
       "(n-1)/n S at 2^k",
       kSource,
       {},
       all_gather},
      {C::reduce_scatter,
       "recursive_halving",
       "partners M/2, ..., 2, 1 away exchange half of what is left",
       "log2 M (+2)",
       "(n-1)/n S at 2^k",
       kSource,
       {},
       reduce_scatter},
      {C::reduce_scatter,
       "butterfly",
       "partners 1, 2, ..., M/2 away exchange half of what is left: most bytes stay near",
       "log2 M (+2)",
       "(n-1)/n S at 2^k",
       kButterfly,
       {},
       near_first},
  };
}

}  // namespace collscale

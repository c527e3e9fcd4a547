// SPDX-License-Identifier: Apache-2.0
// Hypercube exchanges. R. Thakur, R. Rabenseifner, W. Gropp: "Optimization of collective
// communication operations in MPICH", Int. J. High Perform. Comput. Appl. 19(1), 2005. Rank counts
// other than powers of two are folded onto the largest power of two below.
#include <bit>

#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

std::int64_t log2_exact(std::int64_t size) {
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(size))) - 1;
}

/// Recursive doubling: partners 1, 2, 4, ... away; little data near, much far.
Term cube_doubling(std::int64_t size) {
  return {phase(Frame::exclusive_or, Unit::power_up, log2_exact(size),
                {arc(units_of(1), interval(units_of(1), units_of(2)))})};
}

/// Partners size/2, ..., 2, 1 away; little data far, much near.
Term cube_halving(std::int64_t size) {
  return {phase(Frame::exclusive_or, Unit::power_down, log2_exact(size),
                {arc(units_of(1), residue_class(units_of(2), units_of(1)))})};
}

}  // namespace

Term halving_doubling_reduce(std::int64_t size) {
  // Rabenseifner: the reduce_scatter halves the vector while it doubles the distance, so that most
  // bytes stay near; the all_gather goes back the same way.
  const Term gather = cube_halving(core_size(size));
  return fold(size, seq({dual(gather), gather}));
}

Term halving_doubling_gather(std::int64_t size) {
  return fold_gather(size, cube_doubling(core_size(size)));
}

namespace {

Expected<Term> all_reduce(const Shape& shape, Schedule&) {
  return halving_doubling_reduce(shape.ranks);
}
Expected<Term> all_gather(const Shape& shape, Schedule&) {
  return halving_doubling_gather(shape.ranks);
}
Expected<Term> reduce_scatter(const Shape& shape, Schedule&) {
  return dual(halving_doubling_gather(shape.ranks));
}

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
      {C::all_gather,
       "halving_doubling",
       "recursive doubling",
       "log2 M (+2)",
       "(n-1)/n S at 2^k",
       kSource,
       {},
       all_gather},
      {C::reduce_scatter,
       "halving_doubling",
       "recursive halving",
       "log2 M (+2)",
       "(n-1)/n S at 2^k",
       kSource,
       {},
       reduce_scatter},
  };
}

}  // namespace collscale

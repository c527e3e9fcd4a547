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

Expected<Term> halving_doubling_all_reduce(const Shape& shape, Radix& radix) {
  radix = {shape.ranks};
  return halving_doubling_reduce(shape.ranks);
}

Expected<Term> halving_doubling_all_gather(const Shape& shape, Radix& radix) {
  radix = {shape.ranks};
  return halving_doubling_gather(shape.ranks);
}

Expected<Term> halving_doubling_reduce_scatter(const Shape& shape, Radix& radix) {
  radix = {shape.ranks};
  return dual(halving_doubling_gather(shape.ranks));
}

}  // namespace collscale

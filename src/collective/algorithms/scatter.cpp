// SPDX-License-Identifier: Apache-2.0
// One rank hands every rank its block (scatter), or gets it from every rank (gather): the exchange
// of all with all in which only the root's blocks travel, and its transpose.
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

Expected<Term> linear(const Shape& shape, Schedule&) {
  return restrict_to(shape.root, direct_exchange(shape.ranks));
}

Expected<Term> binomial(const Shape& shape, Schedule&) {
  return binomial_scatter(shape.ranks, shape.root);
}

template <auto scatter>
Expected<Term> transposed(const Shape& shape, Schedule& schedule) {
  auto term = scatter(shape, schedule);
  if (!term) return term;
  return dual(std::move(*term));
}

constexpr std::string_view kLinear =
    "E. Chan, M. Heimlich, A. Purkayastha, R. van de Geijn: Collective communication: theory, "
    "practice, and experience, Concurrency and Computation 19(13), 2007";
constexpr std::string_view kMpich =
    "R. Thakur, R. Rabenseifner, W. Gropp: Optimization of collective communication operations in "
    "MPICH, IJHPCA 19(1), 2005";

}  // namespace

Family scatter_family() {
  using C = Collective;
  const Algorithm::Uses root{.root = true};
  return {
      {C::scatter, "linear", "the root sends every rank its block, all at once", "1", "(n-1)/n S",
       kLinear, root, linear},
      {C::scatter, "binomial", "down a binomial tree; every rank passes on the blocks of its part",
       "log2 n", "(n-1)/n S", kMpich, root, binomial},
      {C::gather, "linear", "every rank sends the root its block, all at once", "1", "S/n", kLinear,
       root, transposed<linear>},
      {C::gather, "binomial", "up a binomial tree; every rank collects the blocks of its part",
       "log2 n", "S/2 at 2^k", kMpich, root, transposed<binomial>},
  };
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Direct exchange: in step s every rank hears from the one s + 1 behind it; no step waits for
// another. (R. Thakur, R. Rabenseifner, W. Gropp 2005, long-message all_to_all, with all sends
// posted at once.)
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {

namespace {

Expected<Term> all_to_all(const Shape& shape, Schedule&) {
  Phase direct = phase(Frame::cyclic, Unit::one, shape.ranks - 1,
                       {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  direct.address = Address::pair;
  direct.transfer = Transfer::move;
  direct.lag = Lag::none;
  return Term{direct};
}

}  // namespace

Family all_to_all_family() {
  return {{Collective::all_to_all,
           "pairwise",
           "every rank to every other directly, all at once",
           "1",
           "(n-1)/n S",
           "R. Thakur, R. Rabenseifner, W. Gropp: Optimization of collective communication "
           "operations in MPICH, IJHPCA 19(1), 2005",
           {},
           all_to_all}};
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Direct exchange: in step s every rank hears from the one s + 1 behind it; no step waits for
// another. (R. Thakur, R. Rabenseifner, W. Gropp 2005, long-message all_to_all, with all sends
// posted at once.)
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {

Expected<Term> pairwise_all_to_all(const Shape& shape, Radix& radix) {
  radix = {shape.ranks};
  Phase direct = phase(Frame::cyclic, Unit::one, shape.ranks - 1,
                       {arc(steps_of(1, 1), singleton(steps_of(1, 1)))});
  direct.address = Address::pair;
  direct.transfer = Transfer::move;
  direct.lag = Lag::none;
  return Term{direct};
}

}  // namespace collscale

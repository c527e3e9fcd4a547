// SPDX-License-Identifier: Apache-2.0
// Point to point: every rank sends to the next one, as sendrecv_perf of NVIDIA/nccl-tests does.
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

Expected<Term> shift(const Shape& shape, Schedule&) {
  const std::int64_t steps = shape.ranks > 1 ? 1 : 0;
  return Term{phase(Frame::cyclic, Unit::one, steps, {arc(constant(1), singleton(constant(1)))})};
}

}  // namespace

Family send_recv_family() {
  return {{Collective::send_recv,
           "shift",
           "every rank sends to the next one and hears from the one before, all at once",
           "1",
           "S",
           "NVIDIA/nccl-tests, src/sendrecv.cu, 2020",
           {},
           shift}};
}

}  // namespace collscale

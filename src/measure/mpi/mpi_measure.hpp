// SPDX-License-Identifier: Apache-2.0
// One point over MPI on host memory: verify one operation, then take samples.
#pragma once

#include <algorithm>

#include "measure/buffers.hpp"
#include "measure/clock.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/mpi_layout.hpp"
#include "measure/mpi/mpi_verify.hpp"
#include "measure/point_result.hpp"
#include "measure/sampler.hpp"

namespace collscale {

/// Collective. The pools hold at least slots.pool_bytes() each.
template <Coordinator Ranks, class Operation>
PointResult measure_on_host(Ranks& ranks, const Scenario& scenario, const BufferLayout& layout,
                            const PointPlan& plan, const SlotPlan& slots, HostPools& pools,
                            Operation&& operation) {
  PointResult result;
  if (plan.verify) {
    result.mismatch = verify_on_host(ranks, scenario, layout, pools, operation);
    if (result.wrong()) {
      return result;
    }
  }
  const auto used = static_cast<std::size_t>(slots.pool_bytes());
  refill(pools, scenario, used,
         std::min(used, plan.verify ? static_cast<std::size_t>(layout.size_bytes) : 0));
  SlotWalk slot(slots);
  const auto run = [&](std::int64_t operations) {
    for (std::int64_t i = 0; i < operations; ++i) {
      const std::int64_t at = slot.next_bytes();
      operation(pools.send.data() + at, pools.receive.data() + at);
    }
  };
  const ConditionWatch watch;
  result.samples = take_samples(ranks, plan.sampling, run, steady_now_s);
  result.conditions = watch.finish(ranks, true);  // MPI waits by polling
  return result;
}

}  // namespace collscale

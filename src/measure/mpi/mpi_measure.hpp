// SPDX-License-Identifier: Apache-2.0
// One point over MPI on host memory: verify one operation, then take samples.
#pragma once

#include <cstring>

#include "measure/buffers.hpp"
#include "measure/clock.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/mpi_layout.hpp"
#include "measure/point_result.hpp"
#include "measure/sampler.hpp"

namespace collscale {

/// Send and receive memory for a whole sweep, touched once.
struct HostPools {
  HostBuffer send;
  HostBuffer receive;
};

/// Performs the operation once on pattern data in the first slot and compares every element.
/// Collective; the answer is the same on every rank. `operation(send, receive)` is the collective
/// under test. `ranks` is a MpiCommunicator, or MpiGroups; then a rank in no group passes a layout
/// without elements and an operation that does nothing.
template <Coordinator Ranks, class Operation>
Mismatch verify_on_host(Ranks& ranks, const Scenario& scenario, const BufferLayout& layout,
                        HostPools& pools, Operation&& operation) {
  const Pattern pattern(scenario.collective, scenario.dtype, scenario.op, scenario.ranks);
  const auto element = static_cast<std::size_t>(element_bytes(scenario.dtype));
  const std::size_t send_bytes = static_cast<std::size_t>(layout.send_elements) * element;
  const std::size_t receive_bytes = static_cast<std::size_t>(layout.receive_elements) * element;
  std::byte* send = pools.send.data();
  std::byte* receive = pools.receive.data();
  const int rank = rank_in_group(ranks);
  fill_send(scenario, layout, pattern, rank, pools.send.bytes());
  std::memset(receive, 0xff, receive_bytes);  // no type's pattern holds this
  const bool has_input = scenario.collective != Collective::broadcast || rank == scenario.root;
  if (scenario.in_place && has_input) {
    const auto at = static_cast<std::size_t>(in_place_offset(scenario, layout, rank));
    std::memcpy(receive + at * element, send, send_bytes);
  }
  operation(send, receive);
  Mismatch mine = check_receive(scenario, layout, pattern, rank, pools.receive.bytes());
  mine.rank = ranks.rank();  // as the user counts
  return agree_on_mismatch(ranks, mine);
}

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
  fill_ones(scenario.dtype, pools.send.bytes().first(used));
  fill_ones(scenario.dtype, pools.receive.bytes().first(used));
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

// SPDX-License-Identifier: Apache-2.0
// One point over NCCL: verify one operation, then take samples. Times are the host's clock around a
// batch of collectives, from a barrier of the processes to the synchronisation of all streams.
#pragma once

#include <vector>

#include "measure/buffers.hpp"
#include "measure/clock.hpp"
#include "measure/heartbeat.hpp"
#include "measure/nccl/nccl_device_group.hpp"
#include "measure/point_result.hpp"
#include "measure/sampler.hpp"

namespace collscale {

/// Runs the collective twice on pattern data, each time other data, and compares every element and
/// the guard behind the last one, on the GPUs; what this process's GPUs found, not yet agreed with
/// the others. The pools are kGuardBytes longer than the point needs.
Mismatch verify_on_devices(NcclDeviceGroup& gpus, const Scenario& scenario,
                           const BufferLayout& layout);

/// Collective over `processes`. `per_group` operations are launched as one ncclGroup (nccl-tests'
/// -m); each enters a step of the heartbeat.
template <Coordinator C>
PointResult measure_on_devices(C& processes, NcclDeviceGroup& gpus, const Scenario& scenario,
                               const BufferLayout& layout, const PointPlan& plan,
                               const SlotPlan& slots, std::int64_t per_group,
                               Heartbeat& heartbeat) {
  PointResult result;
  if (plan.verify) {
    result.mismatch = agree_on_mismatch(processes, verify_on_devices(gpus, scenario, layout));
    if (result.wrong()) {
      return result;
    }
  }
  SlotWalk slot(slots);
  const auto run = [&](std::int64_t operations) {
    for (std::int64_t done = 0; done < operations;) {
      const std::int64_t group = std::min(per_group, operations - done);
      heartbeat.enter();
      gpus.begin_group();
      for (std::int64_t i = 0; i < group; ++i) {
        gpus.enqueue(scenario, layout, slot.next_bytes());
      }
      gpus.end_group();
      done += group;
    }
    gpus.synchronise();
  };
  const ConditionWatch watch;
  result.samples = take_samples(processes, plan.sampling, run, steady_now_s);
  result.conditions = watch.finish(processes, false);
  return result;
}

}  // namespace collscale

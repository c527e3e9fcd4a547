// SPDX-License-Identifier: Apache-2.0
// One point over NCCL: verify one operation, then take samples, of what nccl_batches.hpp times.
#pragma once

#include <vector>

#include "measure/buffers.hpp"
#include "measure/clock.hpp"
#include "measure/heartbeat.hpp"
#include "measure/nccl/nccl_batches.hpp"
#include "measure/nccl/nccl_device_group.hpp"
#include "measure/point_result.hpp"
#include "measure/sampler.hpp"

namespace collscale {

/// Runs the collective twice on pattern data, each time other data, and compares every element and
/// the guard behind the last one, on the GPUs; what this process's GPUs found, not yet agreed with
/// the others. The pools are kGuardBytes longer than the point needs.
Mismatch verify_on_devices(NcclDeviceGroup& gpus, const Scenario& scenario,
                           const BufferLayout& layout);

/// Collective over `processes`.
template <Coordinator C>
PointResult measure_on_devices(C& processes, NcclDeviceGroup& gpus, const Scenario& scenario,
                               const BufferLayout& layout, const PointPlan& plan,
                               const SlotPlan& slots, const DeviceTiming& timing,
                               Heartbeat& heartbeat) {
  PointResult result;
  if (plan.verify) {
    result.mismatch = agree_on_mismatch(processes, verify_on_devices(gpus, scenario, layout));
    if (result.wrong()) {
      return result;
    }
  }
  DeviceBatches batches(gpus, scenario, layout, slots, timing, heartbeat);
  const ConditionWatch watch;
  result.samples = take_samples(
      processes, plan.sampling, [&](std::int64_t count) { return batches.run_s(count); },
      steady_now_s);
  batches.per_operation(result.samples);
  result.conditions = watch.finish(processes, false);
  return result;
}

}  // namespace collscale

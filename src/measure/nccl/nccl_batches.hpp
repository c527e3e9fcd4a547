// SPDX-License-Identifier: Apache-2.0
// A batch of operations on this process's GPUs, and its time. Needs neither CUDA nor NCCL.
#pragma once

#include <cstdint>

#include "measure/buffers.hpp"
#include "measure/heartbeat.hpp"
#include "measure/nccl/nccl_device_group.hpp"
#include "measure/sampling_plan.hpp"

namespace collscale {

/// What a batch's time is, of this process: the host's clock from the first launch until all
/// streams are synchronised; CUDA events on each GPU's stream before and after the operations, the
/// longest of the GPUs; or the host's clock until all is launched, which is waited for outside it.
enum class DeviceClock { host, events, launch };

struct DeviceTiming {
  DeviceClock clock = DeviceClock::host;
  std::int64_t per_group = 1;       ///< operations launched as one ncclGroup (nccl-tests' -m)
  std::int64_t graph_launches = 0;  ///< a batch is captured once and launched so often; 0: no graph
};

class DeviceBatches {
 public:
  /// What it is given outlives it. Each launch enters a step of the heartbeat.
  DeviceBatches(NcclDeviceGroup& gpus, const Scenario& scenario, const BufferLayout& layout,
                const SlotPlan& slots, const DeviceTiming& timing, Heartbeat& heartbeat);

  /// Performs so many operations, times graph_launches where there is a graph; gives their time.
  double run_s(std::int64_t operations);
  /// What take_samples took for operations were graph_launches of them each.
  void per_operation(SampleSet& samples) const;

 private:
  void enqueue(std::int64_t operations);

  NcclDeviceGroup& gpus_;
  const Scenario& scenario_;
  const BufferLayout& layout_;
  SlotWalk slot_;
  DeviceTiming timing_;
  Heartbeat& heartbeat_;
  std::int64_t captured_ = 0;  // operations in the graph
};

}  // namespace collscale

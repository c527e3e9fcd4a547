// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_batches.hpp"

#include <algorithm>

#include "measure/clock.hpp"

namespace collscale {

DeviceBatches::DeviceBatches(NcclDeviceGroup& gpus, const Scenario& scenario,
                             const BufferLayout& layout, const SlotPlan& slots,
                             const DeviceTiming& timing, Heartbeat& heartbeat)
    : gpus_(gpus),
      scenario_(scenario),
      layout_(layout),
      slot_(slots),
      timing_(timing),
      heartbeat_(heartbeat) {}

void DeviceBatches::enqueue(std::int64_t operations) {
  for (std::int64_t done = 0; done < operations;) {
    const std::int64_t group = std::min(timing_.per_group, operations - done);
    heartbeat_.enter();
    gpus_.begin_group();
    for (std::int64_t i = 0; i < group; ++i) {
      gpus_.enqueue(scenario_, layout_, slot_.next_bytes());
    }
    gpus_.end_group();
    done += group;
  }
}

double DeviceBatches::run_s(std::int64_t operations) {
  if (timing_.graph_launches > 0 && captured_ != operations) {
    gpus_.capture([&] { enqueue(operations); });
    captured_ = operations;
  }
  const double start_s = steady_now_s();
  if (timing_.clock == DeviceClock::events) gpus_.record_start();
  for (std::int64_t i = 0; i < timing_.graph_launches; ++i) {
    heartbeat_.enter();
    gpus_.launch_captured();
  }
  if (timing_.graph_launches == 0) enqueue(operations);
  if (timing_.clock == DeviceClock::events) gpus_.record_stop();
  const double launched_s = steady_now_s() - start_s;
  gpus_.synchronise();
  switch (timing_.clock) {
    case DeviceClock::events:
      return gpus_.elapsed_s();
    case DeviceClock::launch:
      return launched_s;
    case DeviceClock::host:
      break;
  }
  return steady_now_s() - start_s;
}

void DeviceBatches::per_operation(SampleSet& samples) const {
  if (timing_.graph_launches == 0) return;
  const auto launches = static_cast<double>(timing_.graph_launches);
  for (double& time_s : samples.time_s) time_s /= launches;
  samples.batch *= timing_.graph_launches;
  samples.warmup *= timing_.graph_launches;
}

}  // namespace collscale

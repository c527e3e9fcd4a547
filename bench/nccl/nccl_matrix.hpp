// SPDX-License-Identifier: Apache-2.0
// bench_nccl's ceiling and --matrix: what messages between pairs of GPUs, and copies, take.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/suite/attainable.hpp"
#include "bench/suite/matrix.hpp"
#include "measure/clock.hpp"
#include "measure/nccl/nccl_pairs.hpp"

namespace collscale {

/// Collective. Of all ranks, with the buffers and the policy of the points.
template <Coordinator C>
Ceiling nccl_ceiling(C& processes, NcclDeviceGroup& gpus, const BenchOptions& options,
                     const PointList& list, std::span<const int> node_of, std::int64_t reserved,
                     std::int64_t pool_bytes, Heartbeat& heartbeat) {
  const auto ranks = static_cast<int>(node_of.size());
  const std::int64_t room = reserved - kGuardBytes;
  return measure_ceiling(
      processes, node_of, std::min(largest_size_bytes(list), static_cast<double>(room)),
      options.sampling,
      [&](std::int64_t size_bytes) { return NcclPingPong(gpus, ranks, size_bytes, heartbeat); },
      [&](std::int64_t size_bytes) {
        const BufferLayout layout = buffer_layout(Collective::broadcast, DataType::uint8,
                                                  static_cast<double>(size_bytes), ranks);
        return DeviceCopies(gpus, size_bytes,
                            plan_slots(options.buffers, layout, std::min(pool_bytes, room)),
                            heartbeat);
      },
      steady_now_s);
}

/// Bytes of the pools that --matrix needs.
inline std::int64_t matrix_pool_bytes(const BenchOptions& options) {
  return static_cast<std::int64_t>(
             *std::max_element(options.sizes_bytes.begin(), options.sizes_bytes.end())) +
         kGuardBytes;
}

/// Collective.
template <Coordinator C>
ExitCode nccl_matrix(C& processes, NcclDeviceGroup& gpus, const BenchOptions& options,
                     BenchBackend& backend, const std::vector<int>& node_of, Heartbeat& heartbeat) {
  backend.about[1] =
      "time: half a round trip of a message, median over samples; clock: CUDA events on the stream "
      "of the pair's lower rank";
  backend.context["clock"] = "CUDA events on the stream of each pair's lower rank";
  const auto ranks = static_cast<int>(node_of.size());
  return run_matrix(options, backend, processes, node_of, [&](std::int64_t size_bytes) {
    return NcclPingPong(gpus, ranks, size_bytes, heartbeat);
  });
}

}  // namespace collscale

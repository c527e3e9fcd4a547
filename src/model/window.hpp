// SPDX-License-Identifier: Apache-2.0
// What a window of bytes in flight allows on a long link.
#pragma once

#include <algorithm>

namespace collscale {

/// What NCCL has in flight per channel and peer with protocol Simple: 7 of 8 steps of its buffer of
/// 4 MiB (github.com/NVIDIA/nccl, v2.28.9-1, src/init.cc:697, NCCL_STEPS in src/include/device.h)
/// [P]; that the eighth is being filled meanwhile [D].
inline constexpr double kNcclSimpleWindow_bytes = 3.5 * 1024 * 1024;

/// Bandwidth of one way when each of `connections` (channels, queue pairs) may have `window_bytes`
/// unacknowledged: min(B, connections · window / RTT), one window per round trip [R]. 16 channels
/// of NCCL reach 58.7 GB/s at a round trip of 1 ms.
inline double window_bandwidth_Bps(double bandwidth_Bps, double connections, double window_bytes,
                                   double round_trip_s) {
  if (round_trip_s <= 0) return bandwidth_Bps;
  return std::min(bandwidth_Bps, connections * window_bytes / round_trip_s);
}

}  // namespace collscale

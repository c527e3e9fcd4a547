// SPDX-License-Identifier: Apache-2.0
// Messages between pairs of ranks over NCCL, and copies on the GPUs: what --matrix and the ceiling
// are measured with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "measure/buffers.hpp"
#include "measure/heartbeat.hpp"
#include "measure/nccl/nccl_device_group.hpp"
#include "measure/pairs.hpp"

namespace collscale {

/// PairMessages of this process's GPUs, on the communicator of all ranks. Each message is an
/// ncclGroup of its own, and so a kernel of its own at either end; a batch of them is enqueued on
/// the streams at once, and timed by CUDA events on the stream of each pair's lower rank. The pools
/// have room for a message and kGuardBytes.
class NcclPingPong {
 public:
  NcclPingPong(NcclDeviceGroup& gpus, int ranks, std::int64_t size_bytes, Heartbeat& heartbeat);

  [[nodiscard]] int ranks() const { return ranks_; }
  [[nodiscard]] bool has(int rank) const { return gpu_of(rank) >= 0; }
  void run(const std::vector<RankPair>& round, std::int64_t round_trips);
  void time(const std::vector<RankPair>& round, std::int64_t round_trips, std::span<double> time_s);
  [[nodiscard]] std::span<std::byte> send(int rank);
  void load(int rank);
  [[nodiscard]] std::span<const std::byte> received(int rank);

 private:
  [[nodiscard]] int gpu_of(int rank) const;
  void enqueue(const std::vector<RankPair>& round, std::int64_t round_trips);
  [[nodiscard]] bool takes_part(const std::vector<RankPair>& round) const;

  NcclDeviceGroup& gpus_;
  int ranks_;
  std::int64_t size_bytes_;
  Heartbeat& heartbeat_;
  std::vector<std::byte> staged_;  ///< what comes from a GPU or goes to one
};
static_assert(PairMessages<NcclPingPong>);

/// Copies of `size_bytes` from the send to the receive pool, on all GPUs of this process at once;
/// gives the seconds that n of them took on the slowest, by CUDA events.
class DeviceCopies {
 public:
  DeviceCopies(NcclDeviceGroup& gpus, std::int64_t size_bytes, const SlotPlan& slots,
               Heartbeat& heartbeat)
      : gpus_(gpus), size_bytes_(size_bytes), slot_(slots), heartbeat_(heartbeat) {}
  double operator()(std::int64_t times);

 private:
  NcclDeviceGroup& gpus_;
  std::int64_t size_bytes_;
  SlotWalk slot_;
  Heartbeat& heartbeat_;
};

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The GPUs of one process, each a rank of one NCCL communicator, with a stream and two pools of
// device memory. The header needs neither CUDA nor NCCL. Failures of either library throw
// std::runtime_error: other ranks may be waiting in a collective, so the program can only end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "measure/buffer_layout.hpp"
#include "scenario/scenario.hpp"
#include "units/error.hpp"

namespace collscale {

/// CUDA devices this process may use. Fails (ExitCode::unavailable) with the reason where there is
/// none: no driver, no device, or a driver older than the CUDA runtime.
Expected<int> usable_cuda_devices();

/// NCCL's version as "2.28.9", and the CUDA runtime's as "13.0".
std::string nccl_library_version();
std::string cuda_runtime_version();

/// What a communicator starts from: made by one process, given to all.
std::vector<char> make_nccl_id();
std::size_t nccl_id_bytes();

/// Fails where NCCL has no such operation: avg (not verified here), all_to_all,
/// gather, scatter and send_recv in place; a barrier.
Expected<void> check_nccl_can_run(const Scenario& scenario);

class NcclDeviceGroup {
 public:
  enum class Pool { send, receive };

  struct Setup {
    int first_device = 0;  ///< the process's devices are numbered from here
    int gpus = 1;
    int first_rank = 0;
    int ranks = 1;  ///< of the whole communicator
    std::vector<char> id;
  };

  /// Collective over all processes of the communicator.
  explicit NcclDeviceGroup(const Setup& setup);
  ~NcclDeviceGroup();
  NcclDeviceGroup(const NcclDeviceGroup&) = delete;
  NcclDeviceGroup& operator=(const NcclDeviceGroup&) = delete;

  [[nodiscard]] int gpus() const;
  [[nodiscard]] int rank(int gpu) const;
  /// "NVIDIA H100 80GB HBM3"
  [[nodiscard]] std::string device_name(int gpu) const;

  /// The largest L2 of this process's GPUs.
  [[nodiscard]] std::int64_t largest_cache_bytes() const;

  /// Two pools of this many bytes on every GPU, every byte written.
  void reserve(std::int64_t pool_bytes);
  void upload(int gpu, Pool pool, std::int64_t offset, std::span<const std::byte> bytes);
  void download(int gpu, Pool pool, std::int64_t offset, std::span<std::byte> bytes);
  void fill(int gpu, Pool pool, std::int64_t offset, std::int64_t bytes, int value);

  /// Starts the collective on every GPU of this process, at `offset` of the pools. In place, the
  /// receive pool holds input and output, laid out as NCCL defines in-place operation.
  void enqueue(const Scenario& scenario, const BufferLayout& layout, std::int64_t offset);
  /// What is enqueued between the two is launched as one ncclGroup.
  void begin_group();
  void end_group();
  /// Waits until every GPU of this process has completed, and reports errors of the communicator.
  void synchronise();

 private:
  struct Device;
  std::vector<Device> devices_;
  int first_rank_ = 0;
  int ranks_ = 1;
};

}  // namespace collscale

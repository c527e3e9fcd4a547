// SPDX-License-Identifier: Apache-2.0
// Fills the pools of this process's GPUs with pattern data and checks what arrived, on the GPUs;
// only counts and the first wrong element come back. Internal to this folder.
#pragma once

#include <vector>

#include "measure/nccl/nccl_device_group.hpp"
#include "measure/verify.hpp"

namespace collscale {

struct DeviceRow;

class DeviceVerifier {
 public:
  explicit DeviceVerifier(NcclDeviceGroup& gpus);
  ~DeviceVerifier();
  DeviceVerifier(const DeviceVerifier&) = delete;
  DeviceVerifier& operator=(const DeviceVerifier&) = delete;

  /// Writes what the GPU's rank sends to where the operation will take it. What is enqueued next
  /// comes after it.
  void fill(int gpu, const Scenario& scenario, const BufferLayout& layout, const Pattern& pattern);

  /// Starts to look at what the GPU's rank received, at kGuardBytes behind all that the operation
  /// may write, and at the whole buffer where the rank receives nothing.
  void start_check(int gpu, const Scenario& scenario, const BufferLayout& layout,
                   const Pattern& pattern);
  /// Waits for what start_check began, and tells.
  Mismatch finish_check(int gpu, const Scenario& scenario, const BufferLayout& layout,
                        const Pattern& pattern);

 private:
  /// Copies what a task needs to the device, and points the row's table there.
  std::byte* place(int gpu, DeviceRow& row);

  struct Workspace {
    void* memory = nullptr;  ///< on the device: findings, runs, a table
    std::size_t bytes = 0;
  };
  NcclDeviceGroup& gpus_;
  std::vector<Workspace> workspaces_;  // by GPU
};

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Communicators of this process's GPUs, made and ended together; internal to this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "measure/nccl/nccl_compat.hpp"
#include "measure/nccl/nccl_device_group.hpp"

namespace collscale {

struct NcclDevice {
  int device = 0;
  cudaStream_t stream = nullptr;
  std::byte* send = nullptr;
  std::byte* receive = nullptr;
  std::size_t pool_bytes = 0;
  cudaEvent_t start = nullptr;
  cudaEvent_t stop = nullptr;
  cudaGraphExec_t captured = nullptr;
};

inline void set_device(int device) {
  if (const cudaError_t status = cudaSetDevice(device); status != cudaSuccess) {
    check_cuda(status, "cudaSetDevice", "GPU " + std::to_string(device));
  }
}

/// By GPU. Ends with its communicators; pools registered with them are then no longer.
struct NcclCommunicators {
  struct Member {
    int device = 0;
    int rank = -1;   ///< -1: the GPU takes no part
    int group = -1;  ///< which group of the ranks; -1: none
    ncclComm_t comm = nullptr;
    std::vector<void*> registered{};  ///< send, receive
    std::vector<NcclWindow> windows{};
  };
  std::string choice = "auto";
  std::vector<Member> members;
  std::shared_ptr<NcclAbort> live;

  NcclCommunicators() = default;
  ~NcclCommunicators();
  NcclCommunicators(const NcclCommunicators&) = delete;
  NcclCommunicators& operator=(const NcclCommunicators&) = delete;

  /// Aborts them, after a call that failed.
  void abort();
};

/// Collective over all processes: one communicator of all ranks.
std::unique_ptr<NcclCommunicators> init_communicators(const NcclInit& init,
                                                      std::shared_ptr<NcclAbort> live);

/// Collective over `world`: the groups of its ranks, or all of them, with the choice in force.
std::unique_ptr<NcclCommunicators> split_communicators(const NcclCommunicators& world,
                                                       const RankGroups* groups,
                                                       const NcclChoice& choice);

/// Collective where windows are registered.
void register_pools(NcclCommunicators& communicators, const std::vector<NcclDevice>& devices,
                    PoolRegistration registration);

}  // namespace collscale

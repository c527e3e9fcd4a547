// SPDX-License-Identifier: Apache-2.0
// Collectives that NCCL has no call for in all versions, from its messages and broadcasts; internal
// to this folder.
#pragma once

#include <nccl.h>

#include <cstddef>

#include "measure/buffer_layout.hpp"

namespace collscale {

/// One rank of a communicator, and the buffers of the operation.
struct NcclRank {
  int rank = 0;
  ncclComm_t comm = nullptr;
  cudaStream_t stream = nullptr;
  const std::byte* send = nullptr;
  std::byte* receive = nullptr;
};

/// gather, scatter, send_recv, all_gather_v, all_to_all_v; others do nothing. The caller has an
/// open group: all messages of an operation are launched as one kernel, as nccl-tests does.
void enqueue_exchange(const Scenario& scenario, const BufferLayout& layout, ncclDataType_t type,
                      const NcclRank& of);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The one place that knows versions of NCCL and CUDA apart; internal to this folder.
#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstddef>
#include <stdexcept>
#include <string>

#if !defined(NCCL_VERSION_CODE) || NCCL_VERSION_CODE < 21000
#error "collscale needs NCCL 2.10 or newer (bfloat16, send and receive)"
#endif

namespace collscale {

inline void check_cuda(cudaError_t status, const char* call) {
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(status));
  }
}

inline void check_nccl(ncclResult_t status, const char* call) {
  if (status != ncclSuccess) {
    throw std::runtime_error(std::string(call) + ": " + ncclGetErrorString(status) +
                             " (NCCL_DEBUG=WARN tells more)");
  }
}

/// The 8-bit floating-point types came with 2.24.
#if NCCL_VERSION_CODE >= 22400
inline constexpr ncclDataType_t kNcclFloat8E4M3 = ncclFloat8e4m3;
inline constexpr ncclDataType_t kNcclFloat8E5M2 = ncclFloat8e5m2;
#else
inline constexpr ncclDataType_t kNcclFloat8E4M3 = ncclNumTypes;  // refused by every call
inline constexpr ncclDataType_t kNcclFloat8E5M2 = ncclNumTypes;
#endif

/// ncclAlltoAll came with 2.28; before it, all-to-all was written with send and receive. The caller
/// has an open group.
inline void nccl_all_to_all(const std::byte* send, std::byte* receive, std::size_t count,
                            std::size_t block_bytes, ncclDataType_t type, int ranks,
                            ncclComm_t comm, cudaStream_t stream) {
#if NCCL_VERSION_CODE >= 22800
  (void)block_bytes;
  (void)ranks;
  check_nccl(ncclAlltoAll(send, receive, count, type, comm, stream), "ncclAlltoAll");
#else
  for (int peer = 0; peer < ranks; ++peer) {
    const std::size_t at = static_cast<std::size_t>(peer) * block_bytes;
    check_nccl(ncclSend(send + at, count, type, peer, comm, stream), "ncclSend");
    check_nccl(ncclRecv(receive + at, count, type, peer, comm, stream), "ncclRecv");
  }
#endif
}

}  // namespace collscale

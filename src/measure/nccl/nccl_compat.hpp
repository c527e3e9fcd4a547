// SPDX-License-Identifier: Apache-2.0
// The one place that knows versions of NCCL (2.18 and newer) and CUDA (11, 12, 13) apart;
// internal to this folder. What a version lacks is found out before it is called:
// nccl_features.hpp.
#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstddef>
#include <stdexcept>
#include <string>

#if !defined(NCCL_VERSION_CODE) || NCCL_VERSION_CODE < 21800
#error "collscale needs NCCL 2.18 or newer (ncclCommSplit, ncclCommInitRankConfig)"
#endif
#if CUDART_VERSION < 11000
#error "collscale needs CUDA 11 or newer"
#endif

// A weak reference lets the program start with an older library than it was built with.
#if NCCL_VERSION_CODE >= 21900
#pragma weak ncclMemAlloc
#pragma weak ncclMemFree
#pragma weak ncclCommRegister
#pragma weak ncclCommDeregister
#endif
#if NCCL_VERSION_CODE >= 22200
#pragma weak ncclGroupSimulateEnd
#endif
#if NCCL_VERSION_CODE >= 22300
#pragma weak ncclCommInitRankScalable
#endif
#if NCCL_VERSION_CODE >= 22700
#pragma weak ncclCommWindowRegister
#pragma weak ncclCommWindowDeregister
#endif
#if NCCL_VERSION_CODE >= 22800
#pragma weak ncclAlltoAll
#pragma weak ncclGather
#pragma weak ncclScatter
#endif

namespace collscale {

inline void check_cuda(cudaError_t status, const char* call) {
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(status));
  }
}

/// `who` as "rank 3": the sentence says of whom the call was.
inline void check_cuda(cudaError_t status, const char* call, const std::string& who) {
  if (status != cudaSuccess) {
    throw std::runtime_error(
        std::string(call).append(", ").append(who).append(": ").append(cudaGetErrorString(status)));
  }
}

/// What NCCL answered to a call; some answers are no failure but a refusal.
class NcclError : public std::runtime_error {
 public:
  NcclError(ncclResult_t status, const char* call)
      : std::runtime_error(sentence(call, ncclGetErrorString(status))), status_(status) {}
  [[nodiscard]] ncclResult_t status() const { return status_; }

 private:
  /// NCCL's texts of some errors name the variable themselves.
  static std::string sentence(const char* call, const std::string& text) {
    const bool has_hint = text.find("NCCL_DEBUG") != std::string::npos;
    std::string last = ncclGetLastError(nullptr);  // what it printed, or would have
    last = last.substr(0, last.find('\n'));
    if (!last.empty()) last.insert(0, "; its last warning: ");
    return std::string(call) + ": " + text + (has_hint ? "" : " (NCCL_DEBUG=WARN tells more)") +
           last;
  }
  ncclResult_t status_;
};

inline void check_nccl(ncclResult_t status, const char* call) {
  if (status != ncclSuccess) throw NcclError(status, call);
}

/// What the call would be that these headers do not have. Nothing reaches it: check_nccl_has is
/// asked first.
[[noreturn]] inline void nccl_lacks(const char* call) {
  throw std::logic_error(std::string(call) + ": not in the NCCL that this program was built with");
}

inline int loaded_nccl_version() {
  int code = 0;
  check_nccl(ncclGetVersion(&code), "ncclGetVersion");
  return code;
}

/// cudaGraphInstantiate has other parameters from CUDA 12 on.
inline cudaGraphExec_t instantiate(cudaGraph_t graph) {
  cudaGraphExec_t executable = nullptr;
#if CUDART_VERSION >= 12000
  check_cuda(cudaGraphInstantiate(&executable, graph, 0), "cudaGraphInstantiate");
#else
  check_cuda(cudaGraphInstantiate(&executable, graph, nullptr, nullptr, 0), "cudaGraphInstantiate");
#endif
  return executable;
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
  if (ncclAlltoAll != nullptr && loaded_nccl_version() >= 22800) {
    check_nccl(ncclAlltoAll(send, receive, count, type, comm, stream), "ncclAlltoAll");
    return;
  }
#endif
  for (int peer = 0; peer < ranks; ++peer) {
    const std::size_t at = static_cast<std::size_t>(peer) * block_bytes;
    check_nccl(ncclSend(send + at, count, type, peer, comm, stream), "ncclSend");
    check_nccl(ncclRecv(receive + at, count, type, peer, comm, stream), "ncclRecv");
  }
}

/// ncclGather and ncclScatter came with 2.28, too; false: the caller writes them with send and
/// receive.
inline bool nccl_gather([[maybe_unused]] const std::byte* send, [[maybe_unused]] std::byte* receive,
                        [[maybe_unused]] std::size_t count, [[maybe_unused]] ncclDataType_t type,
                        [[maybe_unused]] int root, [[maybe_unused]] ncclComm_t comm,
                        [[maybe_unused]] cudaStream_t stream) {
#if NCCL_VERSION_CODE >= 22800
  if (ncclGather != nullptr && loaded_nccl_version() >= 22800) {
    check_nccl(ncclGather(send, receive, count, type, root, comm, stream), "ncclGather");
    return true;
  }
#endif
  return false;
}

inline bool nccl_scatter([[maybe_unused]] const std::byte* send,
                         [[maybe_unused]] std::byte* receive, [[maybe_unused]] std::size_t count,
                         [[maybe_unused]] ncclDataType_t type, [[maybe_unused]] int root,
                         [[maybe_unused]] ncclComm_t comm, [[maybe_unused]] cudaStream_t stream) {
#if NCCL_VERSION_CODE >= 22800
  if (ncclScatter != nullptr && loaded_nccl_version() >= 22800) {
    check_nccl(ncclScatter(send, receive, count, type, root, comm, stream), "ncclScatter");
    return true;
  }
#endif
  return false;
}

/// Memory that NCCL can use in every way it has, since 2.19.
inline void* nccl_allocate([[maybe_unused]] std::size_t bytes) {
#if NCCL_VERSION_CODE >= 21900
  void* memory = nullptr;
  check_nccl(ncclMemAlloc(&memory, bytes), "ncclMemAlloc");
  return memory;
#else
  nccl_lacks("ncclMemAlloc");
#endif
}

inline void nccl_free([[maybe_unused]] void* memory) {
#if NCCL_VERSION_CODE >= 21900
  ncclMemFree(memory);
#endif
}

/// Registration of a rank's own buffer, since 2.19.
inline void* nccl_register([[maybe_unused]] ncclComm_t comm, [[maybe_unused]] void* memory,
                           [[maybe_unused]] std::size_t bytes) {
#if NCCL_VERSION_CODE >= 21900
  void* handle = nullptr;
  check_nccl(ncclCommRegister(comm, memory, bytes, &handle), "ncclCommRegister");
  return handle;
#else
  nccl_lacks("ncclCommRegister");
#endif
}

inline void nccl_deregister([[maybe_unused]] ncclComm_t comm, [[maybe_unused]] void* handle) {
#if NCCL_VERSION_CODE >= 21900
  ncclCommDeregister(comm, handle);
#endif
}

/// A symmetric window, since 2.27. Collective over the communicator; the handle is there when the
/// group of the call has ended.
#if NCCL_VERSION_CODE >= 22700
using NcclWindow = ncclWindow_t;
#else
using NcclWindow = void*;
#endif

inline void nccl_register_window([[maybe_unused]] ncclComm_t comm, [[maybe_unused]] void* memory,
                                 [[maybe_unused]] std::size_t bytes,
                                 [[maybe_unused]] NcclWindow* window) {
#if NCCL_VERSION_CODE >= 22700
  check_nccl(ncclCommWindowRegister(comm, memory, bytes, window, NCCL_WIN_COLL_SYMMETRIC),
             "ncclCommWindowRegister");
#else
  nccl_lacks("ncclCommWindowRegister");
#endif
}

inline void nccl_deregister_window([[maybe_unused]] ncclComm_t comm,
                                   [[maybe_unused]] NcclWindow window) {
#if NCCL_VERSION_CODE >= 22700
  if (window != nullptr) ncclCommWindowDeregister(comm, window);
#endif
}

/// Ends a group without running it; gives NCCL's own estimate in seconds, negative where it has
/// none (point-to-point, a rank alone). Since 2.22; its unit, microseconds, is that of the cost
/// table in NVIDIA/nccl v2.28.9-1 src/enqueue.cc:1862 and src/graph/tuning.cc:617.
inline double nccl_simulated_group_end_s() {
#if NCCL_VERSION_CODE >= 22200
  ncclSimInfo_t about = NCCL_SIM_INFO_INITIALIZER;
  check_nccl(ncclGroupSimulateEnd(&about), "ncclGroupSimulateEnd");
  return static_cast<double>(about.estimatedTime) * 1e-6;
#else
  nccl_lacks("ncclGroupSimulateEnd");
#endif
}

/// Initialisation that several ids share, since 2.23.
inline ncclResult_t nccl_init_scalable([[maybe_unused]] ncclComm_t* comm,
                                       [[maybe_unused]] int ranks, [[maybe_unused]] int rank,
                                       [[maybe_unused]] int ids, [[maybe_unused]] ncclUniqueId* id,
                                       [[maybe_unused]] ncclConfig_t* config) {
#if NCCL_VERSION_CODE >= 22300
  return ncclCommInitRankScalable(comm, ranks, rank, ids, id, config);
#else
  nccl_lacks("ncclCommInitRankScalable");
#endif
}

/// 0 default, 1 efficiency, 2 no SM where copy engines can (zero), since 2.27.
inline void set_cta_policy([[maybe_unused]] ncclConfig_t& config, [[maybe_unused]] int policy) {
#if NCCL_VERSION_CODE >= 22700
  config.CTAPolicy = policy;
#else
  nccl_lacks("ncclConfig_t::CTAPolicy");
#endif
}

}  // namespace collscale

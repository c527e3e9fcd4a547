// SPDX-License-Identifier: Apache-2.0
// The stand-in's collectives and messages, its registered memory, and its own reduction operations.
#include <set>

#include "nccl_comm.hpp"
#include "nccl_reduce.hpp"

struct ncclWindow_vidmem {
  ncclComm_t comm = nullptr;
};

namespace standin {
namespace {

using Kind = Operation::Kind;

/// Memory of ncclMemAlloc, the only memory that windows take.
struct Allocated {
  std::mutex mutex;
  std::set<void*> pointers;
};
Allocated& allocated() {
  static auto* const all = new Allocated;
  return *all;
}

/// Both ends lie in memory that devices reach; NCCL looks at that with NCCL_CHECK_POINTERS=1.
bool is_device_memory(const void* begin, std::size_t bytes) {
  if (bytes == 0) return true;
  const OwnCalls own;
  cudaPointerAttributes first{};
  cudaPointerAttributes last{};
  cudaPointerGetAttributes(&first, begin);
  cudaPointerGetAttributes(&last, static_cast<const std::byte*>(begin) + bytes - 1);
  return first.type != cudaMemoryTypeUnregistered && last.type != cudaMemoryTypeUnregistered;
}

ncclResult_t check_operation(const ncclComm& comm, Operation& operation) {
  const auto bad = [&](const char* what) {
    return reject(ncclInvalidArgument, std::string(name(operation.kind)) + ": " + what);
  };
  if (operation.type < 0 || operation.type >= ncclNumTypes) return bad("unknown data type");
  if (operation.root < 0 || operation.root >= comm.ranks) return bad("no such root or peer");
  if (operation.op >= ncclNumOps) {
    const auto index = static_cast<std::size_t>(operation.op - ncclNumOps);
    if (index >= comm.factors.size()) return bad("unknown operation");
    operation.factor = comm.factors[index];
  }
  const bool float8 = operation.type == ncclFloat8e4m3 || operation.type == ncclFloat8e5m2;
  // As the real one, whose kernel for one rank has no such case.
  if (comm.ranks == 1 && operation.op == ncclAvg && float8) return bad("no average of this type");
  const std::size_t bytes = operation.count * bytes_of(operation.type);
  const auto all = bytes * static_cast<std::size_t>(comm.ranks);
  const bool is_root = comm.rank == operation.root;
  std::size_t sent = bytes;
  std::size_t received = bytes;
  switch (operation.kind) {
    case Kind::all_gather:
      received = all;
      break;
    case Kind::reduce_scatter:
      sent = all;
      break;
    case Kind::all_to_all:
      sent = received = all;
      if (operation.send == operation.receive) return bad("in place");
      break;
    case Kind::reduce:
      received = is_root ? bytes : 0;
      break;
    case Kind::gather:
      received = is_root ? all : 0;
      break;
    case Kind::broadcast:
      sent = is_root ? bytes : 0;
      break;
    case Kind::scatter:
      sent = is_root ? all : 0;
      break;
    case Kind::send:
      received = 0;
      break;
    case Kind::receive:
      sent = 0;
      break;
    default:
      break;
  }
  if (!is_device_memory(operation.send, sent)) return bad("sends from what is no device memory");
  if (!is_device_memory(operation.receive, received)) {
    return bad("receives into what is no device memory");
  }
  return ncclSuccess;
}

ncclResult_t start(const char* function, Operation operation, ncclComm_t comm,
                   cudaStream_t stream) {
  if (const auto bad = check(comm)) return in_group(bad);
  if (const auto fault = entered(function, comm, &operation.fault)) return in_group(fault);
  if (const auto bad = check_operation(*comm, operation)) return in_group(bad);
  return launch_or_defer(comm, stream, operation);
}

const std::byte* bytes(const void* pointer) { return static_cast<const std::byte*>(pointer); }
std::byte* bytes(void* pointer) { return static_cast<std::byte*>(pointer); }

struct WindowCall {
  std::size_t size = 0;
  int flags = 0;
};

}  // namespace
}  // namespace standin

using standin::bytes;
using standin::Kind;
using standin::start;

extern "C" {

ncclResult_t ncclAllReduce(const void* send, void* receive, size_t count, ncclDataType_t type,
                           ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream) {
  return start(__func__, {Kind::all_reduce, bytes(send), bytes(receive), count, type, op}, comm,
               stream);
}

ncclResult_t ncclReduce(const void* send, void* receive, size_t count, ncclDataType_t type,
                        ncclRedOp_t op, int root, ncclComm_t comm, cudaStream_t stream) {
  return start(__func__, {Kind::reduce, bytes(send), bytes(receive), count, type, op, root}, comm,
               stream);
}

ncclResult_t ncclBroadcast(const void* send, void* receive, size_t count, ncclDataType_t type,
                           int root, ncclComm_t comm, cudaStream_t stream) {
  return start(__func__, {Kind::broadcast, bytes(send), bytes(receive), count, type, ncclSum, root},
               comm, stream);
}

ncclResult_t ncclBcast(void* buffer, size_t count, ncclDataType_t type, int root, ncclComm_t comm,
                       cudaStream_t stream) {
  return start(__func__,
               {Kind::broadcast, bytes(buffer), bytes(buffer), count, type, ncclSum, root}, comm,
               stream);
}

ncclResult_t ncclReduceScatter(const void* send, void* receive, size_t count, ncclDataType_t type,
                               ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream) {
  return start(__func__, {Kind::reduce_scatter, bytes(send), bytes(receive), count, type, op}, comm,
               stream);
}

ncclResult_t ncclAllGather(const void* send, void* receive, size_t count, ncclDataType_t type,
                           ncclComm_t comm, cudaStream_t stream) {
  return start(__func__, {Kind::all_gather, bytes(send), bytes(receive), count, type}, comm,
               stream);
}

ncclResult_t ncclAlltoAll(const void* send, void* receive, size_t count, ncclDataType_t type,
                          ncclComm_t comm, cudaStream_t stream) {
  standin::needs_version(__func__, 22800);
  return start(__func__, {Kind::all_to_all, bytes(send), bytes(receive), count, type}, comm,
               stream);
}

ncclResult_t ncclGather(const void* send, void* receive, size_t count, ncclDataType_t type,
                        int root, ncclComm_t comm, cudaStream_t stream) {
  standin::needs_version(__func__, 22800);
  return start(__func__, {Kind::gather, bytes(send), bytes(receive), count, type, ncclSum, root},
               comm, stream);
}

ncclResult_t ncclScatter(const void* send, void* receive, size_t count, ncclDataType_t type,
                         int root, ncclComm_t comm, cudaStream_t stream) {
  standin::needs_version(__func__, 22800);
  return start(__func__, {Kind::scatter, bytes(send), bytes(receive), count, type, ncclSum, root},
               comm, stream);
}

ncclResult_t ncclSend(const void* send, size_t count, ncclDataType_t type, int peer,
                      ncclComm_t comm, cudaStream_t stream) {
  return start(__func__, {Kind::send, bytes(send), nullptr, count, type, ncclSum, peer}, comm,
               stream);
}

ncclResult_t ncclRecv(void* receive, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return start(__func__, {Kind::receive, nullptr, bytes(receive), count, type, ncclSum, peer}, comm,
               stream);
}

ncclResult_t ncclRedOpCreatePreMulSum(ncclRedOp_t* op, void* scalar, ncclDataType_t type,
                                      ncclScalarResidence_t /*residence*/, ncclComm_t comm) {
  if (const auto bad = standin::check(comm)) return bad;
  if (const auto fault = standin::entered(__func__, comm)) return fault;
  *op = static_cast<ncclRedOp_t>(ncclNumOps + static_cast<int>(comm->factors.size()));
  comm->factors.push_back(standin::value_of(type, bytes(scalar)));
  return ncclSuccess;
}

ncclResult_t ncclRedOpDestroy(ncclRedOp_t /*op*/, ncclComm_t comm) { return standin::check(comm); }

ncclResult_t ncclMemAlloc(void** pointer, size_t size) {
  standin::needs_version(__func__, 21900);
  if (const auto fault = standin::entered(__func__, nullptr)) return fault;
  const standin::OwnCalls own;
  if (cudaMalloc(pointer, size) != cudaSuccess) {
    return standin::reject(ncclUnhandledCudaError, "ncclMemAlloc: out of memory");
  }
  const std::scoped_lock lock(standin::allocated().mutex);
  standin::allocated().pointers.insert(*pointer);
  return ncclSuccess;
}

ncclResult_t ncclMemFree(void* pointer) {
  standin::needs_version(__func__, 21900);
  if (const auto fault = standin::entered(__func__, nullptr)) return fault;
  {
    const std::scoped_lock lock(standin::allocated().mutex);
    standin::allocated().pointers.erase(pointer);
  }
  const standin::OwnCalls own;
  return cudaFree(pointer) == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

ncclResult_t ncclCommRegister(ncclComm_t comm, void* buffer, size_t size, void** handle) {
  standin::needs_version(__func__, 21900);
  if (const auto bad = standin::check(comm)) return bad;
  if (const auto fault = standin::entered(__func__, comm)) return fault;
  if (!standin::is_device_memory(buffer, size)) {
    return standin::reject(ncclInvalidArgument, "ncclCommRegister: no device memory");
  }
  *handle = new ncclWindow_vidmem{comm};
  return ncclSuccess;
}

ncclResult_t ncclCommDeregister(ncclComm_t comm, void* handle) {
  standin::needs_version(__func__, 21900);
  if (const auto bad = standin::check(comm)) return bad;
  if (const auto fault = standin::entered(__func__, comm)) return fault;
  delete static_cast<ncclWindow_vidmem*>(handle);
  return ncclSuccess;
}

// All ranks together. COLLSCALE_STANDIN_SYMMETRIC=0 is a machine that has no such memory: the call
// succeeds, and the window is none.
ncclResult_t ncclCommWindowRegister(ncclComm_t comm, void* buffer, size_t size,
                                    ncclWindow_t* window, int flags) {
  standin::needs_version(__func__, 22700);
  if (const auto bad = standin::check(comm)) return standin::in_group(bad);
  if (const auto fault = standin::entered(__func__, comm)) return standin::in_group(fault);
  *window = nullptr;
  if (!standin::is_device_memory(buffer, size) ||
      reinterpret_cast<std::uintptr_t>(buffer) % NCCL_WIN_REQUIRED_ALIGNMENT != 0) {
    return standin::in_group(
        standin::reject(ncclInvalidArgument, "ncclCommWindowRegister: memory or its alignment"));
  }
  return standin::run_or_defer(comm, [=] {
    const auto calls = standin::exchange(*comm, standin::WindowCall{size, flags});
    if (calls.empty()) return standin::reject(ncclInternalError, "aborted while registering");
    for (const standin::WindowCall& call : calls) {
      if (call.size != size || call.flags != flags) {
        return standin::reject(ncclInvalidUsage, "windows of ranks differ in size or flags");
      }
    }
    const std::scoped_lock lock(standin::allocated().mutex);
    if (standin::setting("COLLSCALE_STANDIN_SYMMETRIC", 1) != 0 &&
        standin::allocated().pointers.count(buffer) > 0) {
      *window = new ncclWindow_vidmem{comm};
    }
    return ncclSuccess;
  });
}

ncclResult_t ncclCommWindowDeregister(ncclComm_t comm, ncclWindow_t window) {
  standin::needs_version(__func__, 22700);
  if (const auto bad = standin::check(comm)) return bad;
  if (const auto fault = standin::entered(__func__, comm)) return fault;
  delete window;
  return ncclSuccess;
}

}  // extern "C"

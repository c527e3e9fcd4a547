// SPDX-License-Identifier: Apache-2.0
// Memory of the stand-in's devices: the host's, counted by device. COLLSCALE_STANDIN_MEMORY_MIB:
// how much each has (default 4096).
#include <cuda_runtime_api.h>
#include <sys/mman.h>

#include <cstring>
#include <map>
#include <vector>

#include "cuda_state.hpp"
#include "fault.hpp"

namespace standin {
namespace {

struct Allocation {
  std::size_t bytes = 0;
  int device = 0;
  cudaMemoryType type = cudaMemoryTypeDevice;
  bool ours = true;  // false: the user's, registered
};

struct Memory {
  std::mutex mutex;
  std::map<std::uintptr_t, Allocation> by_address;
  std::map<int, std::size_t> used;
};

Memory& memory() {
  static auto* const all = new Memory;
  return *all;
}

/// With a page behind it that nobody may touch, so that no allocation adjoins another.
std::size_t mapped_bytes(std::size_t bytes) {
  constexpr std::size_t kPage = 4096;
  return (bytes + kPage - 1) / kPage * kPage + kPage;
}

std::size_t device_bytes() {
  return static_cast<std::size_t>(setting("COLLSCALE_STANDIN_MEMORY_MIB", 4096)) << 20U;
}

/// The allocation that holds this address; the caller holds the lock.
std::map<std::uintptr_t, Allocation>::iterator holder(const void* pointer) {
  Memory& all = memory();
  const auto at = reinterpret_cast<std::uintptr_t>(pointer);
  auto next = all.by_address.upper_bound(at);
  if (next == all.by_address.begin()) return all.by_address.end();
  --next;
  return at < next->first + next->second.bytes ? next : all.by_address.end();
}

cudaError_t allocate(void** pointer, std::size_t bytes, cudaMemoryType type) {
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (is_capturing_anywhere()) return cudaErrorStreamCaptureUnsupported;
  Memory& all = memory();
  const std::scoped_lock lock(all.mutex);
  const int device = current_device();
  if (type == cudaMemoryTypeDevice && all.used[device] + bytes > device_bytes()) {
    return cudaErrorMemoryAllocation;
  }
  const std::size_t mapped = mapped_bytes(bytes);
  void* const fresh = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fresh == MAP_FAILED || mprotect(fresh, bytes, PROT_READ | PROT_WRITE) != 0) {
    return cudaErrorMemoryAllocation;
  }
  all.by_address[reinterpret_cast<std::uintptr_t>(fresh)] = {bytes, device, type, true};
  all.used[device] += type == cudaMemoryTypeDevice ? bytes : 0;
  *pointer = fresh;
  return cudaSuccess;
}

cudaError_t release(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  // As the runtime's: it waits for what the device still does.
  {
    const OwnCalls own;
    cudaDeviceSynchronize();
  }
  Memory& all = memory();
  const std::scoped_lock lock(all.mutex);
  const auto found = all.by_address.find(reinterpret_cast<std::uintptr_t>(pointer));
  if (found == all.by_address.end() || !found->second.ours) return cudaErrorInvalidValue;
  if (found->second.type == cudaMemoryTypeDevice) {
    all.used[found->second.device] -= found->second.bytes;
  }
  munmap(pointer, mapped_bytes(found->second.bytes));
  all.by_address.erase(found);
  return cudaSuccess;
}

enum class Side { device, pinned, pageable };

/// Where so many bytes lie; nothing where they leave their allocation.
cudaError_t side_of(const void* pointer, std::size_t bytes, Side& side) {
  const std::scoped_lock lock(memory().mutex);
  const auto found = holder(pointer);
  if (found == memory().by_address.end()) {
    side = Side::pageable;
    return cudaSuccess;
  }
  side = found->second.type == cudaMemoryTypeHost ? Side::pinned : Side::device;
  const auto end = reinterpret_cast<std::uintptr_t>(pointer) + bytes;
  return end <= found->first + found->second.bytes ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                 cudaStream_t stream, bool wait) {
  if (bytes == 0) return cudaSuccess;
  if (wait && is_capturing_anywhere()) return cudaErrorStreamCaptureUnsupported;
  Side target{};
  Side source{};
  if (const auto error = side_of(to, bytes, target)) return error;
  if (const auto error = side_of(from, bytes, source)) return error;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind != cudaMemcpyDefault &&
      (to_device != (target == Side::device) || from_device != (source == Side::device))) {
    return cudaErrorInvalidValue;
  }
  cudaError_t status = cudaSuccess;
  if (source == Side::pageable) {
    // Staged before the call returns, as the runtime does.
    const auto* const begin = static_cast<const std::byte*>(from);
    status = enqueue(stream, [to, staged = std::vector<std::byte>(begin, begin + bytes)] {
      std::memcpy(to, staged.data(), staged.size());
    });
  } else {
    status = enqueue(stream, [to, from, bytes] { std::memmove(to, from, bytes); });
  }
  if (status == cudaSuccess && target != Side::device && (wait || target == Side::pageable)) {
    const auto queue = queue_of(stream);
    queue->wait_for(queue->pushed());
  }
  return status;
}

cudaError_t set(void* pointer, int value, std::size_t bytes, cudaStream_t stream) {
  Side side{};
  if (const auto error = side_of(pointer, bytes, side)) return error;
  if (side == Side::pageable && bytes > 0) return cudaErrorInvalidValue;
  return enqueue(stream, [pointer, value, bytes] { std::memset(pointer, value, bytes); });
}

}  // namespace
}  // namespace standin

using standin::entered;
using standin::finished;

extern "C" {

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::allocate(pointer, bytes, cudaMemoryTypeDevice));
}

cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t /*stream*/) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::allocate(pointer, bytes, cudaMemoryTypeDevice));
}

cudaError_t cudaMallocManaged(void** pointer, size_t bytes, unsigned /*flags*/) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::allocate(pointer, bytes, cudaMemoryTypeManaged));
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::allocate(pointer, bytes, cudaMemoryTypeHost));
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned /*flags*/) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::allocate(pointer, bytes, cudaMemoryTypeHost));
}

cudaError_t cudaHostGetDevicePointer(void** device_pointer, void* pointer, unsigned /*flags*/) {
  if (const auto fault = entered(__func__)) return fault;
  *device_pointer = pointer;
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::release(pointer));
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t /*stream*/) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::release(pointer));
}

cudaError_t cudaFreeHost(void* pointer) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::release(pointer));
}

cudaError_t cudaHostRegister(void* pointer, size_t bytes, unsigned /*flags*/) {
  if (const auto fault = entered(__func__)) return fault;
  const std::scoped_lock lock(standin::memory().mutex);
  standin::memory().by_address[reinterpret_cast<std::uintptr_t>(pointer)] = {
      bytes, standin::current_device(), cudaMemoryTypeHost, false};
  return cudaSuccess;
}

cudaError_t cudaHostUnregister(void* pointer) {
  if (const auto fault = entered(__func__)) return fault;
  const std::scoped_lock lock(standin::memory().mutex);
  standin::memory().by_address.erase(reinterpret_cast<std::uintptr_t>(pointer));
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total) {
  if (const auto fault = entered(__func__)) return fault;
  const std::scoped_lock lock(standin::memory().mutex);
  *total = standin::device_bytes();
  *free_bytes = *total - standin::memory().used[standin::current_device()];
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  if (const auto fault = entered(__func__)) return fault;
  const std::scoped_lock lock(standin::memory().mutex);
  const auto found = standin::holder(pointer);
  *attributes = {};
  if (found == standin::memory().by_address.end()) {
    attributes->type = cudaMemoryTypeUnregistered;
    return cudaSuccess;
  }
  attributes->type = found->second.type;
  attributes->device = found->second.device;
  attributes->devicePointer = const_cast<void*>(pointer);
  attributes->hostPointer =
      found->second.type == cudaMemoryTypeDevice ? nullptr : const_cast<void*>(pointer);
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::copy(to, from, bytes, kind, nullptr, true));
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::copy(to, from, bytes, kind, stream, false));
}

cudaError_t cudaMemcpyPeer(void* to, int /*to_device*/, const void* from, int /*from_device*/,
                           size_t bytes) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::copy(to, from, bytes, cudaMemcpyDeviceToDevice, nullptr, true));
}

cudaError_t cudaMemcpyPeerAsync(void* to, int /*to_device*/, const void* from, int /*from_device*/,
                                size_t bytes, cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::copy(to, from, bytes, cudaMemcpyDeviceToDevice, stream, false));
}

cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  if (const auto fault = entered(__func__)) return fault;
  if (standin::is_capturing_anywhere()) return finished(cudaErrorStreamCaptureUnsupported);
  return finished(standin::set(pointer, value, bytes, nullptr));
}

cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::set(pointer, value, bytes, stream));
}

}  // extern "C"

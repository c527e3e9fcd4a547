// SPDX-License-Identifier: Apache-2.0
// Kernels of the stand-in: what nvcc's host code registers by name is run by the host twin of that
// name (kernel_twins.hpp), on the stream it was launched on.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <map>
#include <string>

#include "cuda_state.hpp"
#include "kernel_twins.hpp"

namespace standin {
namespace {

struct Kernels {
  std::mutex mutex;
  std::map<const void*, std::string> by_host_function;
};

Kernels& kernels() {
  static auto* const all = new Kernels;
  return *all;
}

struct Launch {
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  cudaStream_t stream = nullptr;
};
thread_local std::vector<Launch> launches;

cudaError_t launch(const void* function, dim3 grid, dim3 block, void** arguments,
                   cudaStream_t stream) {
  std::string name;
  {
    const std::scoped_lock lock(kernels().mutex);
    const auto found = kernels().by_host_function.find(function);
    if (found == kernels().by_host_function.end()) return cudaErrorInvalidDeviceFunction;
    name = found->second;
  }
  const auto threads = std::size_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > 1024 || grid.x == 0 || grid.y == 0 || grid.z == 0 ||
      grid.y > 65535 || grid.z > 65535) {
    return cudaErrorInvalidConfiguration;
  }
  Work twin = twin_of(name, arguments);
  if (!twin) {
    std::fprintf(stderr, "stand-in: the kernel %s has no host twin\n", name.c_str());
    return cudaErrorInvalidDeviceFunction;
  }
  return enqueue(stream, std::move(twin));
}

}  // namespace
}  // namespace standin

using standin::entered;
using standin::finished;

extern "C" {

void** __cudaRegisterFatBinary(void* /*binary*/) {
  static void* handle = nullptr;
  return &handle;
}

void __cudaRegisterFatBinaryEnd(void** /*handle*/) {}
void __cudaUnregisterFatBinary(void** /*handle*/) {}
char __cudaInitModule(void** /*handle*/) { return 1; }
void __cudaRegisterVar(void** /*handle*/, char* /*host*/, char* /*device*/, const char* /*name*/,
                       int /*external*/, std::size_t /*bytes*/, int /*constant*/, int /*global*/) {}

void __cudaRegisterFunction(void** /*handle*/, const char* host_function, char* /*device_function*/,
                            const char* device_name, int /*thread_limit*/, uint3* /*tid*/,
                            uint3* /*bid*/, dim3* /*block*/, dim3* /*grid*/, int* /*warp*/) {
  const std::scoped_lock lock(standin::kernels().mutex);
  standin::kernels().by_host_function[host_function] = device_name;
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared_bytes,
                                     CUstream_st* stream) {
  standin::launches.push_back({grid, block, shared_bytes, stream});
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared_bytes,
                                       void* stream) {
  if (standin::launches.empty()) return cudaErrorUnknown;
  const standin::Launch top = standin::launches.back();
  standin::launches.pop_back();
  *grid = top.grid;
  *block = top.block;
  *shared_bytes = top.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  return cudaSuccess;
}

cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}

// What the <<<>>> of CUDA 13 calls, and that of 12; tests name the fault after the public function.
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                               std::size_t /*shared_bytes*/, cudaStream_t stream) {
  if (const auto fault = entered("cudaLaunchKernel")) return fault;
  return finished(standin::launch(kernel, grid, block, arguments, stream));
}

cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments,
                             std::size_t /*shared_bytes*/, cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::launch(function, grid, block, arguments, stream));
}

}  // extern "C"

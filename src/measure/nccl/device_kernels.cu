// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/device_kernels.hpp"

namespace collscale {

// Names without C++'s decoration: the tests know the kernels by them.
extern "C" __global__ void collscale_fill_pattern(FillTask task) {
  fill_pattern(task, std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x,
               std::int64_t{gridDim.x} * blockDim.x);
}

extern "C" __global__ void collscale_check_pattern(CheckTask task) {
  check_pattern(task, std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x,
                std::int64_t{gridDim.x} * blockDim.x);
}

namespace {

constexpr int kThreads = 256;
// Some waves of blocks on the largest GPUs; each thread goes on in steps of all threads.
constexpr std::int64_t kMostBlocks = 2048;

int blocks_for(std::int64_t elements) {
  const std::int64_t blocks = (elements + kThreads - 1) / kThreads;
  return static_cast<int>(blocks < 1 ? 1 : blocks > kMostBlocks ? kMostBlocks : blocks);
}

}  // namespace

cudaError_t launch_fill(const FillTask& task, cudaStream_t stream) {
  collscale_fill_pattern<<<blocks_for(task.run.elements), kThreads, 0, stream>>>(task);
  return cudaGetLastError();
}

cudaError_t launch_check(const CheckTask& task, std::int64_t elements, cudaStream_t stream) {
  collscale_check_pattern<<<blocks_for(elements), kThreads, 0, stream>>>(task);
  return cudaGetLastError();
}

}  // namespace collscale

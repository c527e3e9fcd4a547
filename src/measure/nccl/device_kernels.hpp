// SPDX-License-Identifier: Apache-2.0
// Launches the kernels of device_pattern.hpp; internal to this folder.
#pragma once

#include <cuda_runtime_api.h>

#include "measure/nccl/device_pattern.hpp"

namespace collscale {

/// On the current device; the task's pointers are device memory. Returns at once.
cudaError_t launch_fill(const FillTask& task, cudaStream_t stream);
/// `elements`: how many there are to look at.
cudaError_t launch_check(const CheckTask& task, std::int64_t elements, cudaStream_t stream);

}  // namespace collscale

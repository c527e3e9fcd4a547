// SPDX-License-Identifier: Apache-2.0
// The host twins of the program's kernels: both call the same __host__ __device__ function.
#pragma once

#include <string>

#include "cuda_state.hpp"

namespace standin {

/// What the launch of this kernel does, its arguments copied; empty where there is no such twin.
Work twin_of(const std::string& kernel, void** arguments);

}  // namespace standin

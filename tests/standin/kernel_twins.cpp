// SPDX-License-Identifier: Apache-2.0
#include "kernel_twins.hpp"

#include "measure/nccl/device_pattern.hpp"

namespace standin {

Work twin_of(const std::string& kernel, void** arguments) {
  if (kernel == "collscale_fill_pattern") {
    const auto task = *static_cast<const collscale::FillTask*>(arguments[0]);
    return [task] { collscale::fill_pattern(task, 0, 1); };
  }
  if (kernel == "collscale_check_pattern") {
    const auto task = *static_cast<const collscale::CheckTask*>(arguments[0]);
    return [task] { collscale::check_pattern(task, 0, 1); };
  }
  return {};
}

}  // namespace standin

// SPDX-License-Identifier: Apache-2.0
#include "scenario/per_level.hpp"

namespace collscale {

double& PerLevel::far(std::size_t index) {
  if (index >= far_.size()) far_.resize(index + 1);
  return far_[index];
}

}  // namespace collscale

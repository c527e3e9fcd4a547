// SPDX-License-Identifier: Apache-2.0
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {

Family barrier_family() { return {}; }

}  // namespace collscale

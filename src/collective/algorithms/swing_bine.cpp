// SPDX-License-Identifier: Apache-2.0
#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {

Family swing_bine_family() { return {}; }

}  // namespace collscale

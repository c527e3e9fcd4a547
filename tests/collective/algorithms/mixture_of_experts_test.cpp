// SPDX-License-Identifier: Apache-2.0
#include "published.hpp"

namespace collscale::testing {
namespace {}  // namespace
}  // namespace collscale::testing

// SPDX-License-Identifier: Apache-2.0
// Memory is refused before it is taken.
#pragma once

#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// What the machine can give now, in bytes (MemAvailable of /proc/meminfo); infinite where it does
/// not say.
double available_memory_bytes();

/// Fails, with the estimate, where `bytes` are more than `limit_bytes`, or, with limit 0, than the
/// machine has to give. `what` begins the sentence: "engine flow on 800,000 links".
Expected<void> check_memory(double bytes, double limit_bytes, std::string_view what);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Which lanes of a step load links alike, so that one is counted for several.
#pragma once

#include <cstdint>

#include "collective/lane.hpp"

namespace collscale {

/// The local rank at which a lane enters the nodes, if that is all that tells it from another.
std::int64_t turn_of(const View& view);

/// The view of the lane that enters the nodes at local rank 0.
View straight(View view);

/// Whether the local rank at which they enter the nodes is all that tells two lanes apart.
bool same_but_turned(const Lane& a, const Lane& b);

/// Whether every message of one is a message of the other, perhaps backwards, but for where in the
/// nodes they run and how much of the data they carry.
bool sends_alike(const Lane& a, const Lane& b, bool backwards);

/// The same on the same ranks, with as much of the data.
bool is_same(const Lane& a, const Lane& b, bool backwards);

}  // namespace collscale

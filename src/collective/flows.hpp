// SPDX-License-Identifier: Apache-2.0
// Enumeration: every (sender, receiver) of one step, a few adds per flow, nothing stored.
// See for_each_flow below. (Contract; the collective builder implements it header-only for speed.)
#pragma once

#include <cstdint>

#include "collective/lane.hpp"

namespace collscale {

/// Calls f(source_rank, destination_rank) for every message of one step of one arc, over all groups.
template <class F>
void for_each_flow(const Lane& lane, std::int64_t step, int arc, F&& f);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Ways around what is broken in a torus or dragonfly.
#pragma once

#include <cstdint>
#include <functional>

#include "topology/fabric.hpp"

namespace collscale {

/// From router to router over links that live: one of those with the fewest links, of these with
/// the fewest global ones. On a torus ties go to the first dimension, and to plus; on a dragonfly
/// to what the hash picks. `first` and `last` are the NICs at the ends. Length 0: there is none
/// whose level Fabric::levels has. (A*, P. Hart, N. Nilsson, B. Raphael, 1968.)
Path shortest_way(const Fabric& fabric, std::int64_t source, std::int64_t destination,
                  std::int64_t first, std::int64_t last, std::uint64_t hash,
                  const std::function<bool(std::int64_t)>& dead);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// A system drawn: every switch, node and link of a small one, one box per level of a large one, and
// the inside of a node at the bottom.
#pragma once

#include <cstdint>

#include "drawing/svg.hpp"
#include "topology/system.hpp"

namespace collscale {

/// Up to so many nodes a system is drawn in full, unless its links are too many to be told apart or
/// it becomes too wide to be read.
constexpr std::int64_t kMostDrawnNodes = 128;

enum class PictureDetail {
  automatic,  ///< full where that can be read
  folded,
};

/// Of a system that check_system has no error against. The same picture for the same system.
Picture system_picture(const System& system, PictureDetail detail = PictureDetail::automatic);

}  // namespace collscale

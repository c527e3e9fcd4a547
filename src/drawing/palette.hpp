// SPDX-License-Identifier: Apache-2.0
// Colours by number.
#pragma once

#include <cstdint>
#include <string>

namespace collscale {

struct Colour {
  int red = 0;
  int green = 0;
  int blue = 0;
};

/// Of item `index` of `count`. Up to 8: M. Okabe, K. Ito: "Color Universal Design", 2008, with dark
/// grey for black; beyond: equally spaced hues of one lightness (OKLCH).
Colour item_colour(std::int64_t index, std::int64_t count);
/// 0: as it is, 1: black.
Colour darker(Colour colour, double share);
/// 0: as it is, 1: white.
Colour lighter(Colour colour, double share);
/// "#0072b2"
std::string hex(Colour colour);

}  // namespace collscale

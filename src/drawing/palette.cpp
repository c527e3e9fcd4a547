// SPDX-License-Identifier: Apache-2.0
#include "drawing/palette.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace collscale {
namespace {

constexpr std::array<Colour, 8> kOkabeIto{{{230, 159, 0},
                                           {86, 180, 233},
                                           {0, 158, 115},
                                           {240, 228, 66},
                                           {0, 114, 178},
                                           {213, 94, 0},
                                           {204, 121, 167},
                                           {85, 85, 85}}};

int channel(double linear) {
  const double value = std::clamp(linear, 0.0, 1.0);
  const double encoded =
      value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
  return static_cast<int>(std::lround(255 * encoded));
}

/// B. Ottosson: "A perceptual color space for image processing", 2020.
Colour oklch(double lightness, double chroma, double hue) {
  const double a = chroma * std::cos(hue);
  const double b = chroma * std::sin(hue);
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  return {channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

}  // namespace

Colour item_colour(std::int64_t index, std::int64_t count) {
  if (count <= static_cast<std::int64_t>(kOkabeIto.size()))
    return kOkabeIto[static_cast<std::size_t>(index)];
  constexpr double kTurn = 6.283185307179586;
  const double place = static_cast<double>(index) / static_cast<double>(count);
  return oklch(index % 2 == 0 ? 0.70 : 0.60, 0.14, kTurn * (place + 0.08));
}

Colour darker(Colour colour, double share) {
  const auto mix = [share](int value) {
    return static_cast<int>(std::lround(value * (1 - share)));
  };
  return {mix(colour.red), mix(colour.green), mix(colour.blue)};
}

Colour lighter(Colour colour, double share) {
  const auto mix = [share](int value) {
    return static_cast<int>(std::lround(value + (255 - value) * share));
  };
  return {mix(colour.red), mix(colour.green), mix(colour.blue)};
}

std::string hex(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "topology_picture/system_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "topology_picture/parts.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr double kColumn = 560;  ///< of the levels, and of the text above them
constexpr double kGap = 60;
constexpr double kWidest = 2400;  ///< beyond, words cannot be read where a page is 900 wide

std::string alternative_text(const System& system) {
  return fmt::format(
      "{}: {} accelerators on {} nodes", system.name,
      format_count(std::llround(system.nodes.value * system.node.accelerators.value)),
      format_count(std::llround(system.nodes.value)));
}

Picture folded(const System& system) {
  Canvas canvas;
  const double top = draw_header(canvas, system, kColumn + kGap + 330);
  const double numbers = draw_numbers(canvas, system, kMargin + kColumn + kGap, top + 16);
  const double levels = draw_levels(canvas, system, kMargin, top, kColumn);
  // The node may be wider than the column of the levels.
  draw_node(canvas, system, kMargin, std::max(levels, numbers) + 20);
  return std::move(canvas).picture(alternative_text(system));
}

}  // namespace

Picture system_picture(const System& system, PictureDetail detail) {
  if (detail == PictureDetail::folded || system.nodes.value > static_cast<double>(kMostDrawnNodes))
    return folded(system);
  Canvas canvas;
  const double top = draw_header(canvas, system, 900);
  const bool drawn = std::visit(
      [&](const auto& fabric) { return draw_fabric(canvas, system, fabric, kMargin, top); },
      system.fabric);
  if (!drawn) return folded(system);
  const double below = canvas.bottom() + 40;
  draw_numbers(canvas, system, kMargin, below);
  draw_node(canvas, system, kMargin + 330 + kGap, below);
  Picture full = std::move(canvas).picture(alternative_text(system));
  return full.width <= kWidest ? full : folded(system);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What all pictures share, and the folded fabric: a box for each level.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "topology/summary.hpp"
#include "topology_picture/parts.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

Colour label_colour(Label label) {
  switch (label) {
    case Label::stated:
      return kGreen;
    case Label::derived:
      return kBlue;
    case Label::assumed:
      return kOrange;
    case Label::recalled:
      return kVermillion;
    case Label::imported:
      return kSky;
    case Label::calibrated:
      return kPurple;
  }
  return kMuted;
}

std::string value_words(const DerivedQuantity& one) {
  switch (one.quantity) {
    case Quantity::bandwidth:
      return format_bandwidth(one.value);
    case Quantity::time:
      return format_time(one.value);
    case Quantity::ratio:
      return fmt::format("{:.3g}:1", one.value);
    default:
      return format_count(std::llround(one.value));
  }
}

}  // namespace

Colour rail_colour(std::int64_t rail, std::int64_t rails) {
  return rails == 1 ? kBlue : item_colour(rail, rails);
}

double draw_header(Canvas& canvas, const System& system, double width) {
  const bool parametric = system.origin.starts_with(system.name + ":");
  std::string title =
      fmt::format("{}: {} accelerators on {}", system.name,
                  format_count(std::llround(system.nodes.value * system.node.accelerators.value)),
                  plural(system.nodes.value, "node", "nodes"));
  if (!system.as_of.empty()) title += ", " + system.as_of;
  double y = 42;
  canvas.words(kMargin, y, title, 20, Words::Anchor::start, true);
  y += 24;
  const std::string about = parametric ? system.origin : system.description;
  if (!about.empty()) y = canvas.paragraph(kMargin, y, width, about, 13, kMuted);
  const LabelCounts counts = label_counts(system);
  double x = kMargin;
  for (std::size_t i = 0; i < counts.of.size(); ++i) {
    if (counts.of[i] == 0) continue;
    const auto label = static_cast<Label>(i);
    const double bar = 6.0 * counts.of[i];
    canvas.box(x, y - 8, bar, 12, label_colour(label), label_colour(label), 0);
    x += bar + 1;
  }
  canvas.words(x + 8, y + 3, fmt::format("{} figures: {}", counts.all(), label_words(counts)), 12,
               Words::Anchor::start, false, kMuted);
  return y + 26;
}

double draw_levels(Canvas& canvas, const System& system, double x, double y, double width) {
  for (const Level& level : levels_of(system)) {
    const double height = 32 + kLineHeight * static_cast<double>(level.lines.size());
    const double behind = level.several ? 8 : 0;
    for (double shift = behind; shift > 0; shift -= 4)
      canvas.box(x + shift, y + behind - shift, width - behind, height, lighter(level.colour, 0.92),
                 lighter(level.colour, 0.4));
    y += behind;
    canvas.box(x, y, width - behind, height, lighter(level.colour, 0.85), level.colour);
    canvas.words(x + 14, y + 22, level.name, 14, Words::Anchor::start, true,
                 darker(level.colour, 0.35));
    canvas.words(x + width - behind - 14, y + 22, level.count, 13, Words::Anchor::end, true);
    double line = y + 22 + kLineHeight + 2;
    for (const std::string& text : level.lines) {
      canvas.words(x + 14, line, text, 13);
      line += kLineHeight;
    }
    y += height;
    const double gap =
        14 + kLineHeight * static_cast<double>(std::max<std::size_t>(1, level.links.size()));
    const double centre = x + 40;
    for (const double shift : {-6.0, 0.0, 6.0})
      canvas.line(centre + shift, y, centre + shift, y + gap, level.colour, 1.4);
    line = y + kLineHeight + 2;
    for (const std::string& text : level.links) {
      canvas.words(centre + 20, line, text, 13, Words::Anchor::start, false, kInk);
      line += kLineHeight;
    }
    y += gap;
  }
  return y;
}

double draw_numbers(Canvas& canvas, const System& system, double x, double y) {
  constexpr double kNumbersWidth = 330;
  canvas.words(x, y, "in numbers", 14, Words::Anchor::start, true);
  y += 22;
  for (const DerivedQuantity& one : derived_quantities(system)) {
    canvas.words(x, y, one.name, 13, Words::Anchor::start, false, kMuted);
    canvas.words(x + kNumbersWidth, y, value_words(one), 13, Words::Anchor::end);
    y += kLineHeight;
  }
  canvas.words(x, y + 2, "bandwidths: one way, at line rate", 12, Words::Anchor::start, false,
               kMuted);
  return y + kLineHeight;
}

}  // namespace collscale

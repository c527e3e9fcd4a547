// SPDX-License-Identifier: Apache-2.0
#include "topology_picture/canvas.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace collscale {

Colour tier_colour(std::size_t tier) {
  constexpr std::array<Colour, 6> kColours = {kBlue, kVermillion, kPurple, kOrange, kSky, kGreen};
  return kColours[std::min(tier, kColours.size() - 1)];
}

void Canvas::reach(double x, double y) {
  right_ = std::max(right_, x);
  bottom_ = std::max(bottom_, y);
}

void Canvas::box(double x, double y, double width, double height, Colour fill, Colour stroke,
                 double radius, Layer layer) {
  reach(x + width, y + height);
  layers_[static_cast<int>(layer)].emplace_back(
      Rectangle{x, y, width, height, fill, 1, stroke, radius});
}

void Canvas::line(double x1, double y1, double x2, double y2, Colour colour, double width) {
  strokes({{{x1, y1, x2, y2}}, colour, width});
}

void Canvas::strokes(Strokes strokes) {
  for (const Strokes::Line& one : strokes.lines)
    reach(std::max(one.x1, one.x2), std::max(one.y1, one.y2));
  if (!strokes.lines.empty())
    layers_[static_cast<int>(Layer::lines)].emplace_back(std::move(strokes));
}

void Canvas::words(double x, double y, std::string text, double size, Words::Anchor anchor,
                   bool bold, Colour colour) {
  const double width = text_width(text, size, bold);
  const double after = anchor == Words::Anchor::start    ? width
                       : anchor == Words::Anchor::middle ? width / 2
                                                         : 0;
  reach(x + after, y + size * 0.3);
  layers_[static_cast<int>(Layer::words)].emplace_back(
      Words{x, y, std::move(text), size, anchor, bold, colour});
}

double Canvas::paragraph(double x, double y, double width, const std::string& text, double size,
                         Colour colour) {
  std::string line;
  const auto flush = [&] {
    if (line.empty()) return;
    words(x, y, line, size, Words::Anchor::start, false, colour);
    y += size * 1.4;
    line.clear();
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    std::string longer = line;
    if (!longer.empty()) longer += ' ';
    longer += text.substr(at, end - at);
    if (!line.empty() && text_width(longer, size) > width) {
      flush();
      longer = text.substr(at, end - at);
    }
    line = std::move(longer);
    at = end + 1;
  }
  flush();
  return y;
}

Picture Canvas::picture(std::string title) && {
  Picture picture;
  picture.title = std::move(title);
  picture.width = right_ + kMargin;
  picture.height = bottom_ + kMargin;
  for (auto& layer : layers_) picture.marks.insert(picture.marks.end(), layer.begin(), layer.end());
  return picture;
}

}  // namespace collscale

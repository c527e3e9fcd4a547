// SPDX-License-Identifier: Apache-2.0
// A picture of rectangles, lines and words, and how it is written as SVG 1.1.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "drawing/palette.hpp"

namespace collscale {

struct Rectangle {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  Colour fill{255, 255, 255};
  double stroke_width = 0;
  Colour stroke{};
  double radius = 0;
};

/// A straight line. At its end: nothing, a head, or a circled plus (what arrives is added).
struct Arrow {
  enum class End { none, head, plus };
  double x1 = 0;
  double y1 = 0;
  double x2 = 0;
  double y2 = 0;
  Colour colour{};
  double width = 1;
  End end = End::head;
};

struct Words {
  enum class Anchor { start, middle, end };
  double x = 0;
  double y = 0;  ///< of the base line
  std::string text;
  double size = 12;
  Anchor anchor = Anchor::start;
  bool bold = false;
  Colour colour{34, 34, 34};
};

/// Lines of one colour and width, written as one path: a few bytes each where there are thousands.
struct Strokes {
  struct Line {
    double x1 = 0;
    double y1 = 0;
    double x2 = 0;
    double y2 = 0;
    double rise = 0;  ///< how far the middle of a curve is above the straight line; 0: straight
  };
  std::vector<Line> lines;
  Colour colour{};
  double width = 1;
};

using Mark = std::variant<Rectangle, Arrow, Words, Strokes>;

struct Picture {
  double width = 0;
  double height = 0;
  std::string title;  ///< for readers who cannot see the picture
  std::vector<Mark> marks;
};

/// The same bytes for the same picture. White ground, whatever the viewer's.
std::string svg_text(const Picture& picture);

/// About how wide the text is: narrow fonts need less.
double text_width(const std::string& text, double size, bool bold = false);

}  // namespace collscale

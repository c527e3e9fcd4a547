// SPDX-License-Identifier: Apache-2.0
// Marks in layers, and how far they reach: what the pictures of all kinds of systems are made with.
#pragma once

#include <string>
#include <vector>

#include "drawing/svg.hpp"

namespace collscale {

inline constexpr Colour kInk{34, 34, 34};
inline constexpr Colour kMuted{102, 102, 102};
inline constexpr Colour kFaint{190, 190, 190};
inline constexpr Colour kPaper{255, 255, 255};
inline constexpr double kMargin = 24;
inline constexpr double kLineHeight = 18;  ///< of words of size 13

/// M. Okabe, K. Ito: "Color Universal Design", 2008.
inline constexpr Colour kOrange{230, 159, 0};
inline constexpr Colour kSky{86, 180, 233};
inline constexpr Colour kGreen{0, 158, 115};
inline constexpr Colour kBlue{0, 114, 178};
inline constexpr Colour kVermillion{213, 94, 0};
inline constexpr Colour kPurple{204, 121, 167};

/// Of the tiers of a clos from the leaf on, of the dimensions of a torus from x on.
Colour tier_colour(std::size_t tier);

class Canvas {
 public:
  enum class Layer { ground, lines, boxes, words };

  void box(double x, double y, double width, double height, Colour fill, Colour stroke,
           double radius = 3, Layer layer = Layer::boxes);
  void line(double x1, double y1, double x2, double y2, Colour colour, double width);
  void strokes(Strokes strokes);
  void words(double x, double y, std::string text, double size = 13,
             Words::Anchor anchor = Words::Anchor::start, bool bold = false, Colour colour = kInk);
  /// Lines of at most `width`; returns the base line that would follow.
  double paragraph(double x, double y, double width, const std::string& text, double size = 13,
                   Colour colour = kInk);

  [[nodiscard]] double right() const { return right_; }
  [[nodiscard]] double bottom() const { return bottom_; }
  [[nodiscard]] Picture picture(std::string title) &&;

 private:
  void reach(double x, double y);
  std::vector<Mark> layers_[4];
  double right_ = 0;
  double bottom_ = 0;
};

}  // namespace collscale

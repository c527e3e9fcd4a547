// SPDX-License-Identifier: Apache-2.0
#include "drawing/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "xml/escape.hpp"

namespace collscale {
namespace {

/// Two digits at most, without useless zeros: "3", "3.5", "-0.25".
std::string number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string mark_text(const Rectangle& r) {
  std::string text =
      fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}")", number(r.x),
                  number(r.y), number(r.width), number(r.height), hex(r.fill));
  if (r.radius > 0) text += fmt::format(R"( rx="{}")", number(r.radius));
  if (r.stroke_width > 0)
    text += fmt::format(R"( stroke="{}" stroke-width="{}")", hex(r.stroke), number(r.stroke_width));
  return text + "/>\n";
}

std::string mark_text(const Arrow& a) {
  constexpr double kHead = 8;
  const double length = std::hypot(a.x2 - a.x1, a.y2 - a.y1);
  const double ux = length > 0 ? (a.x2 - a.x1) / length : 0;
  const double uy = length > 0 ? (a.y2 - a.y1) / length : 1;
  const double back = a.end == Arrow::End::none ? 0 : kHead;
  const double bx = a.x2 - back * ux;  // where the line stops and the head begins
  const double by = a.y2 - back * uy;
  std::string text = fmt::format(
      R"(<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="{}"/>)", number(a.x1),
      number(a.y1), number(bx), number(by), hex(a.colour), number(a.width));
  text += "\n";
  if (a.end == Arrow::End::head) {
    constexpr double kHalf = 3.6;
    text += fmt::format(R"(<path d="M{} {}L{} {}L{} {}Z" fill="{}"/>)", number(a.x2), number(a.y2),
                        number(bx - kHalf * uy), number(by + kHalf * ux), number(bx + kHalf * uy),
                        number(by - kHalf * ux), hex(a.colour));
    text += "\n";
  } else if (a.end == Arrow::End::plus) {
    constexpr double kRadius = 5;
    constexpr double kArm = 3;
    const double cx = a.x2 - kRadius * ux;
    const double cy = a.y2 - kRadius * uy;
    text += fmt::format(
        R"(<circle cx="{}" cy="{}" r="{}" fill="#ffffff" stroke="{}" stroke-width="1.4"/>)",
        number(cx), number(cy), number(kRadius), hex(a.colour));
    text += fmt::format(R"(<path d="M{} {}h{}M{} {}v{}" stroke="{}" stroke-width="1.4"/>)",
                        number(cx - kArm), number(cy), number(2 * kArm), number(cx),
                        number(cy - kArm), number(2 * kArm), hex(a.colour));
    text += "\n";
  }
  return text;
}

std::string mark_text(const Words& w) {
  static constexpr const char* kAnchors[] = {"start", "middle", "end"};
  return fmt::format(R"(<text x="{}" y="{}" font-size="{}" text-anchor="{}"{} fill="{}">{}</text>)",
                     number(w.x), number(w.y), number(w.size), kAnchors[static_cast<int>(w.anchor)],
                     w.bold ? R"( font-weight="bold")" : "", hex(w.colour), xml_escaped(w.text)) +
         "\n";
}

/// One digit is a tenth of a pixel.
std::string short_number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string mark_text(const Strokes& strokes) {
  if (strokes.lines.empty()) return "";
  std::string text = "<path d=\"";
  for (const Strokes::Line& line : strokes.lines) {
    text += fmt::format("M{} {}", short_number(line.x1), short_number(line.y1));
    // A curve's middle is half way between the straight line and its control point.
    if (line.rise != 0)
      text += fmt::format("Q{} {} ", short_number((line.x1 + line.x2) / 2),
                          short_number((line.y1 + line.y2) / 2 - 2 * line.rise));
    else
      text += "L";
    text += fmt::format("{} {}", short_number(line.x2), short_number(line.y2));
  }
  return text +
         fmt::format(R"(" fill="none" stroke="{}" stroke-width="{}"/>)", hex(strokes.colour),
                     number(strokes.width)) +
         "\n";
}

}  // namespace

std::string svg_text(const Picture& picture) {
  const std::string width = number(picture.width);
  const std::string height = number(picture.height);
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\" "
      "font-family=\"'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n"
      "<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      width, height, xml_escaped(picture.title));
  for (const Mark& mark : picture.marks)
    text += std::visit([](const auto& m) { return mark_text(m); }, mark);
  return text + "</svg>\n";
}

double text_width(const std::string& text, double size, bool bold) {
  const auto letters = std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a continuation byte
  });
  return static_cast<double>(letters) * size * (bold ? 0.64 : 0.58);
}

}  // namespace collscale

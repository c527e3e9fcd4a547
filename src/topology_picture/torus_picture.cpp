// SPDX-License-Identifier: Apache-2.0
// A small torus or mesh in full: grids of x and y, side by side along z, below each other along w.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "topology/torus_routes.hpp"
#include "topology_picture/parts.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr double kCellX = 46;
constexpr double kCellY = 38;
constexpr double kBoxX = 32;
constexpr double kBoxY = 20;
constexpr double kStub = 9;
constexpr double kBlockGap = 56;

class TorusPainter {
 public:
  TorusPainter(Canvas& canvas, const System& system, const Torus& torus)
      : canvas_(canvas), system_(system), torus_(torus) {
    size_.fill(1);
    for (std::size_t d = 0; d < torus.dimensions.size(); ++d)
      size_[d] = std::llround(torus.dimensions[d].size.value);
  }

  /// A page has room for four dimensions.
  [[nodiscard]] bool is_readable() const {
    return std::all_of(size_.begin() + 4, size_.end(), [](std::int64_t size) { return size == 1; });
  }

  void paint(double x, double y) {
    left_ = x + 26;
    top_ = y + 18;
    block_x_ = kCellX * static_cast<double>(size_[0]) + kBlockGap;
    block_y_ = kCellY * static_cast<double>(size_[1]) + kBlockGap;
    for (std::int64_t w = 0; w < size_[3]; ++w)
      for (std::int64_t z = 0; z < size_[2]; ++z) block({0, 0, z, w});
    for (std::size_t d = 2; d < 4; ++d)
      if (size_[d] > 1) bands(d);
    legend(x);
  }

 private:
  using Place = std::array<std::int64_t, Torus::kMaxDimensions>;

  [[nodiscard]] bool is_ring(std::size_t d) const {
    return torus_.dimensions[d].wrap == Wrap::ring;
  }
  [[nodiscard]] double block_left(std::int64_t z) const {
    return left_ + block_x_ * static_cast<double>(z);
  }
  [[nodiscard]] double block_top(std::int64_t w) const {
    return top_ + block_y_ * static_cast<double>(w);
  }
  [[nodiscard]] std::int64_t number(const Place& at) const {
    std::int64_t number = 0;
    for (std::size_t d = size_.size(); d-- > 0;) number = number * size_[d] + at[d];
    return number;
  }

  /// One grid of x and y.
  void block(Place at) {
    const double left = block_left(at[2]);
    const double top = block_top(at[3]);
    Strokes along_x{{}, tier_colour(0), 1.8};
    Strokes along_y{{}, tier_colour(1), 1.8};
    for (at[1] = 0; at[1] < size_[1]; ++at[1]) {
      for (at[0] = 0; at[0] < size_[0]; ++at[0]) {
        const double x = left + kCellX * static_cast<double>(at[0]);
        const double y = top + kCellY * static_cast<double>(at[1]);
        canvas_.box(x, y, kBoxX, kBoxY, {240, 240, 240}, kMuted);
        canvas_.words(x + kBoxX / 2, y + 14, fmt::format("{}", number(at)), 11,
                      Words::Anchor::middle);
        const double middle_x = x + kBoxX / 2;
        const double middle_y = y + kBoxY / 2;
        if (at[0] + 1 < size_[0])
          along_x.lines.push_back({x + kBoxX, middle_y, x + kCellX, middle_y, 0});
        if (at[1] + 1 < size_[1])
          along_y.lines.push_back({middle_x, y + kBoxY, middle_x, y + kCellY, 0});
        if (at[0] == 0 && size_[0] > 1 && is_ring(0)) {
          const double end = left + kCellX * static_cast<double>(size_[0] - 1) + kBoxX;
          along_x.lines.push_back({x - kStub, middle_y, x, middle_y, 0});
          along_x.lines.push_back({end, middle_y, end + kStub, middle_y, 0});
        }
        if (at[1] == 0 && size_[1] > 1 && is_ring(1)) {
          const double end = top + kCellY * static_cast<double>(size_[1] - 1) + kBoxY;
          along_y.lines.push_back({middle_x, y - kStub, middle_x, y, 0});
          along_y.lines.push_back({middle_x, end, middle_x, end + kStub, 0});
        }
      }
    }
    canvas_.strokes(std::move(along_x));
    canvas_.strokes(std::move(along_y));
  }

  /// Between neighbouring grids: every node is joined to its counterpart.
  void bands(std::size_t d) {
    const bool across = d == 2;
    const double cell = across ? kCellX * static_cast<double>(size_[0] - 1) + kBoxX
                               : kCellY * static_cast<double>(size_[1] - 1) + kBoxY;
    const double block = across ? block_x_ : block_y_;
    const double margin = (block - cell) / 2 - kStub - 4;
    Strokes bands{{}, tier_colour(d), 5};
    for (std::int64_t other = 0; other < (across ? size_[3] : size_[2]); ++other) {
      const double left = block_left(across ? 0 : other);
      const double top = block_top(across ? other : 0);
      const double at = across ? top + kCellY * static_cast<double>(size_[1] - 1) / 2 + kBoxY / 2
                               : left + kCellX * static_cast<double>(size_[0] - 1) / 2 + kBoxX / 2;
      const double from = across ? left : top;
      const auto band = [&](double start, double end) {
        if (across)
          bands.lines.push_back({start, at, end, at, 0});
        else
          bands.lines.push_back({at, start, at, end, 0});
      };
      for (std::int64_t i = 0; i + 1 < size_[d]; ++i) {
        const double begin = from + block * static_cast<double>(i) + cell;
        band(begin + kStub + 4, begin + block - cell - kStub - 4);
      }
      if (is_ring(d)) {
        const double end = from + block * static_cast<double>(size_[d] - 1) + cell;
        band(from - kStub - 4 - std::min(margin, 10.0), from - kStub - 4);
        band(end + kStub + 4, end + kStub + 4 + std::min(margin, 10.0));
      }
    }
    canvas_.strokes(std::move(bands));
  }

  void legend(double x) {
    const TorusRoutes routes(torus_);
    const std::vector<std::string_view> names = direct_tier_names(system_);
    constexpr std::array<std::string_view, 4> kSigns = {"within a row", "within a column",
                                                        "between grids side by side",
                                                        "between grids below each other"};
    double y = block_top(size_[3] - 1) + block_y_ - kBlockGap + 46;
    for (std::size_t d = 0; d < std::min(torus_.dimensions.size(), kSigns.size()); ++d) {
      canvas_.line(x, y - 4, x + 26, y - 4, tier_colour(d), d < 2 ? 1.8 : 5);
      const std::string ends = size_[d] == 1 ? "a single node"
                               : is_ring(d)  ? "a ring: stubs are joined"
                                             : "open at the ends";
      canvas_.words(x + 36, y,
                    fmt::format("{}, {}: {} along it, {}; {} of {} each way", names[d], kSigns[d],
                                plural(static_cast<double>(size_[d]), "node", "nodes"), ends,
                                plural(static_cast<double>(routes.cables(static_cast<int>(d))),
                                       "cable", "cables"),
                                rate_words(torus_.dimensions[d].link_Bps.value)),
                    13);
      y += kLineHeight + 2;
    }
    canvas_.words(x + 36, y,
                  fmt::format("every box is a node with its switch, {} from one to the next; its "
                              "NICs end there",
                              format_time(torus_.hop_latency_s.value)),
                  13, Words::Anchor::start, false, kMuted);
  }

  Canvas& canvas_;
  const System& system_;
  const Torus& torus_;
  Place size_{};
  double left_ = 0;
  double top_ = 0;
  double block_x_ = 0;
  double block_y_ = 0;
};

}  // namespace

bool draw_fabric(Canvas& canvas, const System& system, const Torus& torus, double x, double y) {
  TorusPainter painter(canvas, system, torus);
  if (!painter.is_readable()) return false;
  painter.paint(x, y);
  return true;
}

}  // namespace collscale

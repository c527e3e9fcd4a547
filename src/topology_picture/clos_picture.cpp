// SPDX-License-Identifier: Apache-2.0
// A small clos in full. A leaf group is a grid: a row for each node, a column for each of its leaf
// switches, a mark where the NICs of the one end in the other. Above it every switch and link of
// one plane.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "topology/clos_shape.hpp"
#include "topology_picture/parts.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr double kGutter = 236;  ///< left of the switches: what the tiers are
constexpr double kNodeWidth = 62;
constexpr double kRow = 17;
constexpr double kSwitchHeight = 20;
constexpr double kGroupGap = 22;
constexpr double kLeastPitch = 7;            ///< of switches side by side
constexpr std::int64_t kMostNumbered = 200;  ///< marks with their number of NICs in them
constexpr std::int64_t kMostLinks = 6000;
constexpr std::int64_t kMostSwitches = 300;  ///< of one tier

class ClosPainter {
 public:
  ClosPainter(Canvas& canvas, const System& system, const Clos& clos)
      : canvas_(canvas),
        system_(system),
        clos_(clos),
        shapes_(clos_shape(system)),
        in_one_(switches_in_one(system)) {
    // Those numbered one for each uplink are drawn as the switches that they are.
    for (std::size_t t = 0; t < shapes_.size(); ++t)
      drawn_.push_back((shapes_[t].switches + in_one_[t] - 1) / in_one_[t]);
  }

  [[nodiscard]] bool is_readable() const {
    for (std::size_t t = 0; t < shapes_.size(); ++t) {
      const TierShape& shape = shapes_[t];
      if (shape.groups * drawn_[t] > kMostSwitches) return false;
      if (shape.groups * shape.switches * shape.uplinks > kMostLinks) return false;
    }
    return !shapes_.empty();
  }

  void paint(double x, double y) {
    left_ = x + kGutter + (clos_.planes > 1 ? 56 : 0);
    nodes_ = std::llround(system_.nodes.value);
    rail_pitch_ = clos_.rails == 1 ? 44 : shapes_[0].groups * clos_.rails > 64 ? 15 : 20;
    group_width_ = kNodeWidth + 8 + rail_pitch_ * static_cast<double>(clos_.rails);
    group_pitch_ = group_width_ + kGroupGap;
    // The switches of a tier stand over the groups they serve: those must be wide enough.
    for (std::size_t t = 1; t < shapes_.size(); ++t) {
      const double leaf_groups =
          static_cast<double>(shapes_[t].group_nodes) / static_cast<double>(shapes_[0].group_nodes);
      const double wanted = kLeastPitch * static_cast<double>(drawn_[t]) /
                            std::min(leaf_groups, static_cast<double>(shapes_[0].groups));
      group_pitch_ = std::max(group_pitch_, wanted);
    }
    // Wide pictures need height for the links to be told apart.
    tier_height_ =
        std::clamp(group_pitch_ * static_cast<double>(shapes_[0].groups) / 14, 118.0, 240.0);
    const auto tiers = static_cast<double>(shapes_.size());
    const double leaf_y = y + 16 + (tiers - 1) * tier_height_;
    for (std::size_t t = 0; t < shapes_.size(); ++t) {
      const double tier_y = leaf_y - static_cast<double>(t) * tier_height_;
      switches(t, tier_y);
      tier_words(t, x, tier_y);
    }
    leaf_groups(leaf_y);
  }

 private:
  [[nodiscard]] double group_left(std::int64_t leaf_group) const {
    return left_ + group_pitch_ * static_cast<double>(leaf_group);
  }

  /// The middle of a switch of a group.
  [[nodiscard]] double middle(std::size_t tier, std::int64_t group, std::int64_t of_group) const {
    if (tier == 0)
      return group_left(group) + kNodeWidth + 8 +
             rail_pitch_ * (static_cast<double>(of_group) + 0.5);
    const std::int64_t leaf_groups = shapes_[tier].group_nodes / shapes_[0].group_nodes;
    const double from = group_left(group * leaf_groups);
    const double to = group_left(std::min((group + 1) * leaf_groups, shapes_[0].groups)) -
                      (group_pitch_ - group_width_);
    return from +
           (to - from) * (static_cast<double>(of_group) + 0.5) / static_cast<double>(drawn_[tier]);
  }

  [[nodiscard]] double pitch(std::size_t tier) const {
    if (tier == 0) return rail_pitch_;
    if (drawn_[tier] == 1) return 120;
    return middle(tier, 0, 1) - middle(tier, 0, 0);
  }

  void switches(std::size_t t, double y) {
    const Colour colour = tier_colour(t);
    const double width = std::min(34.0, pitch(t) - 2);
    // Lines of several links are broader.
    const double more = t + 1 == shapes_.size() ? 0 : static_cast<double>(in_one_[t + 1] - 1);
    Strokes links{{}, lighter(colour, 0.35), std::min(2.4, 0.6 + 0.25 * more)};
    for (std::int64_t group = 0; group < shapes_[t].groups; ++group) {
      for (std::int64_t one = 0; one < drawn_[t]; ++one) {
        const double x = middle(t, group, one);
        const Colour of_rail = t == 0 ? rail_colour(one, clos_.rails) : colour;
        canvas_.box(x - width / 2, y, width, kSwitchHeight, lighter(of_rail, 0.6), of_rail, 2);
        if (width >= 18 && (t > 0 || clos_.rails > 1))
          canvas_.words(x, y + 14, fmt::format("{}", one), 10, Words::Anchor::middle);
        if (t + 1 == shapes_.size()) continue;
        const std::int64_t parent = group * shapes_[t].group_nodes / shapes_[t + 1].group_nodes;
        // Uplink j of every leaf ends in spine j; uplink k of spine j in core (j, k).
        const std::int64_t all =
            std::min(in_one_[t], shapes_[t].switches - one * in_one_[t]) * shapes_[t].uplinks;
        const std::int64_t first = t == 0 ? 0 : one * in_one_[t] * shapes_[t].uplinks;
        std::int64_t last_to = -1;
        for (std::int64_t j = 0; j < all; ++j) {
          const std::int64_t to = (first + j) / in_one_[t + 1];
          if (to == last_to) continue;  // parallel links are one line
          last_to = to;
          links.lines.push_back(
              {x, y, middle(t + 1, parent, to), y - tier_height_ + kSwitchHeight, 0});
        }
      }
    }
    canvas_.strokes(std::move(links));
  }

  void tier_words(std::size_t t, double x, double y) {
    const TierShape& shape = shapes_[t];
    const Tier& tier = clos_.tiers[t];
    const bool top = t + 1 == shapes_.size();
    const auto one = static_cast<double>(in_one_[t]);
    const double up = top ? 0 : one * static_cast<double>(shape.uplinks);
    const double used = one * shape.down_ports + up;
    const auto all = static_cast<double>(shape.groups * drawn_[t]);
    std::string count = fmt::format("{}: {}", tier.name, plural(all, "switch", "switches"));
    if (clos_.planes > 1) count += fmt::format(" × {} planes", clos_.planes);
    canvas_.words(x, y + 8, std::move(count), 14, Words::Anchor::start, true,
                  darker(tier_colour(t), 0.3));
    const double radix = tier.switch_radix.value;
    canvas_.words(x, y + 26,
                  radix > 0 ? fmt::format("{:g} of {:g} ports used", used, radix)
                            : fmt::format("{:g} ports used", used),
                  12);
    canvas_.words(x, y + 42, fmt::format("{} a traversal", format_time(tier.hop_latency_s.value)),
                  12);
    if (top) return;
    canvas_.words(x, y - 40,
                  fmt::format("{} of {} up from each", plural(up, "link", "links"),
                              rate_words(tier.link_Bps.value)),
                  12, Words::Anchor::start, false, kMuted);
    canvas_.words(x, y - 24, fmt::format("oversubscription {:.4g}:1", tier.oversubscription.value),
                  12, Words::Anchor::start, false, kMuted);
  }

  void leaf_groups(double leaf_y) {
    const TierShape& leaf = shapes_[0];
    const double nics = system_.node.nics.per_node.value;
    const double at_crossing = nics / static_cast<double>(clos_.rails);
    const double first_row = leaf_y + kSwitchHeight + 16;
    const std::string& name = clos_.tiers[0].name;
    for (std::int64_t group = 0; group < leaf.groups; ++group) {
      const double x = group_left(group);
      if (leaf.groups > 1)
        canvas_.words(x, leaf_y + 14, fmt::format("{} {}", name.substr(0, 6), group), 12,
                      Words::Anchor::start, true);
      const std::int64_t first = group * leaf.group_nodes;
      const std::int64_t count = std::min(leaf.group_nodes, nodes_ - first);
      Strokes rows{{}, kFaint, 0.8};
      for (std::int64_t i = 0; i < count; ++i) {
        const double y = first_row + kRow * static_cast<double>(i);
        canvas_.box(x, y, kNodeWidth - 4, kRow - 3, {240, 240, 240}, kFaint, 2);
        canvas_.words(x + kNodeWidth / 2 - 2, y + 11, fmt::format("node {}", first + i), 10,
                      Words::Anchor::middle);
        rows.lines.push_back({x + kNodeWidth - 4, y + kRow / 2 - 1.5,
                              middle(0, group, clos_.rails - 1), y + kRow / 2 - 1.5, 0});
      }
      canvas_.strokes(std::move(rows));
      for (std::int64_t rail = 0; rail < clos_.rails; ++rail)
        column(middle(0, group, rail), leaf_y + kSwitchHeight, first_row, count,
               rail_colour(rail, clos_.rails), at_crossing);
    }
    const double bottom =
        first_row + kRow * static_cast<double>(std::min(leaf.group_nodes, nodes_)) + 18;
    std::string legend =
        fmt::format("a mark: {} of a node at {} each", plural(at_crossing, "NIC", "NICs"),
                    rate_words(system_.node.nics.bandwidth_Bps.value));
    if (clos_.rails > 1) legend += fmt::format("; a column: a rail, {} of them", clos_.rails);
    if (clos_.planes > 1)
      legend += fmt::format(
          "; one of {} planes is drawn, each with {} of a NIC", clos_.planes,
          rate_words(system_.node.nics.bandwidth_Bps.value / static_cast<double>(clos_.planes)));
    canvas_.words(left_, bottom, legend, 12, Words::Anchor::start, false, kMuted);
  }

  /// A leaf switch's line down, with a mark for each node: a square where it is one NIC.
  void column(double x, double top, double first_row, std::int64_t nodes, Colour colour,
              double nics) {
    const double last = first_row + kRow * static_cast<double>(nodes - 1) + kRow / 2 - 1.5;
    canvas_.line(x, top, x, last, colour, 1.4);
    const double half = nics == 1 ? 4 : clos_.rails == 1 ? 11 : 6.5;
    const bool numbered = nics != 1 && nodes_ * clos_.rails <= kMostNumbered;
    Strokes squares{{}, nics == 1 ? colour : lighter(colour, 0.5), nics == 1 ? 8.0 : 13.0};
    for (std::int64_t i = 0; i < nodes; ++i) {
      const double y = first_row + kRow * static_cast<double>(i) + kRow / 2 - 1.5;
      squares.lines.push_back({x - half, y, x + half, y, 0});
      if (numbered) canvas_.words(x, y + 3.5, fmt::format("{:g}", nics), 10, Words::Anchor::middle);
    }
    canvas_.strokes(std::move(squares));
  }

  Canvas& canvas_;
  const System& system_;
  const Clos& clos_;
  std::vector<TierShape> shapes_;
  std::vector<std::int64_t> in_one_;
  std::vector<std::int64_t> drawn_;  ///< switches of a group
  double left_ = 0;
  double rail_pitch_ = 0;
  double group_width_ = 0;
  double group_pitch_ = 0;
  double tier_height_ = 0;  ///< from one tier of switches to the next
  std::int64_t nodes_ = 0;
};

}  // namespace

bool draw_fabric(Canvas& canvas, const System& system, const Clos& clos, double x, double y) {
  ClosPainter painter(canvas, system, clos);
  if (!painter.is_readable()) return false;
  painter.paint(x, y);
  return true;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// A small dragonfly in full: groups on a circle, each a circle of routers with their nodes outside;
// a dragonfly+ as groups side by side, spines above leaves above nodes, global cables as arcs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "topology/dragonfly_routes.hpp"
#include "topology_picture/parts.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr double kRouter = 15;  ///< side of a router's box
constexpr double kNodeX = 22;
constexpr double kNodeY = 13;
constexpr double kStep = 26;  ///< between neighbours on a circle or row
constexpr std::int64_t kMostRouters = 400;
constexpr std::int64_t kMostCables = 4000;

struct Point {
  double x = 0;
  double y = 0;
};

class DragonflyPainter {
 public:
  DragonflyPainter(Canvas& canvas, const System& system, const Dragonfly& dragonfly)
      : canvas_(canvas),
        dragonfly_(dragonfly),
        routes_(dragonfly),
        router_nodes_(std::llround(dragonfly.nodes.value)),
        nodes_(std::llround(system.nodes.value)) {}

  [[nodiscard]] bool is_readable() const {
    return routes_.node_routers() == 1 &&
           routes_.groups() * (routes_.routers() + routes_.spines()) <= kMostRouters &&
           (routes_.global_links() + routes_.local_links()) / 2 <= kMostCables;
  }

  void paint(double x, double y) {
    if (routes_.spines() > 0)
      place_rows(x, y);
    else
      place_circles(x, y);
    links();
    for (std::int64_t group = 0; group < routes_.groups(); ++group)
      for (std::int64_t router = 0; router < routes_.routers() + routes_.spines(); ++router)
        draw_router(group, router);
    legend(x);
  }

 private:
  [[nodiscard]] Point& at(std::int64_t group, std::int64_t router) {
    return places_[static_cast<std::size_t>(group * (routes_.routers() + routes_.spines()) +
                                            router)];
  }
  [[nodiscard]] Point at(const DragonflyRoutes::Router& router) {
    return at(router.group, router.router);
  }

  void place_circles(double x, double y) {
    const auto routers = static_cast<double>(routes_.routers());
    const auto groups = static_cast<double>(routes_.groups());
    const double pi = std::numbers::pi;
    const double inner = routers == 1 ? 0 : std::max(26.0, kStep * routers / (2 * pi));
    const double outer = inner + 10 + kStep * static_cast<double>(router_nodes_) + 8;
    const double around = groups == 1 ? 0 : (outer + 18) / std::sin(pi / std::max(2.0, groups));
    const double cx = x + around + outer;
    const double cy = y + around + outer + 8;
    const auto all = static_cast<std::size_t>(routes_.groups() * routes_.routers());
    places_.resize(all);
    outward_.resize(all);
    for (std::int64_t group = 0; group < routes_.groups(); ++group) {
      const double angle = 2 * pi * static_cast<double>(group) / groups - pi / 2;
      const Point centre{cx + around * std::cos(angle), cy + around * std::sin(angle)};
      canvas_.box(centre.x - outer, centre.y - outer, 2 * outer, 2 * outer, {249, 249, 249},
                  {225, 225, 225}, outer, Canvas::Layer::ground);
      canvas_.box(centre.x - 32, centre.y + outer + 3, 64, 13, kPaper, kPaper, 2);
      canvas_.words(centre.x, centre.y + outer + 13, fmt::format("group {}", group), 11,
                    Words::Anchor::middle, true);
      for (std::int64_t router = 0; router < routes_.routers(); ++router) {
        const double turn = angle + 2 * pi * static_cast<double>(router) / routers;
        const Point away{std::cos(turn), std::sin(turn)};
        at(group, router) = {centre.x + inner * away.x, centre.y + inner * away.y};
        outward_[static_cast<std::size_t>(group * routes_.routers() + router)] = away;
      }
    }
    bottom_ = cy + around + outer + 16;
  }

  void place_rows(double x, double y) {
    const std::int64_t of_group = routes_.routers() + routes_.spines();
    const double width =
        (kStep + 4) * static_cast<double>(std::max(routes_.routers(), routes_.spines()));
    const double rise = routes_.groups() > 1 ? 110 : 0;
    const double spine_y = y + rise + 20;
    const double leaf_y = spine_y + 90;
    const double bottom = leaf_y + 22 + (kNodeY + 4) * static_cast<double>(router_nodes_) + 8;
    places_.resize(static_cast<std::size_t>(routes_.groups() * of_group));
    outward_.resize(places_.size());
    for (std::int64_t group = 0; group < routes_.groups(); ++group) {
      const double left = x + (width + 22) * static_cast<double>(group);
      canvas_.box(left, spine_y - 20, width, bottom - spine_y + 20, {249, 249, 249},
                  {225, 225, 225}, 6, Canvas::Layer::ground);
      canvas_.words(left + width / 2, bottom + 15, fmt::format("group {}", group), 12,
                    Words::Anchor::middle, true);
      for (std::int64_t router = 0; router < of_group; ++router) {
        const bool spine = router >= routes_.routers();
        const std::int64_t count = spine ? routes_.spines() : routes_.routers();
        const std::int64_t of_row = spine ? router - routes_.routers() : router;
        at(group, router) = {
            left + width * (static_cast<double>(of_row) + 0.5) / static_cast<double>(count),
            spine ? spine_y : leaf_y};
        outward_[static_cast<std::size_t>(group * of_group + router)] = {0, 1};
      }
    }
    bottom_ = bottom + 20;
  }

  void links() {
    Strokes local{{}, lighter(tier_colour(0), 0.45), 0.8};
    Strokes global{{}, lighter(tier_colour(1), 0.25), 0.9};
    for (std::int64_t i = 0; i < routes_.local_links(); ++i) {
      if (routes_.local_reverse(i) < i) continue;
      const DragonflyRoutes::Ends cable = routes_.local_ends(i);
      if (cable.parallel > 0) continue;  // told in words
      add(local, at(cable.from), at(cable.to), 0);
    }
    const double widest = places_.empty() ? 1 : std::max(1.0, canvas_.right());
    for (std::int64_t i = 0; i < routes_.global_links(); ++i) {
      if (routes_.global_reverse(i) < i) continue;
      const DragonflyRoutes::Ends cable = routes_.global_ends(i);
      const Point from = at(cable.from);
      const Point to = at(cable.to);
      const double rise = routes_.spines() > 0 ? 14 + 100 * std::abs(to.x - from.x) / widest : 0;
      add(global, from, to, rise);
    }
    canvas_.strokes(std::move(local));
    canvas_.strokes(std::move(global));
  }

  static void add(Strokes& strokes, Point from, Point to, double rise) {
    strokes.lines.push_back({from.x, from.y, to.x, to.y, rise});
  }

  void draw_router(std::int64_t group, std::int64_t router) {
    const Point centre = at(group, router);
    const bool spine = router >= routes_.routers();
    const Colour colour = spine ? tier_colour(2) : tier_colour(0);
    const std::int64_t number = spine ? router - routes_.routers() : router;
    if (!spine) {
      const Point away = outward_[static_cast<std::size_t>(
          group * (routes_.routers() + routes_.spines()) + router)];
      const bool row = routes_.spines() > 0;
      for (std::int64_t i = 0; i < router_nodes_; ++i) {
        const std::int64_t node = (group * routes_.routers() + router) * router_nodes_ + i;
        if (node >= nodes_) break;
        const double far =
            row ? 24 + (kNodeY + 4) * static_cast<double>(i) : kStep * (static_cast<double>(i) + 1);
        const Point there{centre.x + far * away.x, centre.y + far * away.y};
        if (i == 0 || !row) canvas_.line(centre.x, centre.y, there.x, there.y, kFaint, 1.4);
        canvas_.box(there.x - kNodeX / 2, there.y - kNodeY / 2, kNodeX, kNodeY, {236, 236, 236},
                    kMuted, 2);
        canvas_.words(there.x, there.y + 3.5, fmt::format("{}", node), 10, Words::Anchor::middle);
      }
    }
    canvas_.box(centre.x - kRouter / 2, centre.y - kRouter / 2, kRouter, kRouter,
                lighter(colour, 0.6), colour, 2);
    canvas_.words(centre.x, centre.y + 3.5, fmt::format("{}", number), 9, Words::Anchor::middle);
  }

  void legend(double x) {
    double y = bottom_ + 26;
    const bool plus = routes_.spines() > 0;
    const auto line = [&](Colour colour, const std::string& text) {
      canvas_.line(x, y - 4, x + 26, y - 4, colour, 2);
      canvas_.words(x + 36, y, text, 13);
      y += kLineHeight + 2;
    };
    line(tier_colour(0),
         fmt::format("local: {} of {} between each {}",
                     plural(dragonfly_.local_links.value, "link", "links"),
                     rate_words(dragonfly_.local_link_Bps.value),
                     plus ? "leaf and each spine of a group" : "two routers of a group"));
    if (routes_.groups() > 1)
      line(tier_colour(1),
           fmt::format("global: {} of {} between each two groups, {} more",
                       plural(static_cast<double>(routes_.links_between_groups()), "link", "links"),
                       rate_words(dragonfly_.global_link_Bps.value),
                       format_time(dragonfly_.global_latency_s.value)));
    canvas_.words(
        x + 36, y,
        fmt::format("blue boxes: {}{}, {} a traversal; grey boxes: nodes; routing {}",
                    plus ? "leaves" : "routers", plus ? ", purple: spines" : "",
                    format_time(dragonfly_.hop_latency_s.value), name(dragonfly_.routing)),
        13, Words::Anchor::start, false, kMuted);
  }

  Canvas& canvas_;
  const Dragonfly& dragonfly_;
  DragonflyRoutes routes_;
  std::int64_t router_nodes_;
  std::int64_t nodes_;
  std::vector<Point> places_;
  std::vector<Point> outward_;  ///< from a router to its nodes
  double bottom_ = 0;
};

}  // namespace

bool draw_fabric(Canvas& canvas, const System& system, const Dragonfly& dragonfly, double x,
                 double y) {
  DragonflyPainter painter(canvas, system, dragonfly);
  if (!painter.is_readable()) return false;
  painter.paint(x, y);
  return true;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The inside of a node: its ranks, what joins them, and their NICs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>
#include <vector>

#include "topology/node_links.hpp"
#include "topology_picture/parts.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr double kRankWidth = 44;
constexpr double kRankHeight = 28;
constexpr double kNicHeight = 20;
constexpr double kPitch = 58;
constexpr double kBar = 28;
constexpr std::int64_t kMostDrawnRanks = 16;  ///< of more ranks the first and the last are drawn

/// The node of a system, as its picture needs it.
struct NodeView {
  explicit NodeView(const System& system)
      : ranks(ranks_per_node(system)),
        of_accelerator(std::llround(system.node.ranks_per_accelerator.value)),
        nics(std::llround(system.node.nics.per_node.value)),
        drawn_nics(std::min(nics, ranks)) {
    if (const auto* clos = std::get_if<Clos>(&system.fabric)) rails = clos->rails;
  }
  [[nodiscard]] std::int64_t nic_of(std::int64_t rank) const { return rank * drawn_nics / ranks; }
  [[nodiscard]] Colour nic_colour(std::int64_t rank) const {
    return rails == 1 ? kSky : rail_colour(rank * rails / ranks, rails);
  }
  [[nodiscard]] std::string nic_label(std::int64_t nic) const {
    return nics > ranks ? fmt::format("{} NICs", nics / ranks) : fmt::format("NIC {}", nic);
  }

  std::int64_t ranks;
  std::int64_t of_accelerator;
  std::int64_t nics;
  std::int64_t drawn_nics;  ///< more NICs than ranks: those of a rank are one box
  std::int64_t rails = 1;
};

/// Which ranks are drawn, side by side; -1 is a gap.
std::vector<std::int64_t> drawn_ranks(const NodeView& node) {
  std::vector<std::int64_t> drawn;
  if (node.ranks <= kMostDrawnRanks) {
    for (std::int64_t r = 0; r < node.ranks; ++r) drawn.push_back(r);
    return drawn;
  }
  for (std::int64_t r = 0; r < 8; ++r) drawn.push_back(r);
  drawn.push_back(-1);
  for (std::int64_t r = node.ranks - 2; r < node.ranks; ++r) drawn.push_back(r);
  return drawn;
}

void draw_rank(Canvas& canvas, const NodeView& node, std::int64_t rank, double x, double y) {
  canvas.box(x, y, kRankWidth, kRankHeight, lighter(kGreen, 0.8), kGreen);
  const std::string label =
      node.of_accelerator == 1
          ? fmt::format("{}", rank)
          : fmt::format("{}.{}", rank / node.of_accelerator, rank % node.of_accelerator);
  canvas.words(x + kRankWidth / 2, y + 19, label, 13, Words::Anchor::middle, true);
}

void draw_nic(Canvas& canvas, const NodeView& node, std::int64_t nic, std::int64_t rank, double x,
              double y) {
  const Colour colour = node.nic_colour(rank);
  canvas.box(x, y, kRankWidth, kNicHeight, lighter(colour, 0.7), colour);
  canvas.words(x + kRankWidth / 2, y + 14, node.nic_label(nic), 11, Words::Anchor::middle);
}

/// Ranks in a row with their NICs below; `tie(x, rank)` draws what joins a rank to what is above.
template <class Tie>
double draw_row(Canvas& canvas, const NodeView& node, double x, double y, const Tie& tie) {
  const std::vector<std::int64_t> drawn = drawn_ranks(node);
  std::map<std::int64_t, std::vector<double>> of_nic;  // middles of its ranks
  std::map<std::int64_t, std::int64_t> first_rank;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const double left = x + kPitch * static_cast<double>(i);
    if (drawn[i] < 0) {
      canvas.words(left + kRankWidth / 2, y + 19, "…", 18, Words::Anchor::middle, true, kMuted);
      continue;
    }
    draw_rank(canvas, node, drawn[i], left, y);
    tie(left + kRankWidth / 2, drawn[i]);
    const std::int64_t nic = node.nic_of(drawn[i]);
    of_nic[nic].push_back(left + kRankWidth / 2);
    first_rank.emplace(nic, drawn[i]);
  }
  const double top = y + kRankHeight + 26;
  for (const auto& [nic, middles] : of_nic) {
    const double middle = (middles.front() + middles.back()) / 2;
    for (const double rank : middles)
      canvas.line(rank, y + kRankHeight, middle, top, node.nic_colour(first_rank[nic]), 1.6);
    draw_nic(canvas, node, nic, first_rank[nic], middle - kRankWidth / 2, top);
  }
  return top + kNicHeight;
}

/// What joins the ranks of a node.
std::string scale_up_words(const Node& node) {
  const ScaleUp& scale_up = node.scale_up;
  const std::string port = rate_words(port_bandwidth_Bps(node));
  switch (scale_up.kind) {
    case ScaleUpKind::nvswitch:
      return fmt::format("switch: any to any, {} each", port);
    case ScaleUpKind::full_mesh:
      return fmt::format("no switch: a link of {} to each other",
                         rate_words(scale_up.link_Bps.value));
    case ScaleUpKind::links:
      return fmt::format("no switch: links of {} as wired, at most {} each",
                         rate_words(scale_up.link_Bps.value), port);
    case ScaleUpKind::pcie:
      return fmt::format("PCIe: {} each, {} between switches of {:g}", port,
                         rate_words(scale_up.uplink_Bps.value), scale_up.switch_ranks.value);
  }
  return "";
}

double row_width(const NodeView& node) {
  const auto drawn = static_cast<double>(drawn_ranks(node).size());
  return std::max(260.0, kPitch * drawn - kPitch + kRankWidth);
}

void draw_bar(Canvas& canvas, double x, double y, double width, const std::string& text) {
  canvas.box(x, y, width, kBar, lighter(kGreen, 0.65), kGreen);
  canvas.words(x + width / 2, y + 19, text, 13, Words::Anchor::middle, true);
}

double draw_star(Canvas& canvas, const System& system, const NodeView& node, double x, double y) {
  const std::string text = scale_up_words(system.node);
  draw_bar(canvas, x, y, std::max(row_width(node), text_width(text, 13, true) + 16), text);
  return draw_row(canvas, node, x, y + kBar + 26, [&](double middle, std::int64_t) {
    canvas.line(middle, y + kBar, middle, y + kBar + 26, kGreen, 2.4);
  });
}

/// Switches that meet in the host, each with its ranks.
double draw_pcie(Canvas& canvas, const System& system, const NodeView& node, double x, double y) {
  const ScaleUp& scale_up = system.node.scale_up;
  const std::int64_t of_switch = std::llround(scale_up.switch_ranks.value);
  const std::string text =
      fmt::format("host: {} to each switch and back", rate_words(scale_up.uplink_Bps.value));
  draw_bar(canvas, x, y, std::max(row_width(node), text_width(text, 13, true) + 16), text);
  std::map<std::int64_t, std::vector<double>> middles;  // of the ranks of a switch
  const double top = y + kBar + 26;
  const double ranks_y = top + 22 + 24;
  const double end = draw_row(canvas, node, x, ranks_y, [&](double middle, std::int64_t rank) {
    middles[rank / of_switch].push_back(middle);
    canvas.line(middle, top + 22, middle, ranks_y, kGreen, 2.4);
  });
  for (const auto& [number, of_ranks] : middles) {
    const double left = of_ranks.front() - kRankWidth / 2;
    const double width = of_ranks.back() - of_ranks.front() + kRankWidth;
    canvas.box(left, top, width, 22, lighter(kGreen, 0.8), kGreen);
    const std::string label = fmt::format("switch {}", number);
    canvas.words(left + width / 2, top + 15, width < 60 ? fmt::format("{}", number) : label, 12,
                 Words::Anchor::middle);
    canvas.line(left + width / 2, y + kBar, left + width / 2, top, kGreen, 3.6);
  }
  return end;
}

/// Ranks on a circle, joined as they are wired, NICs outside.
double draw_graph(Canvas& canvas, const System& system, const NodeView& node, double x, double y) {
  const ScaleUp& scale_up = system.node.scale_up;
  std::map<double, std::vector<LinkPair>> by_links;
  if (scale_up.kind == ScaleUpKind::full_mesh) {
    for (std::int64_t a = 0; a < node.ranks; ++a)
      for (std::int64_t b = a + 1; b < node.ranks; ++b) by_links[1].push_back({a, b, 1});
  } else {
    for (const LinkPair& pair : scale_up.pairs) by_links[pair.links].push_back(pair);
  }
  const auto ranks = static_cast<double>(node.ranks);
  const double turn = 2 * std::numbers::pi / ranks;
  const double radius = std::max(96.0, 1.3 * kPitch / turn);
  const double outer = radius + 52;
  const double cx = x + outer + kRankWidth / 2;
  const double cy = y + outer + kNicHeight / 2;
  const auto angle = [&](double rank) { return turn * (rank + 0.5) - std::numbers::pi / 2; };
  const auto at = [&](double rank, double distance) {
    return std::pair(cx + distance * std::cos(angle(rank)), cy + distance * std::sin(angle(rank)));
  };
  double legend_y = y + 24;
  const double legend_x = cx + outer + kRankWidth / 2 + 24;
  for (const auto& [links, pairs] : by_links) {
    Strokes strokes{{},
                    links > 1 ? darker(kGreen, std::min(0.5, 0.12 * links)) : kGreen,
                    1 + 0.9 * std::min(links, 8.0)};
    for (const LinkPair& pair : pairs) {
      const auto [x1, y1] = at(static_cast<double>(pair.a), radius);
      const auto [x2, y2] = at(static_cast<double>(pair.b), radius);
      strokes.lines.push_back({x1, y1, x2, y2, 0});
    }
    canvas.line(legend_x, legend_y - 4, legend_x + 26, legend_y - 4, strokes.colour, strokes.width);
    canvas.words(legend_x + 36, legend_y,
                 fmt::format("{:g} link{}: {} each way", links, links == 1 ? "" : "s",
                             rate_words(links * scale_up.link_Bps.value)),
                 13);
    legend_y += kLineHeight + 2;
    canvas.strokes(std::move(strokes));
  }
  std::map<std::int64_t, std::vector<std::int64_t>> of_nic;
  for (std::int64_t rank = 0; rank < node.ranks; ++rank) {
    of_nic[node.nic_of(rank)].push_back(rank);
    const auto [rank_x, rank_y] = at(static_cast<double>(rank), radius);
    draw_rank(canvas, node, rank, rank_x - kRankWidth / 2, rank_y - kRankHeight / 2);
  }
  for (const auto& [nic, of_ranks] : of_nic) {
    const double middle = static_cast<double>(of_ranks.front() + of_ranks.back()) / 2;
    const auto [nic_x, nic_y] = at(middle, outer);
    for (const std::int64_t rank : of_ranks) {
      const auto [rank_x, rank_y] = at(static_cast<double>(rank), radius);
      canvas.line(rank_x, rank_y, nic_x, nic_y, node.nic_colour(rank), 1.6);
    }
    draw_nic(canvas, node, nic, of_ranks.front(), nic_x - kRankWidth / 2, nic_y - kNicHeight / 2);
  }
  return cy + outer + kNicHeight / 2;
}

double draw_inside(Canvas& canvas, const System& system, const NodeView& node, double x, double y) {
  if (node.ranks == 1) return draw_row(canvas, node, x, y, [](double, std::int64_t) {});
  switch (system.node.scale_up.kind) {
    case ScaleUpKind::full_mesh:
    case ScaleUpKind::links:
      if (node.ranks <= kMostDrawnRanks) return draw_graph(canvas, system, node, x, y);
      break;
    case ScaleUpKind::pcie:
      return draw_pcie(canvas, system, node, x, y);
    case ScaleUpKind::nvswitch:
      break;
  }
  return draw_star(canvas, system, node, x, y);
}

}  // namespace

double draw_node(Canvas& canvas, const System& system, double x, double y) {
  const NodeView view(system);
  const Node& node = system.node;
  std::string what = fmt::format("a node: {}", node.name);
  if (!system.parts.empty()) {
    what = "nodes:";
    for (const NodePart& part : system.parts)
      what += fmt::format("{} {} of {}", &part == system.parts.data() ? "" : ", then",
                          format_count(std::llround(part.nodes.value)), part.name);
  }
  canvas.words(x, y, what, 14, Words::Anchor::start, true);
  y = draw_inside(canvas, system, view, x, y + 16) + 24;
  std::string ranks = plural(node.accelerators.value, "accelerator", "accelerators");
  if (view.of_accelerator > 1)
    ranks += fmt::format(" of {} ranks each (0.1: rank 1 of accelerator 0)", view.of_accelerator);
  canvas.words(x, y, ranks, 13);
  y += kLineHeight;
  if (view.ranks > 1) {
    canvas.words(x, y,
                 fmt::format("scale-up: {}, {:.4g} % attainable, {} a message",
                             name(node.scale_up.kind), 100 * node.scale_up.efficiency.value,
                             format_time(node.scale_up.latency_s.value)),
                 13);
    y += kLineHeight;
  }
  std::string nics = fmt::format("{} of {}, {} a message between nodes without the switches",
                                 plural(node.nics.per_node.value, "NIC", "NICs"),
                                 rate_words(node.nics.bandwidth_Bps.value),
                                 format_time(node.nics.latency_s.value));
  if (view.rails > 1) nics += "; coloured by rail";
  canvas.words(x, y, nics, 13);
  return y + kLineHeight;
}

}  // namespace collscale

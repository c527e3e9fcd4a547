// SPDX-License-Identifier: Apache-2.0
// The inside of a node: its ranks, what joins them, and their NICs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "topology/node_links.hpp"
#include "topology_picture/parts.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr double kRankWidth = 44;
constexpr double kRankHeight = 28;
constexpr double kNicHeight = 20;
constexpr double kPitch = 58;
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

double draw_star(Canvas& canvas, const System& system, const NodeView& node, double x, double y) {
  const double width =
      std::max(260.0, kPitch * static_cast<double>(drawn_ranks(node).size()) - kPitch + kRankWidth);
  constexpr double kBar = 28;
  canvas.box(x, y, width, kBar, lighter(kGreen, 0.65), kGreen);
  canvas.words(x + width / 2, y + 19, scale_up_words(system.node), 13, Words::Anchor::middle, true);
  return draw_row(canvas, node, x, y + kBar + 26, [&](double middle, std::int64_t) {
    canvas.line(middle, y + kBar, middle, y + kBar + 26, kGreen, 2.4);
  });
}

}  // namespace

double draw_node(Canvas& canvas, const System& system, double x, double y) {
  const NodeView view(system);
  const Node& node = system.node;
  canvas.words(x, y, fmt::format("a node: {}", node.name), 14, Words::Anchor::start, true);
  y += 16;
  y = (view.ranks == 1 ? draw_row(canvas, view, x, y, [](double, std::int64_t) {})
                       : draw_star(canvas, system, view, x, y)) +
      24;
  std::string ranks = plural(node.accelerators.value, "accelerator", "accelerators");
  if (view.of_accelerator > 1)
    ranks += fmt::format(" of {} ranks each (0.1: rank 1 of accelerator 0)", view.of_accelerator);
  canvas.words(x, y, ranks, 13);
  y += kLineHeight;
  canvas.words(
      x, y,
      fmt::format("scale-up: {}, {:.4g} % attainable, {} a message", name(node.scale_up.kind),
                  100 * node.scale_up.efficiency.value, format_time(node.scale_up.latency_s.value)),
      13);
  y += kLineHeight;
  std::string nics = fmt::format("{} of {}, {} a message between nodes without the switches",
                                 plural(node.nics.per_node.value, "NIC", "NICs"),
                                 rate_words(node.nics.bandwidth_Bps.value),
                                 format_time(node.nics.latency_s.value));
  if (view.rails > 1) nics += "; coloured by rail";
  canvas.words(x, y, nics, 13);
  return y + kLineHeight;
}

}  // namespace collscale

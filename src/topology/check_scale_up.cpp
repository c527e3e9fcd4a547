// SPDX-License-Identifier: Apache-2.0
#include "topology/check_scale_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "topology/node_links.hpp"

namespace collscale {
namespace {

using Problems = std::vector<Problem>;

void require_speed(Problems& problems, const char* field, const Figure& figure) {
  if (figure.value > 0 && std::isfinite(figure.value)) return;
  problems.push_back({field, fmt::format("found {:g}, expected a number > 0", figure.value)});
}

/// Every pair exists and stands once, and capacities are few.
void check_pairs(Problems& problems, const ScaleUp& scale_up, std::int64_t ranks) {
  constexpr const char* kField = "node.scale_up.links";
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  std::set<double> widths;
  for (const LinkPair& pair : scale_up.pairs) {
    const auto [low, high] = std::minmax(pair.a, pair.b);
    if (low < 0 || high >= ranks || low == high)
      problems.push_back({kField, fmt::format("found the pair [{}, {}], expected two of the local "
                                              "ranks 0 to {}",
                                              pair.a, pair.b, ranks - 1)});
    else if (!(pair.links > 0) || !std::isfinite(pair.links))
      problems.push_back({kField, fmt::format("found {:g} links between {} and {}, expected a "
                                              "number > 0",
                                              pair.links, pair.a, pair.b)});
    else if (!seen.insert({low, high}).second)
      problems.push_back({kField, fmt::format("the pair [{}, {}] stands twice", pair.a, pair.b)});
    widths.insert(pair.links);
    if (!problems.empty()) return;
  }
  if (widths.size() > NodeLinks::kMaxWidths)
    problems.push_back({kField, fmt::format("found {} different numbers of links between two "
                                            "ranks, expected at most {}",
                                            widths.size(), NodeLinks::kMaxWidths)});
}

void check_ways(Problems& problems, const Node& node, std::int64_t ranks) {
  const NodeLinks links(node);
  for (std::int64_t a = 0; a < ranks; ++a) {
    for (std::int64_t b = a + 1; b < ranks; ++b) {
      const std::size_t length = links.empty() ? 0 : links.way(a, b).size();
      if (length > 0 && length <= NodeLinks::kMaxWay) continue;
      problems.push_back(
          {"node.scale_up.links",
           length == 0
               ? fmt::format("no links lead from rank {} to rank {} of the node", a, b)
               : fmt::format("the way from rank {} to rank {} of the node takes {} links, more "
                             "than the {} that are counted here",
                             a, b, length, NodeLinks::kMaxWay)});
      return;
    }
  }
}

}  // namespace

std::vector<Problem> check_scale_up_ranges(const ScaleUp& scale_up) {
  Problems problems;
  switch (scale_up.kind) {
    case ScaleUpKind::nvswitch:
      require_speed(problems, "node.scale_up.bandwidth", scale_up.bandwidth_Bps);
      break;
    case ScaleUpKind::full_mesh:
    case ScaleUpKind::links:
      require_speed(problems, "node.scale_up.link", scale_up.link_Bps);
      break;
    case ScaleUpKind::pcie:
      require_speed(problems, "node.scale_up.bandwidth", scale_up.bandwidth_Bps);
      require_speed(problems, "node.scale_up.uplink", scale_up.uplink_Bps);
      if (!(scale_up.switch_ranks.value >= 1 &&
            scale_up.switch_ranks.value == std::floor(scale_up.switch_ranks.value)))
        problems.push_back(
            {"node.scale_up.switch_ranks",
             fmt::format("found {:g}, expected a whole number ≥ 1", scale_up.switch_ranks.value)});
      break;
  }
  if (scale_up.kind != ScaleUpKind::nvswitch && scale_up.in_network)
    problems.push_back({"node.scale_up.in_network",
                        fmt::format("found it with kind \"{}\": only switches add up, expected "
                                    "none, or kind \"nvswitch\"",
                                    name(scale_up.kind))});
  return problems;
}

std::vector<Problem> check_scale_up(const Node& node) {
  Problems problems;
  const ScaleUp& scale_up = node.scale_up;
  if (scale_up.kind == ScaleUpKind::nvswitch) return problems;
  const std::int64_t ranks =
      std::llround(node.accelerators.value * node.ranks_per_accelerator.value);
  if (ranks > NodeLinks::kMaxRanks) {
    problems.push_back({"node.scale_up.kind",
                        fmt::format("found \"{}\" with {} ranks in a node, expected at most {}",
                                    name(scale_up.kind), ranks, NodeLinks::kMaxRanks)});
  } else if (scale_up.kind == ScaleUpKind::links) {
    check_pairs(problems, scale_up, ranks);
    if (problems.empty()) check_ways(problems, node, ranks);
  } else if (scale_up.kind == ScaleUpKind::pcie &&
             ranks % std::llround(scale_up.switch_ranks.value) != 0) {
    problems.push_back({"node.scale_up.switch_ranks",
                        fmt::format("found {:g}, expected a divisor of the {} ranks of a node",
                                    scale_up.switch_ranks.value, ranks)});
  }
  return problems;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "topology/node_links.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {
namespace {

std::int64_t ranks_of(const Node& node) {
  return std::llround(node.accelerators.value * node.ranks_per_accelerator.value);
}

std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

/// The way of fewest links from one rank to all others, breadth first: by rank the one before it,
/// −1 where none leads there. `width` of pair a·n + b: 0 where no link is.
struct WaysFrom {
  std::vector<std::int64_t> before;
  std::vector<int> hops;
  std::vector<double> narrowest;

  WaysFrom(const std::vector<double>& width, std::int64_t n, std::int64_t source)
      : before(as_size(n), -1), hops(as_size(n), -1), narrowest(as_size(n), 0.0) {
    hops[as_size(source)] = 0;
    narrowest[as_size(source)] = HUGE_VAL;
    for (int distance = 0; distance < n; ++distance) {
      for (std::int64_t via = 0; via < n; ++via) {
        if (hops[as_size(via)] != distance) continue;
        for (std::int64_t to = 0; to < n; ++to) {
          const double here = std::min(narrowest[as_size(via)], width[as_size(via * n + to)]);
          if (here <= 0 || (hops[as_size(to)] >= 0 && hops[as_size(to)] <= distance)) continue;
          if (hops[as_size(to)] < 0 || here > narrowest[as_size(to)]) {
            hops[as_size(to)] = distance + 1;
            narrowest[as_size(to)] = here;
            before[as_size(to)] = via;
          }
        }
      }
    }
  }
};

}  // namespace

NodeLinks::NodeLinks(const Node& node) {
  const ScaleUp& scale_up = node.scale_up;
  const double efficiency = scale_up.efficiency.value;
  const std::int64_t n = ranks_of(node);
  if (scale_up.kind == ScaleUpKind::nvswitch || n < 2) return;
  ranks_ = n;
  if (scale_up.kind == ScaleUpKind::pcie) {
    const std::int64_t switch_ranks = std::llround(scale_up.switch_ranks.value);
    if (switch_ranks >= n) {
      ranks_ = 0;
      return;
    }
    for (std::int64_t s = 0; s * switch_ranks < n; ++s)
      add_cable(static_cast<std::int32_t>(s), -1, scale_up.uplink_Bps.value * efficiency);
    find_ways_through_host(switch_ranks);
    return;
  }
  std::vector<double> width(as_size(n * n), 0.0);
  if (scale_up.kind == ScaleUpKind::full_mesh) {
    for (std::int64_t a = 0; a < n; ++a)
      for (std::int64_t b = 0; b < n; ++b) width[as_size(a * n + b)] = a == b ? 0 : 1;
  } else {
    for (const LinkPair& pair : scale_up.pairs)
      width[as_size(pair.a * n + pair.b)] = width[as_size(pair.b * n + pair.a)] = pair.links;
  }
  for (std::int64_t a = 0; a < n; ++a)
    for (std::int64_t b = a + 1; b < n; ++b)
      if (const double links = width[as_size(a * n + b)]; links > 0)
        add_cable(static_cast<std::int32_t>(a), static_cast<std::int32_t>(b),
                  links * scale_up.link_Bps.value * efficiency);
  find_ways(width);
}

void NodeLinks::add_cable(std::int32_t a, std::int32_t b, double capacity_Bps) {
  std::size_t width = 0;
  while (width < widths_.size() && widths_[width].capacity_Bps != capacity_Bps) ++width;
  if (width == widths_.size()) widths_.push_back({capacity_Bps, 0});
  for (const bool back : {false, true})
    links_.push_back({back ? b : a, back ? a : b, static_cast<std::int32_t>(width),
                      static_cast<std::int32_t>(widths_[width].count++), capacity_Bps});
}

void NodeLinks::find_ways(const std::vector<double>& width) {
  const std::int64_t n = ranks_;
  std::vector<std::uint16_t> link_of(width.size(), 0);
  for (std::size_t i = 0; i < links_.size(); ++i)
    link_of[as_size(links_[i].from * n + links_[i].to)] = static_cast<std::uint16_t>(i);
  std::vector<WaysFrom> from;
  for (std::int64_t rank = 0; rank < n; ++rank) from.emplace_back(width, n, rank);
  first_.push_back(0);
  for (std::int64_t a = 0; a < n; ++a) {
    for (std::int64_t b = 0; b < n; ++b) {
      // Found from the lower rank, so that the way back is the same.
      const WaysFrom& ways = from[as_size(std::min(a, b))];
      std::vector<std::uint16_t> way;
      for (std::int64_t at = std::max(a, b); a != b && ways.before[as_size(at)] >= 0;
           at = ways.before[as_size(at)]) {
        const std::int64_t before = ways.before[as_size(at)];
        way.push_back(a < b ? link_of[as_size(before * n + at)]
                            : link_of[as_size(at * n + before)]);
      }
      if (a < b) std::reverse(way.begin(), way.end());
      longest_ = std::max(longest_, static_cast<int>(way.size()));
      ways_.insert(ways_.end(), way.begin(), way.end());
      first_.push_back(static_cast<std::uint32_t>(ways_.size()));
    }
  }
}

void NodeLinks::find_ways_through_host(std::int64_t switch_ranks) {
  first_.push_back(0);
  for (std::int64_t a = 0; a < ranks_; ++a) {
    for (std::int64_t b = 0; b < ranks_; ++b) {
      const std::int64_t from = a / switch_ranks;
      const std::int64_t to = b / switch_ranks;
      if (from != to) {
        ways_.push_back(static_cast<std::uint16_t>(2 * from));
        ways_.push_back(static_cast<std::uint16_t>(2 * to + 1));
      }
      first_.push_back(static_cast<std::uint32_t>(ways_.size()));
    }
  }
}

double port_bandwidth_Bps(const Node& node) {
  const ScaleUp& scale_up = node.scale_up;
  const std::int64_t n = ranks_of(node);
  switch (scale_up.kind) {
    case ScaleUpKind::nvswitch:
    case ScaleUpKind::pcie:
      return scale_up.bandwidth_Bps.value;
    case ScaleUpKind::full_mesh:
      return scale_up.link_Bps.value * static_cast<double>(std::max<std::int64_t>(1, n - 1));
    case ScaleUpKind::links:
      break;
  }
  std::vector<double> links(as_size(n), 0.0);
  for (const LinkPair& pair : scale_up.pairs)
    for (const std::int64_t rank : {pair.a, pair.b}) links[as_size(rank)] += pair.links;
  const double most = links.empty() ? 0 : *std::max_element(links.begin(), links.end());
  return scale_up.link_Bps.value * (most > 0 ? most : 1);  // a rank alone: whatever it may be
}

}  // namespace collscale

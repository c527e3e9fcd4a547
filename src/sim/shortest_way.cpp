// SPDX-License-Identifier: Apache-2.0
#include "sim/shortest_way.hpp"

#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "topology/divisor.hpp"

namespace collscale {
namespace {

/// Weighs more than all global links of a way together.
constexpr std::int64_t kLink = 1024;

constexpr std::int64_t kPicks = std::int64_t{1} << 31;

struct Reached {
  std::int64_t cost = 0;
  LinkTo by{};  ///< the link that leads here, and the router it comes from
  bool closed = false;
};

/// What is looked at next: what may be nearest; of equal ones the farthest from the source, of
/// those the first by `order`.
struct Next {
  std::int64_t least = 0;
  std::int64_t cost = 0;
  std::uint64_t order = 0;
  std::int64_t router = 0;
  bool operator<(const Next& other) const {  // the greatest comes first
    return std::tuple(-least, cost, ~order) < std::tuple(-other.least, other.cost, ~other.order);
  }
};

}  // namespace

Path shortest_way(const Fabric& fabric, std::int64_t source, std::int64_t destination,
                  std::int64_t first, std::int64_t last, std::uint64_t hash,
                  const std::function<bool(std::int64_t)>& dead) {
  const LinkClass* plus = fabric.find_class(LinkClass::Kind::plus, 0);
  const LinkClass* global = fabric.find_class(LinkClass::Kind::global, 1);
  std::unordered_map<std::int64_t, Reached> reached;
  std::priority_queue<Next> next;
  std::uint64_t count = 0;
  reached[source] = {};
  next.push({0, 0, 0, source});
  while (!next.empty() && next.top().router != destination) {
    const Next here = next.top();
    next.pop();
    Reached& from = reached[here.router];
    if (from.closed) continue;
    from.closed = true;
    for (const LinkTo& hop : fabric.hops_from(here.router)) {
      if (dead(hop.link)) continue;
      const bool is_global = global != nullptr && hop.link >= global->first;
      const std::int64_t cost = here.cost + kLink + (is_global ? 1 : 0);
      const auto [at, is_new] = reached.try_emplace(hop.to, Reached{cost, {}, false});
      if (!is_new && at->second.cost <= cost) continue;
      at->second.cost = cost;
      at->second.by = {hop.link, here.router};
      ++count;
      const std::uint64_t order =
          plus != nullptr ? count
                          : static_cast<std::uint64_t>(
                                pick(hash + static_cast<std::uint64_t>(hop.link), 0, kPicks));
      next.push({cost + kLink * fabric.least_hops(hop.to, destination), cost, order, hop.to});
    }
  }
  if (next.empty()) return {};
  std::vector<std::int64_t> links;
  for (std::int64_t at = destination; at != source; at = reached[at].by.to)
    links.push_back(reached[at].by.link);
  Path path;
  if (links.size() + 2 > static_cast<std::size_t>(Path::kMaxLinks)) return path;
  path.push(first);
  for (auto link = links.rbegin(); link != links.rend(); ++link) path.push(*link);
  path.push(last);
  return fabric.turning_level(path) < fabric.levels() ? path : Path();
}

}  // namespace collscale

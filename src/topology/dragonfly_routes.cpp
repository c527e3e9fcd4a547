// SPDX-License-Identifier: Apache-2.0
#include "topology/dragonfly_routes.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {

namespace {

// What a hash decides, each choice with a number of its own (pick, divisor.hpp).
constexpr int kWay = 0;           // minimal or over another group
constexpr int kIntermediate = 1;  // which group
constexpr int kGlobal = 2;        // which link, of the first and second crossing
constexpr int kParallel = 4;      // local link or spine, of up to four hops

}  // namespace

DragonflyRoutes::DragonflyRoutes(const Dragonfly& dragonfly)
    : routing_(dragonfly.routing),
      groups_(std::llround(dragonfly.groups.value)),
      routers_(std::llround(dragonfly.routers.value)),
      spines_(dragonfly.spines ? std::llround(dragonfly.spines->value) : 0),
      parallel_(std::llround(dragonfly.local_links.value)),
      ports_of_router_(std::llround(dragonfly.global_links.value)),
      node_routers_(dragonfly.node_routers ? std::llround(dragonfly.node_routers->value) : 1),
      nodes_(std::llround(dragonfly.nodes.value)) {
  const std::int64_t a = routers_.value();
  if (groups_ > 1) {
    with_ports_ = spines_ > 0 ? spines_ : a;
    spread_ = dragonfly.pair_links.has_value();
    between_ = spread_ ? std::llround(dragonfly.pair_links->value)
                       : with_ports_ * ports_of_router_ / (groups_ - 1);
    group_ports_ = between_ * (groups_ - 1);
  }
  local_links_ = groups_ * parallel_ * (spines_ > 0 ? 2 * a * spines_ : a * (a - 1));
}

std::int64_t DragonflyRoutes::local_index(std::int64_t group, std::int64_t from,
                                          std::int64_t to) const {
  const std::int64_t a = routers_.value();
  if (spines_ == 0) return ((group * a + from) * (a - 1) + (to < from ? to : to - 1)) * parallel_;
  if (from < a) return ((group * a + from) * spines_ + (to - a)) * parallel_;
  return (((groups_ + group) * a + to) * spines_ + (from - a)) * parallel_;
}

std::int64_t DragonflyRoutes::router_of_port(std::int64_t port) const {
  const std::int64_t number = spread_ ? port * with_ports_ / group_ports_ : port / ports_of_router_;
  return number + (spines_ > 0 ? routers_.value() : 0);
}

std::int64_t DragonflyRoutes::first_port(std::int64_t router) const {
  const std::int64_t number = router - (spines_ > 0 ? routers_.value() : 0);
  return std::min(group_ports_, spread_ ? (number * group_ports_ + with_ports_ - 1) / with_ports_
                                        : number * ports_of_router_);
}

DragonflyRoutes::Router DragonflyRoutes::far_end(std::int64_t group, std::int64_t port) const {
  const std::int64_t others = groups_ - 1;
  const std::int64_t link = port / others;
  const std::int64_t other = port - link * others;
  const std::int64_t there = other < group ? other : other + 1;
  const std::int64_t back = group < there ? group : group - 1;
  return {there, router_of_port(link * others + back)};
}

template <class Local, class Global>
DragonflyRoutes::Router DragonflyRoutes::cross(Router at, std::int64_t to_group, std::uint64_t hash,
                                               int stage, const Local& local,
                                               const Global& global) const {
  const std::int64_t link = between_ == 1 ? 0 : pick(hash, kGlobal + stage, between_);
  const std::int64_t port = port_to(at.group, to_group, link);
  local(at.group, at.router, router_of_port(port));
  global(at.group * group_ports_ + port);
  return far_end(at.group, port);
}

template <class Local, class Global>
void DragonflyRoutes::walk(Router at, Router destination, std::uint64_t hash, const Local& local,
                           const Global& global) const {
  if (at.group != destination.group) {
    const bool detour =
        groups_ > 2 && (routing_ == DragonflyRouting::valiant ||
                        (routing_ == DragonflyRouting::adaptive && pick(hash, kWay, 2) == 1));
    if (detour) {
      std::int64_t between = pick(hash, kIntermediate, groups_ - 2);
      if (between >= std::min(at.group, destination.group)) ++between;
      if (between >= std::max(at.group, destination.group)) ++between;
      at = cross(at, between, hash, 0, local, global);
    }
    at = cross(at, destination.group, hash, 1, local, global);
  }
  local(at.group, at.router, destination.router);
}

void DragonflyRoutes::append(Path& path, std::int64_t source, std::int64_t destination,
                             std::uint64_t hash) const {
  const std::int64_t a = routers_.value();
  int hop = 0;
  const auto push = [&](std::int64_t group, std::int64_t from, std::int64_t to) {
    const std::int64_t one = parallel_ == 1 ? 0 : pick(hash, kParallel + hop, parallel_);
    ++hop;
    path.push(first_local_ + local_index(group, from, to) + one);
  };
  const auto local = [&](std::int64_t group, std::int64_t from, std::int64_t to) {
    if (from == to) return;
    if (spines_ == 0 || (from < a) != (to < a)) return push(group, from, to);
    // Two leaves meet at a spine, two spines at a leaf.
    const std::int64_t middle = from < a ? a + pick(hash, kParallel + hop + 8, spines_)
                                         : pick(hash, kParallel + hop + 8, a);
    push(group, from, middle);
    push(group, middle, to);
  };
  walk(split(source), split(destination), hash, local,
       [&](std::int64_t index) { path.push(first_global_ + index); });
}

DragonflyRoutes::Hops DragonflyRoutes::hops(std::int64_t source, std::int64_t destination,
                                            std::uint64_t hash) const {
  const std::int64_t a = routers_.value();
  Hops hops;
  walk(
      split(source), split(destination), hash,
      [&](std::int64_t, std::int64_t from, std::int64_t to) {
        if (from != to) hops.local += spines_ == 0 || (from < a) != (to < a) ? 1 : 2;
      },
      [&](std::int64_t) { ++hops.global; });
  return hops;
}

std::vector<DragonflyRoutes::Hops> DragonflyRoutes::all_hops() const {
  // Leaves and spines alternate: one link to a spine at either end, two to turn round.
  if (spines_ > 0) {
    std::vector<Hops> all = {{0, 0}, {2, 0}};
    if (routing_ != DragonflyRouting::valiant || groups_ <= 2) all.push_back({2, 1});
    if (routing_ != DragonflyRouting::minimal && groups_ > 2) {
      all.push_back({2, 2});
      all.push_back({4, 2});
    }
    return all;
  }
  std::vector<Hops> all = {{0, 0}, {1, 0}};
  if (routing_ != DragonflyRouting::valiant || groups_ <= 2)
    for (int local = 0; local <= 2; ++local) all.push_back({local, 1});
  if (routing_ != DragonflyRouting::minimal && groups_ > 2)
    for (int local = 0; local <= 3; ++local) all.push_back({local, 2});
  return all;
}

std::vector<LinkTo> DragonflyRoutes::hops_from(std::int64_t router) const {
  const std::int64_t a = routers_.value();
  const std::int64_t of_group = a + spines_;
  const std::int64_t group = router / of_group;
  const std::int64_t from = router % of_group;
  std::vector<LinkTo> hops;
  for (std::int64_t to = 0; to < of_group; ++to) {
    if (to == from || (spines_ > 0 && (from < a) == (to < a))) continue;
    for (std::int64_t one = 0; one < parallel_; ++one)
      hops.push_back({first_local_ + local_index(group, from, to) + one, group * of_group + to});
  }
  if (spines_ > 0 && from < a) return hops;
  for (std::int64_t port = first_port(from); port < first_port(from + 1); ++port) {
    const Router there = far_end(group, port);
    hops.push_back(
        {first_global_ + group * group_ports_ + port, there.group * of_group + there.router});
  }
  return hops;
}

std::int64_t DragonflyRoutes::local_reverse(std::int64_t index) const {
  const Ends both = local_ends(index);
  return local_index(both.from.group, both.to.router, both.from.router) + both.parallel;
}

std::int64_t DragonflyRoutes::global_reverse(std::int64_t index) const {
  const std::int64_t group = index / group_ports_;
  const std::int64_t port = index % group_ports_;
  const std::int64_t there = far_end(group, port).group;
  return there * group_ports_ + port / (groups_ - 1) * (groups_ - 1) +
         (group < there ? group : group - 1);
}

DragonflyRoutes::Ends DragonflyRoutes::local_ends(std::int64_t index) const {
  const std::int64_t a = routers_.value();
  Ends ends;
  ends.parallel = index % parallel_;
  std::int64_t rest = index / parallel_;
  if (spines_ == 0) {
    const std::int64_t from = rest / (a - 1);
    const std::int64_t to = rest % (a - 1);
    ends.from = {from / a, from % a};
    ends.to = {from / a, to < from % a ? to : to + 1};
    return ends;
  }
  const std::int64_t leaf = rest / spines_;
  const Router spine{leaf / a % groups_, a + rest % spines_};
  const Router of_leaf{leaf / a % groups_, leaf % a};
  const bool up = leaf < groups_ * a;
  ends.from = up ? of_leaf : spine;
  ends.to = up ? spine : of_leaf;
  return ends;
}

DragonflyRoutes::Ends DragonflyRoutes::global_ends(std::int64_t index) const {
  Ends ends;
  const std::int64_t group = index / group_ports_;
  const std::int64_t port = index % group_ports_;
  ends.from = {group, router_of_port(port)};
  ends.to = far_end(group, port);
  ends.port = port - first_port(ends.from.router);
  return ends;
}

}  // namespace collscale

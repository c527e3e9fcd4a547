// SPDX-License-Identifier: Apache-2.0
#include "collective/placement.hpp"

#include <fmt/format.h>

#include "collective/invariants.hpp"

namespace collscale {
namespace {

bool plain_places(const View& view) {
  return view.twist == 0 && !view.mirror && view.shift == 0 && view.core == 0;
}

void count_groups(GroupMap& map) {
  if (map.view.members) {
    map.group_count = static_cast<std::int64_t>(map.view.members->size());
  } else if (map.view.nodes == View::Nodes::inside) {
    map.group_count = map.nodes[static_cast<std::size_t>(map.view.node_run)].nodes;
  } else if (map.view.nodes == View::Nodes::leaders) {
    map.group_count = 1;
  } else {
    map.group_count = 1;
    for (std::size_t d = 0; d < map.radix.size(); ++d) {
      bool named = false;
      for (int i = 0; i < map.view.digit_count; ++i)
        named = named || map.view.digits[static_cast<std::size_t>(i)] == static_cast<int>(d);
      for (int i = 0; i < map.view.fixed_count; ++i)
        named = named || map.view.fixed[static_cast<std::size_t>(i)].digit == static_cast<int>(d);
      if (!named) map.group_count *= map.radix[d];
    }
  }
  map.size = map.view.core > 0 ? map.view.core : map.full_size();
}

Expected<void> check_members(const View& view, std::int64_t ranks) {
  const auto& groups = *view.members;
  if (groups.empty() || groups.front().empty()) return fail("V4: a member list is empty");
  std::vector<bool> seen(static_cast<std::size_t>(ranks), false);
  for (const auto& group : groups) {
    if (group.size() != groups.front().size())
      return fail("V4: the member lists of one view differ in length; use one Over per length");
    for (const std::int32_t rank : group) {
      if (rank < 0 || rank >= ranks || seen[static_cast<std::size_t>(rank)])
        return fail(fmt::format("V4: member {} is no rank, or is listed twice", rank));
      seen[static_cast<std::size_t>(rank)] = true;
    }
  }
  return {};
}

/// V4 of orders within the node.
Expected<void> check_orders(const View& view, const std::vector<std::int64_t>& radix) {
  if (!view.orders) return {};
  if (view.members || view.nodes != View::Nodes::none)
    return fail("V4: an order within equal nodes in a group by nodes or by member lists");
  if (view.turn < 0 || view.turn >= static_cast<std::int32_t>(view.orders->size()))
    return fail(
        fmt::format("V4: order {} does not exist, there are {}", view.turn, view.orders->size()));
  const auto& order = (*view.orders)[static_cast<std::size_t>(view.turn)];
  std::vector<bool> seen(order.size(), false);
  for (const std::int32_t local : order) {
    if (local < 0 || local >= static_cast<std::int32_t>(order.size()) ||
        seen[static_cast<std::size_t>(local)])
      return fail(
          fmt::format("V4: local rank {} in an order of {}, or twice", local, order.size()));
    seen[static_cast<std::size_t>(local)] = true;
  }
  if (static_cast<std::int64_t>(order.size()) != radix.front())
    return fail(
        fmt::format("V4: an order of {} ranks for a digit of {}", order.size(), radix.front()));
  return {};
}

}  // namespace

GroupMap whole_map(const std::vector<std::int64_t>& radix) {
  GroupMap map;
  map.radix = radix;
  for (std::size_t d = 0; d < radix.size(); ++d) map.view.digits[d] = static_cast<std::int8_t>(d);
  map.view.digit_count = static_cast<std::int8_t>(radix.size());
  count_groups(map);
  return map;
}

Expected<void> check_nodes(const Schedule& schedule) {
  if (schedule.nodes.empty()) return {};
  if (schedule.radix.size() != 1)
    return fail(fmt::format("V4: uneven nodes number their ranks by one digit, not by {}",
                            schedule.radix.size()));
  std::int64_t ranks = 0;
  for (const NodeRun& run : schedule.nodes) {
    if (run.nodes < 1 || run.ranks < 1 || run.nodes > schedule.ranks || run.ranks > schedule.ranks)
      return fail(fmt::format("V4: a run of {} nodes of {} ranks, in a schedule of {} ranks",
                              run.nodes, run.ranks, schedule.ranks));
    ranks += run.nodes * run.ranks;
  }
  if (ranks != schedule.ranks)
    return fail(
        fmt::format("V4: the nodes hold {} ranks, the schedule has {}", ranks, schedule.ranks));
  return {};
}

namespace {

Expected<void> narrow_digits(GroupMap& map, const View& outer, const CopyShift& shift) {
  for (int i = 0; i < map.view.fixed_count; ++i) {
    auto& fixed = map.view.fixed[static_cast<std::size_t>(i)];
    if (fixed.digit >= 0 && fixed.digit < View::kMaxDigits)
      fixed.value += shift.fixed[static_cast<std::size_t>(fixed.digit)];
  }
  if (auto ok = check_view(map.view, map.radix); !ok) return ok;
  for (std::size_t d = 0; d < map.radix.size(); ++d) map.view.rotation[d] += shift.rotation[d];
  // An Over within an Over narrows it: the digits held so far stay held.
  for (int i = 0; i < outer.fixed_count; ++i) {
    if (map.view.fixed_count == View::kMaxDigits) return fail("V4: too many fixed digits");
    map.view.fixed[static_cast<std::size_t>(map.view.fixed_count++)] =
        outer.fixed[static_cast<std::size_t>(i)];
  }
  return check_view(map.view, map.radix);
}

Expected<void> place_on_nodes(GroupMap& map, const CopyShift& shift, const Schedule& schedule) {
  if (schedule.nodes.empty())
    return fail("V4: a view by nodes in a schedule that does not say what its nodes hold");
  if (map.view.digit_count > 0 || map.view.fixed_count > 0 || map.view.members)
    return fail("V4: a view goes by nodes, by digits or by member lists, not by several of them");
  if (map.view.nodes == View::Nodes::inside &&
      (map.view.node_run < 0 ||
       map.view.node_run >= static_cast<std::int32_t>(schedule.nodes.size())))
    return fail(fmt::format("V4: node run {} does not exist, the schedule has {}",
                            map.view.node_run, schedule.nodes.size()));
  map.nodes = schedule.nodes;
  map.view.turn += shift.turn;
  return {};
}

}  // namespace

Expected<GroupMap> place(const GroupMap& outer, const View& view, const CopyShift& shift,
                         const Schedule& schedule) {
  GroupMap map = outer;
  const bool by_nodes = view.nodes != View::Nodes::none;
  const bool inherits = view.digit_count == 0 && !view.members && !by_nodes;
  if (view.orders && outer.view.orders)
    return fail("V4: an order of a node's ranks within another");
  if (!plain_places(view) && !plain_places(outer.view) && inherits)
    return fail("V4: a changed order of ranks within a changed order of ranks");
  if (!inherits &&
      (!plain_places(outer.view) || outer.view.members || outer.view.nodes != View::Nodes::none))
    return fail("V4: digits or nodes named within a core, a changed order, nodes or a member list");
  if (inherits) {
    map.view.twist += view.twist;
    map.view.mirror = map.view.mirror != view.mirror;
    map.view.shift += view.shift;
    if (view.core > 0) {
      map.view.core = view.core;
      map.view.core_map = view.core_map;
    }
    if (view.orders) {
      map.view.orders = view.orders;
      map.view.turn = view.turn + shift.turn;
    }
    if (view.fixed_count > 0) return fail("V4: a view that fixes digits must name those that vary");
  } else {
    map.view = view;
    map.nodes.clear();
    if (outer.view.orders) {  // whatever the digits, it is the order of a node's ranks
      map.view.orders = outer.view.orders;
      map.view.turn = outer.view.turn;
    }
    Expected<void> ok;
    if (by_nodes)
      ok = place_on_nodes(map, shift, schedule);
    else if (view.members)
      ok = check_members(view, schedule.ranks);
    else
      ok = narrow_digits(map, outer.view, shift);
    if (!ok) return tl::unexpected(ok.error());
  }
  if (auto ok = check_orders(map.view, map.radix); !ok) return tl::unexpected(ok.error());
  if (map.view.core < 0 || map.view.core > map.full_size() ||
      (map.view.core > 0 && map.full_size() - map.view.core > map.view.core))
    return fail(fmt::format("V4: a core of {} in a group of {}", map.view.core, map.full_size()));
  count_groups(map);
  return map;
}

Expected<GroupMap> place(const GroupMap& outer, const View& view, const DigitShift& rotation,
                         const DigitShift& fixed, std::int64_t ranks) {
  Schedule schedule;
  schedule.ranks = ranks;
  return place(outer, view, CopyShift{rotation, fixed, 0}, schedule);
}

}  // namespace collscale

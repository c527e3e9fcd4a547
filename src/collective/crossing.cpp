// SPDX-License-Identifier: Apache-2.0
#include "collective/crossing.hpp"

#include <bit>

#include "collective/flows.hpp"
#include "collective/offsets.hpp"

namespace collscale {
namespace {

/// The digits of a group are neighbours in the numbering: its ranks are `stride` apart.
struct Spread {
  bool known = false;
  std::int64_t stride = 1;
};

Spread spread(const GroupMap& map) {
  IndexLayout layout = index_layout(map);
  if (layout.kind == IndexLayout::Kind::turning) {
    // Turned digits keep every group that holds whole turns: same count, other ranks.
    GroupMap straight = map;
    straight.view.rotation.fill(0);
    layout = index_layout(straight);
  }
  return {layout.kind == IndexLayout::Kind::even, layout.stride};
}

/// The ranks of the lane's groups together span this many consecutive ranks.
std::int64_t span(const GroupMap& map, const Spread& s) { return s.stride * map.full_size(); }

/// A group smaller than a turn of a rotated digit is cut by the rotation.
bool cut_by_rotation(const GroupMap& map, std::int64_t group_ranks) {
  std::int64_t turn = 1;
  for (std::size_t d = 0; d < map.radix.size(); ++d) {
    turn *= map.radix[d];
    bool varies = false;
    for (int i = 0; i < map.view.digit_count; ++i)
      varies = varies || map.view.digits[static_cast<std::size_t>(i)] == static_cast<int>(d);
    if (varies && map.view.rotation[d] % map.radix[d] != 0 && group_ranks % turn != 0) return true;
  }
  return false;
}

/// The most of the set that lie in a window of `length`.
std::int64_t densest(const Offsets& set, std::int64_t length) {
  const std::int64_t period = set.modulus * set.divisor;
  const std::int64_t most =
      set.modulus == 1 ? length
                       : length / period * set.divisor + std::min(length % period, set.divisor);
  return std::min(most, set.count());
}

Crossing shifted(std::int64_t behind_ranks, std::int64_t ahead_ranks, std::int64_t group,
                 std::int64_t outside) {
  Crossing c;
  c.messages = std::min({behind_ranks, ahead_ranks, group, outside});
  // From behind: the first ranks of the group hear from outside. From ahead: the last ones.
  c.first = behind_ranks <= ahead_ranks || c.messages == group ? 0 : group - c.messages;
  return c;
}

/// In local indices, groups of `group` < size of them, `size` in all.
Crossing in_indices(const Lane& lane, std::int64_t step, int arc_number, std::int64_t group,
                    std::int64_t full_size) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  const std::int64_t s = forward_step(phase, step);
  const std::int64_t d = distance(lane, step, arc_number);
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  Crossing c;
  switch (phase.frame) {
    case Frame::cyclic: {
      const std::int64_t delta = floor_mod(d, size);
      c = shifted(delta, size - delta, group, full_size - group);
      if (delta == 0) c.messages = 0;
      break;
    }
    case Frame::absolute: {
      if (d == 0) return c;
      const std::int64_t hop = d < 0 ? -d : d;
      c = d > 0 ? shifted(hop, size, group, full_size - group)
                : shifted(size, hop, group, full_size - group);
      break;
    }
    case Frame::exclusive_or: {
      const auto top = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(d)));
      if (d == 0) return c;
      if (std::has_single_bit(static_cast<std::uint64_t>(group))) {
        c.messages = top < group ? 0 : group;
      } else {
        c.messages = group % (2 * top) == 0 ? 0 : std::min(group, 2 * top);
        c.even = c.messages < group;
      }
      return c;
    }
    case Frame::dihedral: {
      if (d == 0) return c;
      if (!std::has_single_bit(static_cast<std::uint64_t>(d))) {
        c.messages = group;
        return c;
      }
      const std::int64_t rho = dihedral_hop(std::countr_zero(static_cast<std::uint64_t>(d)));
      const std::int64_t hop = rho < 0 ? -rho : rho;
      const bool exact = std::has_single_bit(static_cast<std::uint64_t>(group)) && group > 1;
      c.messages = exact ? std::min(group, rho > 0 ? hop - 1 : hop + 1) : std::min(group, hop + 1);
      c.even = c.messages < group;
      return c;
    }
  }
  if (phase.root >= 0) {
    c.messages = std::min(c.messages, offsets_at(phase, arc.payload, s, size).count());
    c.even = true;
  } else if (arc.has_receivers) {
    // Senders in a dual, receivers otherwise: as many in either case.
    const Offsets w = offsets_at(phase, arc.receivers, s, size);
    const std::int64_t most = densest(w, c.messages);
    c.even = w.modulus > 1;
    c.messages = most;
  }
  return c;
}

}  // namespace

Crossing crossing(const Lane& lane, std::int64_t step, int arc, std::int64_t group_ranks) {
  const GroupMap& map = lane.map;
  std::int64_t all_ranks = 1;
  for (const std::int64_t r : map.radix) all_ranks *= r;
  if (group_ranks >= all_ranks || group_ranks < 1) return {};
  const Spread s = spread(map);
  if (!s.known || cut_by_rotation(map, group_ranks)) return {group_ranks, 0, false};
  // Each group within one aligned block of ranks, and that within one of ours: nothing crosses.
  if (group_ranks % span(map, s) == 0) return {};
  if (group_ranks < s.stride || (group_ranks % s.stride != 0)) return {group_ranks, 0, false};

  const std::int64_t group = group_ranks / s.stride;
  Crossing c = in_indices(lane, step, arc, group, std::max(map.full_size(), group + 1));
  c.messages *= s.stride;
  c.first *= s.stride;
  if (span(map, s) % group_ranks != 0 && span(map, s) != all_ranks && c.messages > 0)
    c = {group_ranks, 0, false};  // groups of ours that hold parts of several of the lane's
  return c;
}

std::int64_t all_pairs_crossing(const Lane& lane, std::int64_t group_ranks) {
  const GroupMap& map = lane.map;
  std::int64_t all_ranks = 1;
  for (const std::int64_t r : map.radix) all_ranks *= r;
  if (group_ranks >= all_ranks || group_ranks < 1) return 0;
  const Spread s = spread(map);
  const std::int64_t everything = group_ranks * (map.size - 1);
  if (!s.known) return everything;
  const std::int64_t lane_span = span(map, s);
  if (group_ranks % lane_span == 0) return 0;
  if (group_ranks <= s.stride || group_ranks % s.stride != 0) return everything;
  if (lane_span % group_ranks != 0 && lane_span != all_ranks) return everything;
  return group_ranks * (map.size - group_ranks / s.stride);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "collective/crossing.hpp"

#include <bit>

#include "collective/offsets.hpp"
#include "collective/rank_layout.hpp"

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

/// Chosen receivers that are one residue class, in groups whose size divides its modulus or is
/// divided by it: every group looks alike, so their places are known. This is what makes trees by
/// powers of two exact: of NCCL's tree (one class of 2u or 4u a level) a group of G = 2^j has one
/// edge at each level u >= G, one more out of every other group at u = G/2, none below.
bool class_in_groups(const Offsets& w, std::int64_t group) {
  return w.divisor == 1 && w.modulus > 1 && (w.modulus % group == 0 || group % w.modulus == 0);
}

/// `residue` and d in the direction of execution.
Crossing crossing_class(const Offsets& w, std::int64_t residue, std::int64_t d,
                        std::int64_t group) {
  Crossing c;
  if (w.modulus % group == 0) {  // at most one in a group
    c.first = residue % group;
    const std::int64_t from = c.first - d;
    c.messages = from < 0 || from >= group ? std::min<std::int64_t>(1, w.count()) : 0;
    return c;
  }
  const std::int64_t hop = std::min(d < 0 ? -d : d, group);
  const Offsets edge{d > 0 ? 0 : group - hop, d > 0 ? hop : group, 1, w.modulus, residue};
  c.messages = std::min(edge.count(), w.count());
  c.even = c.messages < group;
  return c;
}

/// In local indices, groups of `group` < size of them, `size` in all. `aligned`: groups begin at
/// multiples of their size; otherwise anywhere.
Crossing in_indices(const Lane& lane, std::int64_t step, int arc_number, std::int64_t group,
                    std::int64_t full_size, bool aligned) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  const std::int64_t s = forward_step(phase, step);
  const std::int64_t d = distance(lane, step, arc_number);
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  Crossing c;
  const bool masks = phase.frame == Frame::exclusive_or || phase.frame == Frame::dihedral;
  if (masks && !aligned) {
    c.messages = d == 0 ? 0 : group;
    return c;
  }
  if (phase.frame == Frame::absolute && arc.has_receivers && aligned && d != 0) {
    const Offsets w = offsets_at(phase, arc.receivers, s, size);
    const std::int64_t residue = phase.dual ? floor_mod(w.residue + d, w.modulus) : w.residue;
    if (class_in_groups(w, group)) return crossing_class(w, residue, d, group);
  }
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

/// A bound whose places within the group are not known.
Crossing bound(std::int64_t messages, std::int64_t group_ranks) {
  const std::int64_t most = std::min(messages, group_ranks);
  return {most, 0, most < group_ranks};
}

/// Uneven nodes. Inside: only nodes cut by the ends of a group, less than whole ones. Leaders come
/// in the order of ranks: those in a group are successive, and of each node that it touches one.
Crossing over_nodes(const Lane& lane, std::int64_t step, int arc, std::int64_t group_ranks) {
  const GroupMap& map = lane.map;
  if (map.view.nodes == View::Nodes::inside) {
    const std::int64_t size = map.full_size();
    const std::int64_t first =
        map.ranks_before_node(map.nodes_before_run(static_cast<std::size_t>(map.view.node_run)));
    const bool nested = first % size == 0 && group_ranks % size == 0;
    return bound(nested ? 0 : 2 * (size - 1), group_ranks);
  }
  std::int64_t smallest = map.all_ranks();
  for (const NodeRun& run : map.nodes) smallest = std::min(smallest, run.ranks);
  const std::int64_t touched = group_ranks < 2 ? 1 : (group_ranks - 2) / smallest + 2;
  const std::int64_t leaders = std::min({touched, group_ranks, map.full_size()});
  const View& view = map.view;
  const bool in_order =
      view.twist == 0 && !view.mirror && view.shift == 0 && view.core_map == View::CoreMap::first;
  if (lane.phase.network != InNetwork::none || !in_order) return bound(leaders, group_ranks);
  // How many leaders lie outside depends on the group: no bound comes from there.
  const Crossing c =
      in_indices(lane, step, arc, leaders, map.full_size() + 2 * leaders, /*aligned=*/false);
  return bound(c.messages, group_ranks);
}

}  // namespace

Crossing crossing(const Lane& lane, std::int64_t step, int arc, std::int64_t group_ranks) {
  const GroupMap& map = lane.map;
  const std::int64_t all_ranks = map.all_ranks();
  if (group_ranks >= all_ranks || group_ranks < 1) return {};
  if (map.view.nodes != View::Nodes::none) return over_nodes(lane, step, arc, group_ranks);
  // The other tree of a pair runs over mirrored or shifted places: successive ones stay successive,
  // but for one end that a shift brings into the middle.
  const View& view = map.view;
  const bool reordered = (view.mirror || view.shift != 0) && view.twist == 0 && view.core == 0;
  GroupMap straight = map;
  if (reordered) {
    straight.view.mirror = false;
    straight.view.shift = 0;
  }
  const Spread s = spread(straight);
  const Crossing everything{group_ranks, 0, false};
  if (!s.known || cut_by_rotation(map, group_ranks)) return everything;
  // Each group within one aligned block of ranks, and that within one of ours: nothing crosses.
  if (group_ranks % span(map, s) == 0) return {};
  // The switch of a group that is spread over several of ours lies outside each of them.
  if (lane.phase.network != InNetwork::none) return everything;
  if (group_ranks < s.stride || (group_ranks % s.stride != 0)) return everything;

  const std::int64_t group = group_ranks / s.stride;
  if (reordered) {
    if (span(map, s) != all_ranks) return everything;
    const Crossing c = in_indices(lane, step, arc, group, std::max(map.full_size(), group + 1),
                                  /*aligned=*/false);
    return bound((view.shift != 0 ? 2 : 1) * c.messages * s.stride, group_ranks);
  }
  Crossing c = in_indices(lane, step, arc, group, std::max(map.full_size(), group + 1),
                          /*aligned=*/true);
  c.messages *= s.stride;
  c.first *= s.stride;
  if (span(map, s) % group_ranks != 0 && span(map, s) != all_ranks && c.messages > 0)
    return everything;  // groups of ours that hold parts of several of the lane's
  return c;
}

std::int64_t all_pairs_crossing(const Lane& lane, std::int64_t group_ranks) {
  const GroupMap& map = lane.map;
  const std::int64_t all_ranks = map.all_ranks();
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

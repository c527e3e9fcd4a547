// SPDX-License-Identifier: Apache-2.0
// How much the messages of a step carry, where they differ: restricted pairs, cores that gather,
// leaders of uneven nodes.
#include <algorithm>
#include <vector>

#include "collective/lane.hpp"
#include "collective/offsets.hpp"

namespace collscale {
namespace {

/// Messages of one step and arc, and what they carry, in blocks.
struct Load {
  std::int64_t messages = 0;
  std::int64_t largest = 0;
  std::int64_t total = 0;
};

bool leads_nodes(const Lane& lane) {
  return lane.gathers_for_others && lane.map.view.nodes == View::Nodes::leaders;
}

std::int64_t largest_node(const GroupMap& map) {
  std::int64_t most = 1;
  for (const NodeRun& run : map.nodes) most = std::max(most, run.ranks);
  return most;
}

std::int64_t node_ranks(const GroupMap& map, std::int64_t node) {
  return map.ranks_before_node(node + 1) - map.ranks_before_node(node);
}

/// How many blocks of the whole group the block of an index stands for.
std::int64_t stands_for(const Lane& lane, std::int64_t index) {
  if (!lane.gathers_for_others) return 1;
  std::int64_t blocks = 0;
  for (std::int64_t i = index; i < lane.map.full_size(); i += lane.map.size)
    blocks += leads_nodes(lane) ? node_ranks(lane.map, lane.map.place_of(i)) : 1;
  return blocks;
}

/// Of size_bytes: one of the blocks that stands_for() counts.
double block_fraction(const Lane& lane) {
  if (!lane.gathers_for_others) return lane.scope_fraction;
  const std::int64_t blocks = leads_nodes(lane) ? lane.map.all_ranks() : lane.map.full_size();
  return lane.scope_fraction * static_cast<double>(lane.map.size) / static_cast<double>(blocks);
}

/// How far block j has come after step s: j; j mod base·u (up); j − j mod u (down).
std::int64_t moved(const Phase& phase, std::int64_t j, std::int64_t unit) {
  if (phase.unit == Unit::power_up) return j % (phase.base * unit);
  if (phase.unit == Unit::power_down) return j - j % unit;
  return j;
}

/// Restricted pairs: the receiver at offset y takes { j in X : mv(j) = y }. Counted.
Load counted_arrivals(const Lane& lane, const Offsets& x, std::int64_t unit) {
  std::vector<std::int64_t> at(static_cast<std::size_t>(lane.map.size), 0);
  Load load;
  x.for_each([&](std::int64_t raw) {
    const bool turns = lane.phase.frame == Frame::cyclic;
    const std::int64_t j = turns ? floor_mod(raw, lane.map.size) : raw;
    if (j < 0 || j >= lane.map.size) return;
    const std::int64_t destination = ahead(lane.phase, lane.phase.root, j, lane.map.size);
    if (destination == kNoRank) return;
    std::int64_t& blocks = at[static_cast<std::size_t>(moved(lane.phase, j, unit))];
    const std::int64_t more = stands_for(lane, destination);
    load.messages += blocks == 0 ? 1 : 0;
    blocks += more;
    load.total += more;
    load.largest = std::max(load.largest, blocks);
  });
  return load;
}

/// The same in closed form, for X = { j : ⌊j/u⌋ mod b = c } and for single offsets.
Load arrivals(const Lane& lane, std::int64_t step, const Arc& arc) {
  const Phase& phase = lane.phase;
  const std::int64_t unit = unit_value(phase, step);
  const Offsets x = offsets_at(phase, arc.payload, step, lane.map.size);
  const bool within = x.low >= 0 && x.high <= lane.map.size && phase.frame != Frame::absolute;
  if (lane.gathers_for_others || !within) return counted_arrivals(lane, x, unit);
  Load load;
  load.total = x.count();
  if (load.total == 0) return load;
  if (phase.unit == Unit::one || phase.unit == Unit::ruler) {
    load.messages = load.total;
    load.largest = 1;
    return load;
  }
  const bool one_turn = x.modulus * x.divisor == phase.base * unit && x.low == 0;
  if (phase.unit == Unit::power_up && one_turn) {
    Offsets first_turn = x;
    first_turn.high = std::min(x.high, phase.base * unit);
    load.messages = first_turn.count();
    x.for_each_run([&](std::int64_t, std::int64_t, std::int64_t times, std::int64_t) {
      load.largest += times;
    });
    return load;
  }
  if (phase.unit == Unit::power_down && x.divisor == unit && x.modulus > 1 && x.low % unit == 0) {
    x.for_each_run([&](std::int64_t, std::int64_t length, std::int64_t times, std::int64_t) {
      load.messages += times;
      load.largest = std::max(load.largest, length);
    });
    return load;
  }
  return counted_arrivals(lane, x, unit);
}

/// The most ranks that `count` successive nodes hold, all nodes in a ring. The sum over a window is
/// piecewise linear in where it begins: it peaks where one of its ends meets the end of a run.
std::int64_t fullest_window(const GroupMap& map, std::int64_t count) {
  const std::int64_t nodes = map.full_size();
  if (count >= nodes) return map.all_ranks();
  const auto ranks_from = [&](std::int64_t first) {
    const std::int64_t last = first + count;
    if (last <= nodes) return map.ranks_before_node(last) - map.ranks_before_node(first);
    return map.all_ranks() - map.ranks_before_node(first) + map.ranks_before_node(last - nodes);
  };
  std::int64_t most = 0;
  for (std::size_t run = 0; run < map.nodes.size(); ++run) {
    const std::int64_t first = map.nodes_before_run(run);
    most = std::max({most, ranks_from(first), ranks_from(floor_mod(first - count, nodes))});
  }
  return most;
}

/// The most blocks of one message of a gather whose indices stand for several.
std::int64_t largest_gathered(const Lane& lane, const Offsets& x) {
  const Phase& phase = lane.phase;
  const GroupMap& map = lane.map;
  const std::int64_t doubled = map.full_size() - map.size;
  const std::int64_t count = x.count();
  const bool class_of_masks =
      phase.frame == Frame::exclusive_or && x.modulus > 1 && x.divisor == 1 && x.low == 0;
  const std::int64_t twice =
      std::min(count, class_of_masks ? (doubled + x.modulus - 1) / x.modulus : doubled);
  if (!leads_nodes(lane)) return count + twice;
  if (doubled == 0 && x.modulus == 1 && map.view.twist == 0 && phase.frame == Frame::cyclic)
    return fullest_window(map, count);
  return std::min(map.all_ranks(), (count + twice) * largest_node(map));
}

/// Blocks of all messages of a step together, receivers chosen.
Load hand_overs(const Lane& lane, std::int64_t step, const Arc& arc) {
  const Phase& phase = lane.phase;
  const std::int64_t size = lane.map.size;
  const std::int64_t d = evaluate(arc.distance, step, unit_value(phase, step));
  const Offsets x = offsets_at(phase, arc.payload, step, size);
  Load load;
  receivers_at(phase, arc, step, size).for_each([&](std::int64_t w) {
    const std::int64_t v = behind(phase, w, d, size);
    if (v == kNoRank || v == w) return;
    std::int64_t blocks = 0;
    x.for_each([&](std::int64_t offset) {
      const std::int64_t owner = behind(phase, w, offset, size);
      if (owner != kNoRank) blocks += stands_for(lane, owner);
    });
    ++load.messages;
    load.total += blocks;
    load.largest = std::max(load.largest, blocks);
  });
  return load;
}

bool restricted_pairs(const Phase& phase) {
  return phase.address == Address::pair && phase.root >= 0;
}

/// In the network: is this the arc on which only the rank's own block travels?
bool one_block(const Phase& phase, int arc) {
  return phase.network == InNetwork::multicast && arc == (phase.dual ? 1 : 0);
}

}  // namespace

double mean_message_fraction(const Lane& lane, std::int64_t step, int arc_number) {
  const Phase& phase = lane.phase;
  if (phase.network == InNetwork::all_reduce) return lane.scope_fraction;
  if (phase.network == InNetwork::multicast)
    return lane.scope_fraction *
           (one_block(phase, arc_number) ? 1.0 : static_cast<double>(lane.map.size));
  const std::int64_t s = forward_step(phase, step);
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  const bool chosen = leads_nodes(lane) && arc.has_receivers && !carries_scope(phase);
  if (restricted_pairs(phase) || chosen) {
    const Load load = chosen ? hand_overs(lane, s, arc) : arrivals(lane, s, arc);
    if (load.messages == 0) return 0;
    return block_fraction(lane) * static_cast<double>(load.total) /
           static_cast<double>(load.messages);
  }
  return lane.scope_fraction *
         static_cast<double>(offsets_named(phase, s, arc_number, lane.map.size));
}

double message_fraction(const Lane& lane, std::int64_t step, int arc_number) {
  const Phase& phase = lane.phase;
  const std::int64_t s = forward_step(phase, step);
  const Arc& arc = phase.arcs[static_cast<std::size_t>(arc_number)];
  if (restricted_pairs(phase))
    return block_fraction(lane) * static_cast<double>(arrivals(lane, s, arc).largest);
  if (one_block(phase, arc_number) && leads_nodes(lane))
    return block_fraction(lane) * static_cast<double>(largest_node(lane.map));
  const bool alike = !lane.gathers_for_others || carries_scope(phase) ||
                     phase.network != InNetwork::none || phase.address != Address::block;
  if (alike) return mean_message_fraction(lane, step, arc_number);
  const std::int64_t blocks =
      leads_nodes(lane) && arc.has_receivers
          ? hand_overs(lane, s, arc).largest
          : largest_gathered(lane, offsets_at(phase, arc.payload, s, lane.map.size));
  return block_fraction(lane) * static_cast<double>(blocks);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "model/load_samples.hpp"

#include <algorithm>
#include <numeric>

namespace collscale {
namespace {

// Of systems with more blocks than kAll times these, so many are looked at: in one step, and in all
// steps together, where the busiest is less easily found.
constexpr std::size_t kMostNodes = 16;
constexpr std::size_t kMostNodesTogether = 32;
constexpr std::size_t kMostGroups = 8;
constexpr std::size_t kMostGroupsTogether = 8;
constexpr std::int64_t kAll = 4;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

double& at(double* values, std::int64_t index) { return values[index]; }

}  // namespace

LoadSamples::LoadSamples(const FabricShape& shape)
    : shape_(shape), node_ranks_(shape.ranks_per_node) {
  for (std::int64_t local = 0; local < shape.ranks_per_node; ++local) {
    rail_of_.push_back(static_cast<std::int32_t>(shape.rail(local)));
    nic_of_.push_back(static_cast<std::int32_t>(shape.nic(local)));
    period_.push_back(
        static_cast<std::int32_t>(shape.ranks_per_node / std::gcd(local, shape.ranks_per_node)));
  }
  for (const FabricShape::Tier& tier : shape.tiers) group_ranks_.emplace_back(tier.group_ranks);
  if (shape.ranks % shape.ranks_per_node != 0) part_node_ = shape.ranks / shape.ranks_per_node;
  groups_.resize(shape.tiers.size());
  busiest_up_.resize(shape.tiers.size());
}

void LoadSamples::clear_turns() {
  turns_.clear();
  full_turned_.clear();
  part_turned_.clear();
}

void LoadSamples::add_turns(const std::vector<std::int64_t>& turns) {
  turns_.push_back({full_turned_.size(), turns.size()});
  const auto add = [](std::vector<std::int32_t>& table, std::int64_t all, std::int64_t used,
                      std::int64_t turn) {
    std::int64_t value = floor_mod(turn, used);
    for (std::int64_t local = 0; local < all; ++local) {
      table.push_back(static_cast<std::int32_t>(value));
      value = value + 1 < used ? value + 1 : 0;
    }
  };
  for (const std::int64_t turn : turns) {
    add(full_turned_, shape_.ranks_per_node, shape_.ranks_per_node, turn);
    if (part_node_ >= 0)
      add(part_turned_, shape_.ranks_per_node, shape_.ranks % shape_.ranks_per_node, turn);
  }
}

void LoadSamples::add_orders(const std::vector<std::vector<std::int32_t>>& orders,
                             const std::vector<std::int64_t>& which) {
  turns_.push_back({full_turned_.size(), which.size()});
  for (const std::int64_t number : which) {
    const std::vector<std::int32_t>& order = orders[size(number)];
    for (std::int64_t local = 0; local < shape_.ranks_per_node; ++local) {
      const bool ordered = size(local) < order.size();
      const std::int32_t rank = ordered ? order[size(local)] : static_cast<std::int32_t>(local);
      full_turned_.push_back(rank);
      if (part_node_ >= 0) part_turned_.push_back(rank);
    }
  }
}

void LoadSamples::list_places(const std::vector<LoadEntry>& entries) {
  places_.clear();
  places_.push_back(shape_.ranks - 1);  // perhaps partly used
  // Single messages are exceptions of a pattern (the last parents of a tree): their ranks first.
  // Then: where a box begins and ends blocks are partly filled, in between they are full.
  constexpr int kSingles = -1;
  for (const int halves : {kSingles, 0, 1, 2}) {
    for (const LoadEntry& entry : entries) {
      const bool single = entry.box.side_count == 0;
      if (single != (halves == kSingles)) continue;
      std::int64_t source = entry.box.source;
      std::int64_t destination = entry.box.destination;
      for (int i = 0; i < entry.box.side_count && halves > 0; ++i) {
        const FlowBox::Side& side = entry.box.sides[size(i)];
        const std::int64_t k = (side.count - 1) * halves / 2;
        source += k * side.source_hop;
        destination += k * side.destination_hop;
      }
      // The lower rank first: the same places whichever way the messages run.
      const bool sends = entry.kind != LoadEntry::Kind::from_switch;
      const bool receives = entry.kind != LoadEntry::Kind::to_switch;
      if (sends && receives) {
        places_.push_back(std::min(source, destination));
        places_.push_back(std::max(source, destination));
      } else {
        places_.push_back(sends ? source : destination);
      }
    }
  }
  places_.push_back(0);
}

void LoadSamples::choose(const Divisor& block, std::size_t most,
                         std::vector<std::int64_t>& chosen) const {
  chosen.clear();
  const std::int64_t blocks = block.quotient(shape_.ranks + block.value() - 1);
  if (blocks <= kAll * static_cast<std::int64_t>(most)) {
    for (std::int64_t number = 0; number < blocks; ++number) chosen.push_back(number);
    return;
  }
  for (const std::int64_t rank : places_) {
    if (rank < 0 || rank >= shape_.ranks) continue;
    const std::int64_t number = block.quotient(rank);
    if (std::find(chosen.begin(), chosen.end(), number) != chosen.end()) continue;
    chosen.push_back(number);
    if (chosen.size() == most) return;
  }
}

void LoadSamples::load(const std::vector<LoadEntry>& entries, const EvenLoads& even,
                       Directions directions, Steps steps) {
  list_places(entries);
  const bool together = steps == Steps::together;
  const std::size_t most_groups = together ? kMostGroupsTogether : kMostGroups;
  choose(node_ranks_, together ? kMostNodesTogether : kMostNodes, nodes_);
  node_loads_.clear();
  const std::size_t ports = 2 * size(shape_.ranks_per_node);
  const std::size_t nics = 2 * size(shape_.nics_per_node);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    node_loads_.insert(node_loads_.end(), ports, even.port);
    node_loads_.insert(node_loads_.end(), nics, even.nic);
    node_loads_.insert(node_loads_.end(), link_count(), 0.0);
  }
  node_hops_ = 1;
  for (const LoadEntry& entry : entries) load_nodes(entry);

  for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
    const FabricShape::Tier& tier = shape_.tiers[t];
    Groups& groups = groups_[t];
    groups.numbers.clear();
    groups.loads.clear();
    const bool turns_inside = shape_.ranks <= tier.group_ranks;
    if (turns_inside && (t > 0 || shape_.forwards_across_rails || shape_.rails == 1)) continue;
    choose(group_ranks_[t], most_groups, groups.numbers);
    for (std::size_t i = 0; i < groups.numbers.size(); ++i) {
      groups.loads.insert(groups.loads.end(), 2 * size(tier.parts), even.up[t]);
      groups.loads.insert(groups.loads.end(), 2 * size(tier.parts), 0.0);
    }
    for (const LoadEntry& entry : entries) load_groups(entry, t);
  }
  if (directions == Directions::there_and_back) add_way_back(even);
  find_busiest();
}

/// What goes out comes in again.
void LoadSamples::add_way_back(const EvenLoads& even) {
  const auto both = [](double* one, double* other, std::int64_t count, double counted_twice) {
    for (std::int64_t i = 0; i < count; ++i) one[i] = other[i] = one[i] + other[i] - counted_twice;
  };
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const NodeLoads node = node_loads(i);
    both(node.out, node.in, shape_.ranks_per_node, even.port);
    both(node.nic_out, node.nic_in, shape_.nics_per_node, even.nic);
    for (std::size_t link = 0; link < link_count(); link += 2)  // the two directions of a cable
      node.links[link] = node.links[link + 1] = node.links[link] + node.links[link + 1];
  }
  for (std::size_t t = 0; t < groups_.size(); ++t) {
    for (std::size_t i = 0; i < groups_[t].numbers.size(); ++i) {
      const GroupLoads group = group_loads(t, i);
      both(group.up, group.down, shape_.tiers[t].parts, even.up[t]);
      both(group.flows_up, group.flows_down, shape_.tiers[t].parts, 0);
    }
  }
}

LoadSamples::NodeLoads LoadSamples::node_loads(std::size_t sample) {
  const std::size_t ports = size(shape_.ranks_per_node);
  const std::size_t nics = size(shape_.nics_per_node);
  double* out = node_loads_.data() + sample * (2 * (ports + nics) + link_count());
  double* nic_out = out + 2 * ports;
  return {out, out + ports, nic_out, nic_out + nics, nic_out + 2 * nics};
}

LoadSamples::GroupLoads LoadSamples::group_loads(std::size_t tier, std::size_t sample) {
  const std::size_t parts = size(shape_.tiers[tier].parts);
  double* up = groups_[tier].loads.data() + sample * 4 * parts;
  return {up, up + parts, up + 2 * parts, up + 3 * parts};
}

void LoadSamples::load_nodes(const LoadEntry& entry) {
  using Kind = LoadEntry::Kind;
  const std::int64_t in_node = node_ranks_.value();
  const Turns& turns = turns_[entry.lane];
  const bool forwards = shape_.forwards_across_rails && shape_.rails > 1;
  const BoxEnd sources(entry.box, End::source, in_node);
  const BoxEnd destinations(entry.box, End::destination, in_node);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const std::int64_t node = nodes_[i];
    const std::int64_t low = node * in_node;
    const std::int64_t high = low + in_node;
    const NodeLoads loads = node_loads(i);
    // What one message adds at its source, and at its destination: `times` messages alike.
    const auto send = [&](std::int64_t source, std::int64_t destination, double times) {
      const double bytes = entry.bytes * times;
      const bool stays = destination >= low && destination < high;
      const std::int64_t to_node = forwards && !stays ? node_ranks_.quotient(destination) : node;
      const std::int64_t to_local = destination - to_node * in_node;
      for (std::size_t turn = 0; turn < turns.count; ++turn) {
        const std::int32_t from = turned(turns, turn, node)[source - low];
        if (entry.kind == Kind::to_switch) {
          if (entry.in_node)
            at(loads.out, from) += bytes;
          else
            at(loads.nic_out, nic_of_[size(from)]) += bytes;
          continue;
        }
        if (stays) {
          at(loads.out, from) += bytes;
          if (shape_.node_links == nullptr) continue;
          const std::int32_t to = turned(turns, turn, node)[to_local];
          add_to_links(loads.links, from, to, bytes);
          node_hops_ = std::max(node_hops_, shape_.node_links->hops(from, to));
          continue;
        }
        std::int32_t leaves_from = from;
        if (forwards) {
          const std::int32_t to = turned(turns, turn, to_node)[to_local];
          if (rail_of_[size(from)] != rail_of_[size(to)]) {
            at(loads.out, from) += bytes;
            at(loads.in, to) += bytes;
            if (shape_.node_links != nullptr) add_to_links(loads.links, from, to, bytes);
            leaves_from = to;
          }
        }
        at(loads.nic_out, nic_of_[size(leaves_from)]) += bytes;
      }
    };
    const auto receive = [&](std::int64_t source, std::int64_t destination, double times) {
      const bool stays =
          entry.kind == Kind::from_switch ? entry.in_node : source >= low && source < high;
      for (std::size_t turn = 0; turn < turns.count; ++turn) {
        const std::int32_t to = turned(turns, turn, node)[destination - low];
        (stays ? at(loads.in, to) : at(loads.nic_in, nic_of_[size(to)])) += entry.bytes * times;
      }
    };
    // All but those within the node are alike after a whole turn of local ranks at the far end.
    const auto walk = [&](const Progression& p, std::int64_t far, std::int64_t far_hop,
                          std::int64_t near_hop, const auto& each) {
      const auto one = [&](std::int64_t k, double times) {
        each(p.source + k * p.source_hop, p.destination + k * p.destination_hop, times);
      };
      const bool fixed = near_hop == 0 && p.count > 2 * in_node;
      const Range inside = fixed ? Hop(far_hop).within(far, p.count, low, high) : Range{};
      if (!fixed || inside.size() > in_node) {
        for (std::int64_t k = 0; k < p.count; ++k) one(k, 1);
        return;
      }
      for (std::int64_t k = inside.first; k < inside.last; ++k) one(k, 1);
      const std::int64_t period = period_[size(floor_mod(far_hop, in_node))];
      const auto outside = [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t k = first; k < std::min(first + period, last); ++k)
          one(k, static_cast<double>((last - 1 - k) / period + 1));
      };
      outside(0, inside.size() > 0 ? inside.first : p.count);
      if (inside.size() > 0) outside(inside.last, p.count);
    };
    if (entry.kind != Kind::from_switch && !sources.misses(low, high))
      sources.for_each(low, high, [&](const Progression& p) {
        walk(p, p.destination, p.destination_hop, p.source_hop, send);
      });
    if (entry.kind != Kind::to_switch && !destinations.misses(low, high))
      destinations.for_each(low, high, [&](const Progression& p) {
        walk(p, p.source, p.source_hop, p.destination_hop, receive);
      });
  }
}

void LoadSamples::load_switch(const LoadEntry& entry, std::size_t tier_index, std::int64_t number,
                              const GroupLoads& group) const {
  const FabricShape::Tier& tier = shape_.tiers[tier_index];
  // Added up at every switch: one message for each of the switches' trees, not for each rank.
  if (entry.in_node || shape_.ranks <= tier.group_ranks) return;
  const bool up = entry.kind == LoadEntry::Kind::to_switch;
  const std::int64_t low = number * tier.group_ranks;
  std::int64_t member = kNoRank;
  BoxEnd(entry.box, up ? End::source : End::destination, tier.group_ranks)
      .for_each(low, low + tier.group_ranks, [&](const Progression& p) {
        if (member == kNoRank) member = up ? p.source : p.destination;
      });
  if (member == kNoRank) return;
  const std::int64_t node = node_ranks_.quotient(member);
  const Turns& turns = turns_[entry.lane];
  for (std::size_t turn = 0; turn < turns.count; ++turn) {
    const std::int32_t local = turned(turns, turn, node)[member - node * node_ranks_.value()];
    const std::int64_t only = tier.parts == 1 ? 0 : rail_of_[size(local)];  // of a single tree
    for (std::int64_t part = 0; part < tier.parts; ++part) {
      const double trees = entry.groups / static_cast<double>(tier.parts);
      if (trees < 1 && part != only) continue;
      at(up ? group.up : group.down, part) += entry.bytes * std::max(1.0, trees);
      at(up ? group.flows_up : group.flows_down, part) += std::max(1.0, trees);
    }
  }
}

void LoadSamples::load_groups(const LoadEntry& entry, std::size_t tier_index) {
  const FabricShape::Tier& tier = shape_.tiers[tier_index];
  const Groups& groups = groups_[tier_index];
  if (entry.kind != LoadEntry::Kind::messages) {
    for (std::size_t i = 0; i < groups.numbers.size(); ++i)
      load_switch(entry, tier_index, groups.numbers[i], group_loads(tier_index, i));
    return;
  }
  const std::int64_t in_node = node_ranks_.value();
  const Turns& turns = turns_[entry.lane];
  // The rail of one end of a progression, whose local ranks repeat after at most a node's.
  const auto add = [&](double* load, double* flows, std::int64_t first, std::int64_t hop,
                       std::int64_t count) {
    if (tier.parts == 1) {
      const double times = static_cast<double>(count) * static_cast<double>(turns.count);
      *load += entry.bytes * times;
      *flows += times;
      return;
    }
    const std::int64_t distinct =
        count == 1 ? 1 : std::min<std::int64_t>(count, period_[size(floor_mod(hop, in_node))]);
    for (std::int64_t k = 0; k < distinct; ++k) {
      const auto times =
          static_cast<double>(distinct == count ? 1 : (count - 1 - k) / distinct + 1);
      const std::int64_t rank = first + k * hop;
      const std::int64_t node = node_ranks_.quotient(rank);
      for (std::size_t turn = 0; turn < turns.count; ++turn) {
        const std::int32_t local = turned(turns, turn, node)[rank - node * in_node];
        at(load, rail_of_[size(local)]) += entry.bytes * times;
        at(flows, rail_of_[size(local)]) += times;
      }
    }
  };
  const bool by_rail = tier_index == 0 && !shape_.forwards_across_rails && shape_.rails > 1;
  const auto first_rail = [&](std::int64_t rank, std::int64_t node) {
    return rail_of_[size(turned(turns, 0, node)[rank - node * in_node])];
  };
  const auto changes_rail = [&](std::int64_t a, std::int64_t b) {
    const std::int64_t node_a = node_ranks_.quotient(a);
    const std::int64_t node_b = node_ranks_.quotient(b);
    return node_a != node_b && first_rail(a, node_a) != first_rail(b, node_b);
  };
  const BoxEnd sources(entry.box, End::source, tier.group_ranks);
  const BoxEnd destinations(entry.box, End::destination, tier.group_ranks);
  for (std::size_t i = 0; i < groups.numbers.size(); ++i) {
    const std::int64_t low = groups.numbers[i] * tier.group_ranks;
    const std::int64_t high = low + tier.group_ranks;
    const GroupLoads loads = group_loads(tier_index, i);
    if (!sources.misses(low, high))
      sources.for_each(low, high, [&](const Progression& p) {
        const Range inside = Hop(p.destination_hop).within(p.destination, p.count, low, high);
        const auto leaves = [&](const Progression& q) {
          if (q.count <= 0) return;
          if (shape_.forwards_across_rails)  // on the rail of the destination
            add(loads.up, loads.flows_up, q.destination, q.destination_hop, q.count);
          else
            add(loads.up, loads.flows_up, q.source, q.source_hop, q.count);
        };
        leaves(p.part(0, inside.size() > 0 ? inside.first : p.count));
        if (inside.size() > 0) leaves(p.part(inside.last, p.count - inside.last));
        for (std::int64_t k = inside.first; by_rail && k < inside.last; ++k) {
          const Progression one = p.part(k, 1);
          if (!changes_rail(one.source, one.destination)) continue;
          add(loads.up, loads.flows_up, one.source, 0, 1);
          add(loads.down, loads.flows_down, one.destination, 0, 1);
        }
      });
    if (!destinations.misses(low, high))
      destinations.for_each(low, high, [&](const Progression& p) {
        const Range inside = Hop(p.source_hop).within(p.source, p.count, low, high);
        const auto enters = [&](const Progression& q) {
          if (q.count > 0)
            add(loads.down, loads.flows_down, q.destination, q.destination_hop, q.count);
        };
        enters(p.part(0, inside.size() > 0 ? inside.first : p.count));
        if (inside.size() > 0) enters(p.part(inside.last, p.count - inside.last));
      });
  }
}

void LoadSamples::find_busiest() {
  busiest_port_ = 0;
  busiest_nic_ = 0;
  busiest_link_s_ = 0;
  const std::ptrdiff_t ports = 2 * shape_.ranks_per_node;
  const std::ptrdiff_t nics = 2 * shape_.nics_per_node;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const NodeLoads node = node_loads(i);
    const double* out = node.out;
    busiest_link_s_ =
        std::max(busiest_link_s_, collscale::busiest_link_s(shape_, {node.links, link_count()}));
    busiest_port_ = std::max(busiest_port_, *std::max_element(out, out + ports));
    busiest_nic_ = std::max(busiest_nic_, *std::max_element(out + ports, out + ports + nics));
  }
  for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
    Uplinks& most = busiest_up_[t] = {};
    const std::int64_t parts = shape_.tiers[t].parts;
    for (std::size_t i = 0; i < groups_[t].numbers.size(); ++i) {
      const GroupLoads loads = group_loads(t, i);
      for (std::int64_t part = 0; part < 2 * parts; ++part)  // up, then down
        if (loads.up[part] > most.bytes) most = {loads.up[part], loads.flows_up[part]};
    }
  }
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "model/step_load.hpp"

#include <algorithm>
#include <cmath>

#include "collective/crossing.hpp"
#include "model/collisions.hpp"

namespace collscale {
namespace {

std::int64_t groups_of(std::int64_t ranks, std::int64_t group_ranks) {
  return (ranks + group_ranks - 1) / group_ranks;
}

bool varies_digit_zero(const Lane& lane) {
  const View& view = lane.map.view;
  if (view.digit_count == 0) return true;
  return std::any_of(view.digits.begin(), view.digits.begin() + view.digit_count,
                     [](std::int8_t digit) { return digit == 0; });
}

std::int64_t positive_modulo(std::int64_t value, std::int64_t modulus) {
  const std::int64_t rest = value % modulus;
  return rest < 0 ? rest + modulus : rest;
}

/// Position within its node of the sender to the receiver at `position`, in the lane's own order.
std::int64_t sender_position(const Lane& lane, std::int64_t distance, std::int64_t position,
                             std::int64_t node_ranks) {
  if (!varies_digit_zero(lane)) return position;
  if (lane.phase.frame == Frame::exclusive_or) {
    const std::int64_t sender = position ^ (distance % node_ranks);
    return sender < node_ranks ? sender : position;  // node sizes that are no power of two
  }
  return positive_modulo(position - distance, node_ranks);
}

/// As the lane orders the ranks of a node.
std::int64_t local_rank(const Lane& lane, std::int64_t place) { return lane.map.in_order(place); }

class Loader {
 public:
  Loader(const FabricShape& shape, StepLoad& load)
      : shape_(shape), load_(load), node_ranks_(std::min(shape.ranks, shape.ranks_per_node)) {}

  void add(const Lane& lane, std::int64_t step, int arc, bool count_edges) {
    const double bytes = message_fraction(lane, step, arc);
    if (bytes <= 0) return;  // a step in which the arc has nothing left to say
    const std::int64_t ahead = distance(lane, step, arc);
    const std::int64_t rotation =
        varies_digit_zero(lane) && lane.map.radix.size() > 1 ? lane.map.view.rotation[0] : 0;
    const bool one_node = shape_.ranks <= shape_.ranks_per_node;
    const Crossing node = one_node ? Crossing{} : crossing(lane, step, arc, shape_.ranks_per_node);
    double changes_rail = 0;  // messages of a node that leave it for another rail
    for (std::int64_t i = 0; i < node_ranks_; ++i) {
      const std::int64_t receiver = i;
      const std::int64_t sender = sender_position(lane, ahead, receiver, node_ranks_);
      const std::int64_t to = local_rank(lane, (receiver + rotation) % node_ranks_);
      const std::int64_t from = local_rank(lane, (sender + rotation) % node_ranks_);
      const bool crosses = positive_modulo(receiver - node.first, node_ranks_) < node.messages;
      if (!crosses) {
        add_within(shape_, from, to, bytes, load_);
        if (shape_.node_links != nullptr)
          load_.node_hops = std::max(load_.node_hops, shape_.node_links->hops(from, to));
        continue;
      }
      if (rail(from) != rail(to)) {
        changes_rail += 1;
        if (shape_.forwards_across_rails) add_within(shape_, from, to, bytes, load_);
      }
      const bool forwarded = rail(from) != rail(to) && shape_.forwards_across_rails;
      at(load_.nic_out, nic(forwarded ? to : from)) += bytes;
      at(load_.nic_in, nic(to)) += bytes;
    }
    add_tiers(lane, step, arc, bytes, rotation, changes_rail);
    if (count_edges) add_edges(lane, step, arc, node, changes_rail);
  }

 private:
  static double& at(std::vector<double>& values, std::int64_t index) {
    return values[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] std::int64_t rail(std::int64_t local_rank) const { return shape_.rail(local_rank); }
  [[nodiscard]] std::int64_t nic(std::int64_t local_rank) const { return shape_.nic(local_rank); }

  void add_tiers(const Lane& lane, std::int64_t step, int arc, double bytes, std::int64_t rotation,
                 double changes_rail) {
    for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
      const FabricShape::Tier& tier = shape_.tiers[t];
      StepLoad::Tier& load = load_.tiers[t];
      if (t == 0 && !shape_.forwards_across_rails && changes_rail > 0) {
        // Every message that changes rail goes above the leaf, wherever it ends.
        const double nodes = static_cast<double>(std::min(shape_.ranks, tier.group_ranks)) /
                             static_cast<double>(shape_.ranks_per_node);
        for (std::int64_t part = 0; part < tier.parts; ++part) {
          at(load.bytes, part) += bytes * nodes * changes_rail / static_cast<double>(tier.parts);
          at(load.flows, part) += nodes * changes_rail / static_cast<double>(tier.parts);
        }
        continue;
      }
      if (shape_.ranks <= tier.group_ranks) continue;
      const Crossing group = crossing(lane, step, arc, tier.group_ranks);
      const std::int64_t per_part = shape_.ranks_per_node / tier.parts;
      // Whole nodes load the parts alike; what is left over falls on consecutive local ranks.
      const std::int64_t whole = group.messages / shape_.ranks_per_node;
      const std::int64_t rest = group.messages % shape_.ranks_per_node;
      const bool even = group.even || rest == 0;
      const double share =
          even ? static_cast<double>(group.messages) / static_cast<double>(tier.parts)
               : static_cast<double>(whole * per_part);
      for (std::int64_t part = 0; part < tier.parts; ++part) {
        at(load.bytes, part) += bytes * share;
        at(load.flows, part) += share;
      }
      for (std::int64_t i = 0; !even && i < rest; ++i) {
        const std::int64_t local =
            local_rank(lane, (group.first + i + rotation) % shape_.ranks_per_node);
        at(load.bytes, local / per_part) += bytes;
        at(load.flows, local / per_part) += 1;
      }
    }
  }

  void add_edges(const Lane& lane, std::int64_t step, int arc, const Crossing& node,
                 double changes_rail) {
    LevelCounts beyond{};
    const double nodes = static_cast<double>(groups_of(shape_.ranks, shape_.ranks_per_node));
    beyond[0] = static_cast<double>(lane.map.size * lane.map.group_count);
    beyond[1] = std::min(beyond[0], nodes * static_cast<double>(node.messages));
    for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
      const std::int64_t group_ranks = shape_.tiers[t].group_ranks;
      if (shape_.ranks > group_ranks) {
        const Crossing group = crossing(lane, step, arc, group_ranks);
        beyond[t + 2] = static_cast<double>(groups_of(shape_.ranks, group_ranks)) *
                        static_cast<double>(group.messages);
      }
      if (t == 0 && !shape_.forwards_across_rails) {
        beyond[t + 2] = std::max(beyond[t + 2], nodes * changes_rail);
      }
      beyond[t + 2] = std::min(beyond[t + 2], beyond[t + 1]);
    }
    for (int level = 0; level < shape_.levels; ++level) {
      const auto l = static_cast<std::size_t>(level);
      const double above = level + 1 < shape_.levels ? beyond[l + 1] : 0;
      load_.edges[static_cast<std::size_t>(arc)][l] +=
          (beyond[l] - above) / static_cast<double>(lane.map.group_count);
    }
  }

  const FabricShape& shape_;
  StepLoad& load_;
  std::int64_t node_ranks_;
};

}  // namespace

FabricShape fabric_shape(const System& system, const Fabric& fabric, std::int64_t ranks) {
  using Kind = LinkClass::Kind;
  const Clos no_tiers;
  const auto* known = std::get_if<Clos>(&system.fabric);
  const Clos& clos = known != nullptr ? *known : no_tiers;
  FabricShape shape;
  shape.ranks = ranks;
  shape.ranks_per_node = ranks_per_node(system);
  const std::int64_t nodes = max_ranks(system) / shape.ranks_per_node;
  const LinkClass& nic = *fabric.find_class(Kind::nic_out);
  const std::int64_t planes = clos.routing == Routing::ecmp ? clos.planes : 1;
  shape.nics_per_node = nic.count / nodes / planes;
  shape.planes = static_cast<double>(planes);
  if (system.node.nics.queue_pairs) shape.queue_pairs = system.node.nics.queue_pairs->value;
  shape.rails = clos.rails;
  shape.forwards_across_rails = clos.cross_rail == CrossRail::forward;
  shape.hashes = clos.routing == Routing::ecmp;
  shape.scale_up_Bps = fabric.find_class(Kind::scale_up_out)->capacity_Bps;
  shape.node_links = fabric.node_links();
  shape.nic_Bps = nic.capacity_Bps * static_cast<double>(planes);
  shape.levels = fabric.levels();
  for (int t = 0; t + 1 < fabric.tiers(); ++t) {
    const LinkClass& up = *fabric.find_class(Kind::up, t);
    FabricShape::Tier tier;
    tier.group_ranks = fabric.group_ranks(t);
    tier.parts = t == 0 ? clos.rails : 1;
    const std::int64_t groups = groups_of(max_ranks(system), tier.group_ranks);
    tier.links_per_part = static_cast<double>(up.count / (groups * tier.parts));
    tier.link_Bps = up.capacity_Bps;
    shape.tiers.push_back(tier);
  }
  return shape;
}

double collision_factor(const FabricShape& shape, const FabricShape::Tier& tier, double flows) {
  if (!shape.hashes || flows <= 0) return 1;
  const double groups =
      std::max(1.0, static_cast<double>(shape.ranks) / static_cast<double>(tier.group_ranks));
  return expected_max_over_mean(flows * shape.queue_pairs, tier.links_per_part,
                                2 * groups * static_cast<double>(tier.parts));
}

double nic_collision_factor(const FabricShape& shape, double messages) {
  if (!shape.hashes || shape.planes <= 1 || messages <= 0) return 1;
  const double nics = static_cast<double>(shape.ranks) * static_cast<double>(shape.nics_per_node) /
                      static_cast<double>(shape.ranks_per_node);
  return expected_max_over_mean(messages * shape.queue_pairs, shape.planes, 2 * nics);
}

StepLoad::StepLoad(const FabricShape& shape)
    : scale_up_out(static_cast<std::size_t>(shape.ranks_per_node), 0.0),
      scale_up_in(scale_up_out),
      node_links(shape.node_links != nullptr ? shape.node_links->all().size() : 0, 0.0),
      nic_out(static_cast<std::size_t>(shape.nics_per_node), 0.0),
      nic_in(nic_out) {
  for (const FabricShape::Tier& tier : shape.tiers) {
    const std::vector<double> parts(static_cast<std::size_t>(tier.parts), 0.0);
    tiers.push_back({parts, parts});
  }
}

void add_within(const FabricShape& shape, std::int64_t from, std::int64_t to, double bytes,
                StepLoad& load) {
  load.scale_up_out[static_cast<std::size_t>(from)] += bytes;
  load.scale_up_in[static_cast<std::size_t>(to)] += bytes;
  if (shape.node_links == nullptr) return;
  for (const std::uint16_t link : shape.node_links->way(from, to)) load.node_links[link] += bytes;
}

double busiest_link_s(const FabricShape& shape, std::span<const double> node_links) {
  double busiest = 0;
  for (std::size_t i = 0; i < node_links.size(); ++i)
    busiest = std::max(busiest, node_links[i] / shape.node_links->at(i).capacity_Bps);
  return busiest;
}

StepLoad step_load(const FabricShape& shape, const std::vector<Lane>& lanes, std::int64_t step) {
  StepLoad load(shape);
  Loader loader(shape, load);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    for (int arc = 0; arc < lanes[i].phase.arc_count; ++arc) {
      loader.add(lanes[i], step, arc, i == 0);
    }
  }
  return load;
}

}  // namespace collscale

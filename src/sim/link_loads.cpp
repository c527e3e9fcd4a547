// SPDX-License-Identifier: Apache-2.0
#include "sim/link_loads.hpp"

#include <algorithm>
#include <utility>

#include "collective/flows.hpp"
#include "scenario/candidates.hpp"

namespace collscale {
namespace {

int resource_of(const LinkClass& link_class) {
  using Kind = LinkClass::Kind;
  switch (link_class.kind) {
    case Kind::scale_up_out:
    case Kind::scale_up_in:
      return kScaleUpResource;
    case Kind::nic_out:
    case Kind::nic_in:
      return kNicResource;
    case Kind::up:
    case Kind::down:
      break;
  }
  return kFirstTierResource + link_class.tier;
}

/// Ranks of one leaf group on one rail, and the first of them.
struct Members {
  std::int64_t count = 0;
  std::int64_t first = -1;
};

}  // namespace

LinkLoads::LinkLoads(const Fabric& fabric)
    : fabric_(fabric), bytes_(static_cast<std::size_t>(fabric.link_count()), 0.0) {}

void LinkLoads::clear() { std::fill(bytes_.begin(), bytes_.end(), 0.0); }

PerResource LinkLoads::fullest() const {
  PerResource seconds{};
  for (const LinkClass& link_class : fabric_.classes()) {
    if (link_class.count == 0) continue;
    const auto first = bytes_.begin() + link_class.first;
    const double most = *std::max_element(first, first + link_class.count);
    double& resource = seconds[static_cast<std::size_t>(resource_of(link_class))];
    resource = std::max(resource, most / link_class.capacity_Bps);
  }
  return seconds;
}

namespace {

/// Messages to and from switches that add up. In a node: the port. Between nodes: the NIC, and one
/// message for each group of every tier in which some of the switch's ranks are, if others are not.
class SwitchFlows {
 public:
  SwitchFlows(const System& system, const Fabric& fabric, const Lane& lane, double bytes,
              LinkLoads& loads)
      : fabric_(fabric),
        loads_(loads),
        bytes_(bytes),
        per_node_(ranks_per_node(system)),
        in_node_(stays_in_node(lane, per_node_)),
        nics_(fabric.find_class(LinkClass::Kind::nic_out)->count /
              (max_ranks(system) / per_node_)) {
    const auto& clos = *std::get_if<Clos>(&system.fabric);
    const auto& scale_up = system.node.scale_up;
    if (in_node_ && scale_up.in_network)
      bytes_ *= scale_up.efficiency.value / scale_up.in_network->efficiency.value;
    if (!in_node_ && clos.in_network)
      nic_bytes_ = bytes * clos.efficiency.value / clos.in_network->efficiency.value;
    else
      nic_bytes_ = bytes;
    if (in_node_) return;
    first_ = lane.map.rank(0, 0);
    last_ = lane.map.rank(0, lane.map.size - 1);
  }

  void add(std::int64_t rank, std::int64_t hub, bool up) {
    using Kind = LinkClass::Kind;
    const auto first_of = [&](Kind kind) { return fabric_.find_class(kind)->first; };
    if (in_node_) {
      loads_.add(first_of(up ? Kind::scale_up_out : Kind::scale_up_in) + rank, bytes_);
      return;
    }
    const std::int64_t nic = rank / per_node_ * nics_ + rank % per_node_ * nics_ / per_node_;
    loads_.add(first_of(up ? Kind::nic_out : Kind::nic_in) + nic, nic_bytes_);
    // A way to some rank of the tree that lies elsewhere passes the tree's links.
    for (const std::int64_t other : {first_, last_}) {
      const std::int64_t there = other - other % per_node_ + rank % per_node_;
      const Path path = up ? fabric_.path(rank, there, 0) : fabric_.path(there, rank, 0);
      for (const std::int64_t link : path) {
        const LinkClass& link_class = fabric_.class_of(link);
        if (link_class.kind == (up ? Kind::up : Kind::down)) tree_links_.emplace_back(link, hub);
      }
    }
  }

  void finish() {
    std::sort(tree_links_.begin(), tree_links_.end());
    const auto end = std::unique(tree_links_.begin(), tree_links_.end());
    for (auto it = tree_links_.begin(); it != end; ++it) loads_.add(it->first, bytes_);
  }

 private:
  const Fabric& fabric_;
  LinkLoads& loads_;
  double bytes_;
  double nic_bytes_ = 0;
  std::int64_t per_node_;
  bool in_node_;
  std::int64_t nics_;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> tree_links_;
};

}  // namespace

void add_lane_flows(const System& system, const Fabric& fabric, const Lane& lane,
                    std::size_t number, std::int64_t step, double times, const FlowHashing& hashing,
                    LinkLoads& loads, ArcEdges& edges) {
  const std::uint64_t lane_hash = (hashing.seed << 8U) + number;
  const std::int64_t some_step = step < 0 ? lane.phase.steps / 2 : step;
  const bool together = step < 0 || times > 1;  // over several steps the mean adds up
  for (int arc = 0; arc < arc_count(lane); ++arc) {
    LevelCounts& counts = edges[static_cast<std::size_t>(arc)];
    const double bytes = times * (together ? mean_message_fraction(lane, some_step, arc)
                                           : message_fraction(lane, some_step, arc));
    if (lane.phase.network != InNetwork::none) {
      SwitchFlows flows(system, fabric, lane, bytes, loads);
      for_each_flow(lane, 0, arc, [&](std::int64_t source, std::int64_t destination) {
        flows.add(arc == 0 ? source : destination, arc == 0 ? destination : source, arc == 0);
      });
      flows.finish();
      counts[static_cast<std::size_t>(
          fabric.turning_level(lane.map.rank(0, 0), lane.map.rank(0, lane.map.size - 1)))] += times;
      continue;
    }
    const auto add = [&](std::int64_t source, std::int64_t destination) {
      const auto ends = static_cast<std::uint64_t>(source) * 0x9E3779B97F4A7C15ULL ^
                        static_cast<std::uint64_t>(destination);
      if (hashing.queue_pairs == 1) {
        loads.add(fabric.path(source, destination, ends + (lane_hash << 40U)), bytes);
      } else {
        const double part = bytes / static_cast<double>(hashing.queue_pairs);
        for (std::int64_t pair = 0; pair < hashing.queue_pairs; ++pair)
          loads.add(fabric.path(source, destination,
                                ends + (lane_hash << 40U) +
                                    static_cast<std::uint64_t>(pair) * 0xD1B54A32D192ED03ULL),
                    part);
      }
      counts[static_cast<std::size_t>(fabric.turning_level(source, destination))] += times;
    };
    if (step < 0)
      for_each_flow_of_all_steps(lane, arc, add);
    else
      for_each_flow(lane, step, arc, add);
  }
}

int add_all_pairs(const System& system, const Fabric& fabric, std::int64_t ranks, double bytes,
                  LinkLoads& loads) {
  using Kind = LinkClass::Kind;
  const Clos& clos = *std::get_if<Clos>(&system.fabric);
  const std::int64_t per_node = ranks_per_node(system);
  const std::int64_t nodes = (ranks + per_node - 1) / per_node;
  const std::int64_t rails = clos.rails;
  const bool forwards = clos.cross_rail == CrossRail::forward;
  const auto rail = [&](std::int64_t local) { return local * rails / per_node; };
  const LinkClass& port_out = *fabric.find_class(Kind::scale_up_out);
  const LinkClass& port_in = *fabric.find_class(Kind::scale_up_in);
  const LinkClass& nic_out = *fabric.find_class(Kind::nic_out);
  const LinkClass& nic_in = *fabric.find_class(Kind::nic_in);
  const std::int64_t nics = nic_out.count / (max_ranks(system) / per_node);

  // Ports and NICs, node by node: what each local rank i sends to local ranks j of other nodes.
  for (std::int64_t node = 0; node < nodes; ++node) {
    const std::int64_t here = std::min(per_node, ranks - node * per_node);
    for (std::int64_t i = 0; i < here; ++i) {
      const std::int64_t rank = node * per_node + i;
      loads.add(port_out.first + rank, bytes * static_cast<double>(here - 1));
      loads.add(port_in.first + rank, bytes * static_cast<double>(here - 1));
      loads.add(nic_in.first + node * nics + i * nics / per_node,
                bytes * static_cast<double>(ranks - here));
      for (std::int64_t j = 0; j < per_node; ++j) {
        const std::int64_t with_j = nodes - (j >= ranks - (nodes - 1) * per_node ? 1 : 0);
        const double sent = bytes * static_cast<double>(with_j - (j < here ? 1 : 0));
        const bool forwarded = forwards && rail(i) != rail(j);
        if (forwarded) {
          loads.add(port_out.first + rank, sent);
          loads.add(port_in.first + node * per_node + j, sent);
        }
        loads.add(nic_out.first + node * nics + (forwarded ? j : i) * nics / per_node, sent);
      }
    }
  }

  // Uplinks and downlinks: all pairs between two leaf groups and two rails are one entry.
  const std::int64_t group_ranks = fabric.group_ranks(0);
  const std::int64_t groups = (ranks + group_ranks - 1) / group_ranks;
  std::vector<Members> members(static_cast<std::size_t>(groups * rails));
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    Members& of_rail =
        members[static_cast<std::size_t>(rank / group_ranks * rails + rail(rank % per_node))];
    if (of_rail.count++ == 0) of_rail.first = rank;
  }
  const auto is_fabric_link = [&](std::int64_t link) {
    return link >= nic_in.first + nic_in.count;
  };
  const auto ranks_on = [&](std::int64_t node, std::int64_t on_rail) {
    const std::int64_t here = std::clamp<std::int64_t>(ranks - node * per_node, 0, per_node);
    const std::int64_t of_rail = per_node / rails;
    return std::clamp<std::int64_t>(here - on_rail * of_rail, 0, of_rail);
  };
  int farthest = nodes > 1 ? 1 : 0;
  for (std::int64_t a = 0; a < groups * rails; ++a) {
    const Members& from = members[static_cast<std::size_t>(a)];
    for (std::int64_t b = 0; b < groups * rails; ++b) {
      const Members& to = members[static_cast<std::size_t>(b)];
      const bool same_group = a / rails == b / rails;
      if (from.count == 0 || to.count == 0 || a == b || (same_group && forwards)) continue;
      double pairs = static_cast<double>(from.count) * static_cast<double>(to.count);
      std::int64_t source = from.first;
      std::int64_t destination = to.first;
      if (same_group) {
        // Pairs of one node stay inside it; the others turn round above the leaf, on any two nodes
        // alike.
        const std::int64_t first_node = a / rails * (group_ranks / per_node);
        for (std::int64_t node = first_node; node < first_node + group_ranks / per_node; ++node) {
          pairs -= static_cast<double>(ranks_on(node, a % rails) * ranks_on(node, b % rails));
        }
        if (pairs <= 0) continue;
        source = first_node * per_node + a % rails * (per_node / rails);
        destination = (first_node + 1) * per_node + b % rails * (per_node / rails);
      }
      farthest = std::max(farthest, fabric.turning_level(source, destination));
      for (const std::int64_t link : fabric.path(source, destination, 0).view()) {
        if (is_fabric_link(link)) loads.add(link, bytes * pairs);
      }
    }
  }
  return farthest;
}

}  // namespace collscale

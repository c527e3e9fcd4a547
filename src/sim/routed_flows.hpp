// SPDX-License-Identifier: Apache-2.0
// The messages of a lane, each with its way: what every use of the flow engine walks over.
//
// A Sink has
//   void way(std::span<const std::int64_t> links, double bytes, std::int64_t source, std::int64_t
//   destination); void link(std::int64_t link, double bytes, std::int64_t source, std::int64_t
//   destination); void cut(std::int64_t source, std::int64_t destination);      no way is whole
// Sources and destinations are ranks of the job; of what switches add up one of them is the switch.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "collective/flows.hpp"
#include "collective/lane.hpp"
#include "scenario/candidates.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/routes.hpp"
#include "topology/flow_hash.hpp"
#include "topology/system.hpp"

namespace collscale {

/// More messages than this are not enumerated: some 20 s.
inline constexpr double kMostMessages = 2e9;

/// What enumeration needs to know beside the routes.
struct FlowHashing {
  std::uint64_t seed = 1;
  std::int64_t queue_pairs = 1;  ///< parts of a message between nodes, each hashed by itself
};

inline FlowHashing flow_hashing(const System& system, std::uint64_t seed) {
  const auto& queue_pairs = system.node.nics.queue_pairs;
  return {seed, queue_pairs ? std::llround(queue_pairs->value) : 1};
}

/// f(step, times) for what a lane sends in all of its steps: steps alike `times` times, step −1 for
/// all steps at once.
template <class F>
void for_each_of_all_steps(const Lane& lane, F&& f) {
  const Phase& phase = lane.phase;
  const bool single_messages = phase.root >= 0 && phase.steps > 1 && phase.arc_count == 1 &&
                               phase.unit == Unit::one && phase.frame == Frame::cyclic;
  if (phase.lag == Lag::none || single_messages) return f(std::int64_t{-1}, 1.0);
  for (const StepClass& steps : step_classes(lane))
    f(steps.first, static_cast<double>(steps.count));
}

namespace routed_detail {

/// Messages to and from switches that add up. In a node: the port. Between nodes (of a packed job
/// on a whole fabric): the NIC, and one message for each group of every tier in which some of the
/// switch's ranks are, if others are not.
template <class Sink>
class SwitchFlows {
 public:
  SwitchFlows(const System& system, const Routes& routes, const Lane& lane, double bytes,
              Sink& sink)
      : routes_(routes),
        fabric_(routes.fabric()),
        sink_(sink),
        bytes_(bytes),
        per_node_(ranks_per_node(system)),
        in_node_(stays_in_node(lane, per_node_)) {
    const InNetworkReduction* in_network = fabric_in_network(system);
    const auto& scale_up = system.node.scale_up;
    if (in_node_ && scale_up.in_network)
      bytes_ *= scale_up.efficiency.value / scale_up.in_network->efficiency.value;
    if (!in_node_ && in_network != nullptr)
      nic_bytes_ = bytes * fabric_efficiency(system).value / in_network->efficiency.value;
    else
      nic_bytes_ = bytes;
    if (in_node_) return;
    first_ = lane.map.rank(0, 0);
    last_ = lane.map.rank(0, lane.map.size - 1);
  }

  void add(std::int64_t rank, std::int64_t hub, bool up) {
    using Kind = LinkClass::Kind;
    const auto first_of = [&](Kind kind) { return fabric_.find_class(kind)->first; };
    const auto link = [&](std::int64_t number, double bytes) {
      sink_.link(number, bytes, up ? rank : hub, up ? hub : rank);
    };
    if (in_node_) {
      link(first_of(up ? Kind::scale_up_out : Kind::scale_up_in) + routes_.placement().rank(rank),
           bytes_);
      return;
    }
    link(first_of(up ? Kind::nic_out : Kind::nic_in) +
             fabric_.nic_of(rank / per_node_, rank % per_node_),
         nic_bytes_);
    // A way to some rank of the tree that lies elsewhere passes the tree's links.
    for (const std::int64_t other : {first_, last_}) {
      const std::int64_t there = other - other % per_node_ + rank % per_node_;
      const Path path = up ? fabric_.path(rank, there, 0) : fabric_.path(there, rank, 0);
      for (const std::int64_t each : path) {
        const LinkClass& link_class = fabric_.class_of(each);
        if (link_class.kind == (up ? Kind::up : Kind::down))
          tree_links_.push_back({each, up ? rank : hub, up ? hub : rank, hub});
      }
    }
  }

  void finish() {
    const auto key = [](const TreeLink& t) { return std::pair(t.link, t.hub); };
    std::sort(tree_links_.begin(), tree_links_.end(), [&](const TreeLink& a, const TreeLink& b) {
      return key(a) != key(b) ? key(a) < key(b) : a.source < b.source;
    });
    const auto end =
        std::unique(tree_links_.begin(), tree_links_.end(),
                    [&](const TreeLink& a, const TreeLink& b) { return key(a) == key(b); });
    for (auto it = tree_links_.begin(); it != end; ++it)
      sink_.link(it->link, bytes_, it->source, it->destination);
  }

 private:
  struct TreeLink {
    std::int64_t link, source, destination, hub;
  };
  const Routes& routes_;
  const Fabric& fabric_;
  Sink& sink_;
  double bytes_;
  double nic_bytes_ = 0;
  std::int64_t per_node_;
  bool in_node_;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::vector<TreeLink> tree_links_;
};

/// Each message of the schedule once.
struct OnePair {
  static constexpr double groups = 1;
  template <class F>
  static void for_each(std::int64_t source, std::int64_t destination, F&& f) {
    f(source, destination);
  }
};

/// Packed, on a whole clos: nothing but the fabric, inlined.
struct PlainRoutes {
  const Fabric& fabric;
  OnePair pairs{};
  [[nodiscard]] ClosPath path(std::int64_t source, std::int64_t destination,
                              std::uint64_t hash) const {
    return fabric.clos_path(source, destination, hash);
  }
  /// Where messages of its level are counted.
  [[nodiscard]] double& count(LevelCounts& counts, std::int64_t source, std::int64_t destination,
                              const ClosPath&) const {
    return counts.near(static_cast<std::size_t>(fabric.turning_level(source, destination)));
  }
  static constexpr bool may_be_cut = false;
};

template <class Pairs = OnePair>
struct AnyRoutes {
  const Routes& routes;
  Pairs pairs{};
  [[nodiscard]] Path path(std::int64_t source, std::int64_t destination, std::uint64_t hash) const {
    return routes.path(source, destination, hash);
  }
  [[nodiscard]] double& count(LevelCounts& counts, std::int64_t, std::int64_t,
                              const Path& path) const {
    return counts[static_cast<std::size_t>(routes.turning_level(path))];
  }
  static constexpr bool may_be_cut = true;
};

}  // namespace routed_detail

/// for_each_routed over ways of one's own. A Routing has
///   Path path(source, destination, hash) const;
///   double& count(LevelCounts&, source, destination, const Path&) const;   where messages of its
///                                                                          level are counted
///   static constexpr bool may_be_cut;
///   pairs.for_each(from, to, f);   f(source, destination) for each group of the job that goes
///                                  through the schedule
///   double pairs.groups;           so many; messages are counted for one of them
template <class Routing, class Sink>
void route_lane(const System& system, const Routes& routes, const Routing& routing,
                const Lane& lane, std::size_t number, std::int64_t step, double times,
                const FlowHashing& hashing, ArcEdges& edges, Sink& sink) {
  const std::uint64_t salt = lane_salt(hashing.seed, number);
  const std::int64_t some_step = step < 0 ? lane.phase.steps / 2 : step;
  const bool together = step < 0 || times > 1;  // over several steps the mean adds up
  for (int arc = 0; arc < arc_count(lane); ++arc) {
    LevelCounts& counts = edges[static_cast<std::size_t>(arc)];
    const double bytes = times * (together ? mean_message_fraction(lane, some_step, arc)
                                           : message_fraction(lane, some_step, arc));
    if (lane.phase.network != InNetwork::none) {
      routed_detail::SwitchFlows<Sink> flows(system, routes, lane, bytes, sink);
      for_each_flow(lane, 0, arc, [&](std::int64_t source, std::int64_t destination) {
        flows.add(arc == 0 ? source : destination, arc == 0 ? destination : source, arc == 0);
      });
      flows.finish();
      counts[static_cast<std::size_t>(routes.fabric().turning_level(
          lane.map.rank(0, 0), lane.map.rank(0, lane.map.size - 1)))] += times;
      continue;
    }
    const double part = bytes / static_cast<double>(hashing.queue_pairs);
    const auto add_one = [&](std::int64_t source, std::int64_t destination) {
      const std::uint64_t ends = pair_hash(source, destination);
      auto path = routing.path(source, destination, ends + salt);
      if constexpr (Routing::may_be_cut) {
        if (path.length == 0 && source != destination) return sink.cut(source, destination);
      }
      routing.count(counts, source, destination, path) += times / routing.pairs.groups;
      sink.way(path.view(), part, source, destination);
      for (std::int64_t pair = 1; pair < hashing.queue_pairs; ++pair) {
        path = routing.path(source, destination, ends + salt + part_hash(pair));
        sink.way(path.view(), part, source, destination);
      }
    };
    const auto add = [&](std::int64_t from, std::int64_t to) {
      routing.pairs.for_each(from, to, add_one);
    };
    if (step < 0)
      for_each_flow_of_all_steps(lane, arc, add);
    else
      for_each_flow(lane, step, arc, add);
  }
}

/// Gives the sink `times` equal steps of one lane, which is the `number`-th of its stage, and
/// counts its messages by arc and level. A flow keeps its path through all steps: the hash knows
/// its ends, its lane and the seed, not the step. step < 0: all steps together.
template <class Sink>
void for_each_routed(const System& system, const Routes& routes, const Lane& lane,
                     std::size_t number, std::int64_t step, double times,
                     const FlowHashing& hashing, ArcEdges& edges, Sink&& sink) {
  if (routes.plain() && routes.fabric().is_clos())
    route_lane(system, routes, routed_detail::PlainRoutes{routes.fabric()}, lane, number, step,
               times, hashing, edges, sink);
  else
    route_lane(system, routes, routed_detail::AnyRoutes<>{routes}, lane, number, step, times,
               hashing, edges, sink);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "sim/concurrent_loads.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/routed_flows.hpp"

namespace collscale {
namespace {

double messages_of(const Program& program, double groups) {
  double messages = 0;
  for (const Lane& lane : program.lanes) {
    const double all = groups * static_cast<double>(lane.map.size * lane.map.group_count);
    if (lane.phase.root >= 0)
      messages += all;
    else if (lane.phase.lag == Lag::none)
      messages += all * static_cast<double>(lane.phase.steps);
    else
      messages += all * static_cast<double>(step_classes(lane).size());
  }
  for (const Program& part : program.parts) messages += messages_of(part, groups);
  return messages;
}

bool uses_switches(const Program& program) {
  return std::any_of(program.lanes.begin(), program.lanes.end(),
                     [](const Lane& lane) { return lane.phase.network != InNetwork::none; }) ||
         std::any_of(program.parts.begin(), program.parts.end(), uses_switches);
}

/// Each message once in every group of a layout (the pairs of a Routing, see route_lane).
struct GroupPairs {
  const GroupLayout& layout;
  double groups;
  explicit GroupPairs(const GroupLayout& by)
      : layout(by), groups(static_cast<double>(by.last - by.first)) {}
  template <class F>
  void for_each(std::int64_t from, std::int64_t to, F&& f) const {
    for (std::int64_t group = layout.first; group < layout.last; ++group)
      f(layout.rank(group, from), layout.rank(group, to));
  }
};

}  // namespace

GroupsEngine::GroupsEngine(const FlowNetwork& network, const GroupLayout& layout,
                           std::uint64_t seed, const std::vector<double>& capacity_Bps)
    : network_(network),
      layout_(layout),
      hashing_(flow_hashing(network.system(), seed)),
      capacity_Bps_(capacity_Bps),
      bytes_(capacity_Bps.size(), 0.0) {}

Expected<void> GroupsEngine::accepts(const Candidate& candidate) const {
  if (whole()) return network_.accepts(candidate);
  if (uses_switches(candidate.program))
    return fail(
        fmt::format("algorithm {} adds up in the switches, which is priced for layout all "
                    "only",
                    candidate.schedule.algorithm));
  const double messages =
      messages_of(candidate.program, static_cast<double>(layout_.last - layout_.first));
  if (messages <= kMostMessages) return {};
  return fail(
      fmt::format("engine flow would enumerate {:.1g} messages of algorithm {}, more than "
                  "{:.0g}: fewer ranks, or one group (rail:0), would do",
                  messages, candidate.schedule.algorithm, kMostMessages));
}

Expected<void> GroupsEngine::check_cut() const {
  if (cut_source_ < 0) return {};
  return fail(network_.routes().cut_between(cut_source_, cut_destination_));
}

void GroupsEngine::clear() { std::fill(bytes_.begin(), bytes_.end(), 0.0); }

PerResource GroupsEngine::fullest() const {
  PerResource seconds{};
  for (const LinkClass& of : fabric().classes()) {
    double& resource = seconds[static_cast<std::size_t>(resource_of(of))];
    for (std::int64_t link = of.first; link < of.first + of.count; ++link) {
      const auto l = static_cast<std::size_t>(link);
      if (bytes_[l] > 0) resource = std::max(resource, bytes_[l] / capacity_Bps_[l]);
    }
  }
  return seconds;
}

/// From bundles of parallel links to their links, by capacity. Those of a bundle follow one another
/// within a plane (topology/fabric.hpp); of a bundled fabric each is its own.
void GroupsEngine::add_spread(const LinkLoads& bundles) {
  const Fabric& bundled = network_.even_routes().fabric();
  const auto* clos = std::get_if<Clos>(&system().fabric);
  const std::int64_t planes = clos != nullptr ? clos->planes : 1;
  for (const LinkClass& from : bundled.classes()) {
    if (from.count == 0) continue;
    const LinkClass& to = *fabric().find_class(from.kind, from.tier);
    const std::int64_t in_plane = to.count > from.count ? to.count / planes : to.count;
    const std::int64_t each = in_plane / from.count;
    const auto bundle_of = [&](std::int64_t i) {
      return static_cast<std::size_t>(i % in_plane / each);
    };
    std::vector<double> sum_Bps(static_cast<std::size_t>(from.count), 0.0);
    for (std::int64_t i = 0; i < to.count; ++i)
      sum_Bps[bundle_of(i)] += capacity_Bps_[static_cast<std::size_t>(to.first + i)];
    for (std::int64_t i = 0; i < to.count; ++i) {
      const auto l = static_cast<std::size_t>(to.first + i);
      const std::size_t bundle = bundle_of(i);
      const double bytes = bundles.bytes(from.first + static_cast<std::int64_t>(bundle));
      if (bytes > 0 && sum_Bps[bundle] > 0) bytes_[l] += bytes * capacity_Bps_[l] / sum_Bps[bundle];
    }
  }
}

void GroupsEngine::add_lane(const Lane& lane, std::size_t number, std::int64_t step, double times,
                            ArcEdges& edges) {
  if (whole())
    for_each_routed_flow(system(), network_.routes(), lane, number, step, times, hashing_, edges,
                         AnyFlowSink(*this));
  else
    route_lane(system(), network_.routes(),
               routed_detail::AnyRoutes<GroupPairs>{network_.routes(), GroupPairs(layout_)}, lane,
               number, step, times, hashing_, edges, *this);
}

void GroupsEngine::add_step(const std::vector<const Lane*>& lanes, std::int64_t step,
                            ArcEdges& edges) {
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    ArcEdges here{};
    add_lane(*lanes[i], i, step, 1, here);
    if (i == 0) edges = here;
  }
}

void GroupsEngine::add_all_steps(const std::vector<const Lane*>& lanes, ArcEdges& edges) {
  if (whole() && lanes.size() == 1 && network_.summed_by_groups(*lanes[0])) {
    LinkLoads bundles(network_.even_routes());
    const int farthest = network_.for_each_pair_load_of(
        *lanes[0],
        [&](std::int64_t link, double bytes, std::int64_t, std::int64_t) {
          bundles.add(link, bytes);
        },
        [&](std::int64_t source, std::int64_t destination) { cut(source, destination); });
    edges[0][static_cast<std::size_t>(farthest)] = 1;
    add_spread(bundles);
    return;
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    for_each_of_all_steps(*lanes[i], [&](std::int64_t step, double times) {
      add_lane(*lanes[i], i, step, times, edges);
    });
  }
}

StepLoads GroupsEngine::step(const std::vector<Lane>& lanes, std::int64_t step) {
  StepLoads loads;
  clear();
  add_step(price_detail::pointers(lanes), step, loads.edges);
  for (LevelCounts& of_arc : loads.edges)
    of_arc /= static_cast<double>(lanes.front().map.group_count);
  spread_local_loads(network_.routes(), bytes_);
  loads.even = loads.hashed = fullest();
  set_links(price_detail::pointers(lanes), step, loads);
  return loads;
}

/// Of a job in groups the links of the longest way there is.
void GroupsEngine::set_links(const std::vector<const Lane*>& lanes, std::int64_t step,
                             StepLoads& loads) const {
  const NodeLinks* links = fabric().node_links();
  if (links == nullptr) return;
  const auto classes = fabric().classes();
  loads.port_s = 0;
  for (std::int64_t port = 0; port < classes[1].first + classes[1].count; ++port)
    loads.port_s =
        std::max(loads.port_s, bytes_[static_cast<std::size_t>(port)] / classes[0].capacity_Bps);
  loads.node_hops = links->longest_way();
  if (!whole()) return;
  loads.node_hops = 1;
  for (const Lane* lane : lanes) {
    const auto add = [&](std::int64_t each) {
      loads.node_hops = std::max(loads.node_hops, node_hops(network_.routes(), *lane, each));
    };
    if (step >= 0)
      add(step);
    else
      for_each_of_all_steps(*lane, [&](std::int64_t each, double) { add(each); });
  }
}

StepLoads GroupsEngine::all_steps(const std::vector<const Lane*>& lanes) {
  StepLoads loads;
  clear();
  add_all_steps(lanes, loads.edges);
  spread_local_loads(network_.routes(), bytes_);
  loads.even = loads.hashed = fullest();
  set_links(lanes, -1, loads);
  return loads;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "sim/flow_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/memory.hpp"
#include "topology/job_box.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// Above this many ranks all pairs are summed per pair of leaf groups instead of one by one; under
/// ecmp that is the even share, which so many flows per link come within a per cent of.
constexpr std::int64_t kMostRanksPairByPair = 2048;

System with_even_share(System system) {
  auto* clos = std::get_if<Clos>(&system.fabric);
  if (clos != nullptr && clos->routing == Routing::ecmp) clos->routing = Routing::spray;
  return system;
}

std::vector<std::int64_t> members_of(const Lane& lane, std::int64_t group) {
  std::vector<std::int64_t> members;
  members.reserve(static_cast<std::size_t>(lane.map.size));
  for (std::int64_t i = 0; i < lane.map.size; ++i) members.push_back(lane.map.rank(group, i));
  return members;
}

bool adds_up_between_nodes(const Program& program, std::int64_t per_node) {
  for (const Lane& lane : program.lanes)
    if (lane.phase.network != InNetwork::none && !stays_in_node(lane, per_node)) return true;
  for (const Program& part : program.parts)
    if (adds_up_between_nodes(part, per_node)) return true;
  return false;
}

}  // namespace

FlowNetwork::FlowNetwork(const System& system, std::int64_t ranks, JobPlacement placement,
                         const Faults& faults)
    : system_(system),
      even_system_(with_even_share(system)),
      ranks_(ranks),
      routes_(system_, placement, faults),
      even_routes_(even_system_, std::move(placement), faults) {}

Expected<FlowNetwork> FlowNetwork::make(const System& whole, std::int64_t ranks,
                                        const FlowOptions& options, std::int64_t engines) {
  if (auto fits = check_ranks(whole, ranks); !fits) return tl::unexpected(fits.error());
  const bool packed = options.placement.kind == PlacementSpec::Kind::packed;
  const System system =
      packed && options.faults.empty() && options.job_box ? job_system(whole, ranks) : whole;
  const std::int64_t per_node = ranks_per_node(system);
  // Checked before memory is: of a placement and failures a few bytes per rank are kept.
  const double links = static_cast<double>(Fabric(system).link_count());
  const double kept =
      options.faults.empty() ? 0 : links + 4 * static_cast<double>(max_ranks(system));
  const double bytes = kept + 8 * links * static_cast<double>(engines);
  if (auto fits =
          check_memory(bytes, options.memory_limit_bytes,
                       fmt::format("engine flow on {} links", format_count(std::llround(links))));
      !fits)
    return tl::unexpected(fits.error());
  auto placement = JobPlacement::make(options.placement, ranks, max_ranks(system) / per_node,
                                      per_node, options.seed);
  if (!placement) return fail("--placement: " + placement.error().message);
  return FlowNetwork(system, ranks, *std::move(placement), options.faults);
}

bool FlowNetwork::summed_by_groups(const Lane& lane) {
  return lane.map.size > kMostRanksPairByPair && is_all_pairs_in_groups(lane);
}

int FlowNetwork::for_each_pair_load_of(
    const Lane& lane, const PairLoad& f,
    const std::function<void(std::int64_t, std::int64_t)>& cut) const {
  const double bytes = message_fraction(lane, 0, 0);
  int farthest = 0;
  for (std::int64_t group = 0; group < lane.map.group_count; ++group)
    farthest = std::max(farthest,
                        for_each_pair_load(even_routes_, members_of(lane, group), bytes, f, cut));
  return farthest;
}

/// How many messages pricing a program enumerates.
double FlowNetwork::messages_of(const Program& program) const {
  double messages = 0;
  for (const Lane& lane : program.lanes) {
    const double all = static_cast<double>(lane.map.size * lane.map.group_count);
    if (summed_by_groups(lane)) {
      // Members are listed only where some pairs are: there may be a million of them.
      const std::int64_t groups = even_routes_.has_dead_nics() ? lane.map.group_count : 0;
      for (std::int64_t group = 0; group < groups; ++group)
        messages += pairs_one_by_one(even_routes_, members_of(lane, group));
      continue;
    }
    const bool single = lane.phase.root >= 0;
    if (lane.phase.lag == Lag::none && !single)
      messages += all * static_cast<double>(lane.phase.steps);
    else if (!single)
      messages += all * static_cast<double>(step_classes(lane).size());
  }
  for (const Program& part : program.parts) messages += messages_of(part);
  return messages;
}

Expected<void> FlowNetwork::accepts(const Candidate& candidate) const {
  const std::string& algorithm = candidate.schedule.algorithm;
  const double messages = messages_of(candidate.program);
  if (messages > kMostMessages)
    return fail(
        fmt::format("engine flow would enumerate {:.1g} messages of algorithm {}, more than "
                    "{:.0g}: fewer ranks, "
                    "or engine analytic, would do",
                    messages, algorithm, kMostMessages));
  if (!routes_.plain() && adds_up_between_nodes(candidate.program, ranks_per_node(system_)))
    return fail(
        fmt::format("algorithm {} adds up in the switches between nodes: it takes a packed "
                    "job on a whole fabric, so leave out --placement and --fail",
                    algorithm));
  if (!routes_.placement().keeps_nodes() && abilities_of(candidate).in_network)
    return fail(
        fmt::format("algorithm {} adds up in the switches of a node, and placement {} "
                    "tears nodes apart",
                    algorithm, routes_.placement().text()));
  return {};
}

std::int64_t engines_that_fit(const System& system, const FlowOptions& options,
                              std::int64_t wanted) {
  const double most =
      options.memory_limit_bytes > 0 ? options.memory_limit_bytes : available_memory_bytes();
  const double one = 8 * static_cast<double>(Fabric(system).link_count());
  return static_cast<std::int64_t>(
      std::clamp(std::floor(most / one), 1.0, static_cast<double>(wanted)));
}

FlowEngine::FlowEngine(const FlowNetwork& network, std::uint64_t seed)
    : network_(network), hashing_(flow_hashing(network.system(), seed)), loads_(network.routes()) {}

StepLoads FlowEngine::step(const std::vector<Lane>& lanes, std::int64_t step) {
  StepLoads loads;
  loads_.clear();
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    ArcEdges edges{};
    for_each_routed(network_.system(), network_.routes(), lanes[i], i, step, 1, hashing_, edges,
                    loads_);
    if (i == 0) loads.edges = edges;
  }
  for (LevelCounts& of_arc : loads.edges)
    of_arc /= static_cast<double>(lanes.front().map.group_count);
  loads_.spread();
  loads.even = loads.hashed = loads_.fullest();
  double hops = 1;
  for (const Lane& lane : lanes) hops = std::max(hops, node_hops(network_.routes(), lane, step));
  set_links(loads, loads_, hops);
  return loads;
}

void FlowEngine::set_links(StepLoads& loads, const LinkLoads& summed, double hops) const {
  if (network_.routes().fabric().node_links() == nullptr) return;
  loads.port_s = summed.fullest_port_s();
  loads.node_hops = hops;
}

StepLoads FlowEngine::all_steps(const std::vector<const Lane*>& lanes) {
  StepLoads loads;
  if (lanes.size() == 1 && network_.summed_by_groups(*lanes[0])) {
    LinkLoads pairs(network_.even_routes());
    const int farthest = network_.for_each_pair_load_of(
        *lanes[0],
        [&](std::int64_t link, double bytes, std::int64_t, std::int64_t) {
          pairs.add(link, bytes);
        },
        [&](std::int64_t source, std::int64_t destination) { loads_.cut(source, destination); });
    loads.edges[0][static_cast<std::size_t>(farthest)] = 1;
    pairs.spread();
    loads.even = loads.hashed = pairs.fullest();
    const NodeLinks* links = network_.routes().fabric().node_links();
    set_links(loads, pairs, links != nullptr ? links->longest_way() : 1);
    return loads;
  }
  loads_.clear();
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    for_each_of_all_steps(*lanes[i], [&](std::int64_t step, double times) {
      for_each_routed(network_.system(), network_.routes(), *lanes[i], i, step, times, hashing_,
                      loads.edges, loads_);
    });
  }
  loads_.spread();
  loads.even = loads.hashed = loads_.fullest();
  double hops = 1;
  if (network_.routes().fabric().node_links() != nullptr)
    for (const Lane* lane : lanes)
      for_each_of_all_steps(*lane, [&](std::int64_t step, double) {
        hops = std::max(hops, node_hops(network_.routes(), *lane, step));
      });
  set_links(loads, loads_, hops);
  return loads;
}

void FlowEngine::flows_of_step(const std::vector<Lane>& lanes, std::int64_t step,
                               AnyFlowSink sink) const {
  ArcEdges edges{};
  for (std::size_t i = 0; i < lanes.size(); ++i)
    for_each_routed_flow(network_.system(), network_.routes(), lanes[i], i, step, 1, hashing_,
                         edges, sink);
}

void FlowEngine::flows_of_all_steps(const std::vector<const Lane*>& lanes, AnyFlowSink sink) const {
  ArcEdges edges{};
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    for_each_of_all_steps(*lanes[i], [&](std::int64_t step, double times) {
      for_each_routed_flow(network_.system(), network_.routes(), *lanes[i], i, step, times,
                           hashing_, edges, sink);
    });
  }
}

Expected<void> FlowEngine::check_cut() const {
  if (loads_.cut_source() < 0) return {};
  return fail(network_.routes().cut_between(loads_.cut_source(), loads_.cut_destination()));
}

}  // namespace collscale

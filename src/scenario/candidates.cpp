// SPDX-License-Identifier: Apache-2.0
#include "scenario/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "topology/fabric.hpp"
#include "topology/node_rings.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// Fails where switches are to add up that cannot.
Expected<void> check_abilities(const System& system, const Program& program,
                               std::string_view algorithm) {
  for (const Lane& lane : program.lanes) {
    if (lane.phase.network == InNetwork::none) continue;
    const bool in_node = stays_in_node(lane, ranks_per_node(system));
    const bool able = in_node ? system.node.scale_up.in_network.has_value()
                              : fabric_in_network(system) != nullptr;
    if (able) continue;
    return fail(fmt::format(
        "algorithm {} adds up in the switches {}, which those of {} do not ({}.in_network "
        "is not given)",
        algorithm, in_node ? "of a node" : "between nodes", system.name,
        in_node ? "scale_up" : "fabric"));
  }
  for (const Program& part : program.parts)
    if (auto able = check_abilities(system, part, algorithm); !able) return able;
  return {};
}

void add_abilities(const Program& program, Abilities& abilities) {
  for (const Lane& lane : program.lanes) {
    abilities.in_network = abilities.in_network || lane.phase.network != InNetwork::none;
    abilities.ports = std::max(abilities.ports, static_cast<int>(lane.phase.arc_count));
  }
  for (const Program& part : program.parts) add_abilities(part, abilities);
}

/// A mixture of experts sends each token to some ranks only: another question than the collective.
bool routes_by_token(const Candidate& candidate) { return !candidate.schedule.spread.empty(); }

}  // namespace

Abilities abilities_of(const Candidate& candidate) {
  Abilities abilities;
  add_abilities(candidate.program, abilities);
  for (const std::int64_t spread : candidate.schedule.spread)
    abilities.copies *= static_cast<double>(spread);
  return abilities;
}

bool is_all_pairs(const Lane& lane) {
  return lane.map.group_count == 1 && is_all_pairs_in_groups(lane);
}

bool is_all_pairs_in_groups(const Lane& lane) {
  const Phase& phase = lane.phase;
  const Affine& distance = phase.arcs[0].distance;
  return phase.lag == Lag::none && phase.window == 0 && phase.steps > 0 &&
         phase.address == Address::pair && phase.frame == Frame::cyclic && phase.root < 0 &&
         phase.arc_count == 1 && !phase.arcs[0].has_receivers && phase.steps == lane.map.size - 1 &&
         distance.constant == 1 && distance.per_step == 1 && distance.per_unit == 0;
}

bool stays_in_node(const Lane& lane, std::int64_t ranks_per_node) {
  if (lane.map.view.nodes == View::Nodes::inside) return true;
  const std::int64_t full = lane.map.full_size();
  if (full > ranks_per_node) return false;
  return lane.map.rank_at_place(0, 0) / ranks_per_node ==
         lane.map.rank_at_place(0, full - 1) / ranks_per_node;
}

Shape shape_of(const System& system, std::int64_t ranks) {
  Shape shape;
  shape.ranks = ranks;
  shape.ranks_per_node = std::min(ranks, ranks_per_node(system));
  shape.channels = ranks > shape.ranks_per_node ? shape.ranks_per_node : 1;
  if (system.node.scale_up.kind != ScaleUpKind::nvswitch)
    shape.node_rings =
        std::make_shared<const LocalOrders>(node_rings(system.node, shape.ranks_per_node));
  const Fabric fabric(system);
  if (fabric.tiers() > 1 && ranks > fabric.group_ranks(0))
    shape.nodes_per_group = fabric.group_ranks(0) / shape.ranks_per_node;
  return shape;
}

Expected<void> check_ranks(const System& system, std::int64_t ranks) {
  if (ranks < 2)
    return fail(
        fmt::format("{} rank{}: a collective needs at least 2", ranks, ranks == 1 ? "" : "s"));
  const std::int64_t most = max_ranks(system);
  if (ranks > most) {
    return fail(fmt::format("{} ranks: {} has {} ({} nodes of {})", format_count(ranks),
                            system.name, format_count(most),
                            format_count(most / ranks_per_node(system)), ranks_per_node(system)));
  }
  return {};
}

Expected<Candidate> candidate(const System& system, Collective collective,
                              std::string_view algorithm, const Shape& shape) {
  auto schedule = make_schedule(collective, algorithm, shape);
  if (!schedule) return tl::unexpected(schedule.error());
  auto program = make_program(*schedule);
  if (!program) return tl::unexpected(program.error());
  if (auto able = check_abilities(system, *program, algorithm); !able)
    return tl::unexpected(able.error());
  return Candidate{std::move(*schedule), std::move(*program)};
}

Expected<std::vector<Candidate>> candidates(const System& system, Collective collective,
                                            std::string_view algorithm, const Shape& shape) {
  std::vector<Candidate> found;
  if (algorithm != "auto") {
    auto one = candidate(system, collective, algorithm, shape);
    if (!one) return tl::unexpected(one.error());
    found.push_back(std::move(*one));
    return found;
  }
  std::string reason = fmt::format("{} has no algorithm yet", name(collective));
  for (const std::string& each : algorithm_names(collective)) {
    auto one = candidate(system, collective, each, shape);
    if (!one)
      reason = one.error().message;
    else if (!routes_by_token(*one))
      found.push_back(std::move(*one));
  }
  if (found.empty()) return fail(reason);
  return found;
}

std::vector<std::string> candidate_names(const System& system, Collective collective,
                                         const Shape& shape) {
  std::vector<std::string> names;
  for (const std::string& each : algorithm_names(collective))
    if (const auto one = candidate(system, collective, each, shape); one && !routes_by_token(*one))
      names.push_back(each);
  return names;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "scenario/schedule_cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

const Clos& clos(const System& system) { return *std::get_if<Clos>(&system.fabric); }

std::string resource_name(const System& system, int resource) {
  if (resource == kScaleUpResource) return "scale-up";
  if (resource == kNicResource) return "nic";
  return clos(system).tiers[static_cast<std::size_t>(resource - kFirstTierResource)].name;
}

std::string level_name(const System& system, int level) {
  if (level == 0) return "scale-up";
  return clos(system).tiers[static_cast<std::size_t>(level - 1)].name;
}

}  // namespace

void add_path_latency(ScheduleCost& cost, const Fabric& fabric, const LevelCounts& edges,
                      double count) {
  double cycle = 0;
  int slowest = -1;
  for (int level = 0; level < fabric.levels(); ++level) {
    const double here = edges[static_cast<std::size_t>(level)];
    cycle += here;
    if (here > 0) slowest = level;
  }
  if (slowest < 0) return;
  if (count <= 1) {
    cost.latency_s[static_cast<std::size_t>(slowest)] += count * fabric.latency_s(slowest);
    return;
  }
  const double rounds = std::floor(count / cycle);
  double left = count - rounds * cycle;
  for (int level = slowest; level >= 0; --level) {
    const double here = edges[static_cast<std::size_t>(level)];
    const double charged = rounds * here + std::min(left, here);
    left -= std::min(left, here);
    cost.latency_s[static_cast<std::size_t>(level)] += charged * fabric.latency_s(level);
  }
}

void add_path_latency(ScheduleCost& cost, const Fabric& fabric, const ArcEdges& edges,
                      double count) {
  for (const LevelCounts& of_arc : edges) add_path_latency(cost, fabric, of_arc, count);
}

Prediction evaluate(const ScheduleCost& cost, const System& system, double size_bytes) {
  Prediction prediction;
  double latency_s = 0;
  for (int level = 0; level < kMaxLevels; ++level) {
    const double exposed_s = cost.latency_s[static_cast<std::size_t>(level)];
    if (exposed_s > 0) {
      prediction.breakdown.push_back({"latency", level_name(system, level), exposed_s});
    }
    latency_s += exposed_s;
  }
  double bandwidth_s = 0;
  double largest_s = 0;
  std::string largest_name;
  for (int resource = 0; resource < kMaxResources; ++resource) {
    const auto i = static_cast<std::size_t>(resource);
    const double exposed_s = cost.seconds_per_byte[i] * size_bytes;
    const double ecmp_s = cost.ecmp_seconds_per_byte[i] * size_bytes;
    if (exposed_s > 0) {
      prediction.breakdown.push_back({"bandwidth", resource_name(system, resource), exposed_s});
    }
    if (ecmp_s > 0)
      prediction.breakdown.push_back({"ecmp", resource_name(system, resource), ecmp_s});
    bandwidth_s += exposed_s + ecmp_s;
    if (exposed_s + ecmp_s > largest_s) {
      largest_s = exposed_s + ecmp_s;
      largest_name = resource_name(system, resource);
    }
  }
  prediction.time_s = latency_s + bandwidth_s;
  prediction.bottleneck = latency_s >= bandwidth_s ? "latency" : largest_name;
  return prediction;
}

Shape shape_of(const System& system, std::int64_t ranks) {
  Shape shape;
  shape.ranks = ranks;
  shape.ranks_per_node = std::min(ranks, ranks_per_node(system));
  shape.channels = ranks > shape.ranks_per_node ? shape.ranks_per_node : 1;
  const Fabric fabric(system);
  if (fabric.levels() > 2 && ranks > fabric.group_ranks(0))
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

namespace {

/// Where the last node is partly used, its ranks meet others than those of full nodes do, and the
/// closed forms know what that does to the ports for rings one way, cubes and all pairs only.
bool fits_part_used_nodes(const Program& program) {
  const auto fits = [&](const Lane& lane) {
    const Phase& phase = lane.phase;
    const Affine& d = phase.arcs[0].distance;
    if (phase.frame == Frame::exclusive_or || phase.arcs[0].has_receivers || is_all_pairs(lane))
      return true;
    return phase.arc_count == 1 && d.per_step == 0 && d.per_unit == 0 &&
           (d.constant == 1 || d.constant == -1) &&
           d.constant == program.lanes.front().phase.arcs[0].distance.constant;
  };
  return std::all_of(program.lanes.begin(), program.lanes.end(), fits) &&
         std::all_of(program.parts.begin(), program.parts.end(), fits_part_used_nodes);
}

/// Fails when the algorithm cannot serve the shape; nothing when it cannot be priced.
Expected<std::optional<PricedSchedule>> priced(Collective collective, std::string_view algorithm,
                                               const Shape& shape) {
  auto schedule = make_schedule(collective, algorithm, shape);
  if (!schedule) return tl::unexpected(schedule.error());
  auto program = make_program(*schedule);
  if (!program) return tl::unexpected(program.error());
  const bool part_used =
      shape.ranks > shape.ranks_per_node && shape.ranks % shape.ranks_per_node != 0;
  if (!is_priced(*program) || (part_used && !fits_part_used_nodes(*program)))
    return std::optional<PricedSchedule>{};
  return std::optional<PricedSchedule>{{std::move(*schedule), std::move(*program)}};
}

/// The hand-overs before and after a folded algorithm's core: one step from, or to, the core.
bool hands_over_a_fold(const Phase& phase) { return phase.steps == 1 && phase.arc_count == 1; }

bool keeps_the_order_of_ranks(const View& view) {
  for (std::size_t d = 1; d < view.rotation.size(); ++d)
    if (view.rotation[d] != 0) return false;
  return view.nodes == View::Nodes::none && !view.members && view.fixed_count == 0 &&
         view.twist == 0 && view.shift == 0 && !view.mirror &&
         (view.core == 0 || view.core_map == View::CoreMap::first);
}

}  // namespace

std::vector<std::string> priced_algorithms(Collective collective, const Shape& shape) {
  std::vector<std::string> names;
  for (const std::string& candidate : algorithm_names(collective)) {
    const auto one = priced(collective, candidate, shape);
    if (one && *one) names.push_back(candidate);
  }
  return names;
}

std::vector<Collective> priced_collectives() {
  const Shape two_nodes{.ranks = 8, .ranks_per_node = 4};
  std::vector<Collective> collectives;
  for (const Algorithm& algorithm : algorithms()) {
    const Collective candidate = algorithm.collective;
    if ((collectives.empty() || collectives.back() != candidate) &&
        !priced_algorithms(candidate, two_nodes).empty())
      collectives.push_back(candidate);
  }
  return collectives;
}

Expected<std::vector<PricedSchedule>> schedules_for(Collective collective,
                                                    std::string_view algorithm,
                                                    const Shape& shape) {
  std::vector<PricedSchedule> schedules;
  if (algorithm != "auto") {
    auto one = priced(collective, algorithm, shape);
    if (!one) return tl::unexpected(one.error());
    if (*one) {
      schedules.push_back(std::move(**one));
      return schedules;
    }
    const std::vector<std::string> others = priced_algorithms(collective, shape);
    return fail(fmt::format(
        "the engines cannot price algorithm {} of {} yet; of its algorithms for {} ranks {}",
        algorithm, name(collective), format_count(shape.ranks),
        others.empty() ? "they can price none"
                       : fmt::format("they can price {}", fmt::join(others, ", "))));
  }
  std::string reason = fmt::format("{} has no algorithm yet", name(collective));
  bool unpriced = false;
  for (const std::string& candidate : algorithm_names(collective)) {
    auto one = priced(collective, candidate, shape);
    if (!one) {
      reason = one.error().message;
    } else if (*one) {
      schedules.push_back(std::move(**one));
    } else {
      unpriced = true;
    }
  }
  if (!schedules.empty()) return schedules;
  if (!unpriced) return fail(reason);
  std::vector<std::string_view> others;
  for (const Collective other : priced_collectives()) others.push_back(name(other));
  return fail(
      fmt::format("the engines cannot price any algorithm of {} for {} ranks yet; they can "
                  "price some of {}",
                  name(collective), format_count(shape.ranks), fmt::join(others, ", ")));
}

bool is_all_pairs(const Lane& lane) {
  const Phase& phase = lane.phase;
  const Affine& distance = phase.arcs[0].distance;
  return phase.lag == Lag::none && phase.window == 0 && lane.map.group_count == 1 &&
         phase.steps > 0 && phase.address == Address::pair && phase.frame == Frame::cyclic &&
         phase.arc_count == 1 && !phase.arcs[0].has_receivers && phase.steps == lane.map.size - 1 &&
         distance.constant == 1 && distance.per_step == 1 && distance.per_unit == 0;
}

bool is_priced(const Lane& lane) {
  const Phase& phase = lane.phase;
  if (phase.steps == 0) return true;  // a level of one rank
  if (phase.network != InNetwork::none || phase.root >= 0 || phase.address == Address::spread ||
      phase.frame == Frame::dihedral || !keeps_the_order_of_ranks(lane.map.view))
    return false;
  if (lane.scope_fraction <= 0) return false;  // a barrier: no size to predict for
  for (int arc = 0; arc < phase.arc_count; ++arc)
    if (phase.arcs[static_cast<std::size_t>(arc)].has_receivers && !hands_over_a_fold(phase))
      return false;
  return phase.lag == Lag::previous || is_all_pairs(lane);
}

bool is_priced(const Program& program) {
  switch (program.kind) {
    case Program::Kind::stage:
      // Lanes that run together count as one step only where they go the same ways: rings that
      // enter nodes at different ranks do, the dimensions of a torus do not.
      return std::all_of(program.lanes.begin(), program.lanes.end(), [&](const Lane& lane) {
        const View& view = lane.map.view;
        const View& first = program.lanes.front().map.view;
        return is_priced(lane) && view.digit_count == first.digit_count &&
               view.digits == first.digits;
      });
    case Program::Kind::sequence:
      return std::all_of(program.parts.begin(), program.parts.end(),
                         [](const Program& part) { return is_priced(part); });
    default:
      return false;
  }
}

}  // namespace collscale

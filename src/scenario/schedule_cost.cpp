// SPDX-License-Identifier: Apache-2.0
#include "scenario/schedule_cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

Expected<std::vector<Schedule>> schedules_for(Collective collective, std::string_view algorithm,
                                              const Shape& shape) {
  std::vector<Schedule> schedules;
  if (algorithm != "auto") {
    auto schedule = make_schedule(collective, algorithm, shape);
    if (!schedule) return tl::unexpected(schedule.error());
    schedules.push_back(std::move(*schedule));
    return schedules;
  }
  std::string reason = fmt::format("{} has no algorithm yet", name(collective));
  for (const std::string& candidate : algorithm_names(collective)) {
    auto schedule = make_schedule(collective, candidate, shape);
    if (schedule) {
      schedules.push_back(std::move(*schedule));
    } else {
      reason = schedule.error().message;
    }
  }
  if (schedules.empty()) return fail(reason);
  return schedules;
}

bool is_all_pairs(const Lane& lane) {
  const Phase& phase = lane.phase;
  const Affine& distance = phase.arcs[0].distance;
  return phase.lag == Lag::none && phase.window == 0 && lane.map.group_count == 1 &&
         phase.frame == Frame::cyclic && phase.arc_count == 1 && !phase.arcs[0].has_receivers &&
         phase.steps == lane.map.size - 1 && distance.constant == 1 && distance.per_step == 1 &&
         distance.per_unit == 0;
}

bool is_priced(const Lane& lane) {
  if (lane.phase.network != InNetwork::none) return false;
  return lane.phase.lag == Lag::previous || is_all_pairs(lane);
}

}  // namespace collscale

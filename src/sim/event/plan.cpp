// SPDX-License-Identifier: Apache-2.0
#include "sim/event/plan.hpp"

#include <algorithm>
#include <cmath>

#include "scenario/candidates.hpp"
#include "scenario/price.hpp"

namespace collscale {
namespace {

double seconds(StepCost step, const CostRates& rates, double size_bytes) {
  ScheduleCost one;
  one.steps.push_back(step);
  return evaluate(one, rates, size_bytes).time_s;
}

/// What a step costs a message of that level: only the resources on its way count.
Durations durations_of(const StepCost& step, const CostRates& rates, double size_bytes, int levels,
                       double hops) {
  Durations durations;
  for (int level = 0; level < levels; ++level) {
    StepCost here = step;
    here.noisy_ranks = 0;
    here.far_level = std::min(step.far_level, level);
    for (int r = 0; r < kMaxResources; ++r) {
      if (level == 0 ? r == kScaleUpResource : r < kFirstTierResource + level - 1) continue;
      here.even[static_cast<std::size_t>(r)] = here.hashed[static_cast<std::size_t>(r)] = 0;
    }
    if (level == 0) {
      here.nic_gaps = 0;
      here.largest = 0;
    }
    here.path = {};
    here.path[static_cast<std::size_t>(level)] = hops;
    const auto l = static_cast<std::size_t>(level);
    durations.arrive_s[l] = seconds(here, rates, size_bytes);
    here.path = {};
    here.switch_level = -1;
    here.reduced = here.copied = 0;
    durations.busy_s[l] = seconds(here, rates, size_bytes);
  }
  return durations;
}

/// The whole step, whatever its messages' ways.
Durations whole(const StepCost& step, const CostRates& rates, double size_bytes) {
  StepCost here = step;
  here.noisy_ranks = 0;
  Durations durations;
  durations.arrive_s.fill(seconds(here, rates, size_bytes));
  durations.busy_s = durations.arrive_s;
  return durations;
}

Plan stage_plan(const Program& program, const ScheduleCost& cost, const CostRates& rates,
                double size_bytes, int levels) {
  Plan plan;
  plan.lanes = &program.lanes;
  if (program.lanes.empty() || cost.steps.empty()) return plan;
  const Lane& first = program.lanes.front();
  const Phase& phase = first.phase;
  if (phase.network != InNetwork::none) {
    plan.kind = Plan::Kind::gathering;
    plan.classes.push_back({0, 1, true, whole(cost.steps[0], rates, size_bytes)});
    return plan;
  }
  if (phase.lag == Lag::none) {
    const bool some = phase.steps == 1 || phase.root >= 0 || phase.arcs[0].has_receivers;
    plan.kind = some ? Plan::Kind::at_once : Plan::Kind::gathering;
    const StepCost& step = cost.steps[0];
    plan.classes.push_back(
        {0, phase.steps, true,
         some ? durations_of(step, rates, size_bytes, levels, std::max(1.0, step.path.sum()))
              : whole(step, rates, size_bytes)});
    return plan;
  }
  if (price_detail::is_long_chain(program.lanes)) {
    plan.kind = Plan::Kind::chain;
    Plan::Class all{0, phase.steps, false, {}};
    for (const StepCost& step : cost.steps) {
      StepCost one = step;
      one.count = 1;
      std::size_t level = 0;
      while (level + 1 < PerLevel::kNear && one.path[level] <= 0) ++level;
      // The work of a chain's steps is given for each step.
      const Durations of_level =
          durations_of(one, rates, size_bytes, static_cast<int>(level) + 1, 1);
      all.durations.arrive_s[level] = of_level.arrive_s[level];
      all.durations.busy_s[level] = of_level.busy_s[level];
    }
    plan.classes.push_back(all);
    return plan;
  }
  const std::vector<StepClass> classes = step_classes(first);
  for (std::size_t i = 0; i < classes.size() && i < cost.steps.size(); ++i) {
    const bool merged = phase.lag == Lag::ruler && classes[i].count > 1;
    StepCost step = cost.steps[i];
    if (!merged) step.count = 1;
    plan.classes.push_back({classes[i].first, classes[i].count, merged,
                            durations_of(step, rates, size_bytes, levels, 1)});
  }
  if (phase.lag != Lag::ruler)
    std::sort(plan.classes.begin(), plan.classes.end(),
              [](const Plan::Class& a, const Plan::Class& b) { return a.first < b.first; });
  return plan;
}

}  // namespace

Plan make_plan(const Program& program, const ScheduleCost& cost, const CostRates& rates,
               double size_bytes, int levels) {
  if (program.kind == Program::Kind::stage || program.kind == Program::Kind::messages)
    return stage_plan(program, cost, rates, size_bytes, levels);
  Plan plan;
  double part_bytes = size_bytes;
  const auto time_s = [&](const ScheduleCost& of, double bytes) {
    return evaluate(of, rates, bytes).time_s;
  };
  if (program.kind == Program::Kind::sequence) plan.kind = Plan::Kind::sequence;
  if (program.kind == Program::Kind::concurrent) {
    plan.kind = Plan::Kind::concurrent;
    double slowest_s = 0;
    for (const ScheduleCost& part : cost.parts)
      slowest_s = std::max(slowest_s, time_s(part, size_bytes));
    plan.more_s = std::max(0.0, time_s(cost, size_bytes) - slowest_s);
  }
  if (program.kind == Program::Kind::pipeline) {
    plan.kind = Plan::Kind::pipeline;
    const double chunks = chunks_of(cost, rates, size_bytes);
    plan.chunks = std::llround(chunks);
    part_bytes = size_bytes * cost.chunks / chunks;
    double fill_s = 0;
    for (const ScheduleCost& part : cost.parts) fill_s += time_s(part, part_bytes);
    if (plan.chunks > 1) plan.period_s = (time_s(cost, size_bytes) - fill_s) / (chunks - 1);
  }
  for (std::size_t i = 0; i < program.parts.size(); ++i)
    plan.parts.push_back(make_plan(program.parts[i], cost.parts[i], rates, part_bytes, levels));
  return plan;
}

bool is_ring(const Lane& lane) {
  const Phase& phase = lane.phase;
  if (phase.frame != Frame::cyclic || phase.lag != Lag::previous || phase.root >= 0 ||
      phase.network != InNetwork::none || lane.map.size < 2)
    return false;
  for (int a = 0; a < phase.arc_count; ++a) {
    const Arc& arc = phase.arcs[static_cast<std::size_t>(a)];
    if (arc.has_receivers || arc.distance.per_step != 0 || arc.distance.per_unit != 0) return false;
  }
  return true;
}

double walked_messages(const Plan& plan, std::int64_t most_chunks) {
  double messages = 0;
  for (const Plan& part : plan.parts) {
    double more = walked_messages(part, most_chunks);
    if (plan.kind == Plan::Kind::pipeline)
      more *= static_cast<double>(std::min(plan.chunks, most_chunks));
    messages += more;
  }
  if (plan.lanes == nullptr) return messages;
  for (const Lane& lane : *plan.lanes) {
    const auto ranks = static_cast<double>(lane.map.size * lane.map.group_count);
    const auto groups = static_cast<double>(lane.map.group_count);
    for (const Plan::Class& steps : plan.classes) {
      const double count = steps.merged ? 1 : static_cast<double>(steps.count);
      constexpr double kStep = 50;  // what a step costs besides, in messages
      messages += count * (kStep + (plan.kind == Plan::Kind::chain ? groups : ranks));
    }
  }
  return messages;
}

}  // namespace collscale

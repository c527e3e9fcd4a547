// SPDX-License-Identifier: Apache-2.0
#include "sim/event/plan.hpp"

#include <algorithm>
#include <cmath>

#include "collective/index_runs.hpp"
#include "collective/rank_layout.hpp"
#include "scenario/candidates.hpp"
#include "scenario/price.hpp"
#include "sim/event/ways.hpp"

namespace collscale {
namespace {

/// Of messages that do not wait: whether a rank waits only for those that it has a part in.
bool waits_for_some(const Phase& phase) {
  return phase.steps == 1 || phase.root >= 0 || phase.arcs[0].has_receivers;
}

double seconds(StepCost step, const CostRates& rates, double size_bytes) {
  ScheduleCost one;
  one.steps.push_back(step);
  return evaluate(one, rates, size_bytes).time_s;
}

void add(Durations& durations, MessageTimes times) {
  durations.arrive_s.push_back(times.arrive_s);
  durations.busy_s.push_back(times.busy_s);
}

/// What a step costs a message of each level: only the resources on its way count.
Durations durations_of(const StepCost& step, const PlanSource& source, double size_bytes,
                       double hops) {
  Durations durations;
  for (int level = 0; level < source.levels; ++level) {
    StepCost here = step;
    keep_those_of_level(here.even, level);
    keep_those_of_level(here.hashed, level);
    add(durations, times_of(here, source.rates, size_bytes, level, hops));
  }
  return durations;
}

/// The whole step, whatever its messages' ways.
Durations whole(const StepCost& step, const CostRates& rates, double size_bytes) {
  StepCost here = step;
  here.noisy_ranks = 0;
  Durations durations;
  const double all_s = seconds(here, rates, size_bytes);
  durations.arrive_s.push_back(all_s);
  durations.busy_s.push_back(all_s);
  return durations;
}

/// The step that a chain takes at each level. The work of its steps is given for each of them.
StepCost chain_step(const std::vector<StepCost>& steps, int level) {
  StepCost one = steps.front();
  for (const StepCost& step : steps)
    if (step.path[static_cast<std::size_t>(level)] > 0) one = step;
  one.count = 1;
  return one;
}

Plan stage_plan(const Program& program, const ScheduleCost& cost, const ScheduleCost& ordinary,
                const PlanSource& source, double size_bytes) {
  Plan plan;
  plan.lanes = &program.lanes;
  if (program.lanes.empty() || cost.steps.empty()) return plan;
  const Lane& first = program.lanes.front();
  const Phase& phase = first.phase;
  Ways* const ways = source.ways;
  if (phase.network != InNetwork::none) {
    plan.kind = Plan::Kind::gathering;
    plan.classes.push_back({0, 1, true, whole(cost.steps[0], source.rates, size_bytes), {}});
    return plan;
  }
  if (phase.lag == Lag::none) {
    const bool some = waits_for_some(phase);
    plan.kind = some ? Plan::Kind::at_once : Plan::Kind::gathering;
    Plan::Class all{0, phase.steps, true, {}, {}};
    if (!some) {
      all.durations = whole(cost.steps[0], source.rates, size_bytes);
    } else {
      const StepCost& step = ordinary.steps[0];
      const double hops = std::max(1.0, step.path.sum());
      all.durations = durations_of(step, source, size_bytes, hops);
      if (ways != nullptr) ways->of_all_steps(program.lanes, step, hops, size_bytes, all);
    }
    plan.classes.push_back(std::move(all));
    return plan;
  }
  if (price_detail::is_long_chain(program.lanes)) {
    plan.kind = Plan::Kind::chain;
    Plan::Class all{0, phase.steps, false, {}, {}};
    for (int level = 0; level < source.levels; ++level) {
      const StepCost step = chain_step(cost.steps, level);
      const bool any = step.path[static_cast<std::size_t>(level)] > 0;
      add(all.durations, any ? times_of(step, source.rates, size_bytes, level, 1) : MessageTimes{});
    }
    if (ways != nullptr)
      ways->of_chain(
          program.lanes, [&](int level) { return chain_step(cost.steps, level); }, size_bytes, all);
    plan.classes.push_back(std::move(all));
    return plan;
  }
  const std::vector<StepClass> classes = step_classes(first);
  for (std::size_t i = 0; i < classes.size() && i < cost.steps.size(); ++i) {
    const bool merged = phase.lag == Lag::ruler && classes[i].count > 1;
    StepCost step = ordinary.steps[i];
    if (!merged) step.count = 1;
    Plan::Class one{
        classes[i].first, classes[i].count, merged, durations_of(step, source, size_bytes, 1), {}};
    if (ways != nullptr) ways->of_step(program.lanes, step, size_bytes, one);
    plan.classes.push_back(std::move(one));
  }
  if (phase.lag != Lag::ruler)
    std::sort(plan.classes.begin(), plan.classes.end(),
              [](const Plan::Class& a, const Plan::Class& b) { return a.first < b.first; });
  return plan;
}

}  // namespace

MessageTimes times_of(StepCost step, const CostRates& rates, double size_bytes, int level,
                      double hops) {
  step.noisy_ranks = 0;
  step.far_level = std::min(step.far_level, level);
  if (level == 0) {
    step.nic_gaps = 0;
    step.largest = 0;
  }
  MessageTimes times;
  step.path = {};
  step.path[static_cast<std::size_t>(level)] = level == 0 ? hops * step.node_hops : hops;
  times.arrive_s = seconds(step, rates, size_bytes);
  step.path = {};
  step.switch_level = -1;
  step.reduced = step.copied = 0;
  times.busy_s = seconds(step, rates, size_bytes);
  return times;
}

void keep_those_of_level(PerResource& seconds, int level) {
  for (int r = 0; r < kMaxResources; ++r) {
    if (level == 0 ? r == kScaleUpResource : r < kFirstTierResource + level - 1) continue;
    seconds[static_cast<std::size_t>(r)] = 0;
  }
}

Plan make_plan(const Program& program, const ScheduleCost& cost, const ScheduleCost& ordinary,
               const PlanSource& source, double size_bytes) {
  if (program.kind == Program::Kind::stage || program.kind == Program::Kind::messages)
    return stage_plan(program, cost, ordinary, source, size_bytes);
  const CostRates& rates = source.rates;
  Plan plan;
  plan.strands = program.strands;
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
    plan.parts.push_back(
        make_plan(program.parts[i], cost.parts[i], ordinary.parts[i], source, part_bytes));
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

double kept_messages(const Program& program) {
  double messages = 0;
  for (const Program& part : program.parts) messages += kept_messages(part);
  if (program.lanes.empty()) return messages;
  const Phase& phase = program.lanes.front().phase;
  if (phase.network != InNetwork::none) return messages;
  if (phase.lag == Lag::none && !waits_for_some(phase)) return messages;
  for (const Lane& lane : program.lanes) {
    const auto groups = static_cast<double>(lane.map.group_count);
    const auto ranks = groups * static_cast<double>(lane.map.size * arc_count(lane));
    index_runs::Across across;
    if (index_runs::one_message_per_step(phase, 0, lane.map.size, across))
      messages += groups * static_cast<double>(phase.steps);
    else if (phase.lag == Lag::none)
      messages += ranks * static_cast<double>(phase.steps);
    else
      messages += ranks * static_cast<double>(step_classes(lane).size());
  }
  return messages;
}

bool is_butterfly(const Lane& lane, std::int64_t ranks) {
  const Phase& phase = lane.phase;
  const GroupMap& map = lane.map;
  if (phase.frame != Frame::exclusive_or || phase.network != InNetwork::none || phase.root >= 0 ||
      phase.arc_count != 1 || phase.arcs[0].has_receivers || map.view.members || map.view.orders ||
      map.size * map.group_count != ranks)
    return false;
  const RankLayout layout = rank_layout(map);
  const std::int64_t weight = layout.plain() ? layout.wheels[0].weight : 0;
  if (weight < 1 || (weight & (weight - 1)) != 0) return false;
  // The bits of a rank that say where it is in its group are nothing to do with which group it is.
  for (std::int64_t group = 0; group < map.group_count; ++group)
    if ((map.rank_at_place(group, 0) & ((map.size - 1) * weight)) != 0) return false;
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

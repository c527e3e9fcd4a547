// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/algorithms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "units/suggest.hpp"

namespace collscale {

namespace {

void append(PointResult& result, PointResult more) {
  std::vector<double> earlier = std::move(result.samples.time_s);
  earlier.insert(earlier.end(), more.samples.time_s.begin(), more.samples.time_s.end());
  const PointResult before = std::move(result);
  result = std::move(more);  // what else describes a point is the last turn's
  result.samples.time_s = std::move(earlier);
  result.samples.warmup += before.samples.warmup;
  result.samples.missed += before.samples.missed;
  result.samples.clock_error_s =
      std::max(result.samples.clock_error_s, before.samples.clock_error_s);
  result.conditions = worse_of(before.conditions, result.conditions);
  result.mismatch = before.mismatch;
}

}  // namespace

std::vector<std::string> chosen_algorithms(const std::vector<std::string>& wanted,
                                           const std::vector<std::string>& available) {
  std::vector<std::string> chosen;
  const auto add = [&chosen](const std::string& name) {
    if (std::find(chosen.begin(), chosen.end(), name) == chosen.end()) {
      chosen.push_back(name);
    }
  };
  for (const std::string& name : wanted) {
    if (name == "all" || name == "auto") {
      add("auto");
    }
    for (const std::string& candidate : available) {
      if (name == "all" || name == candidate) {
        add(candidate);
      }
    }
  }
  return chosen;
}

Expected<void> check_algorithms(
    const std::vector<std::string>& wanted, const std::vector<Collective>& collectives,
    const std::function<std::vector<std::string>(Collective)>& available,
    const std::string& library) {
  std::vector<std::string> all{"auto", "all"};
  for (const Collective collective : collectives) {
    for (const std::string& name : available(collective)) {
      if (std::find(all.begin(), all.end(), name) == all.end()) {
        all.push_back(name);
      }
    }
  }
  for (const std::string& name : wanted) {
    if (std::find(all.begin(), all.end(), name) != all.end()) {
      continue;
    }
    if (all.size() == 2) {
      return fail(
          fmt::format("-a {}: {} lets no algorithm be chosen here, only auto", name, library));
    }
    const std::string near = nearest_name(name, all);
    return fail(fmt::format(
        "-a {}: {} has no such algorithm for what is measured{}; valid: {}", name, library,
        near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near), fmt::join(all, ", ")));
  }
  return {};
}

std::string turn_key(Scenario scenario) {
  scenario.algorithm.clear();
  return full_benchmark_name(scenario);
}

PointPlan plan_of_turn(PointPlan plan, int turn, int turns, std::int64_t batch) {
  const auto share = [&](std::int64_t all) { return (all + turns - 1 - turn) / turns; };
  SamplingPlan& sampling = plan.sampling;
  sampling.time_budget_s /= turns;
  sampling.min_samples = std::max<std::int64_t>(1, share(sampling.min_samples));
  sampling.enough_from_samples = std::max<std::int64_t>(1, share(sampling.enough_from_samples));
  sampling.max_samples = std::max<std::int64_t>(1, share(sampling.max_samples));
  if (sampling.fixed_samples) {
    sampling.fixed_samples = share(*sampling.fixed_samples);
  }
  if (turn > 0) {
    plan.verify = false;
    sampling.fixed_batch = batch;
  }
  return plan;
}

TurnTaking::TurnTaking(const std::vector<BenchPoint>& points, PointPlan plan, Measure measure)
    : points_(points), plan_(std::move(plan)), measure_(std::move(measure)) {}

PointResult TurnTaking::operator()(const BenchPoint& point) {
  const std::string name = full_benchmark_name(point.scenario);
  if (const auto found = waiting_.find(name); found != waiting_.end()) {
    PointResult result = std::move(found->second);
    waiting_.erase(found);
    return result;
  }
  std::vector<const BenchPoint*> group;
  bool waited_for = false;
  for (const BenchPoint& other : points_) {
    if (turn_key(other.scenario) == turn_key(point.scenario)) {
      group.push_back(&other);
      waited_for = waited_for || waiting_.count(full_benchmark_name(other.scenario)) > 0;
    }
  }
  const bool leads = !group.empty() && full_benchmark_name(group.front()->scenario) == name;
  if (group.size() < 2 || !leads || waited_for) {
    return measure_(point, plan_);
  }
  std::vector<PointResult> results(group.size());
  for (int turn = 0; turn < kTurns; ++turn) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (turn > 0 && results[i].wrong()) {
        continue;
      }
      const PointPlan plan = plan_of_turn(plan_, turn, kTurns, results[i].samples.batch);
      if (plan.sampling.fixed_samples && *plan.sampling.fixed_samples == 0) {
        continue;
      }
      PointResult measured = measure_(*group[i], plan);
      if (turn == 0) {
        results[i] = std::move(measured);
      } else {
        append(results[i], std::move(measured));
      }
    }
  }
  for (std::size_t i = 1; i < group.size(); ++i) {
    waiting_[full_benchmark_name(group[i]->scenario)] = std::move(results[i]);
  }
  return std::move(results.front());
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "measure/sampling_plan.hpp"

#include <algorithm>
#include <cmath>

#include "stats/quantiles.hpp"

namespace collscale {

namespace {

bool precise_enough(const SamplingPlan& plan, const SampleSet& so_far) {
  if (static_cast<std::int64_t>(so_far.time_s.size()) < plan.enough_from_samples) {
    return false;
  }
  const MedianInterval interval = median_interval(so_far.time_s, 0.95);
  return interval.reached &&
         interval.high - interval.low <= plan.enough_relative_width * interval.median;
}

}  // namespace

std::int64_t next_batch(const SamplingPlan& plan, std::int64_t batch, double elapsed_s) {
  if (plan.fixed_batch) {
    return *plan.fixed_batch;
  }
  if (elapsed_s >= plan.min_sample_s || batch >= plan.max_batch) {
    return batch;
  }
  // A fifth more than needed, so that a slightly quicker sample is still long enough; at least
  // double and at most tenfold, since a single short timing is a poor guide.
  const double wanted = 1.2 * plan.min_sample_s / std::max(elapsed_s, 1e-9);
  const double factor = std::clamp(wanted, 2.0, 10.0);
  return std::min(plan.max_batch,
                  static_cast<std::int64_t>(std::ceil(static_cast<double>(batch) * factor)));
}

std::int64_t next_round(const SamplingPlan& plan, const SampleSet& so_far, double elapsed_s,
                        double sample_cost_s) {
  const auto done = static_cast<std::int64_t>(so_far.time_s.size());
  if (plan.fixed_samples) {
    return std::max<std::int64_t>(0, *plan.fixed_samples - done);
  }
  const std::int64_t room = plan.max_samples - done;
  const std::int64_t missing = plan.min_samples - done;
  if (room <= 0 || precise_enough(plan, so_far)) {
    return 0;
  }
  const double left_s = plan.time_budget_s - elapsed_s;
  if (left_s <= 0) {
    return std::max<std::int64_t>(0, std::min(missing, room));
  }
  const double cost_s = done > 0 ? elapsed_s / static_cast<double>(done) : sample_cost_s;
  // A third of what the budget still holds: the cost is an estimate, and precision may come
  // earlier.
  const double affordable = left_s / std::max(cost_s, 1e-9);
  const auto share =
      static_cast<std::int64_t>(std::min(std::max(1.0, affordable / 3), static_cast<double>(room)));
  if (missing <= 0 && affordable < 1) {
    return 0;
  }
  return std::clamp<std::int64_t>(share, std::min(std::max<std::int64_t>(missing, 1), room), room);
}

}  // namespace collscale

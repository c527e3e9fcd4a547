// SPDX-License-Identifier: Apache-2.0
#include "measure/sampling_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "measure/policy_name.hpp"
#include "stats/quantiles.hpp"

namespace collscale {

namespace {

constexpr std::array<std::string_view, 3> kSyncPolicies{"barrier", "back-to-back", "window"};
constexpr std::int64_t kWarmupRound = 10;  // samples at most

/// The share of the median within which its interval lies on both sides.
std::optional<double> precision_of(const MedianInterval& interval) {
  if (!interval.reached || interval.median <= 0) {
    return std::nullopt;
  }
  return std::max(interval.high - interval.median, interval.median - interval.low) /
         interval.median;
}

}  // namespace

std::string_view name(SyncPolicy policy) { return kSyncPolicies[static_cast<std::size_t>(policy)]; }

Expected<SyncPolicy> parse_sync_policy(std::string_view text) {
  return parse_policy<SyncPolicy>("synchronisation", text, kSyncPolicies);
}

std::optional<double> precision_of(std::span<const double> samples_s) {
  return precision_of(median_interval(samples_s, 0.95));
}

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

std::int64_t batch_after_samples(const SamplingPlan& plan, std::int64_t batch, double quickest_s) {
  // Half: samples vary, and those that are nearly long enough are.
  return quickest_s < plan.min_sample_s / 2 ? next_batch(plan, batch, quickest_s) : batch;
}

bool settled_round_counts(const SamplingPlan& plan) {
  return plan.sync == SyncPolicy::barrier && !plan.fixed_samples &&
         plan.max_samples >= kWarmupRound;
}

bool times_agree(double earlier_s, double later_s) {
  constexpr double kClose = 0.05;
  return std::abs(later_s - earlier_s) <= kClose * std::max(earlier_s, later_s);
}

bool times_agree(double earlier_s, std::span<const double> round_s) {
  return times_agree(earlier_s, median(round_s)) ||
         (quantile(round_s, 0.25) <= earlier_s && earlier_s <= quantile(round_s, 0.75));
}

std::int64_t next_warmup_round(const SamplingPlan& plan, double elapsed_s, double sample_cost_s) {
  const double left_s = plan.time_budget_s / 5 - elapsed_s;
  if (left_s <= 0) {
    return 0;
  }
  // At least four rounds fit, so that two can agree after some did not.
  const double affordable = left_s / (4 * std::max(sample_cost_s, 1e-9));
  return std::clamp<std::int64_t>(
      static_cast<std::int64_t>(std::min(affordable, static_cast<double>(kWarmupRound))), 1,
      kWarmupRound);
}

std::int64_t Rounds::until_next_look(std::span<const double> times_s) {
  const auto done = static_cast<std::int64_t>(times_s.size());
  if (done < plan_.enough_from_samples) {
    return plan_.enough_from_samples - done;
  }
  const auto known = static_cast<std::ptrdiff_t>(ascending_s_.size());
  ascending_s_.insert(ascending_s_.end(), times_s.begin() + known, times_s.end());
  std::sort(ascending_s_.begin() + known, ascending_s_.end());
  std::inplace_merge(ascending_s_.begin(), ascending_s_.begin() + known, ascending_s_.end());
  const auto reached = precision_of(sorted_median_interval(ascending_s_, 0.95));
  if (reached && *reached <= plan_.precision) {
    return 0;
  }
  // Who looks seldom takes more samples than were needed; who looks often stops by chance. With a
  // tenth more each time the interval still covers the true median (sampling_plan_test.cpp).
  return std::max<std::int64_t>(done / 10, 1);
}

std::int64_t Rounds::next(const SampleSet& so_far, double elapsed_s, double sample_cost_s) {
  const auto done = static_cast<std::int64_t>(so_far.time_s.size());
  if (plan_.fixed_samples) {
    return std::max<std::int64_t>(0, *plan_.fixed_samples - done);
  }
  const std::int64_t room = plan_.max_samples - done;
  const std::int64_t missing = plan_.min_samples - done;
  const std::int64_t wanted = until_next_look(so_far.time_s);
  if (room <= 0 || wanted == 0) {
    return 0;
  }
  const double left_s = plan_.time_budget_s - elapsed_s;
  if (left_s <= 0) {
    return std::max<std::int64_t>(0, std::min(missing, room));
  }
  const double cost_s = done > 0 ? elapsed_s / static_cast<double>(done) : sample_cost_s;
  // No more than a third of what the budget still holds, as the cost is an estimate.
  const double affordable = left_s / std::max(cost_s, 1e-9);
  const double share = std::min(
      {std::max(1.0, affordable / 3), static_cast<double>(wanted), static_cast<double>(room)});
  if (missing <= 0 && affordable < 1) {
    return 0;
  }
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(share),
                                  std::min(std::max<std::int64_t>(missing, 1), room), room);
}

}  // namespace collscale

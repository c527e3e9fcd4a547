// SPDX-License-Identifier: Apache-2.0
// The measuring loop, the same for every backend. A sample is the maximum over processes of the
// time from the end of a barrier to the process's own completion of a batch of operations, per
// operation. Between two samples nothing but the barrier communicates; the samples of a round are
// reduced after it, by one maximum. docs/method.md says why.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "measure/coordinator.hpp"
#include "measure/sampling_plan.hpp"

namespace collscale {

/// `run(n)` performs n operations one after the other and returns when this process has completed
/// them. `now_s()` is this process's clock in seconds; clocks of different processes are never
/// compared. Collective: every process calls it with the same plan.
template <Coordinator C, class Operation, class Clock>
SampleSet take_samples(C& processes, const SamplingPlan& plan, Operation&& run, Clock&& now_s) {
  const auto time_of = [&](std::int64_t operations) {
    processes.barrier();
    const double start_s = now_s();
    run(operations);
    return now_s() - start_s;
  };
  const auto agreed_time_of = [&](std::int64_t operations) {
    double time_s = time_of(operations);
    processes.all_max(std::span<double>(&time_s, 1));
    return time_s;
  };

  if (plan.warmup > 0) {
    run(plan.warmup);
  }
  SampleSet result;
  result.batch = processes.agree(plan.fixed_batch.value_or(1));
  double pilot_s = 0;
  for (bool settled = false; !settled;) {
    // The best of three: one pilot that was interrupted must not make a short operation look long.
    pilot_s = agreed_time_of(result.batch);
    for (int repeat = 1; repeat < 3 && pilot_s < plan.time_budget_s / 10; ++repeat) {
      pilot_s = std::min(pilot_s, agreed_time_of(result.batch));
    }
    const std::int64_t next = processes.agree(next_batch(plan, result.batch, pilot_s));
    settled = next == result.batch;
    result.batch = next;
  }

  const double begin_s = now_s();
  std::vector<double> round;
  for (;;) {
    const std::int64_t count =
        processes.agree(next_round(plan, result, now_s() - begin_s, pilot_s));
    if (count <= 0) {
      return result;
    }
    round.assign(static_cast<std::size_t>(count), 0.0);
    for (double& sample_s : round) {
      sample_s = time_of(result.batch);
    }
    if constexpr (requires { processes.note_samples(round); }) {
      processes.note_samples(round);  // groups that measure together are told apart by them
    }
    processes.all_max(round);
    for (const double sample_s : round) {
      result.time_s.push_back(sample_s / static_cast<double>(result.batch));
    }
  }
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The measuring loop, the same for every backend. A sample is the maximum over processes of the
// time that a batch of operations took, per operation, from the common start to the process's own
// completion. Between two samples nothing communicates but the barrier, where there is one; the
// samples of a round are reduced after it, by one maximum. docs/method.md says why.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "measure/coordinator.hpp"
#include "measure/sampling_plan.hpp"
#include "measure/window.hpp"
#include "stats/quantiles.hpp"

namespace collscale {

/// The processes, the operation and the clock that one point is measured with; its times are this
/// process's own. `run(n)` performs n operations one after the other and returns when this process
/// has completed them; where it gives a number, that is the time in seconds that they took.
/// `now_s()` is this process's clock in seconds.
template <Coordinator C, class Operation, class Clock>
class Stopwatch {
 public:
  Stopwatch(C& processes, Operation& run, Clock& now_s)
      : processes_(processes), run_(run), now_s_(now_s) {}

  /// A barrier before each.
  void time_after_barriers(std::int64_t batch, std::span<double> times_s) {
    for (double& time_s : times_s) {
      processes_.barrier();
      const double start_s = now_s_();
      time_s = time_since(start_s, batch);
    }
  }

  /// Each begins where this process's last one ended.
  void time_back_to_back(std::int64_t batch, std::span<double> times_s) {
    processes_.barrier();
    [[maybe_unused]] double start_s = now_s_();
    for (double& time_s : times_s) {
      if constexpr (times_itself) {
        time_s = run_(batch);
      } else {
        run_(batch);
        const double end_s = now_s_();
        time_s = end_s - start_s;
        start_s = end_s;
      }
    }
  }

  /// Of the slowest process, on every process.
  double agreed_time_s(std::int64_t batch) {
    double time_s = 0;
    time_after_barriers(batch, std::span<double>(&time_s, 1));
    processes_.all_max(std::span<double>(&time_s, 1));
    return time_s;
  }

 private:
  static constexpr bool times_itself =
      std::is_same_v<std::invoke_result_t<Operation&, std::int64_t>, double>;

  double time_since([[maybe_unused]] double start_s, std::int64_t batch) {
    if constexpr (times_itself) {
      return run_(batch);
    } else {
      run_(batch);
      return now_s_() - start_s;
    }
  }

  C& processes_;
  Operation& run_;
  Clock& now_s_;
};

/// Appends a round of batches to the samples; `own_s` are this process's times, `agreed_s` those of
/// the slowest.
template <Coordinator C>
void keep(C& processes, std::span<const double> own_s, std::span<const double> agreed_s,
          SampleSet& result) {
  if constexpr (requires { processes.note_samples(own_s); }) {
    processes.note_samples(own_s);  // groups that measure together are told apart by them
  }
  for (const double time_s : agreed_s) {
    result.time_s.push_back(time_s / static_cast<double>(result.batch));
  }
}

/// Whether a round says that batches must be longer: then they are, and samples so far are
/// forgotten.
template <Coordinator C>
bool lengthen_batch([[maybe_unused]] C& processes, const SamplingPlan& plan,
                    std::span<const double> agreed_s, SampleSet& result) {
  const std::int64_t batch =
      batch_after_samples(plan, result.batch, *std::min_element(agreed_s.begin(), agreed_s.end()));
  if (batch == result.batch) {
    return false;
  }
  result.warmup += static_cast<std::int64_t>(result.time_s.size()) * result.batch;
  result.batch = batch;
  result.time_s.clear();
  if constexpr (requires { processes.forget_samples(); }) {
    processes.forget_samples();
  }
  return true;
}

/// Before the samples: finds the batch, and performs operations until their times have settled.
/// Where the last round is what a sample is, it is the first round of samples, which began at
/// `begin_s`. Gives the duration of one batch. Nothing here asks a clock that is not agreed on, so
/// that all processes do the same.
template <Coordinator C, class Watch, class Operation, class Clock>
double settle(C& processes, const SamplingPlan& plan, Watch& watch, Operation& run, Clock& now_s,
              SampleSet& result, double& begin_s) {
  if (plan.fixed_warmup && *plan.fixed_warmup > 0) {
    run(*plan.fixed_warmup);
    result.warmup = *plan.fixed_warmup;
  }
  double elapsed_s = 0;
  const auto time_of = [&](std::int64_t batch) {
    const double time_s = watch.agreed_time_s(batch);
    elapsed_s += time_s;
    result.warmup += plan.fixed_warmup ? 0 : batch;
    return time_s;
  };
  // The first operation sets up connections and is in no comparison, unless there is no time for
  // others.
  double before_s = plan.fixed_warmup ? 0 : time_of(1);
  result.batch = processes.agree(plan.fixed_batch.value_or(1));
  double pilot_s = 0;
  std::vector<double> pilots_s;
  for (bool settled = false; !settled;) {
    // The best of three: one pilot that was interrupted must not make a short operation look long.
    pilots_s = {time_of(result.batch)};
    while (pilots_s.size() < 3 && pilots_s.back() < plan.time_budget_s / 10) {
      pilots_s.push_back(time_of(result.batch));
    }
    pilot_s = *std::min_element(pilots_s.begin(), pilots_s.end());
    const std::int64_t next = processes.agree(next_batch(plan, result.batch, pilot_s));
    settled = next == result.batch;
    result.batch = next;
  }
  if (plan.fixed_warmup) {
    begin_s = now_s();
    return pilot_s;
  }
  std::vector<double> own;
  std::vector<double> round;
  double earlier_s = median(pilots_s);
  result.warmup_stable = result.batch == 1 && times_agree(before_s, pilot_s);
  for (;;) {
    const std::int64_t count = next_warmup_round(plan, elapsed_s, earlier_s);
    begin_s = now_s();
    if (count == 0) {
      return pilot_s;
    }
    own.assign(static_cast<std::size_t>(count), 0.0);
    watch.time_after_barriers(result.batch, own);
    round = own;
    processes.all_max(round);
    for (const double time_s : round) {
      elapsed_s += time_s;
    }
    const double later_s = median(round);
    result.warmup_stable = times_agree(earlier_s, round);
    const std::int64_t operations = count * result.batch;
    if (lengthen_batch(processes, plan, round, result)) {
      result.warmup += operations;
      earlier_s = pilot_s = time_of(result.batch);
      continue;
    }
    if (result.warmup_stable && settled_round_counts(plan)) {
      keep(processes, own, round, result);
      return later_s;
    }
    result.warmup += operations;
    if (result.warmup_stable) {
      begin_s = now_s();
      return later_s;
    }
    earlier_s = later_s;
  }
}

/// Clocks of different processes are compared for windows only. Collective: every process calls it
/// with the same plan.
template <Coordinator C, class Operation, class Clock>
SampleSet take_samples(C& processes, const SamplingPlan& plan, Operation&& run, Clock&& now_s) {
  SampleSet result;
  Stopwatch watch(processes, run, now_s);
  double begin_s = now_s();
  const double pilot_s = settle(processes, plan, watch, run, now_s, result, begin_s);
  if constexpr (ClockPeers<C>) {
    if (plan.sync == SyncPolicy::window &&
        take_windows(processes, plan, pilot_s, run, now_s, result)) {
      result.sync = SyncPolicy::window;
      return result;
    }
  }
  if (plan.sync == SyncPolicy::back_to_back) {
    result.sync = SyncPolicy::back_to_back;
  }
  Rounds rounds(plan);
  std::vector<double> own;
  std::vector<double> round;
  for (;;) {
    const std::int64_t count = processes.agree(rounds.next(result, now_s() - begin_s, pilot_s));
    if (count <= 0) {
      return result;
    }
    own.assign(static_cast<std::size_t>(count), 0.0);
    if (result.sync == SyncPolicy::back_to_back) {
      watch.time_back_to_back(result.batch, own);
    } else {
      watch.time_after_barriers(result.batch, own);
    }
    round = own;
    processes.all_max(round);
    if (lengthen_batch(processes, plan, round, result)) {
      rounds = Rounds(plan);
      continue;
    }
    keep(processes, own, round, result);
  }
}

}  // namespace collscale

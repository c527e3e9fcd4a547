// SPDX-License-Identifier: Apache-2.0
// Samples that begin at agreed times: every process starts when the reference clock says so, and
// none has to wait for another to be told. A process that is late spoils the sample, which is
// thrown away and counted. (Hunold and Carpen-Amarie, IEEE TPDS 27, 2016, compare this with
// barriers.)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "measure/reference_clock.hpp"
#include "measure/sampling_plan.hpp"

namespace collscale {

/// Between two starts: half as much again as the operation took, and room to be told apart.
inline double first_window_s(double sample_cost_s) { return 1.5 * sample_cost_s + 5e-6; }

/// Whether to give up: nearly every sample is missed.
inline bool windows_are_hopeless(const SamplingPlan& plan, std::int64_t good, std::int64_t tried,
                                 double elapsed_s) {
  if (plan.fixed_samples) {
    return tried >= 4 * *plan.fixed_samples + 100;
  }
  return elapsed_s >= plan.time_budget_s && good < plan.min_samples &&
         tried >= 4 * plan.min_samples;
}

/// Appends samples to `result`. False, on every process, where every one was missed: then there is
/// nothing to report. `pilot_s` is an estimate of one sample's duration. Collective.
template <ClockPeers C, class Operation, class Clock>
bool take_windows(C& processes, const SamplingPlan& plan, double pilot_s, Operation&& run,
                  Clock&& now_s, SampleSet& result) {
  constexpr double kLate_s = 1e-6;       // far more than a poll of the clock, or its error
  constexpr double kLead_s = 200e-6;     // for the first start to reach every process
  constexpr double kLongest_s = 100e-3;  // of a round: clocks drift by a microsecond in it at most
  Rounds rounds(plan);
  ReferenceClock clock;
  double window_s = first_window_s(pilot_s);
  std::int64_t tried = 0;
  std::vector<double> round;  // the times, and then 1 for each sample that was late
  std::vector<double> own;    // this process's times
  const double begin_s = now_s();
  for (;;) {
    const double elapsed_s = now_s() - begin_s;
    const auto good = static_cast<std::int64_t>(result.time_s.size());
    std::int64_t count = rounds.next(result, elapsed_s, window_s);
    if (windows_are_hopeless(plan, good, tried, elapsed_s)) {
      count = 0;
    }
    count = std::min(count, std::max<std::int64_t>(1, std::llround(kLongest_s / window_s)));
    count = processes.agree(count);
    if (count <= 0) {
      break;
    }
    compare_clocks(processes, clock, now_s);
    const double first_s =
        1e-9 *
        static_cast<double>(processes.agree(std::llround(1e9 * (clock.at(now_s()) + kLead_s))));
    round.assign(2 * static_cast<std::size_t>(count), 0.0);
    double* const late = round.data() + count;
    for (std::int64_t i = 0; i < count; ++i) {
      const double start_s = first_s + static_cast<double>(i) * window_s;
      double at_s = clock.at(now_s());
      while (at_s < start_s) {
        at_s = clock.at(now_s());
      }
      run(result.batch);
      round[static_cast<std::size_t>(i)] = clock.at(now_s()) - start_s;
      late[i] = at_s - start_s > kLate_s ? 1.0 : 0.0;
    }
    own.assign(round.begin(), round.begin() + count);
    processes.all_max(round);
    std::int64_t missed = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      if (round[static_cast<std::size_t>(count + i)] > 0) {
        ++missed;
      } else {
        result.time_s.push_back(round[static_cast<std::size_t>(i)] /
                                static_cast<double>(result.batch));
        if constexpr (requires { processes.note_samples(own); }) {
          processes.note_samples({&own[static_cast<std::size_t>(i)], 1});
        }
      }
    }
    tried += count;
    result.missed += missed;
    if (10 * missed > count) {
      window_s *= 1.5;
    }
  }
  double error_s = clock.worst_error_s();
  processes.all_max(std::span<double>(&error_s, 1));
  result.clock_error_s = error_s;
  return !result.time_s.empty();
}

}  // namespace collscale

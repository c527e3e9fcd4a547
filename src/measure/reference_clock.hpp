// SPDX-License-Identifier: Apache-2.0
// The clock of process 0 as seen from another process, whose own clock has another origin and runs
// at a slightly different rate.
//
// Offsets come from ping-pongs, of which the quickest is believed: it had the least room for delays
// on one way only (Cristian, Distributed Computing 3, 1989). They go down a binomial tree, each
// process asking one that knows already, so that n processes need log2(n) steps (Hunold and
// Carpen-Amarie, IEEE CLUSTER 2018, call it HCA). Rates come from a line through the offsets, as in
// Jones and Koenig (SIMUTools 2012).
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "measure/coordinator.hpp"

namespace collscale {

/// One comparison of clocks.
struct ClockReading {
  double local_s = 0;   ///< on this process's clock
  double offset_s = 0;  ///< of the reference: its time less this process's
};

class ReferenceClock {
 public:
  /// The reference's time at this process's `local_s`. Before the first reading: the same, as it is
  /// on process 0.
  [[nodiscard]] double at(double local_s) const {
    return local_s + (offset_s_ + rate_ * (local_s - local_s_));
  }
  void add(ClockReading reading);
  /// The largest difference between what a reading said and what was predicted before it; 0 with
  /// fewer than two readings.
  [[nodiscard]] double worst_error_s() const { return worst_error_s_; }

 private:
  std::vector<ClockReading> readings_;
  double local_s_ = 0;
  double offset_s_ = 0;
  double rate_ = 0;  ///< seconds of offset per second
  double worst_error_s_ = 0;
};

/// The quickest of 20 ping-pongs with process `server`, which runs answer_clock_questions at the
/// same time; of fewer where they take long, as on a machine with more processes than cores.
template <ClockPeers C, class Clock>
ClockReading ask_for_time(C& processes, int server, Clock&& now_s) {
  constexpr int kFewest = 3;
  constexpr int kMost = 20;
  constexpr double kPatience_s = 5e-3;
  ClockReading best;
  double quickest_s = HUGE_VAL;
  const double begin_s = now_s();
  for (int i = 1, last = 0; last == 0; ++i) {
    const double asked_s = now_s();
    last = i == kMost || (i >= kFewest && asked_s - begin_s > kPatience_s) ? 1 : 0;
    processes.send(server, last);
    const double reference_s = processes.receive(server);
    const double answered_s = now_s();
    if (answered_s - asked_s < quickest_s) {
      quickest_s = answered_s - asked_s;
      const double between_s = asked_s + 0.5 * quickest_s;
      best = {between_s, reference_s - between_s};
    }
  }
  return best;
}

template <ClockPeers C, class Clock>
void answer_clock_questions(C& processes, int client, const ReferenceClock& clock, Clock&& now_s) {
  for (bool last = false; !last;) {
    last = processes.receive(client) != 0;
    processes.send(client, clock.at(now_s()));
  }
}

/// Adds one reading to every process's `clock`, except process 0's. Collective.
template <ClockPeers C, class Clock>
void compare_clocks(C& processes, ReferenceClock& clock, Clock&& now_s) {
  const int rank = processes.rank();
  const int size = processes.size();
  int step = 1;
  while (2 * step < size) {
    step *= 2;
  }
  for (; step >= 1; step /= 2) {
    if (rank % (2 * step) == step) {
      clock.add(ask_for_time(processes, rank - step, now_s));
    } else if (rank % (2 * step) == 0 && rank + step < size) {
      answer_clock_questions(processes, rank + step, clock, now_s);
    }
  }
}

}  // namespace collscale

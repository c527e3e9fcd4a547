// SPDX-License-Identifier: Apache-2.0
// How often to measure: the limits a user sets, and the decisions that follow from them. The
// decisions are plain functions of agreed numbers; process 0 takes them and tells the others
// (sampler.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "units/error.hpp"

namespace collscale {

/// What happens before a sample: a barrier; nothing (each sample begins where the process's own
/// last one ended); or every process waits for an agreed time (window.hpp).
enum class SyncPolicy { barrier, back_to_back, window };

std::string_view name(SyncPolicy policy);
Expected<SyncPolicy> parse_sync_policy(std::string_view text);

struct SamplingPlan {
  SyncPolicy sync = SyncPolicy::barrier;
  std::optional<std::int64_t> fixed_warmup;  ///< operations; empty: until their times settle
  double precision = 0.02;  ///< enough when the median's 95 % interval lies within ± this share
  std::int64_t enough_from_samples = 20;  ///< and there are at least so many samples
  std::int64_t min_samples = 8;           ///< taken even when they exceed the budget
  std::int64_t max_samples = 2000;
  double time_budget_s = 1.0;   ///< per point, for the samples; looked at between rounds
  double min_sample_s = 20e-6;  ///< shorter operations are timed in batches of at least this
  std::int64_t max_batch = 1000;
  std::optional<std::int64_t> fixed_samples;  ///< exactly so many; budget and precision are ignored
  std::optional<std::int64_t> fixed_batch;    ///< operations per sample
};

/// What one point gave. Every process holds the same values.
struct SampleSet {
  std::vector<double> time_s;  ///< per operation; each the maximum over processes
  std::int64_t batch = 1;      ///< operations per sample: operations timed = time_s.size() × batch
  SyncPolicy sync = SyncPolicy::barrier;  ///< barrier, too, where every window was missed
  std::int64_t warmup = 0;                ///< operations before the first sample
  bool warmup_stable = false;
  std::int64_t missed = 0;                ///< samples thrown away: a process was late
  std::optional<double> clock_error_s{};  ///< window: the largest misjudgement of a clock
};

/// The share of the median within which its 95 % interval lies on both sides; empty where there are
/// too few samples for one.
std::optional<double> precision_of(std::span<const double> samples_s);

/// The next batch to try after `batch` operations took `elapsed_s`; the same number: it is long
/// enough.
std::int64_t next_batch(const SamplingPlan& plan, std::int64_t batch, double elapsed_s);

/// The batch to go on with after samples of which the quickest took `quickest_s`; the same number:
/// it is long enough. Another: all pilots were interrupted, which made a short operation look long;
/// as long as other work has the processor, each such sample is a wait for it.
std::int64_t batch_after_samples(const SamplingPlan& plan, std::int64_t batch, double quickest_s);

/// Whether two successive times of the warm-up say that nothing changes any more.
bool times_agree(double earlier_s, double later_s);
/// The same of a round and the median of what was before it: a change that is smaller than what
/// half of the round's samples differ by is none.
bool times_agree(double earlier_s, std::span<const double> round_s);

/// Samples in a round of the warm-up; 0: it has taken long enough, settled or not. A fifth of the
/// point's budget is for it.
std::int64_t next_warmup_round(const SamplingPlan& plan, double elapsed_s, double sample_cost_s);

/// Whether the round of the warm-up by which times had settled is the first round of samples: it
/// was taken as they are.
bool settled_round_counts(const SamplingPlan& plan);

/// Says how many samples to take before the next look at what was reached.
class Rounds {
 public:
  explicit Rounds(const SamplingPlan& plan) : plan_(plan) {}

  /// How many samples the next round takes; 0: enough. `so_far` has what it had in the call before,
  /// and more. `elapsed_s` is the time the rounds so far took, barriers included, and
  /// `sample_cost_s` an estimate of one sample's for the first round.
  std::int64_t next(const SampleSet& so_far, double elapsed_s, double sample_cost_s);

 private:
  std::int64_t until_next_look(std::span<const double> times_s);

  SamplingPlan plan_;
  std::vector<double> ascending_s_;  // the samples, up to the last look
};

}  // namespace collscale

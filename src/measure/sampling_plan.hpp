// SPDX-License-Identifier: Apache-2.0
// How often to measure: the limits a user sets, and the decisions that follow from them. The
// decisions are plain functions of agreed numbers; process 0 takes them and tells the others
// (sampler.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace collscale {

struct SamplingPlan {
  std::int64_t warmup = 2;       ///< operations before anything is timed
  std::int64_t min_samples = 8;  ///< taken even when they exceed the budget
  std::int64_t max_samples = 400;
  double time_budget_s = 0.3;   ///< per point, for the samples; looked at between rounds
  double min_sample_s = 20e-6;  ///< shorter operations are timed in batches of at least this
  std::int64_t max_batch = 1000;
  std::optional<std::int64_t> fixed_samples;  ///< exactly so many; budget and precision are ignored
  std::optional<std::int64_t> fixed_batch;    ///< operations per sample
  double enough_relative_width = 0.01;    ///< stop when the median's 95 % interval is this narrow
  std::int64_t enough_from_samples = 50;  ///< and there are at least so many samples
};

/// What one point gave. Every process holds the same values.
struct SampleSet {
  std::vector<double> time_s;  ///< per operation; each the maximum over processes
  std::int64_t batch = 1;      ///< operations per sample: operations timed = time_s.size() × batch
};

/// The next batch to try after `batch` operations took `elapsed_s`; the same number: it is long
/// enough.
std::int64_t next_batch(const SamplingPlan& plan, std::int64_t batch, double elapsed_s);

/// How many samples the next round takes; 0: enough. `elapsed_s` is the time the rounds so far
/// took, barriers included, and `sample_cost_s` an estimate of one sample's for the first round.
std::int64_t next_round(const SamplingPlan& plan, const SampleSet& so_far, double elapsed_s,
                        double sample_cost_s);

}  // namespace collscale

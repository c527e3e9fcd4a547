// SPDX-License-Identifier: Apache-2.0
// Whether a measured row can be believed: from what the machine did meanwhile, and from the shape
// of its samples. docs/method.md lists the rules; their numbers are choices, and here they are.
#pragma once

#include <span>
#include <string_view>

#include "measure/buffers.hpp"
#include "measure/conditions.hpp"
#include "measure/sampling_plan.hpp"
#include "record/record.hpp"

namespace collscale {

/// From best to worst.
enum class Verdict { good, bimodal, drifting, contended, oversubscribed };
std::string_view name(Verdict verdict);

/// The median of the last third of the samples over that of the first third, less 1.
struct Drift {
  double change = 0;
  bool significant = false;  ///< beyond 5 %, with p < 0.001 by the rank-sum test of the two thirds
};
Drift find_drift(std::span<const double> samples_s);

/// How many times the median of the slower of two groups exceeds that of the quicker; 1 where there
/// is one group. Two groups are where the best split of the sorted logarithms (Otsu, IEEE Trans.
/// SMC 9, 1979) leaves 15 % on each side, explains 85 % of the variance (uniform samples: 75 %,
/// normal: 64 %), and the medians differ by 15 %. The outermost 2.5 % on either side are drawn in
/// first, as a single straggler is no mode. Needs 20 samples.
double find_modes(std::span<const double> samples_s);

/// Contended: a polling process had under 90 % of a core, cores fall short by more than 10 % of one
/// per process, or a process was preempted 10 times and in every tenth sample.
Verdict judge(const SampleSet& samples, const Conditions& conditions);

/// All of it, for the record. `samples` holds at least one.
Quality assess(const SampleSet& samples, const Conditions& conditions, BufferPolicy buffers);

/// Whether measuring again may help: more ranks than cores stay more.
bool worth_retrying(const Quality& quality);

/// Whether `a` is to be kept rather than `b`: the better verdict, else the narrower interval.
bool is_better(const Quality& a, const Quality& b);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Two runs of the same benchmarks: which became slower or faster, by how much, and how sure that
// is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/context.hpp"
#include "record/record.hpp"

namespace collscale {

/// What one run says of a benchmark.
struct Timing {
  std::string name;
  std::vector<double> samples_s;  ///< at least one; a time alone is one sample
};

/// A run: in the order of its file, every name once.
struct Timings {
  std::vector<Timing> list;
  Context context;
};

/// The record's samples, or its time. Records of one name (repetitions) are one timing. Names are
/// those of Google Benchmark, with what they leave out: in place, an operation that is not sum, a
/// root that is not 0.
Timings timings_of(const Results& results);

/// improved, regressed: the difference is significant and its whole interval beyond the noise
/// threshold. within_noise: significant, but not beyond. no_change: not significant. unjudged: so
/// few samples that no difference could be.
enum class Verdict { improved, regressed, no_change, within_noise, unjudged };
std::string_view name(Verdict verdict);

struct Comparison {
  std::string name;
  double a_s = 0;  ///< medians
  double b_s = 0;
  std::size_t a_samples = 0;
  std::size_t b_samples = 0;
  double ratio = 1;  ///< b over a: above 1 is slower
  double low = 1;    ///< its 95 % interval; the ratio itself where a side has one sample
  double high = 1;
  double effect = 0;  ///< Cliff's delta: 1 where every sample of b is slower than every one of a
  double p = 1;       ///< of Mann and Whitney
  double p_corrected = 1;  ///< for all comparisons made (Holm)
  Verdict verdict = Verdict::unjudged;
};

struct CompareOptions {
  double level = 0.95;            ///< of intervals; 1 − level of significance
  double noise_threshold = 0.02;  ///< changes below do not count
  std::uint64_t seed = 1;         ///< of the bootstrap
};

struct Comparisons {
  std::vector<Comparison> list;  ///< in the order of a
  std::vector<std::string> only_in_a;
  std::vector<std::string> only_in_b;
  std::vector<ContextDifference> context;
};

Comparisons compare(const Timings& a, const Timings& b, const CompareOptions& options = {});

/// Those that are slower by more than `share` (0.05: 5 %): regressed ones and, since nothing speaks
/// for them, unjudged ones.
std::vector<const Comparison*> slower_than(const Comparisons& comparisons, double share);

}  // namespace collscale

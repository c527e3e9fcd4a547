// SPDX-License-Identifier: Apache-2.0
#include "measure/verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "stats/quantiles.hpp"
#include "stats/two_samples.hpp"

namespace collscale {

namespace {

constexpr std::array<std::string_view, 5> kVerdicts{"good", "bimodal", "drifting", "contended",
                                                    "oversubscribed"};

std::size_t severity(std::string_view verdict) {
  return static_cast<std::size_t>(std::find(kVerdicts.begin(), kVerdicts.end(), verdict) -
                                  kVerdicts.begin());
}

bool is_contended(const SampleSet& samples, const Conditions& conditions) {
  constexpr double kFairShare = 0.9;
  if (conditions.cpu_share && *conditions.cpu_share < kFairShare) {
    return true;
  }
  const auto processes = static_cast<double>(conditions.processes_per_node);
  if (conditions.short_of_cores && *conditions.short_of_cores > (1 - kFairShare) * processes) {
    return true;
  }
  return conditions.involuntary_switches >= 10 &&
         10 * conditions.involuntary_switches > static_cast<std::int64_t>(samples.time_s.size());
}

Verdict judge(const SampleSet& samples, const Conditions& conditions, const Drift& drift,
              double mode_ratio) {
  if (conditions.oversubscribed) {
    return Verdict::oversubscribed;
  }
  if (is_contended(samples, conditions)) {
    return Verdict::contended;
  }
  if (drift.significant) {
    return Verdict::drifting;
  }
  return mode_ratio > 1 ? Verdict::bimodal : Verdict::good;
}

}  // namespace

std::string_view name(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }

Drift find_drift(std::span<const double> samples_s) {
  Drift drift;
  const std::size_t third = samples_s.size() / 3;
  if (third == 0) {
    return drift;
  }
  const auto first = samples_s.first(third);
  const auto last = samples_s.last(third);
  const double before_s = median(first);
  if (before_s <= 0) {
    return drift;
  }
  drift.change = median(last) / before_s - 1;
  drift.significant = std::abs(drift.change) > 0.05 && rank_sum(first, last).p < 0.001;
  return drift;
}

double find_modes(std::span<const double> samples_s) {
  constexpr std::size_t kFewest = 20;
  constexpr double kOuter = 0.025;
  constexpr double kSmallestGroup = 0.15;
  constexpr double kExplained = 0.85;
  constexpr double kApart = 1.15;
  std::vector<double> sorted(samples_s.begin(), samples_s.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  if (n < kFewest || sorted.front() <= 0) {
    return 1;
  }
  const auto count = static_cast<double>(n);
  const auto outer = static_cast<std::size_t>(std::ceil(kOuter * count));
  std::vector<double> logs;
  double mean = 0;
  for (const double sample_s : sorted) {
    logs.push_back(std::log(std::clamp(sample_s, sorted[outer], sorted[n - 1 - outer])));
    mean += logs.back() / count;
  }
  double variance = 0;
  for (const double each : logs) {
    variance += (each - mean) * (each - mean);
  }
  if (variance <= 0) {
    return 1;
  }
  const auto least = static_cast<std::size_t>(std::ceil(kSmallestGroup * count));
  double below = 0;
  double best = 0;
  std::size_t split = 0;
  for (std::size_t k = 1; k <= n - least; ++k) {
    below += logs[k - 1];
    if (k < least) {
      continue;
    }
    const auto size = static_cast<double>(k);
    const double gap = below - size * mean;
    const double between = gap * gap * count / (size * (count - size));
    if (between > best) {
      best = between;
      split = k;
    }
  }
  if (best < kExplained * variance) {
    return 1;
  }
  const std::span<const double> all(sorted);
  const double ratio =
      sorted_quantile(all.subspan(split), 0.5) / sorted_quantile(all.first(split), 0.5);
  return ratio >= kApart ? ratio : 1;
}

Verdict judge(const SampleSet& samples, const Conditions& conditions) {
  return judge(samples, conditions, find_drift(samples.time_s), find_modes(samples.time_s));
}

Quality assess(const SampleSet& samples, const Conditions& conditions, BufferPolicy buffers) {
  const Drift drift = find_drift(samples.time_s);
  Quality quality;
  quality.drift = drift.change;
  quality.mode_ratio = find_modes(samples.time_s);
  quality.verdict = name(judge(samples, conditions, drift, quality.mode_ratio));
  quality.sync = name(samples.sync);
  quality.buffers = name(buffers);
  quality.batch = samples.batch;
  quality.warmup = samples.warmup;
  quality.warmup_stable = samples.warmup_stable;
  quality.precision = precision_of(samples.time_s);
  quality.missed = samples.missed;
  quality.cpu_share = conditions.cpu_share;
  quality.foreign_cores = conditions.foreign_cores;
  quality.involuntary_switches = conditions.involuntary_switches;
  quality.clock_error_s = samples.clock_error_s;
  return quality;
}

bool worth_retrying(const Quality& quality) {
  const std::size_t how_bad = severity(quality.verdict);
  return how_bad > severity(name(Verdict::good)) &&
         how_bad < severity(name(Verdict::oversubscribed));
}

bool is_better(const Quality& a, const Quality& b) {
  if (severity(a.verdict) != severity(b.verdict)) {
    return severity(a.verdict) < severity(b.verdict);
  }
  return a.precision.value_or(HUGE_VAL) < b.precision.value_or(HUGE_VAL);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "compare/compare.hpp"

#include <algorithm>

#include "stats/quantiles.hpp"
#include "stats/two_samples.hpp"

namespace collscale {
namespace {

Verdict judge(const Comparison& one, const CompareOptions& options) {
  if (least_rank_sum_p(one.a_samples, one.b_samples) > 1 - options.level) return Verdict::unjudged;
  if (one.p_corrected > 1 - options.level) return Verdict::no_change;
  if (one.low > 1 + options.noise_threshold) return Verdict::regressed;
  if (one.high < 1 / (1 + options.noise_threshold)) return Verdict::improved;
  return Verdict::within_noise;
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::improved:
      return "improved";
    case Verdict::regressed:
      return "regressed";
    case Verdict::no_change:
      return "no change";
    case Verdict::within_noise:
      return "within noise";
    case Verdict::unjudged:
      return "not judged";
  }
  return "?";
}

Timings timings_of(const Results& results) {
  Timings timings;
  timings.context = results.context;
  std::map<std::string, std::size_t> place;
  for (const Record& record : results.records) {
    const std::string name = full_benchmark_name(record.scenario);
    const auto [found, fresh] = place.try_emplace(name, timings.list.size());
    if (fresh) timings.list.push_back({name, {}});
    std::vector<double>& samples = timings.list[found->second].samples_s;
    if (record.samples_s.empty())
      samples.push_back(record.time_s);
    else
      samples.insert(samples.end(), record.samples_s.begin(), record.samples_s.end());
  }
  return timings;
}

Comparisons compare(const Timings& a, const Timings& b, const CompareOptions& options) {
  Comparisons out;
  std::map<std::string_view, const Timing*> of_b;
  for (const Timing& timing : b.list) of_b[timing.name] = &timing;
  std::vector<double> p;
  for (const Timing& timing : a.list) {
    const auto found = of_b.find(timing.name);
    if (found == of_b.end()) {
      out.only_in_a.push_back(timing.name);
      continue;
    }
    const std::vector<double>& x = timing.samples_s;
    const std::vector<double>& y = found->second->samples_s;
    of_b.erase(found);
    Comparison one;
    one.name = timing.name;
    one.a_s = median(x);
    one.b_s = median(y);
    one.a_samples = x.size();
    one.b_samples = y.size();
    const RankSum test = rank_sum(x, y);
    one.effect = test.effect;
    one.p = test.p;
    if (one.a_s > 0 && one.b_s > 0) {
      const Ratio ratio = ratio_of_medians(x, y, options.level, options.seed);
      one.ratio = ratio.value;
      one.low = ratio.low;
      one.high = ratio.high;
    }
    p.push_back(one.p);
    out.list.push_back(std::move(one));
  }
  for (const Timing& timing : b.list)
    if (of_b.contains(timing.name)) out.only_in_b.push_back(timing.name);
  const std::vector<double> corrected = holm(p);
  for (std::size_t i = 0; i < out.list.size(); ++i) {
    out.list[i].p_corrected = corrected[i];
    out.list[i].verdict = judge(out.list[i], options);
  }
  out.context = context_differences(a.context, b.context);
  return out;
}

std::vector<const Comparison*> slower_than(const Comparisons& comparisons, double share) {
  std::vector<const Comparison*> out;
  for (const Comparison& one : comparisons.list)
    if ((one.verdict == Verdict::regressed || one.verdict == Verdict::unjudged) &&
        one.ratio > 1 + share)
      out.push_back(&one);
  return out;
}

}  // namespace collscale

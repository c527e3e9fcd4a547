// SPDX-License-Identifier: Apache-2.0
#include "measure/make_record.hpp"

#include <algorithm>
#include <numeric>

#include "stats/quantiles.hpp"

namespace collscale {

Record make_record(const Scenario& scenario, Engine engine, const SampleSet& samples) {
  Record record;
  record.scenario = scenario;
  record.engine = engine;
  record.trust = Trust::measured;
  record.samples_s = samples.time_s;
  const auto count = static_cast<std::int64_t>(samples.time_s.size());
  record.iterations = count * samples.batch;
  std::vector<double> sorted = samples.time_s;
  std::sort(sorted.begin(), sorted.end());
  record.time_s = sorted_quantile(sorted, 0.5);
  const double sum = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  record.quantiles = {{"min", sorted.front()}, {"p5", sorted_quantile(sorted, 0.05)},
                      {"p50", record.time_s},  {"p95", sorted_quantile(sorted, 0.95)},
                      {"max", sorted.back()},  {"mean", sum / static_cast<double>(count)}};
  const MedianInterval interval = sorted_median_interval(sorted, 0.95);
  if (interval.reached) {
    record.intervals.push_back({0.95, interval.low, interval.high});
  }
  set_bandwidths(record);
  return record;
}

}  // namespace collscale

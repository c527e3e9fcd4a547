// SPDX-License-Identifier: Apache-2.0
// What the measuring loop adds to each sample: operations that do nothing, one process, barriers
// that do nothing. What remains is two reads of the clock (one, back to back) and the loop itself.
#include <benchmark/benchmark.h>

#include "measure/clock.hpp"
#include "measure/sampler.hpp"
#include "stats/quantiles.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kSamples = 2000;  // the cap of the default plan

struct Nothing {
  void operator()(std::int64_t operations) const { benchmark::DoNotOptimize(operations); }
};

SamplingPlan plan_of(SyncPolicy sync) {
  SamplingPlan plan;
  plan.sync = sync;
  plan.fixed_warmup = 0;
  plan.fixed_batch = 1;
  return plan;
}

/// Reads of the clock for as many samples, and nothing else: the floor.
void clock_reads(benchmark::State& state) {
  for (auto iteration : state) {
    for (std::int64_t i = 0; i < kSamples * state.range(0); ++i) {
      benchmark::DoNotOptimize(steady_now_s());
    }
  }
  state.SetItemsProcessed(state.iterations() * kSamples);
}
BENCHMARK(clock_reads)->ArgName("per_sample")->Arg(1)->Arg(2);

/// A clock that gains ever more, so that the interval of the median has a width.
class GainingClock {
 public:
  double operator()() { return steady_now_s() + (gained_s_ += step_s_ += 1e-12); }

 private:
  double step_s_ = 0;
  double gained_s_ = 0;
};

void gaining_clock_reads(benchmark::State& state) {
  GainingClock clock;
  for (auto iteration : state) {
    for (std::int64_t i = 0; i < kSamples * 2; ++i) {
      benchmark::DoNotOptimize(clock());
    }
  }
  state.SetItemsProcessed(state.iterations() * kSamples);
}
BENCHMARK(gaining_clock_reads);

/// The whole of take_samples with a number of samples given; per item, less clock_reads, is the
/// overhead. "in_sample_ns" is what the median sample of a do-nothing operation says: the part of
/// the overhead that is in the result.
void take_fixed(benchmark::State& state, SyncPolicy sync) {
  SamplingPlan plan = plan_of(sync);
  plan.fixed_samples = kSamples;
  SingleProcess alone;
  double in_sample_s = 0;
  for (auto iteration : state) {
    const SampleSet set = take_samples(alone, plan, Nothing{}, steady_now_s);
    state.PauseTiming();
    in_sample_s = median(set.time_s);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kSamples);
  state.counters["in_sample_ns"] = 1e9 * in_sample_s;
}
BENCHMARK_CAPTURE(take_fixed, barrier, SyncPolicy::barrier);
BENCHMARK_CAPTURE(take_fixed, back_to_back, SyncPolicy::back_to_back);

/// With the decisions between rounds: the interval of the median is looked at after each, and never
/// narrow enough, up to the cap. Its floor is gaining_clock_reads.
void take_adaptive(benchmark::State& state) {
  SamplingPlan plan = plan_of(SyncPolicy::barrier);
  plan.precision = 0;
  plan.time_budget_s = 1000;
  plan.max_samples = kSamples;
  SingleProcess alone;
  std::int64_t samples = 0;
  GainingClock clock;
  for (auto iteration : state) {
    samples += static_cast<std::int64_t>(take_samples(alone, plan, Nothing{}, clock).time_s.size());
  }
  state.SetItemsProcessed(samples);
}
BENCHMARK(take_adaptive);

}  // namespace
}  // namespace collscale

BENCHMARK_MAIN();

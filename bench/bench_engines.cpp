// SPDX-License-Identifier: Apache-2.0
// What our own engines cost: the figures of docs/performance.md. Plain Google Benchmark; its flags
// apply. Schedules and flows: bench_flows.cpp.
//   build/release/bench/bench_engines --benchmark_filter='^(flow|analytic)/'
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "collective/collective.hpp"
#include "model/analytic.hpp"
#include "sim/flow.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

const System& colossus() {
  static const System system = [] {
    auto loaded = load_system("colossus-100k");
    if (!loaded) std::abort();
    return *loaded;
  }();
  return system;
}

void load_topology(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(load_system("colossus-100k"));
}
BENCHMARK(load_topology)->Unit(benchmark::kMicrosecond);

void analytic(benchmark::State& state, Collective collective, const char* algorithm) {
  const std::vector<double> sizes = {1 << 30};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        predict_analytic(colossus(), collective, algorithm, state.range(0), sizes));
  }
}
BENCHMARK_CAPTURE(analytic, all_reduce_ring, Collective::all_reduce, "ring")
    ->Arg(8)
    ->Arg(4096)
    ->Arg(100'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(analytic, all_reduce_hierarchical, Collective::all_reduce, "hierarchical")
    ->Arg(100'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(analytic, all_reduce_halving_doubling, Collective::all_reduce, "halving_doubling")
    ->Arg(100'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(analytic, all_to_all_pairwise, Collective::all_to_all, "pairwise")
    ->Arg(100'000)
    ->Unit(benchmark::kMicrosecond);

void flow(benchmark::State& state, Collective collective, const char* algorithm) {
  const std::vector<double> sizes = {1 << 30};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        simulate_flow(colossus(), collective, algorithm, state.range(0), sizes));
  }
}
BENCHMARK_CAPTURE(flow, all_reduce_ring, Collective::all_reduce, "ring")
    ->Arg(4096)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow, all_reduce_hierarchical, Collective::all_reduce, "hierarchical")
    ->Arg(4096)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow, all_reduce_halving_doubling, Collective::all_reduce, "halving_doubling")
    ->Arg(4096)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow, all_to_all_pairwise, Collective::all_to_all, "pairwise")
    ->Arg(4096)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace collscale

BENCHMARK_MAIN();

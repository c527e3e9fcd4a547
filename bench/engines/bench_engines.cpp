// SPDX-License-Identifier: Apache-2.0
// What our own engines cost: the figures of docs/performance.md. Plain Google Benchmark; its flags
// apply. Schedules and flows: bench_flows.cpp.
//   build/release/bench/bench_engines --benchmark_filter='^(flow|analytic)/'
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>
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

/// The same machine with every link by itself.
const System& colossus_ecmp() {
  static const System system = [] {
    System copy = colossus();
    std::get_if<Clos>(&copy.fabric)->routing = Routing::ecmp;
    return copy;
  }();
  return system;
}

/// A million accelerators on four planes, three tiers.
const System& million(const char* routing) {
  const auto load = [](const std::string& with) {
    auto loaded = load_system("fat-tree:nodes=125000,rails=8,planes=4,radix=512,routing=" + with);
    if (!loaded) std::abort();
    return *loaded;
  };
  static const System ecmp = load("ecmp");
  static const System adaptive = load("adaptive");
  return std::string(routing) == "ecmp" ? ecmp : adaptive;
}

void flow_on(benchmark::State& state, const System& system, Collective collective,
             const char* algorithm) {
  const std::vector<double> sizes = {1 << 30};
  for (auto _ : state) {
    const auto answer = simulate_flow(system, collective, algorithm, state.range(0), sizes);
    if (!answer) state.SkipWithError(answer.error().message.c_str());
    benchmark::DoNotOptimize(answer);
  }
}

void flow(benchmark::State& state, Collective collective, const char* algorithm) {
  flow_on(state, colossus(), collective, algorithm);
}
void flow_ecmp(benchmark::State& state, Collective collective, const char* algorithm) {
  flow_on(state, colossus_ecmp(), collective, algorithm);
}
void flow_million(benchmark::State& state, Collective collective, const char* algorithm,
                  const char* routing) {
  flow_on(state, million(routing), collective, algorithm);
}
void flow_trials(benchmark::State& state) {
  const std::vector<double> sizes = {1 << 30};
  for (auto _ : state)
    benchmark::DoNotOptimize(simulate_flow_trials(colossus_ecmp(), Collective::all_reduce,
                                                  "hierarchical", 100'000, sizes, state.range(0),
                                                  0));
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

BENCHMARK_CAPTURE(flow_ecmp, all_reduce_hierarchical, Collective::all_reduce, "hierarchical")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow_ecmp, all_reduce_ring, Collective::all_reduce, "ring")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow_ecmp, all_reduce_double_tree, Collective::all_reduce, "double_binary_tree")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow_ecmp, all_reduce_halving_doubling, Collective::all_reduce,
                  "halving_doubling")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow_ecmp, all_gather_pat, Collective::all_gather, "pat")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow_ecmp, all_to_all_pairwise, Collective::all_to_all, "pairwise")
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow_million, all_reduce_hierarchical_ecmp, Collective::all_reduce,
                  "hierarchical", "ecmp")
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow_million, all_reduce_hierarchical_adaptive, Collective::all_reduce,
                  "hierarchical", "adaptive")
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(flow_million, all_to_all_pairwise, Collective::all_to_all, "pairwise", "ecmp")
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(flow_trials)->Arg(200)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace collscale

BENCHMARK_MAIN();

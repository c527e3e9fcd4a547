// SPDX-License-Identifier: Apache-2.0
// What our own engines cost: the figures of docs/performance.md. Plain Google Benchmark; its flags
// apply.
//   build/release/bench/bench_engines --benchmark_filter=flow
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/flows.hpp"
#include "collective/program.hpp"
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

void make_program_of(benchmark::State& state, const char* algorithm, std::int64_t ranks) {
  const Shape shape{ranks, 8, 8, 0};
  for (auto _ : state) {
    const auto schedule = make_schedule(Collective::all_reduce, algorithm, shape);
    benchmark::DoNotOptimize(make_program(*schedule));
  }
}
BENCHMARK_CAPTURE(make_program_of, ring_1000000, "ring", 1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(make_program_of, hierarchical_1000000, "hierarchical", 1'000'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(make_program_of, halving_doubling_1000000, "halving_doubling", 1'000'000)
    ->Unit(benchmark::kMicrosecond);

/// The hand-written loop that enumeration is held against: senders of a shift, summed.
void enumerate_by_hand(benchmark::State& state) {
  const std::int64_t ranks = state.range(0);
  for (auto _ : state) {
    std::int64_t sum = 0;
    for (std::int64_t w = 0; w < ranks; ++w) {
      std::int64_t sender = w - 1;
      if (sender < 0) sender += ranks;
      sum += sender ^ w;
      benchmark::DoNotOptimize(sum);
    }
  }
  state.SetItemsProcessed(state.iterations() * ranks);
}
BENCHMARK(enumerate_by_hand)->Arg(1'000'000);

void enumerate_flows(benchmark::State& state, Collective collective, const char* algorithm) {
  constexpr std::int64_t kRanks = 1 << 20;
  const auto schedule = make_schedule(collective, algorithm, {kRanks, 8, 1, 0});
  const auto program = make_program(*schedule);
  const Program* stage = &*program;
  while (stage->kind != Program::Kind::stage) stage = &stage->parts.front();
  for (auto _ : state) {
    std::int64_t sum = 0;
    for_each_flow(stage->lanes.front(), 0, 0, [&](std::int64_t source, std::int64_t destination) {
      sum += source ^ destination;
      benchmark::DoNotOptimize(sum);
    });
  }
  state.SetItemsProcessed(state.iterations() * kRanks);
}
BENCHMARK_CAPTURE(enumerate_flows, ring, Collective::all_gather, "ring");
BENCHMARK_CAPTURE(enumerate_flows, halving_doubling, Collective::all_gather, "halving_doubling");
BENCHMARK_CAPTURE(enumerate_flows, hierarchical, Collective::all_gather, "hierarchical");

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

// SPDX-License-Identifier: Apache-2.0
// What max-min fair sharing costs, for docs/performance.md: 100,000 unequal flows between random
// GPUs of a fat tree of three tiers.
//   rates: one progressive filling. phase: the fluid run, from the start to the last flow's end;
//   each flow's end is an event.
//   build/release/bench/bench_max_min
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "sim/max_min.hpp"
#include "sim/max_min_phase.hpp"
#include "topology/fabric.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

struct Traffic {
  RoutedFlows flows;
  std::vector<double> capacity_Bps;
};

/// Permutation: every GPU sends one flow and receives one. Otherwise both ends are random.
Traffic traffic(const std::string& topology, bool permutation) {
  const auto system = load_system(topology);
  if (!system) std::abort();
  const Fabric fabric(*system);
  Traffic made;
  for (const LinkClass& of : fabric.classes())
    made.capacity_Bps.insert(made.capacity_Bps.end(), static_cast<std::size_t>(of.count),
                             of.capacity_Bps);
  const auto ranks = static_cast<std::uint64_t>(max_ranks(*system));
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> to(ranks);
  for (std::uint64_t i = 0; i < ranks; ++i) to[i] = permutation ? i : random() % ranks;
  for (std::uint64_t i = ranks - 1; permutation && i > 0; --i) std::swap(to[i], to[random() % i]);
  made.flows.reserve(ranks, 8 * ranks);
  for (std::uint64_t i = 0; i < ranks; ++i) {
    const std::uint64_t from = permutation ? i : random() % ranks;
    const double part = static_cast<double>(random() >> 11U) * 0x1p-53;
    const Path path =
        fabric.path(static_cast<std::int64_t>(from), static_cast<std::int64_t>(to[i]), random());
    made.flows.add(path, {.bytes = 1e6 * (1 + 999 * part)});
  }
  return made;
}

void rates(benchmark::State& state, const char* topology, bool permutation) {
  const Traffic made = traffic(topology, permutation);
  for (auto _ : state) benchmark::DoNotOptimize(max_min_rates(made.flows, made.capacity_Bps));
}

void phase(benchmark::State& state, const char* topology, bool permutation) {
  const Traffic made = traffic(topology, permutation);
  FluidPhase last;
  for (auto _ : state) last = *max_min_phase(made.flows, made.capacity_Bps);
  state.counters["events"] = static_cast<double>(last.events);
  state.counters["link_updates"] = static_cast<double>(last.link_updates);
  state.counters["rate_changes"] = static_cast<double>(last.rate_changes);
  state.counters["over_bound"] = last.makespan_s / max_load_s(made.flows, made.capacity_Bps);
  state.counters["makespan_ms"] = 1e3 * last.makespan_s;
}

constexpr const char* kEcmp = "fat-tree:nodes=12500,radix=128,tiers=3,routing=ecmp";
constexpr const char* kSpray = "fat-tree:nodes=12500,radix=128,tiers=3,routing=spray";
constexpr const char* kTapered =
    "fat-tree:nodes=12500,radix=128,tiers=3,routing=ecmp,oversubscription=3";

BENCHMARK_CAPTURE(rates, ecmp_random, kEcmp, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(rates, ecmp_permutation, kEcmp, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(rates, spray_random, kSpray, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(rates, tapered_random, kTapered, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(phase, ecmp_random, kEcmp, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(phase, ecmp_permutation, kEcmp, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(phase, spray_random, kSpray, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(phase, tapered_random, kTapered, false)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace collscale

BENCHMARK_MAIN();

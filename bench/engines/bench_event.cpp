// SPDX-License-Identifier: Apache-2.0
// The event engine: rank-steps of its inner loops, and messages of schedules of logarithmic depth,
// per second (items_per_second).
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "scenario/noise.hpp"
#include "sim/event/event.hpp"
#include "sim/event/ring.hpp"
#include "topology_io/load.hpp"

namespace {

using namespace collscale;

/// A flat ring of `ranks` ranks through `steps` steps on two threads.
void ring(benchmark::State& state, const char* noise, std::int64_t ranks, std::int64_t steps,
          const Kernels* kernels) {
  const auto parsed = parse_noise(noise);
  const DelayLaw law(*parsed);
  const auto n = static_cast<std::size_t>(ranks);
  const RankKeys keys = rank_keys(1, ranks);
  std::vector<double> clocks(n);
  const std::vector<double> own(n, 2e-6);
  const std::vector<double> edge(n, 5e-6);
  RingWork work;
  work.size = ranks;
  work.steps = steps;
  work.clocks = clocks.data();
  work.own = own.data();
  work.edge = edge.data();
  work.key_low = keys.low.data();
  work.key_high = keys.high.data();
  work.law = law.kind == DelayLaw::Kind::none ? nullptr : &law;
  work.threads = 2;
  work.kernels = kernels;
  for (auto _ : state) {
    run_rings(work);
    benchmark::DoNotOptimize(clocks.data());
  }
  state.SetItemsProcessed(state.iterations() * ranks * steps);
  state.SetLabel(kernels->name);
}

/// What limits the loops: additions of 512 (or 256, 128) bits per second on two threads. A core
/// starts two vectors per cycle; two hardware threads of one core share them.
void delays(benchmark::State& state, const char* noise, const Kernels* kernels) {
  const DelayLaw law(*parse_noise(noise));
  constexpr std::int64_t kRanks = 256;
  const RankKeys keys = rank_keys(1, kRanks);
  std::vector<float> rows(kRanks * kDelaySteps);
  std::uint64_t block = 0;
  for (auto _ : state) {
    kernels->fill_delays(law, keys.low.data(), keys.high.data(), kRanks, step_keys(1, 0, block++),
                         0, kDelaySteps / 2, rows.data(), kRanks);
    benchmark::DoNotOptimize(rows.data());
  }
  state.SetItemsProcessed(state.iterations() * kRanks * kDelaySteps);
  state.SetLabel(kernels->name);
}

/// recursive_doubling, message by message with a delay on each: 20 steps of 2^20 ranks. From the
/// schedule on, pricing included.
void log_depth(benchmark::State& state) {
  constexpr std::int64_t kRanks = 1 << 20;
  const auto system = load_system("fat-tree:nodes=131072,radix=256,rails=8");
  PriceOptions price;
  price.noise = *parse_noise("exponential:1us");
  const std::vector<double> sizes = {1e6};
  for (auto _ : state) {
    const auto answer = simulate_event(*system, Collective::all_reduce, "recursive_doubling",
                                       kRanks, sizes, {}, price);
    if (!answer) return state.SkipWithError(answer.error().message.c_str());
    benchmark::DoNotOptimize(answer->front().prediction.time_s);
  }
  state.SetItemsProcessed(state.iterations() * kRanks * 20);
}

}  // namespace

int main(int argc, char** argv) {
  const auto name = [](const char* what, const char* noise, const Kernels* kernels) {
    return std::string(what) + "/" + noise + "/" + kernels->name;
  };
  for (const Kernels* kernels : available_kernels()) {
    for (const char* noise : {"none", "exponential:1us", "normal:200ns", "lognormal:1us:0.5",
                              "pareto:1us:3", "detour:0.001:100us"}) {
      // Long enough for what a ring takes to set up not to matter, which a whole one's is not
      // either.
      const std::int64_t steps = kernels == available_kernels().front() ? 8192 : 2048;
      benchmark::RegisterBenchmark(name("ring", noise, kernels).c_str(), ring, noise, 100000, steps,
                                   kernels)
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
      benchmark::RegisterBenchmark(name("delays_one_thread", noise, kernels).c_str(), delays, noise,
                                   kernels);
    }
  }
  benchmark::RegisterBenchmark("flat_ring_of_100000/exponential:1us", ring, "exponential:1us",
                               100000, 199998, available_kernels().front())
      ->UseRealTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("log_depth/recursive_doubling/1048576", log_depth)
      ->UseRealTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}

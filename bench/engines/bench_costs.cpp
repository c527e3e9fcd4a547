// SPDX-License-Identifier: Apache-2.0
// What a prediction with a library's choice costs: the figures of docs/performance.md, "Selectors
// and sweeps". Plain Google Benchmark; its flags apply.
//   build/release/bench/bench_costs
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "model/selected.hpp"
#include "selector/nccl/selector.hpp"
#include "sim/in_parallel.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kRanksPerNode = 8;
constexpr std::int64_t kMostRanks = 1'000'000;
constexpr std::int64_t kPoints = 1'000'000;
constexpr std::array kCollectives = {Collective::all_reduce, Collective::all_gather,
                                     Collective::reduce_scatter, Collective::broadcast};

template <class T>
const T& value_of(const Expected<T>& expected) {
  if (!expected) {
    std::fprintf(stderr, "bench_costs: %s\n", expected.error().message.c_str());
    std::exit(1);
  }
  return *expected;
}

/// A million accelerators on rails, 3 tiers of 256 ports, the leaves 2 to 1; NCCL's NVLS wants
/// nodes that add up.
const System& million() {
  static const System system = [] {
    System made =
        value_of(load_system("fat-tree:nodes=125000,radix=256,rails=8,oversubscription=2"));
    const auto assumed = [](double value) { return Figure{value, Label::assumed, "benchmark"}; };
    made.node.scale_up.in_network = InNetworkReduction{assumed(0.85), assumed(25e-6)};
    return made;
  }();
  return system;
}

/// 8 B to 8 GiB, doubling.
const std::vector<double>& sizes_bytes() {
  static const std::vector<double> sizes = [] {
    std::vector<double> all;
    for (int power = 3; power <= 33; ++power) all.push_back(std::ldexp(1.0, power));
    return all;
  }();
  return sizes;
}

/// NCCL's choice and what it costs, for one collective and number of ranks.
class Question {
 public:
  Question(Collective collective, std::int64_t ranks)
      : tuning_(tune(collective, ranks)), costs_(million(), collective, ranks, {}) {}
  Prediction ask(double size_bytes) {
    return value_of(costs_.predict(choose(tuning_, size_bytes), size_bytes));
  }

 private:
  static NcclTuning tune(Collective collective, std::int64_t ranks) {
    const NcclVersion version{28};
    const NcclComm comm = value_of(make_comm(NcclNode{}, version, ranks, kRanksPerNode));
    return value_of(tune_nccl(version, comm, collective));
  }
  NcclTuning tuning_;
  SelectedCosts costs_;
};

/// Everything from nothing: communicator, tuning, choice, schedule, pricing, evaluation.
void point_cold(benchmark::State& state, Collective collective, double size_bytes) {
  for (auto _ : state)
    benchmark::DoNotOptimize(Question(collective, state.range(0)).ask(size_bytes));
}

/// One more size of a number of ranks whose schedules are priced: choice and evaluation. All sizes
/// in turn; the time is that of one.
void point_warm(benchmark::State& state, Collective collective) {
  Question question(collective, state.range(0));
  for (const double size : sizes_bytes()) question.ask(size);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(question.ask(sizes_bytes()[next]));
    next = next + 1 < sizes_bytes().size() ? next + 1 : 0;
  }
}

void ranks(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(8)->Arg(4096)->Arg(100'000)->Arg(kMostRanks)->Unit(benchmark::kMicrosecond);
}
BENCHMARK_CAPTURE(point_cold, all_reduce_8B, Collective::all_reduce, 8.0)->Apply(ranks);
BENCHMARK_CAPTURE(point_cold, all_reduce_1GiB, Collective::all_reduce, 0x1p30)->Apply(ranks);
BENCHMARK_CAPTURE(point_cold, all_gather_1GiB, Collective::all_gather, 0x1p30)->Apply(ranks);
BENCHMARK_CAPTURE(point_cold, broadcast_1GiB, Collective::broadcast, 0x1p30)->Apply(ranks);
BENCHMARK_CAPTURE(point_warm, all_reduce, Collective::all_reduce)->Apply(ranks);
BENCHMARK_CAPTURE(point_warm, all_gather, Collective::all_gather)->Apply(ranks);
BENCHMARK_CAPTURE(point_warm, reduce_scatter, Collective::reduce_scatter)->Apply(ranks);
BENCHMARK_CAPTURE(point_warm, broadcast, Collective::broadcast)->Apply(ranks);

/// So many different numbers of whole nodes, from 2 to all, closer together where they are few.
std::vector<std::int64_t> rank_counts(std::int64_t count) {
  std::vector<std::int64_t> counts;
  std::int64_t nodes = 1;
  const std::int64_t most = kMostRanks / kRanksPerNode;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto left = static_cast<double>(count - i);
    const double factor =
        std::pow(static_cast<double>(most) / static_cast<double>(nodes), 1 / left);
    const double grown = static_cast<double>(nodes) * factor;
    nodes = std::max<std::int64_t>(nodes + 1, std::llround(grown));
    counts.push_back(std::min(nodes, most) * kRanksPerNode);
  }
  return counts;
}

/// A million points, each a choice and its cost with breakdown, on two threads.
void sweep(benchmark::State& state) {
  const auto per_count = static_cast<std::int64_t>(kCollectives.size() * sizes_bytes().size());
  const std::vector<std::int64_t> counts = rank_counts((kPoints + per_count - 1) / per_count);
  const auto threads = static_cast<std::size_t>(state.range(0));
  std::int64_t points = 0;
  for (auto _ : state) {
    std::vector<double> sums(threads, 0.0);
    std::vector<std::int64_t> done(threads, 0);
    in_parallel(std::ssize(counts), state.range(0), [&](std::int64_t i, std::int64_t worker) {
      const auto thread = static_cast<std::size_t>(worker);
      for (const Collective collective : kCollectives) {
        Question question(collective, counts[static_cast<std::size_t>(i)]);
        for (const double size : sizes_bytes()) {
          const Prediction prediction = question.ask(size);
          double exposed_s = 0;
          for (const ExposedTime& part : prediction.breakdown) exposed_s += part.exposed_s;
          if (std::abs(exposed_s - prediction.time_s) > 1e-9 * prediction.time_s) std::abort();
          sums[thread] += exposed_s;
          ++done[thread];
        }
      }
    });
    for (std::size_t t = 0; t < threads; ++t) {
      benchmark::DoNotOptimize(sums[t]);
      points += done[t];
    }
  }
  state.counters["points/s"] =
      benchmark::Counter(static_cast<double>(points), benchmark::Counter::kIsRate);
  state.counters["points"] = static_cast<double>(points) / static_cast<double>(state.iterations());
}
BENCHMARK(sweep)->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime()->Iterations(1)->Unit(
    benchmark::kMillisecond);

}  // namespace
}  // namespace collscale

BENCHMARK_MAIN();

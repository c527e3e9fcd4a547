// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/hosting.hpp"

#include <benchmark/benchmark.h>

#include <ostream>
#include <streambuf>

namespace collscale {

namespace {

/// Takes what Google Benchmark would print: its own table, and the remark that Debian's library was
/// built as DEBUG, which is about the library's loop and not about what is measured in one
/// iteration.
class Silence : public std::streambuf {
  int overflow(int character) override { return character; }
};

class Reporter : public benchmark::BenchmarkReporter {
 public:
  explicit Reporter(const std::function<void()>& report) : report_(report), nowhere_(&silence_) {
    SetOutputStream(&nowhere_);
    SetErrorStream(&nowhere_);
  }

  bool ReportContext(const Context& /*context*/) override { return true; }

  // Google Benchmark's own name of a run, which ends in "/iterations:1/manual_time", is not used:
  // rows and records take theirs from the scenario.
  void ReportRuns(const std::vector<Run>& /*runs*/) override { report_(); }

 private:
  const std::function<void()>& report_;
  Silence silence_;
  std::ostream nowhere_;
};

/// Every flag that the environment could set to something harmful is given its harmless value. Once
/// per program: Google Benchmark complains about BENCHMARK_CONTEXT when it is initialised again.
bool initialise() {
  std::vector<std::string> arguments = {"bench",
                                        "--benchmark_out=",
                                        "--benchmark_filter=all",
                                        "--benchmark_list_tests=false",
                                        "--benchmark_min_warmup_time=0",
                                        "--benchmark_time_unit=ns",
                                        "--benchmark_dry_run=false",
                                        "--benchmark_enable_random_interleaving=false",
                                        "--benchmark_report_aggregates_only=false",
                                        "--benchmark_display_aggregates_only=false",
                                        "--benchmark_color=false",
                                        "--benchmark_perf_counters=",
                                        "--benchmark_repetitions=1"};
  std::vector<char*> pointers;
  for (std::string& argument : arguments) {
    pointers.push_back(argument.data());
  }
  int count = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  benchmark::Initialize(&count, pointers.data());
  return true;
}

}  // namespace

void run_hosted(const std::vector<HostedBenchmark>& benchmarks,
                const std::function<void()>& report) {
  if (benchmarks.empty()) {
    return;
  }
  static const bool initialised = initialise();
  static_cast<void>(initialised);
  for (const HostedBenchmark& hosted : benchmarks) {
    const auto body = [&hosted](benchmark::State& state) {
      for (auto iteration : state) {
        static_cast<void>(iteration);
        if (const std::optional<double> seconds = hosted.measure()) {
          state.SetIterationTime(*seconds);
        } else {
          state.SkipWithError("no time to report");
          break;
        }
      }
    };
    benchmark::RegisterBenchmark(hosted.name.c_str(), body)->Iterations(1)->UseManualTime();
  }
  Reporter reporter(report);
  benchmark::RunSpecifiedBenchmarks(&reporter, "all");
  benchmark::ClearRegisteredBenchmarks();
}

}  // namespace collscale

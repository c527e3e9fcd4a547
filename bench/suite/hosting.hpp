// SPDX-License-Identifier: Apache-2.0
// Google Benchmark as the host. Each point is one benchmark of one iteration, inside which our own
// sampler runs: Google Benchmark chooses iteration counts per process, from that process's own
// times, and collectives that are called a different number of times hang. docs/method.md tells the
// story.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace collscale {

struct HostedBenchmark {
  std::string name;  ///< as Google Benchmark registers it
  /// Measures; the seconds of one operation, or nothing when there is no time to report.
  std::function<std::optional<double>()> measure;
};

/// Runs each exactly once, in order, and calls `report()` after each, which shows what measure()
/// found. Google Benchmark prints nothing and writes no file, whatever its variables say.
void run_hosted(const std::vector<HostedBenchmark>& benchmarks,
                const std::function<void()>& report);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The options that say how samples are taken and when there are enough, of bench_mpi and
// bench_nccl.
#pragma once

#include <string>

#include "bench/options.hpp"

namespace CLI {
class App;
}

namespace collscale {

/// What the user wrote, before it is understood.
struct RawTiming {
  std::string sync = "barrier", precision, min_samples, max_samples, buffers = "rotate",
              retry_noisy;
};

void add_timing_options(CLI::App& app, RawTiming& raw, const std::string& group);
Expected<void> understand_timing(const RawTiming& raw, BenchOptions& options);

}  // namespace collscale

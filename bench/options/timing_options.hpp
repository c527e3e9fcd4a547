// SPDX-License-Identifier: Apache-2.0
// The options that say how samples are taken and when there are enough, of bench_mpi and
// bench_nccl.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/options/options.hpp"

namespace CLI {
class App;
}

namespace collscale {

/// What the user wrote, before it is understood.
struct RawTiming {
  std::string sync = "barrier", precision, min_samples, max_samples, buffers = "rotate",
              pages = "system", retry_noisy;
};

/// A whole number after `flag`; else one sentence with the flag and the bounds.
Expected<std::int64_t> whole(std::string_view flag, const std::string& text, std::int64_t least,
                             std::int64_t most);

void add_timing_options(CLI::App& app, RawTiming& raw, const std::string& group);
Expected<void> understand_timing(const RawTiming& raw, BenchOptions& options);

}  // namespace collscale

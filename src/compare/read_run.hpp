// SPDX-License-Identifier: Apache-2.0
// Runs from files: ours, Google Benchmark's JSON, and every log that can be imported (nccl-tests).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "units/error.hpp"

namespace collscale {

struct RunFile {
  Timings timings;
  std::string kind;                   ///< "collscale", "Google Benchmark", "nccl-tests"
  std::vector<std::string> warnings;  ///< one sentence each
};

/// Of Google Benchmark's: repetitions are samples, aggregates are left out unless there is nothing
/// else (then the median, or the mean). Fails, in one sentence with the file, on what is none of
/// these and where nothing was timed. `ranks` is for logs that do not say how many there were; 0:
/// unknown.
Expected<RunFile> read_run(const std::string& path, std::int64_t ranks = 0);

}  // namespace collscale

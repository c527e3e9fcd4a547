// SPDX-License-Identifier: Apache-2.0
// Google Benchmark's flags and BENCHMARK_ variables, as far as they make sense for collectives.
// They are taken out of the command line here, on every rank alike, and Google Benchmark itself is
// started with fixed ones: several of its own would let ranks run different benchmarks or write the
// same file.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "units/error.hpp"

namespace collscale {

struct BenchmarkFlags {
  std::string out;     ///< --benchmark_out: the same as --json
  std::string filter;  ///< regular expression on names; a leading '-' inverts it; "" takes all
  bool list = false;
  int repetitions = 1;
  std::optional<double> min_time_s;
  std::map<std::string, std::string> context;
};

/// The value of an environment variable, or nothing.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// Removes `--benchmark_...` from `arguments` and reads them, the environment first.
Expected<BenchmarkFlags> take_benchmark_flags(std::vector<std::string>& arguments,
                                              const Environment& environment);

/// The variables above that decide what is run; ranks must hold the same.
std::vector<std::string> deciding_variables();

/// True when `name` is selected. Fails when the filter is no regular expression.
Expected<bool> selected(const std::string& name, const std::string& filter);

}  // namespace collscale

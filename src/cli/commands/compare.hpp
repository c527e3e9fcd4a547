// SPDX-License-Identifier: Apache-2.0
// `collscale compare`: two runs, benchmark by benchmark.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/terminal.hpp"
#include "units/error.hpp"

namespace collscale {

struct CompareCommandOptions {
  std::string a;
  std::string b;
  double noise_threshold = 0.02;
  std::optional<double> fail_above;  ///< 0.05: 5 %
  bool only_changed = false;
  std::int64_t ranks = 0;  ///< where a log does not say; 0: unknown
  std::uint64_t seed = 1;
  std::string json;
  std::string markdown;
};

Expected<void> run(const CompareCommandOptions& options, const Terminal& terminal);

}  // namespace collscale

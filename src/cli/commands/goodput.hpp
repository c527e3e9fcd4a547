// SPDX-License-Identifier: Apache-2.0
// `collscale goodput`: the share of a large job's time that failures leave.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "model/goodput.hpp"
#include "model/startup.hpp"
#include "units/error.hpp"

namespace collscale {

/// A preset of model/goodput.hpp, or a rate of the user's.
struct FailureChoice {
  double per_node_day = kFailureRates[0].per_node_day;
  std::string source = std::string(kFailureRates[0].source);
};

struct GoodputCommandOptions {
  std::vector<std::int64_t> ranks;  ///< empty: the whole system
  std::string topology;             ///< "" where ranks are given
  std::int64_t ranks_per_node = 0;  ///< 0: of the system, 8 without one
  FailureChoice failures;
  double checkpoint_s = kCheckpointStall_s;
  double restart_s = 600;
  double interval_s = 0;  ///< 0: the best
  std::optional<StartupLibrary> startup;
  std::int64_t planes = 1;
  std::string json;
};

/// "rsc-1", or failures per 1,000 node-days: "6.5".
Expected<FailureChoice> parse_failures(const std::string& text);

/// As parse_time_s, and "10min", "4h".
Expected<double> parse_duration_s(const std::string& text);

/// Checks that there are ranks or a system.
Expected<void> check(const GoodputCommandOptions& options);

Expected<void> run(const GoodputCommandOptions& options, const Terminal& terminal);

}  // namespace collscale

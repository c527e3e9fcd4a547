// SPDX-License-Identifier: Apache-2.0
// What only the flow engine takes: where the job is, what is broken, how many hash seeds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/record.hpp"
#include "sim/flow.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// As written on the command line.
struct FlowArguments {
  PlacementSpec placement{};
  std::vector<std::string> fail;
  std::vector<std::string> degrade;
  std::int64_t trials = 0;  ///< 0: one answer, of the seed
  std::int64_t threads = 0;
  double memory_limit_bytes = 0;
  bool explain = false;
  std::string trace;  ///< a file
};

/// Fails, naming the option, where another engine is asked for something that only flow can do, and
/// where options exclude one another.
Expected<void> check_flow_arguments(const FlowArguments& arguments, Engine engine);

/// Resolves names of broken links on the system. Errors name the option.
Expected<FlowOptions> flow_options(const FlowArguments& arguments, const System& system,
                                   std::uint64_t seed);

/// Sets samples and quantiles; the time is the median's.
void add_trials(Record& record, const FlowTrials& trials);

}  // namespace collscale

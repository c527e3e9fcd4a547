// SPDX-License-Identifier: Apache-2.0
// `collscale startup`: how long it takes to set up a communicator of all ranks, and its memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "model/startup.hpp"
#include "units/error.hpp"

namespace collscale {

struct StartupCommandOptions {
  std::vector<std::int64_t> ranks;  ///< empty: the whole system
  std::string topology;             ///< "" where ranks are given
  StartupLibrary library = StartupLibrary::nccl;
  int nccl_version = 0;  ///< 0: as published, without what later versions changed
  std::int64_t roots = 1;
  std::string json;
};

Expected<StartupLibrary> parse_startup_library(const std::string& text);
std::string_view name(StartupLibrary library);

/// Checks that there are ranks or a system, and a version only for NCCL.
Expected<void> check(const StartupCommandOptions& options);

Expected<void> run(const StartupCommandOptions& options, const Terminal& terminal);

}  // namespace collscale

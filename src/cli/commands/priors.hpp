// SPDX-License-Identifier: Apache-2.0
// `collscale priors`: what measurements of many systems say of systems that nobody has measured.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "units/error.hpp"

namespace collscale {

struct PriorsCommandOptions {
  std::vector<std::string> systems;  ///< each: the result files of one machine, joined by commas
  std::string output;                ///< "-" is stdout
};

Expected<void> run(const PriorsCommandOptions& options, const Terminal& terminal);

}  // namespace collscale

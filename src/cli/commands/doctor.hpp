// SPDX-License-Identifier: Apache-2.0
// `collscale doctor`: what was built, what is here, what is missing and how to get it.
#pragma once

#include <string>

#include "cli/terminal.hpp"
#include "units/error.hpp"

namespace collscale {

struct DoctorOptions {
  std::string json;  ///< "": a report for people only; "-": JSON on stdout
};

Expected<void> run(const DoctorOptions& options, const Terminal& terminal);

}  // namespace collscale

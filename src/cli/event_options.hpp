// SPDX-License-Identifier: Apache-2.0
// What only the event engine takes: who is slow, who is late, delays that were measured.
#pragma once

#include <string>
#include <vector>

#include "record/record.hpp"
#include "sim/event/event.hpp"
#include "units/error.hpp"

namespace collscale {

/// As written on the command line.
struct EventArguments {
  std::vector<std::string> slow;  ///< "17:1.3x", "17-24:2x"
  std::string late;               ///< "exponential:5us", "file:PATH"
  std::string measured;           ///< --noise-samples: a file of times
};

/// Reads them. Errors name the option; so where another engine is asked for.
Expected<EventOptions> event_options(const EventArguments& arguments, Engine engine);

/// Times, one a line: "1.2us", or seconds without a unit; '#' begins a comment. Errors name the
/// file and the line.
Expected<std::vector<double>> read_times(const std::string& path);

}  // namespace collscale

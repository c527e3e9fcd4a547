// SPDX-License-Identifier: Apache-2.0
// `collscale import`: logs of other programs to our records.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "record_io/importer.hpp"
#include "units/error.hpp"

namespace collscale {

struct ImportCommandOptions {
  std::vector<std::string> logs;
  std::string output;      ///< "-" is stdout
  bool compact = false;    ///< leaves out what is empty or has its default
  ImportOptions defaults;  ///< what a log does not say itself
};

Expected<void> run(const ImportCommandOptions& options, const Terminal& terminal);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// `collscale topo list|show|check`: the systems, their figures and how well each is known.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "units/error.hpp"

namespace collscale {

struct TopoListOptions {
  std::string json;
};

struct TopoShowOptions {
  std::string topology;  ///< a name, a file, or a family with parameters
  std::string json;
};

struct TopoCheckOptions {
  std::vector<std::string> files;
};

Expected<void> run(const TopoListOptions& options, const Terminal& terminal);
Expected<void> run(const TopoShowOptions& options, const Terminal& terminal);
Expected<void> run(const TopoCheckOptions& options, const Terminal& terminal);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// `collscale topo list|show|check|export`: the systems, their figures and how well each is known.
#pragma once

#include <cstdint>
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

enum class ExportFormat { simgrid, json };

struct TopoExportOptions {
  std::string topology;
  ExportFormat format = ExportFormat::simgrid;
  std::int64_t ranks = 0;  ///< the first so many; 0: all (of a JSON: links without routes)
  std::uint64_t seed = 1;
  std::string output;
};

Expected<void> run(const TopoListOptions& options, const Terminal& terminal);
Expected<void> run(const TopoShowOptions& options, const Terminal& terminal);
Expected<void> run(const TopoCheckOptions& options, const Terminal& terminal);
Expected<void> run(const TopoExportOptions& options, const Terminal& terminal);

}  // namespace collscale

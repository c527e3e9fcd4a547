// SPDX-License-Identifier: Apache-2.0
// `collscale topo list|show|check|compare|draw|export`: the systems, their figures, how well each
// is known, what can be proved of them, and what they look like.
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
  std::vector<std::string> files;  ///< or names, or families
  std::string json;
};

struct TopoCompareOptions {
  std::string first;
  std::string second;
  bool all = false;  ///< what is equal, too
  std::string json;
};

struct TopoDrawOptions {
  std::string topology;
  bool folded = false;
  std::string output = "-";
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
Expected<void> run(const TopoCompareOptions& options, const Terminal& terminal);
Expected<void> run(const TopoDrawOptions& options, const Terminal& terminal);
Expected<void> run(const TopoExportOptions& options, const Terminal& terminal);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// A system from its YAML file, and the node design that file names. The format is explained in
// topologies/README.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "topology/system.hpp"
#include "topology_io/reader.hpp"
#include "units/error.hpp"

namespace collscale {

struct SystemFile {
  System system;
  Places places;  ///< of its figures, by the names of for_each_figure
};

/// Reads without checking that the figures fit each other (check_system). A node design is looked
/// for beside the file first, then in the directories.
Expected<SystemFile> read_system_file(const std::string& path,
                                      const std::vector<std::filesystem::path>& directories);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Systems by name, by file, or from a family with parameters: what -t/--topology takes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/check.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// Where systems are looked for by name, first match wins: those in COLLSCALE_TOPOLOGIES (separated
/// by ':'), share/collscale/topologies beside the program's own bin/, ./topologies, and the source
/// tree the program was built from. Those that do not exist are left out.
std::vector<std::filesystem::path> topology_directories();

/// `text` is one of
///   a file: it holds a '/' or ends in .yaml or .yml;
///   a family: "fat-tree", "fat-tree:nodes=4096,oversubscription=4";
///   a name: <directory>/<name>.yaml.
/// Only systems that check_system has no error against are returned. Errors name file, line and
/// column, or the parameter, and the nearest valid name.
Expected<System> load_system(std::string_view text);
Expected<System> load_system(std::string_view text,
                             const std::vector<std::filesystem::path>& directories);

/// All that is wrong with what `text` names, not the first of it alone.
struct Inspection {
  std::optional<System> system;  ///< where there is no error
  std::vector<std::string> errors;
  std::vector<std::string> warnings;  ///< each a sentence, with the place where it is known
};
Inspection inspect_system(std::string_view text);
Inspection inspect_system(std::string_view text,
                          const std::vector<std::filesystem::path>& directories);

/// What is not an error but worth telling (check_system's warnings), one sentence each, with the
/// place where it is known.
std::vector<std::string> system_warnings(const System& system);

struct SystemEntry {
  std::string name;
  std::string description;
  std::filesystem::path path;  ///< "" for a family
  std::string problem;         ///< why it cannot be loaded; "" when it can
};

/// The systems of the directories, sorted by name, and the families after them.
std::vector<SystemEntry> list_systems();
std::vector<SystemEntry> list_systems(const std::vector<std::filesystem::path>& directories);

}  // namespace collscale

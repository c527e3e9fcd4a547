// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "topology_io/load.hpp"

namespace collscale {

namespace {

/// The program that runs, "" where the system does not tell (it does on Linux).
std::filesystem::path own_executable() {
  std::error_code status;
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", status);
  return status ? std::filesystem::path() : path;
}

}  // namespace

std::vector<std::filesystem::path> topology_directories() {
  namespace fs = std::filesystem;
  std::vector<fs::path> candidates;
  if (const char* variable = std::getenv("COLLSCALE_TOPOLOGIES")) {
    std::string_view rest = variable;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(':'), rest.size());
      if (end > 0) candidates.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  const fs::path program = own_executable();
  if (!program.empty()) {
    candidates.push_back(program.parent_path().parent_path() / "share/collscale/topologies");
  }
  candidates.emplace_back("topologies");
  candidates.emplace_back(COLLSCALE_SOURCE_TOPOLOGIES);

  std::vector<fs::path> directories;
  for (fs::path& candidate : candidates) {
    std::error_code status;
    if (!fs::is_directory(candidate, status)) continue;
    bool known = false;
    for (const fs::path& other : directories) {
      known = known || fs::equivalent(candidate, other, status);
    }
    if (!known) directories.push_back(std::move(candidate));
  }
  return directories;
}

}  // namespace collscale

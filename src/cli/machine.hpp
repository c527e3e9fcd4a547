// SPDX-License-Identifier: Apache-2.0
// What this machine has that the suite can use. Looks; changes and measures nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace collscale {

/// A program, and where it is; "" when it is not there.
struct InstalledProgram {
  std::string name;
  std::string path;
};

struct HostMachine {
  std::string host;
  int cores = 0;                  ///< that this process may run on
  std::int64_t memory_bytes = 0;  ///< 0 where unknown
  std::string mpirun;             ///< "" when not on PATH
  std::vector<std::string> gpus;  ///< by name where nvidia-smi tells, else the device file
  std::vector<InstalledProgram> benchmarks;  ///< beside the tool: built tree or installed
};

HostMachine inspect_machine();

}  // namespace collscale

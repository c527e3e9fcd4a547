// SPDX-License-Identifier: Apache-2.0
// Runs bench_nccl, the installed program unchanged, with the stand-ins of tests/standin in place of
// the CUDA runtime and NCCL.
#pragma once

#include <string>

#include "run_program.hpp"
#ifdef COLLSCALE_MPIEXEC
#include "mpirun.hpp"
#endif

namespace collscale {

struct StandIn {
  int gpus = 2;               ///< of the machine
  int processes = 0;          ///< 0: one, started without mpirun
  std::string fault{};        ///< COLLSCALE_STANDIN_FAULT
  std::string environment{};  ///< more: "NAME=value NAME=value"
};

/// "env NAME=value ... bench_nccl": what comes before the arguments.
inline std::string bench_nccl_command(const StandIn& with) {
  std::string command = "env LD_LIBRARY_PATH=" COLLSCALE_STANDIN_LIB " COLLSCALE_STANDIN_GPUS=";
  command.append(std::to_string(with.gpus));
  command.append(" COLLSCALE_STANDIN_FAULT='").append(with.fault).append("' ");
  command.append(with.environment).append(" " COLLSCALE_BENCH_NCCL " ");
  return command;
}

/// Without the ceiling, so that the calls that a fault counts are those of the points.
inline ProgramOutcome bench_nccl(const std::string& arguments, const StandIn& with = {},
                                 const char* ceiling = "--no-ceiling ") {
  const std::string command = bench_nccl_command(with) + ceiling + arguments;
#ifdef COLLSCALE_MPIEXEC
  if (with.processes > 0) return mpirun(with.processes, command);
#endif
  return run_program("timeout 60 " + command);
}

}  // namespace collscale

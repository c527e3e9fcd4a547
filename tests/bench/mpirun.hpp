// SPDX-License-Identifier: Apache-2.0
// Runs a program under the MPI that it was built with.
#pragma once

#include <string>

#include "run_program.hpp"

namespace collscale {

inline ProgramOutcome mpirun(int ranks, const std::string& program_and_arguments) {
  std::string command = "timeout 60 " COLLSCALE_MPIEXEC " ";
  command.append(std::to_string(ranks)).append(" ").append(program_and_arguments);
  return run_program(command);
}

/// bench_mpi with these arguments.
inline ProgramOutcome bench_mpi(const std::string& arguments, int ranks = 2) {
  return mpirun(ranks, COLLSCALE_BENCH_MPI " " + arguments);
}

}  // namespace collscale

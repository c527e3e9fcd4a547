// SPDX-License-Identifier: Apache-2.0
// What a launcher tells a process through its environment: which rank it is, of how many, and where
// rank 0 listens. Sources: PyTorch's torchrun documentation ("Environment Variables"), and "OUTPUT
// ENVIRONMENT VARIABLES" of Slurm's srun manual.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "units/error.hpp"

namespace collscale {

/// A variable's value; empty where it is not set.
using LaunchVariables = std::function<std::optional<std::string>(const std::string&)>;

struct TcpPlace {
  int rank = 0;
  int size = 1;
  std::string host;                 ///< where rank 0 listens
  int port = 0;                     ///< 1 to 65535
  std::string run;                  ///< the same in all processes of a run; "" where nothing says
  std::optional<int> local_rank{};  ///< on its node
  std::optional<int> local_size{};
};

/// The variable that says that mpirun, or srun with an MPI plug-in, started this process; "" where
/// there is none.
std::string mpi_launch_variable(const LaunchVariables& variables);

/// Empty where neither torchrun's variables nor those of a Slurm step are there. Fails with one
/// sentence where they are incomplete or contradict one another. Under torchrun itself, which
/// listens at MASTER_PORT, rank 0 listens one further.
Expected<std::optional<TcpPlace>> tcp_place(const LaunchVariables& variables);

/// The first host of a list as Slurm writes it: "gpu[003-007,9],login" gives "gpu003".
Expected<std::string> first_slurm_host(std::string_view list);

}  // namespace collscale

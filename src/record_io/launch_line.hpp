// SPDX-License-Identifier: Apache-2.0
// What a launcher's command line says of a run: mpirun, mpiexec, srun, aprun, jsrun.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace collscale {

struct Launch {
  std::int64_t processes = 0;  ///< 0: not said
  std::int64_t nodes = 0;      ///< 0: not said, nor told by the processes of each node
};

/// "mpirun -np 16 ./x", "srun -N 4 --ntasks-per-node=8 x", "mpirun -np 8 --map-by ppr:4:node x",
/// "mpirun -H node1:8,node2:8 x", "jsrun -n 4 -a 4 -r 1 x".
/// Nothing where no launcher is named.
std::optional<Launch> read_launch(std::string_view line);

}  // namespace collscale

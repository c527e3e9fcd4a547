// SPDX-License-Identifier: Apache-2.0
// How the processes of bench_nccl are to find one another, decided before they have.
#pragma once

#include <string>
#include <vector>

#include "bench/options/benchmark_flags.hpp"
#include "bench/options/nccl_options.hpp"
#include "measure/tcp/launch.hpp"

namespace collscale {

/// mpi, tcp or none.
struct Launch {
  Bootstrap kind = Bootstrap::none;
  TcpPlace place{};  ///< of tcp
};

/// What --bootstrap asks for, which is looked for in `arguments` since it comes before everything
/// else; without it what the environment says. Fails with one sentence.
Expected<Launch> choose_launch(const std::vector<std::string>& arguments,
                               const Environment& environment, bool has_mpi);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// NCCL collectives on GPUs: several per process, and several processes where MPI is there. Hosted
// by Google Benchmark.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "bench/nccl/nccl_processes.hpp"
#include "bench/nccl/nccl_run.hpp"
#include "bench/suite/process_setup.hpp"

namespace collscale {
namespace {

#ifdef COLLSCALE_HAVE_MPI
constexpr bool kHasMpi = true;
#else
constexpr bool kHasMpi = false;
#endif

ExitCode run(const std::vector<std::string>& arguments, NcclProcesses& processes) {
  const auto options = read_command_line(processes, Engine::nccl, "processes", arguments);
  if (!options) {
    return with_output_written(options.error(), processes.rank() == 0);
  }
  const NodeMap& map = processes.node_map();
  NcclPlace place{map.local_rank, map.local_size, map.nodes, nodes_by_host(processes)};
  place.bootstrap = processes.kind() == Bootstrap::mpi   ? "mpi"
                    : processes.kind() == Bootstrap::tcp ? "tcp"
                                                         : "none";
  const ExitCode code =
      measure_with_nccl(*options, processes, place, [&processes] { processes.abort(); });
  return with_output_written(code, processes.rank() == 0);
}

}  // namespace
}  // namespace collscale

int main(int argc, char** argv) {
  using namespace collscale;
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto launch = choose_launch(arguments, process_environment(), kHasMpi);
  if (!launch) {
    return static_cast<int>(report_error(launch.error(), true));
  }
  auto processes = NcclProcesses::start(*launch, argc, argv);
  if (!processes) {
    const Error& error = processes.error();
    return static_cast<int>(report_error(error, !error.message.empty()));
  }
  try {
    return static_cast<int>(run(arguments, *processes));
  } catch (const std::exception& failure) {
    // CUDA or NCCL failed in the middle: the other processes wait in a collective that will not
    // end, so nothing is finalised; a launcher ends them when this one is gone.
    fmt::print(stderr, "error: {}{}\n",
               processes->size() == 1 ? "" : fmt::format("process {}: ", processes->rank()),
               failure.what());
    std::fflush(stdout);
    std::_Exit(static_cast<int>(collscale::ExitCode::failed));
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "bench/nccl/nccl_launch.hpp"

#include <fmt/format.h>

#include "bench/options/nccl_flags.hpp"

namespace collscale {

namespace {

/// The last value of --bootstrap in the arguments, as the command line's parser would take it.
std::string asked_for(const std::vector<std::string>& arguments) {
  const std::string flag = "--bootstrap";
  std::string value = "auto";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == flag && i + 1 < arguments.size()) {
      value = arguments[i + 1];
    } else if (arguments[i].starts_with(flag + "=")) {
      value = arguments[i].substr(flag.size() + 1);
    }
  }
  return value;
}

Expected<Launch> tcp_launch(const Expected<std::optional<TcpPlace>>& place) {
  if (!place) {
    return tl::unexpected(place.error());
  }
  if (!*place) {
    return fail(
        "--bootstrap tcp: neither RANK and WORLD_SIZE (as torchrun sets them) nor the variables "
        "of a Slurm step are set");
  }
  Launch launch;
  launch.kind = Bootstrap::tcp;
  launch.place = **place;
  return launch;
}

}  // namespace

Expected<Launch> choose_launch(const std::vector<std::string>& arguments,
                               const Environment& environment, bool has_mpi) {
  const auto asked = parse_bootstrap(asked_for(arguments));
  if (!asked) {
    return tl::unexpected(asked.error());
  }
  Launch launch;
  launch.kind = *asked;
  const std::string mpi = mpi_launch_variable(environment);
  switch (*asked) {
    case Bootstrap::none:
      return launch;
    case Bootstrap::mpi:
      if (!has_mpi) {
        return fail("--bootstrap mpi: this program was built without MPI", ExitCode::unavailable);
      }
      return launch;
    case Bootstrap::tcp:
      return tcp_launch(tcp_place(environment));
    case Bootstrap::detect:
      break;
  }
  if (!mpi.empty() && has_mpi) {
    launch.kind = Bootstrap::mpi;
    return launch;
  }
  const auto place = tcp_place(environment);
  if (!place || *place) {
    return tcp_launch(place);
  }
  if (environment("OMPI_COMM_WORLD_SIZE").value_or("1") != "1" ||
      environment("PMI_SIZE").value_or("1") != "1") {
    return fail(
        fmt::format("{} says that mpirun started several processes, but this program was built "
                    "without MPI: set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT for each, or "
                    "--bootstrap none where each is to measure alone",
                    mpi));
  }
  launch.kind = Bootstrap::none;
  return launch;
}

}  // namespace collscale

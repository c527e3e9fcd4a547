// SPDX-License-Identifier: Apache-2.0
// MPI collectives on host memory, hosted by Google Benchmark.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "bench/process_setup.hpp"
#include "bench/watchdog_setup.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/mpi_measure.hpp"
#include "measure/mpi/mpi_operation.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

Expected<PointList> mpi_points(const BenchOptions& options, const MpiCommunicator& ranks,
                               int nodes) {
  auto list = make_points(options, ranks.size(), nodes);
  if (!list) {
    return list;
  }
  for (BenchPoint& point : list->points) {
    point.scenario = as_mpi_runs_it(point.scenario);
    if (auto can = check_mpi_can_run(point.scenario, point.layout); !can) {
      return tl::unexpected(can.error());
    }
  }
  return list;
}

/// Fails where the pools of this node's ranks, all of them written before anything is measured, do
/// not fit its memory.
Expected<void> check_memory(std::int64_t pool_bytes, const NodeMap& map) {
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const double needed = 2.0 * static_cast<double>(pool_bytes) * map.local_size;
  if (memory <= 0 || needed < memory) {
    return {};
  }
  return fail(fmt::format(
      "-e: the send and receive buffers of {} rank{} on this node need {}, but "
      "it has {} of memory",
      map.local_size, map.local_size == 1 ? "" : "s", format_size(needed), format_size(memory)));
}

ExitCode measure(const BenchOptions& options, MpiCommunicator& ranks) {
  const bool reports = ranks.rank() == 0;
  const NodeMap map = map_nodes(ranks);
  const auto list = mpi_points(options, ranks, map.nodes);
  if (!list) {
    return report_error(list.error(), reports);
  }
  const unsigned cores = std::thread::hardware_concurrency();
  BenchBackend backend;
  backend.engine = Engine::mpi;
  backend.reports = reports;
  backend.ranks = ranks.size();
  backend.nodes = map.nodes;
  backend.context = {{"mpi_library", mpi_library_version()},
                     {"ranks_per_node", fmt::format("{}", map.local_size)}};
  backend.about = {
      fmt::format("bench_mpi: {}, {} rank{} on {} node{} of {} cores; {}, {}, buffers {}",
                  mpi_library_version(), ranks.size(), ranks.size() == 1 ? "" : "s", map.nodes,
                  map.nodes == 1 ? "" : "s", cores, name(options.dtype), name(options.op),
                  options.buffers == BufferPolicy::hot ? "hot" : "rotating"),
      "time: median over samples; a sample is the slowest rank's time per operation"};
  if (static_cast<unsigned>(map.local_size) > cores && cores > 0) {
    backend.about.push_back(
        fmt::format("more ranks than cores ({} on {}): times are the scheduler's, "
                    "not the network's",
                    map.local_size, cores));
  }
  HostPools pools;
  if (!options.benchmark.list) {
    const std::int64_t bytes = largest_pool_bytes(options, list->points);
    if (const ExitCode code = agree_on_failure(ranks, check_memory(bytes, map));
        code != ExitCode::ok) {
      return code;
    }
    pools = {HostBuffer(bytes), HostBuffer(bytes)};
  }
  Heartbeat heartbeat;
  ranks.count_steps_in(heartbeat);
  const auto watchdog = start_watchdog(ranks, options.benchmark.list ? 0 : options.timeout_s,
                                       heartbeat, [] { abort_all_ranks(1); });
  backend.watchdog = watchdog.get();
  backend.agree = [&ranks](std::int64_t value) { return ranks.agree(value); };
  backend.any = [&ranks](bool mine) { return any_process(ranks, mine); };
  backend.measure = [&](const BenchPoint& point) {
    const SlotPlan slots = plan_slots(options.buffers, point.layout, kRotationPoolBytes);
    const MpiOperation operation(point.scenario, point.layout, ranks);
    const auto watched = [&](const std::byte* send, std::byte* receive) {
      heartbeat.enter();
      operation(send, receive);
    };
    return measure_on_host(ranks, point.scenario, point.layout, {options.sampling, options.verify},
                           slots, pools, watched);
  };
  return run_suite(options, backend, *list);
}

ExitCode run(const std::vector<std::string>& arguments) {
  MpiCommunicator ranks;
  const auto options = read_command_line(ranks, Engine::mpi, "ranks", arguments);
  if (!options) {
    return options.error();
  }
  return measure(*options, ranks);
}

}  // namespace
}  // namespace collscale

int main(int argc, char** argv) {
  const collscale::MpiSession session(argc, argv);  // finalised on every way out, --help included
  return static_cast<int>(collscale::run({argv + 1, argv + argc}));
}

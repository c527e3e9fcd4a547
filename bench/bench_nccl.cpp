// SPDX-License-Identifier: Apache-2.0
// NCCL collectives on GPUs: several per process, and several processes where MPI is there. Hosted
// by Google Benchmark.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "bench/attainable.hpp"
#include "bench/nccl_processes.hpp"
#include "bench/process_setup.hpp"
#include "bench/watchdog_setup.hpp"
#include "measure/nccl/nccl_measure.hpp"
#include "measure/surroundings.hpp"

namespace collscale {
namespace {

#ifdef COLLSCALE_HAVE_MPI
constexpr bool kHasMpi = true;
#else
constexpr bool kHasMpi = false;
#endif

/// Fails unless this node has a GPU for every rank that is to run on it.
Expected<void> check_devices(const BenchOptions& options, const NodeMap& map) {
  const auto devices = usable_cuda_devices();
  if (!devices) {
    return tl::unexpected(devices.error());
  }
  const int needed = map.local_size * options.gpus;
  if (needed > *devices) {
    return fail(fmt::format("-g {}: {} process{} on this node would need {} GPUs, but it has {}",
                            options.gpus, map.local_size, map.local_size == 1 ? "" : "es", needed,
                            *devices));
  }
  return {};
}

/// Fails on what is understood but not done yet, rather than leave it out in silence.
Expected<void> check_is_done(const BenchOptions& options) {
  const NcclOptions& nccl = options.nccl;
  for (const auto& [asked, flag] :
       {std::pair{nccl.clock != SampleClock::host, "--clock (-C 1, -I 1)"},
        {nccl.graph_launches > 0, "-G"},
        {nccl.registration != Registration::none, "-R"},
        {nccl.null_stream, "-y 1"},
        {nccl.cta_policy.has_value(), "-x"},
        {nccl.unalign > 0, "-u"},
        {nccl.checks > 1, "-c above 1"},
        {nccl.memory_report, "-M 1"},
        {nccl.measure_init, "--init"},
        {nccl.init_roots > 1, "--init-roots"},
        {nccl.init_timeout_s.has_value(), "--init-timeout"},
        {nccl.simulate, "--simulate"},
        {options.algorithms != std::vector<std::string>{"auto"}, "-a"}}) {
    if (asked) {
      return fail(fmt::format("{}: not done by this version of bench_nccl", flag));
    }
  }
  return {};
}

ExitCode measure(const BenchOptions& options, NcclProcesses& processes) {
  const NodeMap& map = processes.node_map();
  const bool reports = processes.rank() == 0;
  const int ranks = processes.size() * options.gpus;
  if (const auto done = check_is_done(options); !done) {
    return report_error(done.error(), reports);
  }
  const auto list = make_points(options, ranks, map.nodes);
  if (!list) {
    return report_error(list.error(), reports);
  }
  for (const BenchPoint& point : list->points) {
    if (auto can = check_nccl_can_run(point.scenario); !can) {
      return report_error(can.error(), reports);
    }
  }
  const auto attainables = Attainables::make(options, ranks);
  if (!attainables) {
    return report_error(attainables.error(), reports);
  }
  BenchBackend backend;
  backend.engine = Engine::nccl;
  backend.reports = reports;
  backend.ranks = ranks;
  backend.nodes = map.nodes;
  backend.agree = [&processes](std::int64_t value) { return processes.agree(value); };
  backend.any = [&processes](bool mine) { return any_process(processes, mine); };
  if (options.benchmark.list) {
    return run_suite(options, backend, *list);
  }
  if (const ExitCode code = agree_on_failure(processes, check_devices(options, map));
      code != ExitCode::ok) {
    return code;
  }
  NcclDeviceGroup::Setup setup;
  setup.init.first_device = map.local_rank * options.gpus;
  setup.init.gpus = options.gpus;
  setup.init.first_rank = processes.rank() * options.gpus;
  setup.init.ranks = ranks;
  setup.init.new_ids = [&processes] { return share_nccl_ids(processes, 1); };
  NcclDeviceGroup gpus(setup);
  auto cache_bytes = static_cast<double>(gpus.largest_cache_bytes());
  processes.all_max(std::span<double>(&cache_bytes, 1));
  const std::int64_t pool_bytes =
      pool_bytes_for(options.buffers, static_cast<std::int64_t>(cache_bytes));
  gpus.reserve(largest_pool_bytes(options, list->points, pool_bytes));
  backend.context = surroundings(processes);
  backend.context["nccl_version"] = nccl_library_version();
  backend.context["cuda_runtime"] = cuda_runtime_version();
  backend.context["bootstrap"] = processes.kind() == Bootstrap::mpi   ? "mpi"
                                 : processes.kind() == Bootstrap::tcp ? "tcp"
                                                                      : "none";
  backend.context["device"] = gpus.device_name(0);
  backend.context["clock"] = "host, around stream-synchronised batches";
  backend.about = {
      fmt::format(
          "bench_nccl: NCCL {}, CUDA {}, {} rank{} on {} node{} ({} process{} of {} GPU{}: {})",
          nccl_library_version(), cuda_runtime_version(), ranks, ranks == 1 ? "" : "s", map.nodes,
          map.nodes == 1 ? "" : "s", processes.size(), processes.size() == 1 ? "" : "es",
          options.gpus, options.gpus == 1 ? "" : "s", gpus.device_name(0)),
      "time: median over samples; a sample is the slowest process's time per operation, host "
      "clock"};
  if (const std::string about = attainables->about(ranks, map.nodes); !about.empty()) {
    backend.about.push_back(about);
  }
  backend.judge = [&attainables](Record& record, std::int64_t batch) {
    attainables->judge(record, batch);
  };
  Heartbeat heartbeat;
  processes.count_steps_in(heartbeat);
  const auto watchdog =
      start_watchdog(processes, options.timeout_s, heartbeat, [&processes] { processes.abort(); });
  backend.watchdog = watchdog.get();
  backend.measure = [&](const BenchPoint& point) {
    const SlotPlan slots = plan_slots(options.buffers, point.layout, pool_bytes);
    return measure_on_devices(processes, gpus, point.scenario, point.layout,
                              {options.sampling, options.verify}, slots, options.per_group,
                              heartbeat);
  };
  return run_suite(options, backend, *list);
}

ExitCode run(const std::vector<std::string>& arguments, NcclProcesses& processes) {
  const auto options = read_command_line(processes, Engine::nccl, "processes", arguments);
  if (!options) {
    return options.error();
  }
  return measure(*options, processes);
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
    fmt::print(stderr, "error: {}\n", failure.what());
    std::fflush(stdout);
    std::_Exit(static_cast<int>(collscale::ExitCode::failed));
  }
}

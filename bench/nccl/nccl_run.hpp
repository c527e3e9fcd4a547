// SPDX-License-Identifier: Apache-2.0
// bench_nccl's run, once its processes know one another.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/nccl/nccl_matrix.hpp"
#include "bench/nccl/nccl_points.hpp"
#include "bench/suite/algorithms.hpp"
#include "bench/suite/attainable.hpp"
#include "bench/suite/layouts.hpp"
#include "bench/suite/process_setup.hpp"
#include "bench/suite/watchdog_setup.hpp"
#include "measure/fingerprint.hpp"
#include "measure/nccl/nccl_groups.hpp"
#include "measure/nccl/nccl_measure.hpp"
#include "measure/surroundings.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

namespace collscale {

inline constexpr std::int64_t kLargestElementBytes = 8;

/// What to try where communicators are not made.
inline constexpr const char* kWhereNcclLooks =
    "NCCL_DEBUG=INFO tells which network NCCL chose, NCCL_SOCKET_IFNAME sets it";

/// Where this process and the others are.
struct NcclPlace {
  int local_rank = 0;  ///< among the processes of this node
  int local_size = 1;
  std::int64_t nodes = 1;
  std::vector<int> node_of_process{0};  ///< numbered from 0
  std::string bootstrap{};              ///< how the processes found one another: mpi, tcp, none
};

/// The node of every process, numbered from 0 by the lowest rank on it: those with this host's name
/// since its last start. Collective.
template <Coordinator C>
std::vector<int> nodes_by_host(C& processes) {
  std::vector<double> hosts(static_cast<std::size_t>(processes.size()), 0.0);
  hosts[static_cast<std::size_t>(processes.rank())] = host_fingerprint();
  processes.all_max(hosts);
  std::vector<int> nodes;
  std::map<double, int> known;
  for (const double host : hosts) {
    nodes.push_back(known.try_emplace(host, static_cast<int>(known.size())).first->second);
  }
  return nodes;
}

/// Collective: whether no two processes of a node would take the same GPU if each took the first
/// that it sees, as where the launcher shows every process its own (srun --gpus-per-task).
template <Coordinator C>
bool have_own_devices(C& processes, const NcclPlace& place, int gpus) {
  std::vector<double> ids(static_cast<std::size_t>(processes.size() * gpus), 0.0);
  for (int gpu = 0; gpu < gpus; ++gpu) {
    ids[static_cast<std::size_t>(processes.rank() * gpus + gpu)] =
        fingerprint_of(cuda_device_pci_id(gpu));
  }
  processes.all_max(ids);
  std::set<std::pair<int, double>> seen;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const int node = place.node_of_process[i / static_cast<std::size_t>(gpus)];
    if (!seen.emplace(node, ids[i]).second) return false;
  }
  return true;
}

/// Collective: the device that this process's first rank runs on. Fails unless there is one for
/// every rank.
template <Coordinator C>
Expected<int> first_device(const BenchOptions& options, C& processes, const NcclPlace& place) {
  const auto devices = usable_cuda_devices();
  const int needed = place.local_size * options.gpus;
  const bool sees_few = devices && *devices < needed && *devices >= options.gpus;
  const bool all_see_few = !any_process(processes, !sees_few);
  if (!devices) {
    return tl::unexpected(devices.error());
  }
  if (all_see_few && have_own_devices(processes, place, options.gpus)) {
    return 0;
  }
  if (needed > *devices) {
    return fail(fmt::format("-g {}: {} process{} on this node would need {} GPUs, but it has {}",
                            options.gpus, place.local_size, place.local_size == 1 ? "" : "es",
                            needed, *devices));
  }
  return place.local_rank * options.gpus;
}

template <Coordinator C>
NcclDeviceGroup::Setup device_setup(const BenchOptions& options, C& processes, int device) {
  NcclDeviceGroup::Setup setup;
  setup.init.first_device = device;
  setup.init.gpus = options.gpus;
  setup.init.first_rank = processes.rank() * options.gpus;
  setup.init.ranks = processes.size() * options.gpus;
  setup.init.new_ids = [&processes, roots = static_cast<int>(options.nccl.init_roots)] {
    return share_nccl_ids(processes, roots);
  };
  setup.init.time_limit_s = options.nccl.init_timeout_s;
  setup.init.cta_policy = options.nccl.cta_policy;
  setup.registration = options.nccl.registration == Registration::local ? PoolRegistration::local
                       : options.nccl.registration == Registration::symmetric
                           ? PoolRegistration::symmetric
                           : PoolRegistration::none;
  setup.null_stream = options.nccl.null_stream;
  setup.weigh_memory = options.nccl.memory_report;
  return setup;
}

/// One point on the groups that it is for, with the algorithm that it names.
template <Coordinator C>
PointResult measure_point(C& processes, NcclDeviceGroup& gpus, const BenchOptions& options,
                          const LayoutPlan& layouts, const BenchPoint& point, const PointPlan& plan,
                          std::int64_t pool_bytes, Heartbeat& heartbeat, GroupTimes& times) {
  heartbeat.enter();
  gpus.use_groups(groups_of(layouts, point));
  gpus.use_choice(point.scenario.algorithm);
  gpus.begin_pools_at(options.nccl.unalign * element_bytes(point.scenario.dtype));
  const SlotPlan slots = plan_slots(options.buffers, point.layout, pool_bytes);
  NcclGroups<C> groups(processes, gpus, static_cast<std::size_t>(point.groups));
  // Two operations are verified at a time, and once in any case.
  for (std::int64_t verified = 2; plan.verify && verified < options.nccl.checks; verified += 2) {
    PointResult wrong;
    wrong.mismatch =
        agree_on_mismatch(groups, verify_on_devices(gpus, point.scenario, point.layout));
    if (wrong.wrong()) return wrong;
  }
  PointResult result = measure_on_devices(groups, gpus, point.scenario, point.layout, plan, slots,
                                          device_timing(options), heartbeat);
  if (!layouts.sets.empty() && !result.samples.time_s.empty()) {
    std::vector<double> each_s = groups.group_medians_s();
    for (double& time_s : each_s) time_s /= static_cast<double>(result.samples.batch);
    if (each_s.empty()) each_s = {median(result.samples.time_s)};
    times.add(point, each_s);
  }
  if (options.nccl.simulate && !result.wrong()) {
    double estimate_s = gpus.simulate_s(point.scenario, point.layout).value_or(-1);
    processes.all_max(std::span<double>(&estimate_s, 1));
    if (estimate_s > 0) result.estimate_s = estimate_s;
  }
  return result;
}

/// How long initialising takes: one at a time, with the sampling plan's stops.
template <Coordinator C>
PointResult measure_init(C& processes, NcclDeviceGroup& gpus, const BenchOptions& options,
                         const LayoutPlan& layouts, const BenchPoint& point, Heartbeat& heartbeat) {
  if (!layouts.sets.empty()) gpus.use_groups(&layouts.sets[point.group_set].groups);
  SamplingPlan plan = options.sampling;
  plan.fixed_batch = 1;
  const auto once = [&](std::int64_t times) {
    double time_s = 0;
    for (std::int64_t i = 0; i < times; ++i) {
      heartbeat.enter();
      time_s += gpus.time_init_s();
    }
    return time_s;
  };
  PointResult result;
  const ConditionWatch watch;
  result.samples = take_samples(processes, plan, once, steady_now_s);
  result.conditions = watch.finish(processes, false);
  return result;
}

/// Collective. `end_all` ends every process with exit code 1, from any thread.
template <Coordinator C>
ExitCode measure_with_nccl(const BenchOptions& options, C& processes, const NcclPlace& place,
                           const std::function<void()>& end_all) {
  const bool reports = processes.rank() == 0;
  const int ranks = processes.size() * options.gpus;
  if (const ExitCode code = agree_on_failure(processes, check_nccl_options(options));
      code != ExitCode::ok) {
    return code;
  }
  const std::vector<int> node_of =
      nodes_as_asked(options, nodes_of_gpus(place.node_of_process, options.gpus));
  const auto layouts = plan_layouts(options, node_of, [&processes](const std::string& path) {
    return read_on_process_0(processes, path);
  });
  if (!layouts) {
    return report_error(layouts.error(), reports);
  }
  if (options.matrix) {
    if (const auto can = check_matrix(options, ranks); !can) {
      return report_error(can.error(), reports);
    }
  }
  const bool init = options.nccl.measure_init;
  auto list = init ? Expected<PointList>(init_points(options, *layouts, node_of, place.nodes))
                   : nccl_points(options, *layouts, node_of, place.nodes);
  if (!list) {
    return report_error(list.error(), reports);
  }
  auto attainables = Attainables::make(options, ranks);
  if (!attainables) {
    return report_error(attainables.error(), reports);
  }
  BenchBackend backend;
  backend.engine = Engine::nccl;
  backend.reports = reports;
  backend.ranks = ranks;
  backend.nodes = place.nodes;
  backend.agree = [&processes](std::int64_t value) { return processes.agree(value); };
  backend.any = [&processes](bool mine) { return any_process(processes, mine); };
  if (options.benchmark.list) {
    return run_suite(options, backend, *list);
  }
  Heartbeat heartbeat;
  if constexpr (requires { processes.count_steps_in(heartbeat); }) {
    processes.count_steps_in(heartbeat);
  }
  const auto live = std::make_shared<NcclAbort>();
  const auto streams = std::make_shared<NcclStreamWatch>();
  const auto abort = [live, &end_all] {
    live->abort_all(2);
    end_all();
  };
  const auto unfinished = [streams] { return streams->unfinished(0.2); };
  const auto watchdog =
      start_watchdog(processes, options.timeout_s, heartbeat, abort, options.gpus, unfinished);
  backend.watchdog = watchdog.get();
  if (watchdog) watchdog->at("looking for GPUs");
  heartbeat.enter();
  const Expected<int> device = first_device(options, processes, place);
  if (const ExitCode code =
          agree_on_failure(processes, device ? Expected<void>{} : tl::unexpected(device.error()));
      code != ExitCode::ok) {
    return code;
  }
  NcclDeviceGroup::Setup setup = device_setup(options, processes, *device);
  setup.live = live;
  setup.streams = streams;
  setup.init.heartbeat = &heartbeat;
  if (watchdog) {
    watchdog->at("NCCL's initialisation");
    watchdog->before_abort([] { return std::string(kWhereNcclLooks); });
  }
  heartbeat.enter();
  NcclDeviceGroup gpus(setup);
  heartbeat.enter();
  if (watchdog) {
    watchdog->at("reserving the buffers");
    watchdog->before_abort({});
  }
  auto cache_bytes = static_cast<double>(gpus.largest_cache_bytes());
  processes.all_max(std::span<double>(&cache_bytes, 1));
  const std::int64_t pool_bytes =
      pool_bytes_for(options.buffers, static_cast<std::int64_t>(cache_bytes));
  std::set<std::string> refused;
  const std::int64_t reserved = options.matrix
                                    ? matrix_pool_bytes(options)
                                    : largest_pool_bytes(options, list->points, pool_bytes) +
                                          options.nccl.unalign * kLargestElementBytes;
  if (!init) {
    if (const ExitCode code = agree_on_failure(processes, gpus.check_memory(reserved));
        code != ExitCode::ok) {
      return code;
    }
    gpus.reserve(reserved);
  }
  if (!init && !options.matrix) {
    refused = leave_out_refused(*list, [&](const BenchPoint& point) {
      heartbeat.enter();
      gpus.use_groups(groups_of(*layouts, point));
      std::string why = gpus.refusal(point.scenario, point.layout);
      if (!any_process(processes, !why.empty())) return why;
      gpus.drop_choice(point.scenario.algorithm);
      return why.empty() ? std::string("on another rank") : why;
    });
    if (list->points.empty()) {
      return report_error({fmt::format("-a {}: {}", fmt::join(options.algorithms, ","),
                                       refused.empty() ? "nothing to measure" : *refused.begin()),
                           ExitCode::unavailable},
                          reports);
    }
  }
  if (watchdog) watchdog->at("");
  backend.context = surroundings(processes);
  backend.context.merge(nccl_context(options));
  backend.context["bootstrap"] = place.bootstrap;
  backend.context["device"] = gpus.device_name(0);
  backend.context.merge(grouping_context(options, *layouts, node_of));
  backend.about = {
      fmt::format(
          "bench_nccl: NCCL {}, CUDA {}, {} rank{} on {} node{} ({} process{} of {} GPU{}: {})",
          nccl_library_version(), cuda_runtime_version(), ranks, ranks == 1 ? "" : "s", place.nodes,
          place.nodes == 1 ? "" : "s", processes.size(), processes.size() == 1 ? "" : "es",
          options.gpus, options.gpus == 1 ? "" : "s", gpus.device_name(0)),
      fmt::format("time: median over samples; a sample is the slowest process's time per {}; "
                  "clock: {}",
                  init ? "initialisation" : "operation",
                  init ? "host, around the call" : about_clock(options))};
  if (options.nccl.memory_report) {
    auto bytes = static_cast<double>(gpus.init_memory_bytes());
    processes.all_max(std::span<double>(&bytes, 1));
    backend.context["nccl_init_memory"] = fmt::format("{:.0f}", bytes);
    backend.about.push_back(
        fmt::format("memory: initialising took {} of a GPU's, at most", format_size(bytes)));
  }
  for (const std::string& sentence : refused) {
    backend.about.push_back("not measured: " + sentence);
  }
  if (options.matrix) {
    return nccl_matrix(processes, gpus, options, backend, node_of, heartbeat);
  }
  if (!init && wants_ceiling(options, *list, ranks)) {
    if (watchdog) watchdog->at("messages and copies for the ceiling");
    attainables->use(
        nccl_ceiling(processes, gpus, options, *list, node_of, reserved, pool_bytes, heartbeat));
    if (watchdog) watchdog->at("");
  }
  if (const std::string about = attainables->about(ranks, place.nodes); !about.empty() && !init) {
    backend.about.push_back(about);
  }
  backend.judge = [&attainables, init](Record& record, std::int64_t batch) {
    if (!init) attainables->judge(record, batch);
  };
  GroupTimes times(*layouts);
  if (!init) {
    backend.closing = [&times] { return times.closing(); };
    backend.so_far = [&times] { return times.so_far(); };
    backend.keep = [&times](const BenchPoint& point, const Record& record, const Context& context) {
      times.keep(point, record, context);
    };
    backend.measure = TurnTaking(list->points, {options.sampling, options.verify},
                                 [&](const BenchPoint& point, const PointPlan& plan) {
                                   return measure_point(processes, gpus, options, *layouts, point,
                                                        plan, pool_bytes, heartbeat, times);
                                 });
  } else {
    backend.measure = [&](const BenchPoint& point) {
      return measure_init(processes, gpus, options, *layouts, point, heartbeat);
    };
  }
  return run_suite(options, backend, *list);
}

}  // namespace collscale

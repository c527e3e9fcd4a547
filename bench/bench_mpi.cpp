// SPDX-License-Identifier: Apache-2.0
// MPI collectives on host memory, hosted by Google Benchmark.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <thread>

#include "bench/suite/algorithms.hpp"
#include "bench/suite/attainable.hpp"
#include "bench/suite/layouts.hpp"
#include "bench/suite/matrix.hpp"
#include "bench/suite/process_setup.hpp"
#include "bench/suite/watchdog_setup.hpp"
#include "measure/mpi/mpi_algorithms.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/mpi_layout.hpp"
#include "measure/mpi/mpi_measure.hpp"
#include "measure/mpi/mpi_operation.hpp"
#include "measure/mpi/ping_pong.hpp"
#include "measure/surroundings.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

Expected<PointList> mpi_points(const BenchOptions& options, const MpiCommunicator& ranks,
                               const LayoutPlan& layouts, const std::vector<int>& node_of,
                               int nodes, const MpiAlgorithms& algorithms,
                               std::set<std::string>& left_out) {
  if (auto can = check_algorithms(
          options.algorithms, options.collectives,
          [&](Collective collective) { return algorithms.names(collective); },
          mpi_library_version());
      !can) {
    return tl::unexpected(can.error());
  }
  const auto of = [&](const Scenario& scenario) {
    auto chosen = chosen_algorithms(options.algorithms, algorithms.names(scenario.collective));
    std::erase_if(chosen, [&](const std::string& algorithm) {
      Scenario asked = scenario;
      asked.algorithm = algorithm;
      const auto runs = MpiAlgorithms::check_runs(asked);
      if (!runs) {
        left_out.insert(runs.error().message);
      }
      return !runs;
    });
    return chosen;
  };
  auto list = layouts.sets.empty() ? make_points(options, ranks.size(), nodes, "", of)
                                   : make_layout_points(options, layouts, node_of, of);
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

/// Points on the groups of layouts. The communicators of one layout are kept until the next one's
/// turn.
class GroupedPoints {
 public:
  GroupedPoints(const BenchOptions& options, const LayoutPlan& plan, const MpiCommunicator& all,
                HostPools& pools, std::int64_t pool_bytes, Heartbeat& heartbeat)
      : options_(options),
        plan_(plan),
        all_(all),
        pools_(pools),
        pool_bytes_(pool_bytes),
        heartbeat_(heartbeat),
        times_(plan) {}

  PointResult measure(const BenchPoint& point, const PointPlan& plan) {
    if (!groups_ || set_ != point.group_set) {
      algorithms_.reset();
      groups_.reset();
      set_ = point.group_set;
      groups_ = std::make_unique<MpiGroups>(all_, plan_.sets[set_].groups);
      algorithms_ = std::make_unique<MpiAlgorithms>(groups_->group());
    }
    const bool runs = groups_->takes_part();
    const BufferLayout layout = runs ? point.layout : BufferLayout{};
    const MpiOperation collective(
        point.scenario, point.layout,
        runs ? algorithms_->communicator(point.scenario.collective, point.scenario.algorithm)
             : groups_->group());
    const auto operation = [&, this](const std::byte* send, std::byte* receive) {
      heartbeat_.enter();  // on every rank: who enters fewer steps is who is waited for
      if (runs) collective(send, receive);
    };
    PointResult result =
        measure_on_host(*groups_, point.scenario, layout, plan,
                        plan_slots(options_.buffers, layout, pool_bytes_), pools_, operation);
    std::vector<double> each_s = groups_->take_group_medians_s();
    if (!result.samples.time_s.empty()) {
      for (double& time_s : each_s) time_s /= static_cast<double>(result.samples.batch);
      if (each_s.empty()) each_s = {median(result.samples.time_s)};
      times_.add(point, each_s);
    }
    return result;
  }
  void keep(const BenchPoint& point, const Record& record, const Context& context) {
    times_.keep(point, record, context);
  }
  [[nodiscard]] Context so_far() const { return times_.so_far(); }
  [[nodiscard]] Context closing() const { return times_.closing(); }

 private:
  const BenchOptions& options_;
  const LayoutPlan& plan_;
  const MpiCommunicator& all_;
  HostPools& pools_;
  std::int64_t pool_bytes_;
  Heartbeat& heartbeat_;
  GroupTimes times_;
  std::size_t set_ = 0;
  std::unique_ptr<MpiGroups> groups_;
  std::unique_ptr<MpiAlgorithms> algorithms_;  // on groups_
};

/// Fails where the pools of this node's ranks, all of them written before anything is measured, do
/// not fit its memory.
Expected<void> check_memory(std::int64_t pool_bytes, const NodeMap& map) {
  const double memory = machine_memory_bytes();
  const double needed = 2.0 * static_cast<double>(pool_bytes) * map.local_size;
  if (memory <= 0 || needed < memory) {
    return {};
  }
  return fail(fmt::format(
      "-e: the send and receive buffers of {} rank{} on this node need {}, but "
      "it has {} of memory",
      map.local_size, map.local_size == 1 ? "" : "s", format_size(needed), format_size(memory)));
}

/// Bytes of pools that some rank got no huge pages for, though it asked for them (memory is too
/// fragmented), of the rank that lacks most; 0 where nobody asked, or the system does not say.
/// `before` is what this process had before it made its pools.
double short_of_huge_pages(MpiCommunicator& ranks, PagePolicy pages, std::int64_t pool_bytes,
                           std::optional<std::int64_t> before) {
  const std::optional<std::int64_t> now = huge_page_bytes();
  double missing = 0;
  if (pages == PagePolicy::huge && before && now) {
    missing = static_cast<double>(2 * pool_bytes - (*now - *before));
  }
  ranks.all_max(std::span<double>(&missing, 1));
  return missing > 0.1 * 2 * static_cast<double>(pool_bytes) ? missing : 0;
}

/// Of all ranks, with the buffers and the policy of the points.
Ceiling measured_ceiling(MpiCommunicator& ranks, const BenchOptions& options, const PointList& list,
                         std::span<const int> node_of, HostPools& pools, std::int64_t pool_bytes) {
  const auto room = static_cast<std::int64_t>(pools.send.bytes().size()) - kGuardBytes;
  return measure_ceiling(
      ranks, node_of, largest_size_bytes(list), options.sampling,
      [&](std::int64_t size_bytes) { return MpiPingPong(ranks, size_bytes, options.pages); },
      [&](std::int64_t size_bytes) {
        const std::int64_t bytes = std::min(size_bytes, room);
        const BufferLayout layout = buffer_layout(Collective::broadcast, DataType::uint8,
                                                  static_cast<double>(bytes), ranks.size());
        return [&pools, bytes,
                slot = SlotWalk(plan_slots(options.buffers, layout, std::min(pool_bytes, room)))](
                   std::int64_t times) mutable {
          for (std::int64_t i = 0; i < times; ++i) {
            const std::int64_t at = slot.next_bytes();
            std::memcpy(pools.receive.data() + at, pools.send.data() + at,
                        static_cast<std::size_t>(bytes));
          }
        };
      },
      steady_now_s);
}

ExitCode measure(const BenchOptions& options, MpiCommunicator& ranks) {
  const bool reports = ranks.rank() == 0;
  const NodeMap map = map_nodes(ranks);
  MpiAlgorithms algorithms(ranks);
  std::set<std::string> left_out;
  const std::vector<int> node_of = nodes_as_asked(options, nodes_of_ranks(ranks));
  const std::string huge_pages = transparent_huge_pages();
  if (const ExitCode code = agree_on_failure(ranks, check_pages(options.pages, huge_pages));
      code != ExitCode::ok) {
    return code;
  }
  const auto layouts = plan_layouts(options, node_of, [&ranks](const std::string& path) {
    return read_on_process_0(ranks, path);
  });
  if (!layouts) {
    return report_error(layouts.error(), reports);
  }
  const auto list = mpi_points(options, ranks, *layouts, node_of, map.nodes, algorithms, left_out);
  if (!list) {
    return report_error(list.error(), reports);
  }
  auto attainables = Attainables::make(options, ranks.size());
  if (!attainables) {
    return report_error(attainables.error(), reports);
  }
  const unsigned cores = std::thread::hardware_concurrency();
  BenchBackend backend;
  backend.engine = Engine::mpi;
  backend.reports = reports;
  backend.ranks = ranks.size();
  backend.nodes = map.nodes;
  if (!options.json_path.empty()) {  // looking at the machine takes longer than many a point
    backend.context = surroundings(ranks);
  }
  backend.context["mpi_library"] = mpi_library_version();
  backend.context["pages"] = name(options.pages);
  backend.context["transparent_huge_pages"] = huge_pages.empty() ? "none" : huge_pages;
  backend.context["ranks_per_node"] = fmt::format("{}", map.local_size);
  backend.context.merge(grouping_context(options, *layouts, node_of));
  backend.about = {
      fmt::format("bench_mpi: {}, {} rank{} on {} node{} of {} cores; {}, {}, buffers {}, pages {}",
                  mpi_library_version(), ranks.size(), ranks.size() == 1 ? "" : "s", map.nodes,
                  map.nodes == 1 ? "" : "s", cores, names_of(options.dtypes), names_of(options.ops),
                  name(options.buffers), name(options.pages)),
      "time: median over samples; a sample is the slowest rank's time per operation"};
  if (static_cast<unsigned>(map.local_size) > cores && cores > 0) {
    backend.about.push_back(
        fmt::format("more ranks than cores ({} on {}): times are the scheduler's, "
                    "not the network's",
                    map.local_size, cores));
  }
  for (const std::string& reason : left_out) {
    backend.about.push_back("not measured: " + reason);
  }
  auto cache_bytes = static_cast<double>(last_cache_bytes());
  ranks.all_max(std::span<double>(&cache_bytes, 1));
  const std::int64_t pool_bytes =
      pool_bytes_for(options.buffers, static_cast<std::int64_t>(cache_bytes));
  HostPools pools;
  if (!options.benchmark.list && !options.matrix) {
    const std::int64_t bytes = largest_pool_bytes(options, list->points, pool_bytes);
    if (const ExitCode code = agree_on_failure(ranks, check_memory(bytes, map));
        code != ExitCode::ok) {
      return code;
    }
    const std::optional<std::int64_t> before = huge_page_bytes();
    pools = {HostBuffer(bytes, options.pages), HostBuffer(bytes, options.pages)};
    if (const double missing = short_of_huge_pages(ranks, options.pages, bytes, before);
        missing > 0) {
      backend.context["pages_missing"] = format_size(missing);
      backend.about.push_back(
          fmt::format("pages: {} of the {} of buffers of a rank got no huge pages",
                      format_size(missing), format_size(2 * static_cast<double>(bytes))));
    }
  }
  Heartbeat heartbeat;
  ranks.count_steps_in(heartbeat);
  const auto watchdog = start_watchdog(ranks, options.benchmark.list ? 0 : options.timeout_s,
                                       heartbeat, [] { abort_all_ranks(1); });
  backend.watchdog = watchdog.get();
  if (options.matrix) {
    backend.about[1] = "time: half a round trip of a message, median over samples";
    return run_matrix(options, backend, ranks, node_of, [&](std::int64_t size_bytes) {
      return MpiPingPong(ranks, size_bytes, options.pages);
    });
  }
  backend.agree = [&ranks](std::int64_t value) { return ranks.agree(value); };
  backend.any = [&ranks](bool mine) { return any_process(ranks, mine); };
  if (wants_ceiling(options, *list, ranks.size())) {
    attainables->use(measured_ceiling(ranks, options, *list, node_of, pools, pool_bytes));
  }
  if (const std::string about = attainables->about(ranks.size(), map.nodes); !about.empty()) {
    backend.about.push_back(about);
  }
  backend.judge = [&attainables](Record& record, std::int64_t batch) {
    attainables->judge(record, batch);
  };
  GroupedPoints grouped(options, *layouts, ranks, pools, pool_bytes, heartbeat);
  backend.closing = [&grouped] { return grouped.closing(); };
  backend.so_far = [&grouped] { return grouped.so_far(); };
  backend.keep = [&grouped](const BenchPoint& point, const Record& record, const Context& context) {
    grouped.keep(point, record, context);
  };
  const auto measure_point = [&](const BenchPoint& point, const PointPlan& plan) {
    const SlotPlan slots = plan_slots(options.buffers, point.layout, pool_bytes);
    const MpiOperation operation(
        point.scenario, point.layout,
        algorithms.communicator(point.scenario.collective, point.scenario.algorithm));
    const auto watched = [&](const std::byte* send, std::byte* receive) {
      heartbeat.enter();
      operation(send, receive);
    };
    return measure_on_host(ranks, point.scenario, point.layout, plan, slots, pools, watched);
  };
  backend.measure = TurnTaking(list->points, {options.sampling, options.verify},
                               [&](const BenchPoint& point, const PointPlan& plan) {
                                 return layouts->sets.empty() ? measure_point(point, plan)
                                                              : grouped.measure(point, plan);
                               });
  return run_suite(options, backend, *list);
}

ExitCode run(const std::vector<std::string>& arguments) {
  MpiCommunicator ranks;
  const auto options = read_command_line(ranks, Engine::mpi, "ranks", arguments);
  if (!options) {
    return with_output_written(options.error(), ranks.rank() == 0);
  }
  return with_output_written(measure(*options, ranks), ranks.rank() == 0);
}

}  // namespace
}  // namespace collscale

int main(int argc, char** argv) {
  // Only where it is asked for: nothing of the library is touched otherwise.
  if (std::any_of(argv + 1, argv + argc, [](const char* argument) {
        const std::string_view text(argument);
        return text.starts_with("-a") || text.starts_with("--algorithm");
      })) {
    collscale::enable_algorithm_choice();
  }
  const collscale::MpiSession session(argc, argv);  // finalised on every way out, --help included
  return static_cast<int>(collscale::run({argv + 1, argv + argc}));
}

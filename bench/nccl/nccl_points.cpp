// SPDX-License-Identifier: Apache-2.0
#include "bench/nccl/nccl_points.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "bench/suite/algorithms.hpp"
#include "measure/fingerprint.hpp"
#include "measure/nccl/nccl_features.hpp"

namespace collscale {

double host_fingerprint() {
  std::string host(256, '\0');
  gethostname(host.data(), host.size() - 1);
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(file, boot);
  return 1.0 + static_cast<double>(fingerprint_of(boot, fingerprint_of(host.c_str())));
}

std::vector<int> nodes_of_gpus(const std::vector<int>& node_of_process, int gpus) {
  std::vector<int> nodes;
  for (const int node : node_of_process) {
    nodes.insert(nodes.end(), static_cast<std::size_t>(gpus), node);
  }
  return nodes;
}

Expected<void> check_nccl_options(const BenchOptions& options) {
  const NcclOptions& nccl = options.nccl;
  if (nccl.clock != SampleClock::host && options.sampling.sync == SyncPolicy::window) {
    return fail(
        "--sync window: its samples begin at an agreed time of the host's clock; expected --clock "
        "host with it");
  }
  if (nccl.graph_launches > 0 && nccl.null_stream) {
    return fail("-G and -y 1: CUDA cannot capture the default stream in a graph");
  }
  if (options.matrix && (nccl.measure_init || nccl.simulate || nccl.graph_launches > 0 ||
                         nccl.clock == SampleClock::launch)) {
    return fail(
        "--matrix: messages between pairs are timed by CUDA events, without --init, --simulate, -G "
        "and --clock launch");
  }
  if (auto enough = check_nccl_is_new_enough(); !enough) return enough;
  const auto need = [](bool asked, NcclFeature feature, std::string_view option) {
    return asked ? check_nccl_has(feature, option) : Expected<void>{};
  };
  const bool float8 = std::any_of(options.dtypes.begin(), options.dtypes.end(), [](DataType type) {
    return type == DataType::float8_e4m3 || type == DataType::float8_e5m2;
  });
  for (const Expected<void>& has :
       {need(nccl.registration == Registration::local, NcclFeature::registration, "-R 1"),
        need(nccl.registration == Registration::symmetric, NcclFeature::symmetric_windows, "-R 2"),
        need(nccl.simulate, NcclFeature::simulation, "--simulate"),
        need(nccl.init_roots > 1, NcclFeature::scalable_init, "--init-roots"),
        need(nccl.cta_policy.has_value(), NcclFeature::cta_policy, "-x"),
        need(float8, NcclFeature::float8, "-d")}) {
    if (!has) return has;
  }
  return {};
}

Expected<PointList> nccl_points(const BenchOptions& options, const LayoutPlan& layouts,
                                const std::vector<int>& node_of, std::int64_t nodes) {
  const auto wanted = expand_nccl_algorithms(options.algorithms);
  if (!wanted) return tl::unexpected(wanted.error());
  const int version = nccl_version_code();
  const auto available = [version](Collective collective) {
    return nccl_algorithm_names(collective, version);
  };
  // Words with "all" in them name more than one collective may have.
  const bool by_name =
      std::none_of(options.algorithms.begin(), options.algorithms.end(),
                   [](const std::string& word) { return word.find("all") != std::string::npos; });
  if (by_name) {
    if (auto can = check_algorithms(*wanted, options.collectives, available,
                                    "NCCL " + nccl_version_text(version));
        !can) {
      return tl::unexpected(can.error());
    }
  }
  const auto of = [&](const Scenario& scenario) {
    return chosen_algorithms(*wanted, available(scenario.collective));
  };
  auto list = layouts.sets.empty()
                  ? make_points(options, static_cast<std::int64_t>(node_of.size()), nodes, "", of)
                  : make_layout_points(options, layouts, node_of, of);
  if (!list) return list;
  for (BenchPoint& point : list->points) {
    point.scenario.protocol = nccl_choice(point.scenario.algorithm).protocol;
  }
  std::optional<Error> why;
  std::erase_if(list->points, [&](const BenchPoint& point) {
    const auto can = check_nccl_can_run(point.scenario);
    if (can) return false;
    list->unavailable.insert(can.error().message);
    why = can.error();
    return true;
  });
  if (why && list->points.empty()) return tl::unexpected(*why);
  return list;
}

PointList init_points(const BenchOptions& options, const LayoutPlan& layouts,
                      const std::vector<int>& node_of, std::int64_t nodes) {
  PointList list;
  BenchPoint point;
  point.scenario.collective = Collective::barrier;
  if (layouts.sets.empty()) {
    point.scenario.algorithm = options.nccl.init_roots > 1 ? "comm_init_scalable" : "comm_init";
    point.scenario.ranks = static_cast<std::int64_t>(node_of.size());
    point.scenario.nodes = nodes;
    list.points.push_back(point);
  }
  for (std::size_t set = 0; set < layouts.sets.size(); ++set) {
    const RankGroups& groups = layouts.sets[set].groups;
    point.scenario.algorithm = "comm_split";
    point.scenario.ranks = groups.size();
    point.scenario.nodes = nodes_of_a_group(groups, node_of);
    point.scenario.layout = groups.name;
    point.group_set = set;
    point.groups = static_cast<std::int64_t>(groups.groups.size());
    list.points.push_back(point);
  }
  return list;
}

const RankGroups* groups_of(const LayoutPlan& layouts, const BenchPoint& point) {
  if (layouts.sets.empty()) return nullptr;
  const RankGroups& groups = layouts.sets[point.group_set].groups;
  return groups.name == "all" ? nullptr : &groups;
}

std::string about_clock(const BenchOptions& options) {
  switch (options.nccl.clock) {
    case SampleClock::events:
      return "CUDA events on each GPU's stream around a batch, the longest of all GPUs";
    case SampleClock::launch:
      return "host, until a batch is launched, completed or not";
    case SampleClock::host:
      break;
  }
  return "host, around stream-synchronised batches";
}

Context nccl_context(const BenchOptions& options) {
  const NcclOptions& nccl = options.nccl;
  Context context{{"nccl_version", nccl_library_version()},
                  {"cuda_runtime", cuda_runtime_version()},
                  {"clock", about_clock(options)}};
  if (nccl.graph_launches > 0) {
    context["cuda_graph"] = fmt::format("{} launches per sample", nccl.graph_launches);
  }
  if (nccl.registration != Registration::none) {
    context["registration"] =
        nccl.registration == Registration::local ? "ncclCommRegister" : "symmetric windows";
  }
  if (nccl.init_roots > 1) context["init_roots"] = fmt::format("{}", nccl.init_roots);
  if (nccl.cta_policy) context["cta_policy"] = fmt::format("{}", *nccl.cta_policy);
  if (nccl.null_stream) context["stream"] = "default";
  if (nccl.unalign > 0) context["unalign"] = fmt::format("{} elements", nccl.unalign);
  return context;
}

DeviceTiming device_timing(const BenchOptions& options) {
  DeviceTiming timing;
  timing.clock = options.nccl.clock == SampleClock::events   ? DeviceClock::events
                 : options.nccl.clock == SampleClock::launch ? DeviceClock::launch
                                                             : DeviceClock::host;
  timing.per_group = options.per_group;
  timing.graph_launches = options.nccl.graph_launches;
  return timing;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "measure/surroundings.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "measure/layout.hpp"
#include "units/quantity.hpp"
#ifdef COLLSCALE_HAVE_HWLOC
#include <hwloc.h>
#endif

namespace collscale {

namespace {

/// Open MPI's mpirun hands its ranks addresses and keys in OMPI_MCA_orte_, _ess_ and the like.
constexpr std::array<std::string_view, 25> kPrefixes = {"OMPI_MCA_btl_",
                                                        "OMPI_MCA_pml",
                                                        "OMPI_MCA_mtl",
                                                        "OMPI_MCA_coll_",
                                                        "OMPI_MCA_osc",
                                                        "OMPI_MCA_op_",
                                                        "OMPI_MCA_rmaps_",
                                                        "OMPI_MCA_hwloc_",
                                                        "OMPI_MCA_mpi_",
                                                        "OMPI_MCA_opal_",
                                                        "OMPI_MCA_mpool",
                                                        "OMPI_MCA_rcache",
                                                        "MPIR_CVAR_",
                                                        "MPICH_",
                                                        "I_MPI_",
                                                        "UCX_",
                                                        "FI_",
                                                        "HCOLL_",
                                                        "SHARP_COLL_",
                                                        "NCCL_",
                                                        "RCCL_",
                                                        "GOMP_",
                                                        "KMP_",
                                                        "MALLOC_",
                                                        "COLLSCALE_"};
constexpr std::array<std::string_view, 15> kNames = {
    "OMPI_MCA_btl",         "OMPI_MCA_coll",
    "OMPI_MCA_op",          "OMP_NUM_THREADS",
    "OMP_PROC_BIND",        "OMP_PLACES",
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_MAX_CONNECTIONS",
    "SLURM_CPU_BIND",       "SLURM_JOB_NUM_NODES",
    "SLURM_NTASKS",         "SLURM_NTASKS_PER_NODE",
    "SLURM_DISTRIBUTION",   "SLURM_JOB_PARTITION",
    "GLIBC_TUNABLES"};

constexpr std::size_t kLongest = 300;

bool is_recorded(std::string_view name) {
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

Context recorded_environment(std::span<const char* const> variables) {
  Context context;
  for (const char* const variable : variables) {
    const std::string_view text = variable;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !is_recorded(text.substr(0, equals))) {
      continue;
    }
    std::string value(text.substr(equals + 1, kLongest));
    if (text.size() - equals - 1 > kLongest) {
      value += "...";
    }
    context[fmt::format("env.{}", text.substr(0, equals))] = value;
  }
  return context;
}

Context recorded_environment() {
  std::size_t count = 0;
  while (environ[count] != nullptr) {
    ++count;
  }
  return recorded_environment(std::span<const char* const>(environ, count));
}

#ifdef COLLSCALE_HAVE_HWLOC

class Machine::Topology {
 public:
  Topology()
      : loaded_(hwloc_topology_init(&topology_) == 0 && hwloc_topology_load(topology_) == 0) {}
  ~Topology() {
    if (topology_ != nullptr) hwloc_topology_destroy(topology_);
  }
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;

  [[nodiscard]] hwloc_topology_t get() const { return loaded_ ? topology_ : nullptr; }

 private:
  hwloc_topology_t topology_ = nullptr;
  bool loaded_;
};

Machine::Machine() : topology_(std::make_unique<Topology>()) {}

Context Machine::shape() const {
  Context context;
  const hwloc_topology_t topology = topology_->get();
  if (topology == nullptr) {
    return context;
  }
  const unsigned version = hwloc_get_api_version();
  context["hwloc_version"] =
      fmt::format("{}.{}.{}", version >> 16U, version >> 8U & 255U, version & 255U);
  const auto count = [topology](hwloc_obj_type_t type, const char* one, const char* many) {
    const int n = std::max(0, hwloc_get_nbobjs_by_type(topology, type));
    return fmt::format("{} {}", n, n == 1 ? one : many);
  };
  std::string shape =
      fmt::format("{}, {}, {}, {}", count(HWLOC_OBJ_PACKAGE, "package", "packages"),
                  count(HWLOC_OBJ_CORE, "core", "cores"), count(HWLOC_OBJ_PU, "PU", "PUs"),
                  count(HWLOC_OBJ_NUMANODE, "NUMA node", "NUMA nodes"));
  const hwloc_obj_t cache = hwloc_get_obj_by_type(topology, HWLOC_OBJ_L3CACHE, 0);
  if (cache != nullptr && cache->attr->cache.size > 0) {
    shape += ", L3 " + format_size(static_cast<double>(cache->attr->cache.size));
  }
  context["machine"] = shape;
  return context;
}

std::string Machine::part(std::span<const int> processors) const {
  const hwloc_topology_t topology = topology_->get();
  if (topology == nullptr || processors.empty()) {
    return "";
  }
  const hwloc_bitmap_t set = hwloc_bitmap_alloc();
  for (const int processor : processors) {
    hwloc_bitmap_set(set, static_cast<unsigned>(processor));
  }
  hwloc_obj_t object = hwloc_get_obj_covering_cpuset(topology, set);
  const bool all = object != nullptr && hwloc_bitmap_isequal(set, object->cpuset) != 0;
  hwloc_bitmap_free(set);
  if (object == nullptr) {
    return "";
  }
  // A core of one PU, a machine of one package: the larger of those that are the same processors,
  // but a cache only where nothing else is.
  for (hwloc_obj_t above = object->parent;
       above != nullptr && hwloc_bitmap_isequal(above->cpuset, object->cpuset) != 0;
       above = above->parent) {
    if (hwloc_obj_type_is_cache(above->type) == 0) object = above;
  }
  if (object->parent == nullptr) {
    return all ? "the whole machine" : "part of the machine";
  }
  return fmt::format("{}{} {}", all ? "" : "part of ", hwloc_obj_type_string(object->type),
                     object->logical_index);
}

#else

class Machine::Topology {};
Machine::Machine() = default;
Context Machine::shape() const { return {}; }
std::string Machine::part(std::span<const int> /*processors*/) const { return ""; }

#endif

Machine::~Machine() = default;

std::vector<int> allowed_processors() {
  std::vector<int> cpus;
  // The kernel refuses a set smaller than its own.
  for (int most = 1024; most <= 1 << 16; most *= 4) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(most));
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(most));
    const bool read = set != nullptr && sched_getaffinity(0, bytes, set) == 0;
    for (int cpu = 0; read && cpu < most; ++cpu) {
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, set)) {
        cpus.push_back(cpu);
      }
    }
    CPU_FREE(set);
    if (read) break;
  }
  return cpus;
}

std::string describe_binding(std::span<const std::vector<int>> cpus_of, const Machine* machine) {
  const auto processors = [machine](const std::vector<int>& cpus) {
    if (cpus.empty()) {
      return std::string("processors unknown");
    }
    const std::string part = machine == nullptr ? "" : machine->part(cpus);
    return fmt::format("processor{} {}{}", cpus.size() == 1 ? "" : "s", format_ranks(cpus),
                       part.empty() ? "" : " (" + part + ")");
  };
  std::map<std::vector<int>, std::vector<int>> ranks_on;
  for (std::size_t rank = 0; rank < cpus_of.size(); ++rank) {
    ranks_on[cpus_of[rank]].push_back(static_cast<int>(rank));
  }
  constexpr std::size_t kMostSets = 8;
  if (ranks_on.size() > kMostSets) {
    const auto& last = cpus_of.back();
    return fmt::format("{} ranks on {} different sets; rank 0: {}; rank 1: {}; ...; rank {}: {}",
                       cpus_of.size(), ranks_on.size(), processors(cpus_of[0]),
                       processors(cpus_of[1]), cpus_of.size() - 1, processors(last));
  }
  std::vector<std::string> parts(cpus_of.size());  // by the first rank of a set
  for (const auto& [cpus, ranks] : ranks_on) {
    parts[static_cast<std::size_t>(ranks[0])] = fmt::format(
        "rank{} {}: {}", ranks.size() == 1 ? "" : "s", format_ranks(ranks), processors(cpus));
  }
  std::erase(parts, "");
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "record_io/launch_line.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "record_io/log_text.hpp"

namespace collscale {
namespace {

/// What a launcher's options mean.
enum class Dialect {
  mpi,    ///< -n processes, -N processes per node
  slurm,  ///< -n processes, -N nodes
  jsrun,  ///< -n resource sets, -a processes in each, -r sets per node
};

struct Launcher {
  std::string_view name;
  Dialect dialect;
};

constexpr std::array<Launcher, 12> kLaunchers{{{"mpirun", Dialect::mpi},
                                               {"mpiexec", Dialect::mpi},
                                               {"mpiexec.hydra", Dialect::mpi},
                                               {"mpirun_rsh", Dialect::mpi},
                                               {"orterun", Dialect::mpi},
                                               {"prterun", Dialect::mpi},
                                               {"ibrun", Dialect::mpi},
                                               {"aprun", Dialect::mpi},
                                               {"srun", Dialect::slurm},
                                               {"flux", Dialect::slurm},
                                               {"lrun", Dialect::slurm},
                                               {"jsrun", Dialect::jsrun}}};

const Launcher* launcher_named(std::string_view program) {
  const auto* const found =
      std::find_if(kLaunchers.begin(), kLaunchers.end(),
                   [program](const Launcher& launcher) { return launcher.name == program; });
  return found == kLaunchers.end() ? nullptr : found;
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view word) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

/// Behind the program the options are its own: "-n 100" are iterations there.
bool is_benchmark(std::string_view program) {
  return program.ends_with("_perf") || program.ends_with("_perf_mpi") ||
         program.starts_with("osu_") || program.starts_with("IMB-");
}

/// "ppr:4:node", "ppr:4:node:PE=8" -> 4.
std::int64_t per_node_of(std::string_view mapping) {
  static constexpr std::string_view kPpr = "ppr:";
  if (!mapping.starts_with(kPpr)) return 0;
  mapping.remove_prefix(kPpr.size());
  const auto colon = mapping.find(':');
  if (colon == std::string_view::npos || !mapping.substr(colon + 1).starts_with("node")) return 0;
  return to_count(mapping.substr(0, colon)).value_or(0);
}

/// "b1:128,b2:128" -> 256 processes on 2 nodes; a host without a number has one process.
Launch launch_on(std::string_view hosts) {
  Launch launch;
  while (!hosts.empty()) {
    const std::string_view host = hosts.substr(0, hosts.find(','));
    hosts.remove_prefix(std::min(host.size() + 1, hosts.size()));
    const auto colon = host.find(':');
    const auto slots = colon == std::string_view::npos ? std::optional<std::int64_t>(1)
                                                       : to_count(host.substr(colon + 1));
    if (host.empty() || !slots) return {};
    launch.processes += *slots;
    ++launch.nodes;
  }
  return launch;
}

/// The options of one launcher, read word by word.
struct Options {
  Dialect dialect = Dialect::mpi;
  std::int64_t processes = 0, nodes = 0, per_node = 0;
  std::int64_t sets = 0, per_set = 1;  ///< of jsrun
  Launch hosts;                        ///< of their list

  void take(std::string_view name, std::string_view value) {
    while (name.starts_with('-')) name.remove_prefix(1);
    static constexpr std::array<std::string_view, 3> kProcessNames{"n", "np", "ntasks"};
    static constexpr std::array<std::string_view, 6> kPerNodeNames{
        "ntasks-per-node", "tasks-per-node", "npernode", "ppn", "perhost", "T"};
    if (name == "map-by") {
      per_node = per_node_of(value);
      return;
    }
    const bool slurm = dialect == Dialect::slurm;
    if (!slurm && (name == "H" || name == "host" || name == "hosts")) hosts = launch_on(value);
    const auto number = to_count(value);
    if (!number) return;
    if (dialect == Dialect::jsrun) return take_of_jsrun(name, *number);
    if (is_one_of(kProcessNames, name)) processes = *number;
    if (slurm && (name == "nodes" || name == "N")) nodes = *number;
    if (is_one_of(kPerNodeNames, name) || (!slurm && name == "N")) per_node = *number;
  }

  void take_of_jsrun(std::string_view name, std::int64_t number) {
    if (name == "n" || name == "nrs") sets = number;
    if (name == "a" || name == "tasks_per_rs") per_set = number;
    if (name == "r" || name == "rs_per_host") per_node = number;
    if (name == "p" || name == "np") processes = number;
  }

  [[nodiscard]] Launch launch() const {
    if (dialect == Dialect::jsrun) {
      const std::int64_t all = processes > 0 ? processes : sets * per_set;
      const std::int64_t on_node = per_node * per_set;
      return {all, on_node > 0 ? (all + on_node - 1) / on_node : 0};
    }
    Launch launch{processes, nodes};
    if (processes == 0) launch.processes = nodes * per_node;
    if (nodes == 0 && per_node > 0) launch.nodes = (processes + per_node - 1) / per_node;
    if (launch.nodes == 0) launch.nodes = hosts.nodes;
    if (launch.processes == 0)
      launch.processes = per_node > 0 ? per_node * hosts.nodes : hosts.processes;
    if (launch.nodes > launch.processes) launch.nodes = 0;
    return launch;
  }
};

}  // namespace

std::optional<Launch> read_launch(std::string_view line) {
  const auto words = split_words(line);
  std::optional<Options> options;
  Launch before;  // of the parts that end in " : ", as mpirun starts several programs
  bool in_program = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::string_view program = word.substr(word.rfind('/') + 1);
    if (const Launcher* const launcher = launcher_named(program); launcher && !in_program) {
      options.emplace();
      options->dialect = launcher->dialect;
      continue;
    }
    if (!options) continue;
    if (in_program && word == ":" && options->dialect == Dialect::mpi) {
      before.processes += options->launch().processes;
      *options = {};
      in_program = false;
      continue;
    }
    in_program = in_program || is_benchmark(program);
    if (in_program || !word.starts_with('-')) continue;
    const auto equals = word.find('=');
    if (equals != std::string_view::npos) {
      options->take(word.substr(0, equals), word.substr(equals + 1));
    } else if (word.size() > 2 && to_integer(word.substr(2))) {
      options->take(word.substr(0, 2), word.substr(2));  // "-N4"
    } else if (i + 1 < words.size()) {
      options->take(word, words[i + 1]);
    }
  }
  if (!options) return std::nullopt;
  Launch launch = options->launch();
  if (before.processes > 0) launch = {before.processes + launch.processes, 0};
  return launch;
}

}  // namespace collscale

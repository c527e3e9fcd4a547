// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/build_info.hpp"
#include "cli/machine.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// One thing that was looked for, and how to get it where it is missing.
struct Finding {
  std::string group;  ///< "build", "machine", "programs"
  std::string subject;
  bool ok = false;
  std::string detail;
};

std::vector<Finding> findings_of(const HostMachine& machine) {
  std::vector<Finding> findings;
  const auto build_of = [](std::string_view option, std::string_view note) {
    return note == fmt::format("{}=OFF", option)
               ? fmt::format("switched off when this was built: configure with -D{}=AUTO", option)
               : std::string(note);
  };
  findings.push_back({"build", "MPI benchmarks", build::kHaveMpi,
                      build_of("COLLSCALE_WITH_MPI", build::kMpiNote)});
  findings.push_back({"build", "NCCL benchmarks", build::kHaveNccl,
                      build_of("COLLSCALE_WITH_NCCL", build::kNcclNote)});

  findings.push_back({"machine", "cores", true, fmt::format("{}", machine.cores)});
  findings.push_back({"machine", "memory", machine.memory_bytes > 0,
                      machine.memory_bytes > 0
                          ? format_size(static_cast<double>(machine.memory_bytes))
                          : "unknown"});
  findings.push_back(
      {"machine", "mpirun", !machine.mpirun.empty(),
       machine.mpirun.empty() ? "not on PATH: apt-get install openmpi-bin" : machine.mpirun});
  findings.push_back(
      {"machine", "GPUs", !machine.gpus.empty(),
       machine.gpus.empty()
           ? "no NVIDIA GPU (no /dev/nvidia0); bench_nccl cannot measure here"
           : fmt::format("{}: {}", machine.gpus.size(), fmt::join(machine.gpus, ", "))});

  const std::vector<SystemEntry> systems = list_systems();
  const auto files = std::count_if(systems.begin(), systems.end(), [](const SystemEntry& entry) {
    return !entry.path.empty() && entry.problem.empty();
  });
  const auto families = std::count_if(systems.begin(), systems.end(),
                                      [](const SystemEntry& entry) { return entry.path.empty(); });
  findings.push_back({"data", "topologies", files > 0,
                      files > 0
                          ? fmt::format("{} systems, {} families", files, families)
                          : "no topology files found: set COLLSCALE_TOPOLOGIES to their folder"});
  for (const InstalledProgram& program : machine.benchmarks) {
    findings.push_back({"programs", program.name, !program.path.empty(),
                        program.path.empty() ? "not built beside this tool" : program.path});
  }
  return findings;
}

std::string text_of(const HostMachine& machine, const std::vector<Finding>& findings, bool colour) {
  std::string out = fmt::format("collscale {}, {}, {}, on {}\n\n", build::kVersion,
                                build::kBuildType, build::kCompiler, machine.host);
  Table table({{"", Align::left}, {"", Align::left}, {"", Align::left}, {"", Align::left}});
  std::string group;
  for (const Finding& finding : findings) {
    table.add({finding.group == group ? "" : finding.group, finding.subject,
               finding.ok ? "yes" : "no", finding.detail});
    group = finding.group;
  }
  const std::string text = table.text(colour);
  return out + text.substr(text.find('\n') + 1);  // without the empty header
}

std::string json_of(const HostMachine& machine, const std::vector<Finding>& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"group", finding.group},
                    {"subject", finding.subject},
                    {"ok", finding.ok},
                    {"detail", finding.detail}});
  }
  const nlohmann::ordered_json document{
      {"version", build::kVersion},   {"build_type", build::kBuildType},
      {"compiler", build::kCompiler}, {"host", machine.host},
      {"cores", machine.cores},       {"memory_bytes", machine.memory_bytes},
      {"gpus", machine.gpus},         {"findings", list}};
  return document.dump(2) + "\n";
}

}  // namespace

Expected<void> run(const DoctorOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  const HostMachine machine = inspect_machine();
  const std::vector<Finding> findings = findings_of(machine);
  if (!takes_stdout(options.json)) print_result(text_of(machine, findings, terminal.colour_stdout));
  return write_text(options.json, json_of(machine, findings));
}

}  // namespace collscale

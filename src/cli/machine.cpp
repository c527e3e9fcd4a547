// SPDX-License-Identifier: Apache-2.0
#include "cli/machine.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

namespace collscale {
namespace {

namespace fs = std::filesystem;

bool is_program(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

std::string find_on_path(const std::string& program) {
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable == nullptr ? "" : variable;
  while (!folders.empty()) {
    const std::size_t end = std::min(folders.find(':'), folders.size());
    const fs::path candidate = fs::path(folders.substr(0, end)) / program;
    if (is_program(candidate)) return candidate.string();
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return "";
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

std::vector<std::string> lines_from(const std::string& command) {
  std::vector<std::string> lines;
  const auto close = [](std::FILE* pipe) { pclose(pipe); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(popen(command.c_str(), "r"), close);
  if (!pipe) return lines;
  std::array<char, 256> buffer{};
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe.get()) != nullptr) {
    std::string line(buffer.data());
    line.erase(line.find_last_not_of(" \n\r") + 1);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

/// The driver makes one device file per GPU; nvidia-smi knows their names.
std::vector<std::string> find_gpus() {
  std::vector<std::string> devices;
  for (int i = 0; i < 64; ++i) {
    std::error_code ignored;
    const std::string device = fmt::format("/dev/nvidia{}", i);
    if (fs::exists(device, ignored)) devices.push_back(device);
  }
  if (devices.empty() || find_on_path("nvidia-smi").empty()) return devices;
  std::vector<std::string> names =
      lines_from("nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null");
  return names.size() == devices.size() ? names : devices;
}

/// build/P/bench/bench_mpi, or next to an installed collscale.
InstalledProgram find_benchmark(const std::string& program) {
  std::error_code failed;
  const fs::path tool = fs::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    for (const fs::path& candidate :
         {tool.parent_path() / "bench" / program, tool.parent_path() / program}) {
      if (is_program(candidate)) return {program, candidate.string()};
    }
  }
  return {program, ""};
}

}  // namespace

HostMachine inspect_machine() {
  HostMachine machine;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) machine.host = host.data();
  machine.cores = usable_cores();
  struct sysinfo info {};
  if (sysinfo(&info) == 0)
    machine.memory_bytes = static_cast<std::int64_t>(info.totalram) * info.mem_unit;
  machine.mpirun = find_on_path("mpirun");
  machine.gpus = find_gpus();
  for (const char* program : {"bench_mpi", "bench_nccl", "bench_sim"})
    machine.benchmarks.push_back(find_benchmark(program));
  return machine;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "measure/conditions.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <string>

#include "measure/clock.hpp"
#include "measure/fingerprint.hpp"

namespace collscale {

namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// A busy core's last tick may not be counted yet.
constexpr double kTick_s = 0.01;

}  // namespace

std::optional<double> busy_s(std::string_view proc_stat, double ticks_per_s) {
  if (proc_stat.substr(0, 4) != "cpu ") {
    return std::nullopt;
  }
  // user nice system idle iowait irq softirq steal; guests are in user.
  constexpr int kIdle = 3;
  constexpr int kWait = 4;
  constexpr int kFields = 8;
  const char* at = proc_stat.data() + 4;
  const char* const end = proc_stat.data() + std::min(proc_stat.find('\n'), proc_stat.size());
  double ticks = 0;
  int field = 0;
  for (; field < kFields; ++field) {
    while (at != end && *at == ' ') {
      ++at;
    }
    std::int64_t value = 0;
    const auto [next, status] = std::from_chars(at, end, value);
    if (status != std::errc()) {
      break;
    }
    at = next;
    ticks += field == kIdle || field == kWait ? 0 : static_cast<double>(value);
  }
  return field > kIdle && ticks_per_s > 0 ? std::optional(ticks / ticks_per_s) : std::nullopt;
}

UsageReading read_usage() {
  UsageReading reading;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  reading.involuntary_switches = used.ru_nivcsw;
  reading.machine_cpu_s =
      busy_s(first_line("/proc/stat"), static_cast<double>(sysconf(_SC_CLK_TCK)));
  reading.process_cpu_s = process_cpu_s();
  reading.wall_s = steady_now_s();
  return reading;
}

Conditions worse_of(const Conditions& a, const Conditions& b) {
  const auto larger = [](const std::optional<double>& x, const std::optional<double>& y) {
    return x && y ? std::max(x, y) : (x ? x : y);
  };
  Conditions worse = a;
  if (a.cpu_share && b.cpu_share) {
    worse.cpu_share = std::min(*a.cpu_share, *b.cpu_share);
  }
  worse.foreign_cores = larger(a.foreign_cores, b.foreign_cores);
  worse.short_of_cores = larger(a.short_of_cores, b.short_of_cores);
  worse.involuntary_switches = a.involuntary_switches + b.involuntary_switches;
  worse.processes_per_node = std::max(a.processes_per_node, b.processes_per_node);
  worse.oversubscribed = a.oversubscribed || b.oversubscribed;
  return worse;
}

std::uint32_t machine_number() {
  std::string identity = first_line("/proc/sys/kernel/random/boot_id");
  if (identity.empty()) {
    identity.resize(256);
    gethostname(identity.data(), identity.size() - 1);
  }
  return fingerprint_of(identity);
}

std::int64_t online_cores() { return std::max<std::int64_t>(1, sysconf(_SC_NPROCESSORS_ONLN)); }

Conditions local_conditions(const UsageReading& begin, const UsageReading& end, std::int64_t cores,
                            std::span<const MachineUse> processes, double own_machine) {
  Conditions found;
  double ours_s = 0;
  std::int64_t here = 0;
  for (const MachineUse& each : processes) {
    if (each.machine == own_machine) {
      ours_s += each.cpu_s;
      ++here;
    }
  }
  found.processes_per_node = here;
  found.oversubscribed = here > cores;
  found.involuntary_switches = end.involuntary_switches - begin.involuntary_switches;
  const double wall_s = end.wall_s - begin.wall_s;
  if (wall_s <= 0) {
    return found;
  }
  found.cpu_share = std::max(0.0, (end.process_cpu_s - begin.process_cpu_s) / wall_s);
  const double uncertain_s = kTick_s * static_cast<double>(cores);
  if (begin.machine_cpu_s && end.machine_cpu_s && wall_s >= 5 * kTick_s) {
    const double others_s = *end.machine_cpu_s - *begin.machine_cpu_s - ours_s - uncertain_s;
    found.foreign_cores = std::max(0.0, others_s / wall_s);
    found.short_of_cores = *found.foreign_cores + static_cast<double>(here - cores);
  }
  return found;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What went on on the machines while something was measured: whether ranks had their cores, and how
// much of them other work took.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "measure/coordinator.hpp"

namespace collscale {

/// The same on every process: of the process or the node that was worst off.
struct Conditions {
  /// Processor time over wall time of the process that had least. Below one for ranks that poll:
  /// they shared a core. Empty where waiting needs no core (GPUs).
  std::optional<double> cpu_share{};
  /// Cores' worth of work that was not of these processes. Empty where it cannot be read, or the
  /// time was too short for the kernel's 10 ms ticks.
  std::optional<double> foreign_cores{};
  /// By how many cores the node falls short of one per process and all the foreign work; negative
  /// where some are idle. Empty as foreign_cores.
  std::optional<double> short_of_cores{};
  std::int64_t involuntary_switches = 0;  ///< of the process that was preempted most
  std::int64_t processes_per_node = 1;    ///< on the node with most, and its cores
  bool oversubscribed = false;            ///< more processes than cores on some node
};

/// Of two times of measuring, what was worse in either.
Conditions worse_of(const Conditions& a, const Conditions& b);

/// What this process and its machine have used up so far.
struct UsageReading {
  double wall_s = 0;
  double process_cpu_s = 0;               ///< of this process, all threads
  std::optional<double> machine_cpu_s{};  ///< of all work on the machine; empty: cannot be read
  std::int64_t involuntary_switches = 0;
};
UsageReading read_usage();

/// Seconds that the processors were busy, from the text of /proc/stat (proc(5)): all but idle and
/// waiting for input or output; time stolen by other virtual machines counts.
std::optional<double> busy_s(std::string_view proc_stat, double ticks_per_s);

/// A number for this machine as the kernel sees it, below 2^32; containers of one kernel share it.
std::uint32_t machine_number();

/// Between two readings; `machines` holds each process's processor time and machine number.
struct MachineUse {
  double cpu_s = 0;
  double machine = 0;
};
Conditions local_conditions(const UsageReading& begin, const UsageReading& end, std::int64_t cores,
                            std::span<const MachineUse> processes, double own_machine);
std::int64_t online_cores();

/// Watches from its construction on.
class ConditionWatch {
 public:
  ConditionWatch() : begin_(read_usage()) {}

  /// Collective. `polls`: processes that wait use their core.
  template <Coordinator C>
  [[nodiscard]] Conditions finish(C& processes, bool polls) const {
    const UsageReading end = read_usage();
    const auto rank = static_cast<std::size_t>(processes.rank());
    const double machine = machine_number();
    std::vector<double> table(2 * static_cast<std::size_t>(processes.size()), 0.0);
    table[2 * rank] = end.process_cpu_s - begin_.process_cpu_s;
    table[2 * rank + 1] = machine;
    processes.all_max(table);
    std::vector<MachineUse> uses;
    for (std::size_t i = 0; i < table.size(); i += 2) {
      uses.push_back({table[i], table[i + 1]});
    }
    Conditions mine = local_conditions(begin_, end, online_cores(), uses, machine);
    if (!polls) {
      mine.cpu_share.reset();
    }
    return worst_of(processes, mine);
  }

 private:
  template <Coordinator C>
  static Conditions worst_of(C& processes, Conditions mine) {
    constexpr double kUnknown = 1e9;  // more than any machine's cores: one that cannot tell, wins
    std::vector<double> worst{mine.cpu_share ? -*mine.cpu_share : -kUnknown,
                              mine.foreign_cores.value_or(kUnknown),
                              mine.short_of_cores.value_or(kUnknown),
                              static_cast<double>(mine.involuntary_switches),
                              static_cast<double>(mine.processes_per_node),
                              mine.oversubscribed ? 1.0 : 0.0};
    processes.all_max(worst);
    const auto known = [](double value) {
      return value < kUnknown ? std::optional(value) : std::nullopt;
    };
    mine.cpu_share = worst[0] > -kUnknown ? std::optional(-worst[0]) : std::nullopt;
    mine.foreign_cores = known(worst[1]);
    mine.short_of_cores = known(worst[2]);
    mine.involuntary_switches = static_cast<std::int64_t>(worst[3]);
    mine.processes_per_node = static_cast<std::int64_t>(worst[4]);
    mine.oversubscribed = worst[5] > 0;
    return mine;
  }

  UsageReading begin_;
};

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What surrounds a measurement and may decide it: variables of the environment, the machine's
// shape, and the processors that each rank may run on. Text for a file's context.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/coordinator.hpp"
#include "record/record.hpp"

namespace collscale {

/// Those of `variables` ("NAME=value") that are known to matter, by "env.NAME". Others are nobody's
/// business: an environment holds passwords, and what a launcher tells its ranks holds keys.
Context recorded_environment(std::span<const char* const> variables);
Context recorded_environment();  ///< of this process

/// This process's machine as hwloc sees it; it knows nothing where the program was built without.
class Machine {
 public:
  Machine();
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// "hwloc_version" and "machine" ("1 package, 2 cores, 2 PUs, 1 NUMA node, L3 32 MiB").
  [[nodiscard]] Context shape() const;
  /// The smallest part that has all of these processors: "Core 3", "Package 0", "part of Package
  /// 0", "the whole machine"; "" where it is not known. Numbers are hwloc's logical ones.
  [[nodiscard]] std::string part(std::span<const int> processors) const;

 private:
  class Topology;
  std::unique_ptr<Topology> topology_;
};

/// The processors that this process may run on, as the kernel numbers them.
std::vector<int> allowed_processors();

/// "ranks 0-3: processors 0-7; ranks 4-7: processors 8-15". Of more than eight different sets only
/// the first, second and last rank's are named. `cpus_of` is by rank. With a machine, each set is
/// followed by the part of it that this is: "rank 0: processor 0 (Core 0)".
std::string describe_binding(std::span<const std::vector<int>> cpus_of,
                             const Machine* machine = nullptr);

/// Collective: the processors of each rank, on every process.
template <Coordinator C>
std::vector<std::vector<int>> gather_binding(C& processes, const std::vector<int>& mine) {
  constexpr int kBits = 32;  // a double holds them exactly
  double words = mine.empty() ? 1 : mine.back() / kBits + 1;
  processes.all_max(std::span<double>(&words, 1));
  const auto width = static_cast<std::size_t>(words);
  std::vector<double> table(width * static_cast<std::size_t>(processes.size()), 0.0);
  for (const int cpu : mine) {
    table[width * static_cast<std::size_t>(processes.rank()) +
          static_cast<std::size_t>(cpu / kBits)] +=
        static_cast<double>(std::uint32_t{1} << static_cast<unsigned>(cpu % kBits));
  }
  processes.all_max(table);
  std::vector<std::vector<int>> cpus_of(static_cast<std::size_t>(processes.size()));
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto word = static_cast<std::uint32_t>(table[i]);
    for (int bit = 0; bit < kBits; ++bit) {
      if ((word >> static_cast<unsigned>(bit) & 1U) != 0) {
        cpus_of[i / width].push_back(static_cast<int>(i % width) * kBits + bit);
      }
    }
  }
  return cpus_of;
}

/// Collective: all of the above, "binding" and the machine on rank 0, whose machine stands for all.
/// The processes' ranks are those that are bound.
template <Coordinator C>
Context surroundings(C& processes) {
  Context context = recorded_environment();
  const std::vector<std::vector<int>> cpus_of = gather_binding(processes, allowed_processors());
  if (processes.rank() == 0) {
    const Machine machine;
    context["binding"] = describe_binding(cpus_of, &machine);
    context.merge(machine.shape());
  }
  return context;
}

}  // namespace collscale

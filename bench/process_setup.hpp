// SPDX-License-Identifier: Apache-2.0
// What several processes agree on before they measure. Without MPI there is one process.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "bench/benchmark_flags.hpp"
#include "measure/coordinator.hpp"
#include "units/error.hpp"

namespace collscale {

/// A number that differs when command lines, or the environment variables that decide what is run,
/// do.
inline std::uint32_t fingerprint(const std::vector<std::string>& arguments,
                                 const Environment& environment) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    }
    hash = (hash ^ 0xffU) * 16777619U;
  };
  for (const std::string& argument : arguments) {
    add(argument);
  }
  for (const std::string& name : deciding_variables()) {
    add(environment(name).value_or(""));
  }
  return hash;
}

/// True, on every process, when all have the same number.
template <Coordinator C>
bool same_on_all(C& processes, std::uint32_t number) {
  std::vector<double> ends{static_cast<double>(number), -static_cast<double>(number)};
  processes.all_max(ends);
  return ends[0] == -ends[1];
}

/// The lowest process whose `outcome` is an error, on every process; −1 when none is.
template <Coordinator C>
int first_failing_process(C& processes, const Expected<void>& outcome) {
  double first = outcome ? -std::numeric_limits<double>::infinity() : -processes.rank();
  processes.all_max(std::span<double>(&first, 1));
  return first > -std::numeric_limits<double>::infinity() ? static_cast<int>(-first) : -1;
}

}  // namespace collscale

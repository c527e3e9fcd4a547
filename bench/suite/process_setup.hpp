// SPDX-License-Identifier: Apache-2.0
// What several processes agree on before they measure. Without MPI there is one process.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/options/benchmark_flags.hpp"
#include "bench/suite/suite.hpp"
#include "cli/output.hpp"
#include "measure/coordinator.hpp"
#include "measure/fingerprint.hpp"
#include "units/error.hpp"

namespace collscale {

/// A number that differs when command lines, or the environment variables that decide what is run,
/// do.
inline std::uint32_t fingerprint(const std::vector<std::string>& arguments,
                                 const Environment& environment) {
  std::uint32_t hash = fingerprint_of("");
  const auto add = [&hash](std::string_view text) {
    hash = fingerprint_of("\xff", fingerprint_of(text, hash));  // the end of each is told apart
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

/// True, on every process, when `mine` is true on one of them.
template <Coordinator C>
bool any_process(C& processes, bool mine) {
  double most = mine ? 1 : 0;
  processes.all_max(std::span<double>(&most, 1));
  return most > 0;
}

/// Where `outcome` is an error on a process, the lowest such process reports it; its exit code, on
/// every process. ok when there is none.
template <Coordinator C>
ExitCode agree_on_failure(C& processes, const Expected<void>& outcome) {
  double first = outcome ? -std::numeric_limits<double>::infinity() : -processes.rank();
  processes.all_max(std::span<double>(&first, 1));
  if (first == -std::numeric_limits<double>::infinity()) {
    return ExitCode::ok;
  }
  double code = 0;
  if (processes.rank() == static_cast<int>(-first)) {
    code = static_cast<double>(report_error(outcome.error(), true));
  }
  processes.all_max(std::span<double>(&code, 1));
  return static_cast<ExitCode>(static_cast<int>(code));
}

/// The options, the same on every process; or, where there is nothing to measure, the code to end
/// with after process 0 has said why: a mistake, --help, --version. `who` is what the backend's
/// users call a process.
template <Coordinator C>
tl::expected<BenchOptions, ExitCode> read_command_line(C& processes, Engine engine,
                                                       std::string_view who,
                                                       const std::vector<std::string>& arguments) {
  const bool reports = processes.rank() == 0;
  const Environment environment = process_environment();
  if (!same_on_all(processes, fingerprint(arguments, environment))) {
    return tl::unexpected(report_error(
        {fmt::format("the {} were started with different arguments or BENCHMARK_ variables: they "
                     "would run different collectives",
                     who)},
        reports));
  }
  auto parsed = parse_command_line(engine, arguments, environment);
  if (!parsed) {
    return tl::unexpected(report_error(parsed.error(), reports));
  }
  if (parsed->text) {
    if (reports) {
      print_result(*parsed->text + "\n");
    }
    return tl::unexpected(ExitCode::ok);
  }
  return std::move(parsed->options);
}

}  // namespace collscale

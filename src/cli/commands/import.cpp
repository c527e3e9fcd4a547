// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/import.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "cli/output.hpp"
#include "record_io/results_file.hpp"
#include "topology_io/load.hpp"

namespace collscale {

Expected<void> run(const ImportCommandOptions& options, const Terminal&) {
  if (auto writable = check_output("--output", options.output); !writable) return writable;
  if (!options.defaults.topology.empty()) {
    if (auto system = load_system(options.defaults.topology); !system)
      return tl::unexpected(system.error());
  }
  Results results{make_context("collscale import"), {}};
  if (!options.defaults.topology.empty()) results.context["topology"] = options.defaults.topology;
  std::vector<std::string> notes;
  for (const std::string& log : options.logs) {
    auto report = import_file(log, options.defaults);
    if (!report) return tl::unexpected(report.error());
    const std::size_t count = report->records.size();
    notes.push_back(fmt::format("{}: {}, {} record{}", log, name(report->format), count,
                                count == 1 ? "" : "s"));
    for (const std::string& warning : report->warnings) notes.push_back("warning: " + warning);
    std::move(report->records.begin(), report->records.end(), std::back_inserter(results.records));
  }
  if (auto written = write_results(options.output, results); !written) return written;
  for (const std::string& note : notes) print_note(note);
  return {};
}

}  // namespace collscale

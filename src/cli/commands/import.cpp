// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "cli/output.hpp"
#include "record_io/results_file.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

/// "12 records of all_reduce on 8 ranks and 2 of all_to_all on 2".
std::string counted(const std::vector<Record>& records) {
  struct Count {
    std::size_t records = 0;
    std::set<std::int64_t> ranks;
  };
  std::map<Collective, Count> counts;
  for (const Record& record : records) {
    Count& count = counts[record.scenario.collective];
    ++count.records;
    count.ranks.insert(record.scenario.ranks);
  }
  std::string text;
  for (const auto& [collective, count] : counts) {
    const bool first = text.empty();
    if (!first) text += collective == counts.rbegin()->first ? " and " : ", ";
    text += fmt::format("{}{} of {}", count.records,
                        !first               ? ""
                        : count.records == 1 ? " record"
                                             : " records",
                        name(collective));
    text += count.ranks.size() > 4
                ? fmt::format(" on {} to {} ranks", *count.ranks.begin(), *count.ranks.rbegin())
                : fmt::format(" on {} rank{}", fmt::join(count.ranks, ", "),
                              *count.ranks.rbegin() == 1 ? "" : "s");
  }
  const auto told = std::count_if(records.begin(), records.end(),
                                  [](const Record& record) { return record.chosen.has_value(); });
  if (told > 0) text += fmt::format("; of {} the log says what ran", told);
  return text;
}

}  // namespace

Expected<void> run(const ImportCommandOptions& options, const Terminal&) {
  if (auto writable = check_output("--output", options.output); !writable) return writable;
  if (!options.defaults.topology.empty()) {
    if (auto system = load_system(options.defaults.topology); !system)
      return tl::unexpected(system.error());
  }
  Results results{make_context("collscale import"), {}};
  // This machine is not the one that was measured.
  for (const char* ours :
       {"host_name", "cpu_model", "num_cpus", "os", "compiler", "library_build_type"})
    results.context.erase(ours);
  if (!options.defaults.topology.empty()) results.context["topology"] = options.defaults.topology;
  std::vector<std::string> notes;
  for (const std::string& log : options.logs) {
    auto report = import_file(log, options.defaults);
    if (!report) return tl::unexpected(report.error());
    notes.push_back(fmt::format("{}: {}, {}", log, name(report->format), counted(report->records)));
    for (const std::string& warning : report->warnings) notes.push_back("warning: " + warning);
    std::move(report->records.begin(), report->records.end(), std::back_inserter(results.records));
  }
  if (auto written =
          write_results(options.output, results, options.compact ? Detail::compact : Detail::full);
      !written)
    return written;
  for (const std::string& note : notes) print_note(note);
  return {};
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/priors.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "cli/output.hpp"
#include "fit/learn_priors.hpp"
#include "record_io/results_file.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

std::vector<std::string> files_of(const std::string& argument) {
  std::vector<std::string> files;
  for (std::size_t begin = 0; begin <= argument.size();) {
    const std::size_t end = std::min(argument.find(',', begin), argument.size());
    if (end > begin) files.push_back(argument.substr(begin, end - begin));
    begin = end + 1;
  }
  return files;
}

/// The series of a file; a collective's algorithm that cannot be one is left out, with a note.
Expected<std::vector<Series>> series_of(const std::string& file) {
  auto results = read_results(file);
  if (!results) return tl::unexpected(results.error());
  std::map<std::pair<Collective, std::string>, std::vector<Record>> groups;
  for (Record& record : results->records)
    groups[{record.scenario.collective, record.scenario.algorithm}].push_back(std::move(record));
  std::vector<Series> all;
  for (const auto& [key, records] : groups) {
    const std::string& topology = records.front().scenario.topology;
    const auto system = load_system(topology.empty() ? "fat-tree:nodes=64" : topology);
    if (!system) return tl::unexpected(system.error());
    auto series = make_series(records, *system);
    if (series)
      for (Series& one : *series) all.push_back(std::move(one));
    else
      print_note(fmt::format("note: {}: left out: {}", file, series.error().message));
  }
  return all;
}

}  // namespace

Expected<void> run(const PriorsCommandOptions& options, const Terminal&) {
  if (auto writable = check_output("--output", options.output); !writable) return writable;
  std::vector<MeasuredSystem> systems;
  for (const std::string& argument : options.systems) {
    systems.push_back({argument, {}});
    for (const std::string& file : files_of(argument)) {
      auto series = series_of(file);
      if (!series) return tl::unexpected(series.error());
      for (Series& one : *series) systems.back().series.push_back(std::move(one));
    }
  }
  const auto priors = learn_priors(systems);
  if (!priors) return tl::unexpected(priors.error());
  return write_text_file(options.output, priors_to_json(*priors));
}

}  // namespace collscale

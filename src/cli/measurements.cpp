// SPDX-License-Identifier: Apache-2.0
#include "cli/measurements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "record_io/results_file.hpp"

namespace collscale {

Expected<std::vector<Record>> read_measurements(const std::vector<std::string>& files,
                                                std::optional<Collective> collective) {
  std::vector<Record> records;
  std::vector<std::string> found;
  for (const std::string& file : files) {
    auto results = read_results(file);
    if (!results) return tl::unexpected(results.error());
    for (Record& record : results->records) {
      const std::string here(name(record.scenario.collective));
      if (std::find(found.begin(), found.end(), here) == found.end()) found.push_back(here);
      if (!collective || record.scenario.collective == *collective)
        records.push_back(std::move(record));
    }
  }
  if (!records.empty()) return records;
  if (!collective || found.empty())
    return fail(fmt::format("{}: no records", fmt::join(files, ", ")));
  return fail(fmt::format("{}: no records of {}; there are some of {}", fmt::join(files, ", "),
                          name(*collective), fmt::join(found, ", ")));
}

Context common_context(const std::vector<std::string>& files) {
  Context common;
  bool first = true;
  for (const std::string& file : files) {
    const auto results = read_results(file);
    if (!results) continue;
    if (first) common = results->context;
    first = false;
    std::erase_if(common, [&results](const auto& entry) {
      const auto here = results->context.find(entry.first);
      return here == results->context.end() || here->second != entry.second;
    });
  }
  return common;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "cli/measurements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "cli/output.hpp"
#include "fit/racks.hpp"
#include "fit/series.hpp"
#include "record_io/results_file.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// Of a log or a table, which is no JSON, what makes a result file of it.
Expected<Results> read_result_file(const std::string& file) {
  auto results = read_results(file);
  if (results) return results;
  const auto text = read_text_file(file);
  const std::size_t begin = text ? text->find_first_not_of(" \t\r\n") : std::string::npos;
  if (begin == std::string::npos || (*text)[begin] == '{' || (*text)[begin] == '[') return results;
  return fail(fmt::format(
      "{}: not a result file; of a log or a table `collscale import {} -o results.json` makes one",
      file, file));
}

/// "NVIDIA GH200 120GB" of "a.log [NCCL 2.23.4, NVIDIA GH200 120GB]"; "" where it names none.
std::string device_of(const std::string& source) {
  for (const char* maker : {"NVIDIA ", "AMD ", "Tesla ", "GeForce ", "Intel "}) {
    const std::size_t begin = source.find(maker, source.find(" ["));
    if (begin != std::string::npos)
      return source.substr(begin, source.find_first_of(",]", begin) - begin);
  }
  return "";
}

/// Logs of one's own in one file of results are of one machine, as far as they name its device.
void join_logs(const std::string& file, std::vector<Record>& records) {
  const auto log_of = [](const Record& record) {
    return record.source.substr(0, record.source.find(" ["));
  };
  std::set<std::string> logs;
  for (const Record& record : records)
    if (!record.source.empty() && !is_published(record.source)) logs.insert(log_of(record));
  if (logs.size() < 2) return;
  for (Record& record : records) {
    if (record.source.empty() || is_published(record.source)) continue;
    const std::string device = device_of(record.source);
    record.source =
        fmt::format("{}{}{}@{}", file, device.empty() ? "" : ", ", device, record.source);
  }
}

}  // namespace

Expected<std::vector<Record>> read_measurements(const std::vector<std::string>& files,
                                                std::optional<Collective> collective) {
  std::vector<Record> records;
  std::vector<std::string> found;
  for (const std::string& file : files) {
    auto results = read_result_file(file);
    if (!results) return tl::unexpected(results.error());
    join_logs(file, results->records);
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

std::vector<Record> called_by_name(std::vector<Record> records, const std::string& typed,
                                   const System& system) {
  for (Record& record : records)
    if (record.scenario.topology == typed) record.scenario.topology = system.name;
  return records;
}

std::vector<Record> counted_by_nodes_of(const System& system, std::vector<Record> records,
                                        bool is_same_system) {
  const auto hosts = std::find_if(records.begin(), records.end(), [&](const Record& record) {
    return counts_hosts(record, system);
  });
  if (hosts == records.end()) return records;
  const auto first = std::distance(records.begin(), hosts);
  const Scenario before = hosts->scenario;
  const std::string rack = fmt::format("a node of {} is a rack of {} on one scale-up network",
                                       system.name, format_count(ranks_per_node(system)));
  if (!is_same_system && before.topology != system.name) {
    print_note(fmt::format(
        "note: the records have {} ranks on {} nodes, and {}: if they were measured on it, say "
        "--same-system",
        format_count(before.ranks), format_count(before.nodes), rack));
    return records;
  }
  records = with_racks_for_nodes(std::move(records), system);
  const Scenario& after = records[static_cast<std::size_t>(first)].scenario;
  print_note(fmt::format("note: {}: {} ranks on {} nodes of the records are taken as on {} of them",
                         rack, format_count(after.ranks), format_count(before.nodes),
                         format_count(after.nodes)));
  return records;
}

std::vector<Record> of_full_nodes(const System& system, std::vector<Record> records) {
  struct Count {
    std::ptrdiff_t across = 0, full = 0;
  };
  const auto per_node = ranks_per_node(system);
  const auto spans_nodes = [](const Record& record) { return record.scenario.nodes > 1; };
  const auto is_full = [&](const Record& record) {
    return spans_nodes(record) && record.scenario.ranks == per_node * record.scenario.nodes;
  };
  Count all;
  std::map<Collective, Count> counts;
  for (const Record& record : records) {
    for (Count* const count : {&all, &counts[record.scenario.collective]}) {
      count->across += spans_nodes(record) ? 1 : 0;
      count->full += is_full(record) ? 1 : 0;
    }
  }
  if (all.full == 0 || all.full == all.across) return records;
  std::vector<std::string_view> lost;
  for (const auto& [collective, count] : counts)
    if (count.across > 0 && count.full == 0) lost.push_back(name(collective));
  std::erase_if(records,
                [&](const Record& record) { return spans_nodes(record) && !is_full(record); });
  print_note(fmt::format(
      "note: {} of {} records across nodes are left out, of other than {} ranks on every node{}",
      all.across - all.full, all.across, format_count(per_node),
      lost.empty() ? ""
                   : fmt::format("; those are all of {}: a profile is of nodes used alike, so "
                                 "calibrate {} by itself (--collective)",
                                 fmt::join(lost, ", "), lost.size() == 1 ? "it" : "each")));
  return records;
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

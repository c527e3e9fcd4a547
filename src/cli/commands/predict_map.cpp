// SPDX-License-Identifier: Apache-2.0
// The map of winners: which algorithm is the fastest, or chosen, at each size and number of ranks.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/commands/predict.hpp"
#include "cli/table.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

std::string winner_of(const Record& record) {
  const std::string& protocol = record.scenario.protocol;
  return protocol.empty() ? record.scenario.algorithm : record.scenario.algorithm + ", " + protocol;
}

/// A, B, ... Z, then AA, AB, ...
std::string letter(std::size_t number) {
  const auto single = [](std::size_t n) { return std::string(1, static_cast<char>('A' + n)); };
  return number < 26 ? single(number) : single(number / 26 - 1) + single(number % 26);
}

}  // namespace

std::string map_of(const std::vector<Record>& records, bool colour) {
  std::map<double, std::map<std::int64_t, const Record*>> cells;  // by size, by ranks: the fastest
  std::map<std::int64_t, bool> rank_counts;
  for (const Record& record : records) {
    const Record*& best = cells[record.scenario.size_bytes][record.scenario.ranks];
    if (best == nullptr || record.time_s < best->time_s) best = &record;
    rank_counts[record.scenario.ranks] = true;
  }
  std::vector<Column> columns = {{"size"}};
  for (const auto& [ranks, any] : rank_counts)
    columns.push_back({format_count(ranks), Align::left});
  Table table(std::move(columns));
  std::vector<std::string> winners;
  for (const auto& [size, by_ranks] : cells) {
    std::vector<std::string> row = {format_size(size)};
    for (const auto& [ranks, record] : by_ranks) {
      const std::string winner = winner_of(*record);
      auto at = std::find(winners.begin(), winners.end(), winner);
      if (at == winners.end()) at = winners.insert(winners.end(), winner);
      row.push_back(letter(static_cast<std::size_t>(at - winners.begin())));
    }
    table.add(std::move(row));
  }
  std::string out = table.text(colour) + "\n";
  for (std::size_t i = 0; i < winners.size(); ++i)
    out += fmt::format("{}  {}\n", letter(i), winners[i]);
  return out;
}

}  // namespace collscale

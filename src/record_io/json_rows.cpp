// SPDX-License-Identifier: Apache-2.0
#include "record_io/json_rows.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace collscale {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// The lines on which the objects begin, from 1.
std::vector<std::int64_t> lines_of_objects(std::string_view text) {
  std::vector<std::int64_t> lines;
  std::int64_t line = 1;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ++line;
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == '{')
      lines.push_back(line);
  }
  return lines;
}

std::string cell_of(const OrderedJson& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : value.dump();
}

}  // namespace

bool looks_like_json_rows(std::string_view text) {
  static constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos || text[first] != '[') return false;
  const auto second = text.find_first_not_of(kBlank, first + 1);
  return second != std::string_view::npos && text[second] == '{';
}

std::optional<CsvTable> parse_json_rows(std::string_view text) {
  const OrderedJson root = OrderedJson::parse(text, nullptr, false);
  if (root.is_discarded() || !root.is_array()) return std::nullopt;
  CsvTable table;
  for (const OrderedJson& object : root) {
    if (!object.is_object()) return std::nullopt;
    std::vector<std::string> row(table.names.size());
    for (const auto& [key, value] : object.items()) {
      if (value.is_structured()) return std::nullopt;
      const auto at = std::find(table.names.begin(), table.names.end(), key);
      if (at != table.names.end()) {
        row[static_cast<std::size_t>(at - table.names.begin())] = cell_of(value);
      } else {
        table.names.push_back(key);
        row.push_back(cell_of(value));
      }
    }
    table.rows.push_back(std::move(row));
  }
  for (auto& row : table.rows) row.resize(table.names.size());
  table.lines = lines_of_objects(text);
  const auto name = std::find(table.names.begin(), table.names.end(), "name");
  if (name != table.names.end() &&
      std::find(table.names.begin(), table.names.end(), "collective") == table.names.end())
    *name = "collective";
  return table;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "record_io/csv_table.hpp"

#include <algorithm>

#include "units/number.hpp"

namespace collscale {
namespace {

char separator_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  const std::string_view first = text.substr(0, text.find('\n'));
  char best = ',';
  for (const char candidate : {';', '\t'}) {
    if (std::count(first.begin(), first.end(), candidate) >
        std::count(first.begin(), first.end(), best))
      best = candidate;
  }
  return best;
}

}  // namespace

CsvTable parse_csv(std::string_view text) {
  const char separator = separator_of(text);
  CsvTable table;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  std::int64_t line = 1;
  std::int64_t first_line = 1;
  const auto end_field = [&] {
    row.emplace_back(trim(field));
    field.clear();
  };
  const auto end_row = [&] {
    end_field();
    const bool any = std::any_of(row.begin(), row.end(), [](const auto& f) { return !f.empty(); });
    if (any && table.names.empty()) {
      table.names = std::move(row);
    } else if (any) {
      table.rows.push_back(std::move(row));
      table.lines.push_back(first_line);
    }
    row.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (quoted) {
      const bool doubled = c == '"' && i + 1 < text.size() && text[i + 1] == '"';
      if (c == '"' && !doubled) {
        quoted = false;
        continue;
      }
      field += c;
      if (doubled) ++i;
    } else if (c == '"' && field.find_first_not_of(' ') == std::string::npos) {
      quoted = true;
      field.clear();
    } else if (c == separator) {
      end_field();
    } else if (c == '\n') {
      end_row();
      first_line = line;
    } else if (c != '\r') {
      field += c;
    }
  }
  if (!field.empty() || !row.empty()) end_row();
  return table;
}

}  // namespace collscale

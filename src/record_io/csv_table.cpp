// SPDX-License-Identifier: Apache-2.0
#include "record_io/csv_table.hpp"

#include <algorithm>

namespace collscale {
namespace {

char separator_of(std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  char best = ',';
  for (const char candidate : {';', '\t'}) {
    if (std::count(first.begin(), first.end(), candidate) >
        std::count(first.begin(), first.end(), best))
      best = candidate;
  }
  return best;
}

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t") + 1);
  text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

/// A cell of Markdown without what sets it in bold, in italics or as code.
std::string unadorned(std::string_view cell) {
  std::string text = trimmed(std::string(cell));
  while (!text.empty() && (text.front() == '*' || text.front() == '`')) text.erase(0, 1);
  while (!text.empty() && (text.back() == '*' || text.back() == '`')) text.pop_back();
  return trimmed(std::move(text));
}

/// "|:---|---:|", which stands below the names.
bool is_rule(const std::vector<std::string>& row) {
  return std::all_of(row.begin(), row.end(), [](const std::string& cell) {
    return !cell.empty() && cell.find_first_not_of("-: ") == std::string::npos &&
           cell.find('-') != std::string::npos;
  });
}

CsvTable parse_markdown(std::string_view text) {
  CsvTable table;
  for (std::int64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string line = trimmed(std::string(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line = trimmed(line.substr(0, line.size() - 1));
    if (line.find('|') == std::string::npos) break;
    if (line.front() == '|') line.erase(0, 1);
    if (!line.empty() && line.back() == '|') line.pop_back();
    std::vector<std::string> row;
    for (std::size_t from = 0; from <= line.size();) {
      const auto bar = std::min(line.find('|', from), line.size());
      row.push_back(unadorned(std::string_view(line).substr(from, bar - from)));
      from = bar + 1;
    }
    if (table.names.empty()) {
      table.names = std::move(row);
    } else if (!is_rule(row)) {
      table.rows.push_back(std::move(row));
      table.lines.push_back(number);
    }
  }
  return table;
}

}  // namespace

CsvTable parse_csv(std::string_view text) {
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.starts_with('|')) return parse_markdown(text);
  const char separator = separator_of(text);
  CsvTable table;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  std::int64_t line = 1;
  std::int64_t first_line = 1;
  const auto end_field = [&] {
    row.push_back(trimmed(std::move(field)));
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

// SPDX-License-Identifier: Apache-2.0
#include "record_io/markdown_tables.hpp"

#include <algorithm>
#include <string>

#include "units/number.hpp"

namespace collscale {
namespace {

using Cells = std::vector<std::string>;

std::string_view unquoted(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  line = trim(line);
  while (line.starts_with('>')) line = trim(line.substr(1));
  return line;
}

std::string unadorned(std::string_view cell) {
  cell = trim(cell);
  while (!cell.empty() && (cell.front() == '*' || cell.front() == '`')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == '*' || cell.back() == '`')) cell.remove_suffix(1);
  return std::string(trim(cell));
}

Cells cells_of(std::string_view line) {
  if (line.starts_with('|')) line.remove_prefix(1);
  if (line.ends_with('|')) line.remove_suffix(1);
  Cells cells;
  for (std::size_t from = 0; from <= line.size();) {
    const auto bar = std::min(line.find('|', from), line.size());
    cells.push_back(unadorned(line.substr(from, bar - from)));
    from = bar + 1;
  }
  return cells;
}

/// "|:---|---:|" and "+-----+-----+".
bool is_rule(std::string_view line) {
  return line.find_first_not_of("|+-=: \t") == std::string_view::npos &&
         line.find_first_of("-=") != std::string_view::npos &&
         line.find_first_of("|+") != std::string_view::npos;
}

/// Lines of one table, or lines that hold bars for another reason.
struct Block {
  std::vector<Cells> rows;
  std::vector<std::int64_t> lines;
  bool barred = false;         ///< the first of `rows` begins with a bar
  std::size_t rule_cells = 0;  ///< of the rule below the first of `rows`; 0: there is none

  void add(std::string_view line, std::int64_t number) {
    if (is_rule(line)) {
      if (rows.size() == 1) rule_cells = cells_of(line).size();
      return;
    }
    if (rows.empty()) barred = line.starts_with('|');
    rows.push_back(cells_of(line));
    lines.push_back(number);
  }

  [[nodiscard]] bool is_table() const {
    return rows.size() > 1 && (barred || rule_cells == rows.front().size());
  }
};

}  // namespace

std::vector<CsvTable> markdown_tables(std::string_view text) {
  std::vector<CsvTable> tables;
  Block block;
  const auto end_block = [&] {
    if (block.is_table()) {
      tables.push_back({std::move(block.rows.front()),
                        block.lines.front(),
                        {std::make_move_iterator(block.rows.begin() + 1),
                         std::make_move_iterator(block.rows.end())},
                        {block.lines.begin() + 1, block.lines.end()}});
    }
    block = {};
  };
  for (std::int64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = unquoted(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find('|') == std::string_view::npos && !is_rule(line))
      end_block();
    else
      block.add(line, number);
  }
  end_block();
  return tables;
}

}  // namespace collscale

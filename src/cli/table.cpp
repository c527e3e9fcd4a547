// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/terminal.hpp"

namespace collscale {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 24;  ///< of a last column that is wrapped

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = text.find('\n', start);
    lines.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return lines;
    start = end + 1;
  }
}

std::string pad(const std::string& text, std::size_t width, Align align) {
  const std::size_t used = display_width(text);
  const std::string blanks(width > used ? width - used : 0, ' ');
  return align == Align::left ? text + blanks : blanks + text;
}

void append_line(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a continuation byte
  }));
}

std::string format_gigabytes(double bandwidth_Bps) {
  const double value = bandwidth_Bps / 1e9;
  if (value >= 99.95) return fmt::format("{:.0f}", value);
  if (value >= 0.995) return fmt::format("{:.1f}", value);
  if (value >= 0.0995) return fmt::format("{:.2f}", value);
  if (value >= 0.001) return fmt::format("{:.3f}", value);
  return value > 0 ? "<0.001" : "0";
}

std::string format_percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines{""};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    std::string& line = lines.back();
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      lines.emplace_back(word);
    } else {
      if (!line.empty()) line += ' ';
      line += word;
    }
  }
  return lines;
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(bool colour) const {
  std::vector<std::vector<std::string>> titles;
  std::vector<std::size_t> widths;
  std::size_t title_lines = 1;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(lines_of(columns_[i].title));
    title_lines = std::max(title_lines, titles.back().size());
    std::size_t width = 0;
    for (const std::string& line : titles.back()) width = std::max(width, display_width(line));
    for (const auto& row : rows_) width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  std::size_t before_last = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap;
  const std::size_t last_width =
      std::max(kNarrowest, kPageWidth > before_last ? kPageWidth - before_last : 0);
  const bool wraps = columns_.back().align == Align::left && widths.back() > last_width;

  const auto join = [&](const auto& cell) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line.append(kGap, ' ');
      line += pad(cell(i), widths[i], columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  };

  std::string out;
  for (std::size_t n = 0; n < title_lines; ++n) {
    append_line(out, bold(join([&](std::size_t i) {
                            return n < titles[i].size() ? titles[i][n] : std::string{};
                          }),
                          colour));
  }
  for (const auto& row : rows_) {
    if (!wraps) {
      append_line(out, join([&](std::size_t i) { return row[i]; }));
      continue;
    }
    const std::vector<std::string> last = wrap(row.back(), last_width);
    for (std::size_t n = 0; n < last.size(); ++n) {
      append_line(out, join([&](std::size_t i) {
                    if (i + 1 == columns_.size()) return last[n];
                    return n == 0 ? row[i] : std::string{};
                  }));
    }
  }
  return out;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Tables for people: columns as wide as they must be, two blanks between them, numbers to the
// right.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace collscale {

enum class Align { left, right };

struct Column {
  std::string title;  ///< with the unit of the numbers below it; may have two lines ("busbw\nGB/s")
  Align align = Align::right;
};

/// The widest that a table should be; a last column that is aligned left is wrapped to keep to it.
inline constexpr std::size_t kPageWidth = 100;

class Table {
 public:
  explicit Table(std::vector<Column> columns);

  /// One cell per column.
  void add(std::vector<std::string> cells);

  /// Header and rows, no blanks at the ends of lines. `colour`: the header in bold.
  [[nodiscard]] std::string text(bool colour = false) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// A bandwidth in GB/s without its unit, for a column that names it: "370", "38.3",
/// "0.90", "0.012", "<0.001".
std::string format_gigabytes(double bandwidth_Bps);

/// 0.345 -> "34.5 %".
std::string format_percent(double share);

/// Characters of a UTF-8 text.
std::size_t display_width(std::string_view text);

/// The words of `text` in lines of at most `width` characters; a longer word has a line of its own.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// A table of text with named columns, separated by commas, semicolons or tabs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace collscale {

struct CsvTable {
  std::vector<std::string> names;
  std::int64_t line = 1;                       ///< of the names
  std::vector<std::vector<std::string>> rows;  ///< may differ from `names` in length: torn
  std::vector<std::int64_t> lines;             ///< where each row begins, from 1
};

/// Quoting as in RFC 4180; the separator is the one of ',', ';' and tab that the first line has
/// most of. Blank lines and lines of nothing but separators hold no row.
CsvTable parse_csv(std::string_view text);

}  // namespace collscale

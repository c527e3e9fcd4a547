// SPDX-License-Identifier: Apache-2.0
// One row of the table that nccl-tests prints.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "record_io/log_text.hpp"

namespace collscale {

/// What the names of the columns say about a row.
struct NcclTestsColumns {
  int halves = 2;               ///< groups of figures: out of place, in place
  bool first_in_place = false;  ///< of one half: it is the one in place
  int figures = 4;              ///< of one half: time, algbw, busbw, #wrong, and with -I four more
  bool checked = true;          ///< there is a #wrong
};

/// Out of place or in place, as printed.
struct NcclTestsHalf {
  std::string time, algbw, busbw, wrong;
  bool algbw_is_busbw = false;  ///< printed as the same, and less than size over time
};

struct NcclTestsRow {
  double size_bytes = 0;
  std::string type;
  std::string op;
  std::int64_t root = 0;
  std::array<std::optional<NcclTestsHalf>, 2> halves;  ///< nothing where it is "N/A"
};

enum class NcclTestsLine {
  other,          ///< no part of a table
  torn,           ///< a part of a row
  begun,          ///< the front of a row, whose figures another line may bring
  contradictory,  ///< a row whose bandwidths are not what its size and times give
  row,
};

/// The line as a row; anything may stand before it, nothing but a time of day behind it. A half
/// counts as printed only if its bandwidth is size over time to the printed digits; versions of
/// before 2020 had the bus bandwidth there for all_gather and reduce_scatter. Of a row that is only
/// begun, `front` is the part that counts.
NcclTestsLine read_row(std::string_view line, const NcclTestsColumns& columns, bool in_table,
                       NcclTestsRow& row, std::string& front);

/// As read_row, in the style of numbers in which the figures agree with each other.
NcclTestsLine read_row_in_any_style(std::string_view line, const NcclTestsColumns& columns,
                                    bool in_table, NcclTestsRow& row, std::string& front);

/// The figures at the front of a line that may continue a row: whole halves, whatever follows them;
/// "" where the line does not begin in such.
std::string figures_at_front(std::string_view line, const NcclTestsColumns& columns);

}  // namespace collscale

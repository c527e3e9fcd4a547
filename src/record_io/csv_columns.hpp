// SPDX-License-Identifier: Apache-2.0
// Which column of a table is what: by our names, by names that others use, or by a map.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "units/error.hpp"

namespace collscale {

enum class CsvField {
  collective,
  ranks,
  nodes,
  ranks_per_node,
  size,
  time,
  algbw,
  busbw,
  wrong,
  library,
  algorithm,
  protocol,
  dtype,
  op,
  in_place,
  source,
  dataset,
  system
};
inline constexpr std::size_t kCsvFields = 18;

/// Where a field is, and what one of its column's figures is in our unit: seconds, bytes, bytes per
/// second; 0 where neither the map nor the column's name says.
struct CsvColumn {
  std::size_t at = 0;
  std::string name;
  double unit = 0;
};

struct CsvColumns {
  std::array<std::optional<CsvColumn>, kCsvFields> of;
  [[nodiscard]] const std::optional<CsvColumn>& operator[](CsvField field) const {
    return of[static_cast<std::size_t>(field)];
  }
};

/// `map` is ours to theirs, each of ours a name of ours with or without its unit: "time_us",
/// "time", "size", "busbw_GBps". Columns that it does not name are found by their own names. Fails
/// on a name of ours that does not exist, a column of theirs that does not, and two columns for one
/// field. `named` are the columns as the table itself names them, for messages.
Expected<CsvColumns> find_columns(const std::vector<std::string>& names,
                                  const std::map<std::string, std::string>& map,
                                  std::string_view file_name,
                                  const std::vector<std::string>& named);

/// The field that a column of this name holds, if any.
std::optional<CsvField> csv_field_of(std::string_view name);

/// The names of ours, for messages.
std::vector<std::string> csv_field_names();

/// Whether a size is in a unit that some take for a power of 1000 and some of 1024: "64K", "8 MB".
bool is_ambiguous_size(std::string_view value);

/// Says of a column in such a unit how to say which is meant.
tl::unexpected<Error> ambiguous_unit(std::string_view file_name, CsvField field,
                                     std::string_view column, std::string_view unit);

/// A figure with or without its unit ("1.5 ms", "64KiB", "300"), in our unit. Nothing where it is
/// none, or has no unit and the column has none either. Whether "64KB" is 64,000 or 65,536 bytes
/// the column's unit tells: KB, MB or KiB, MiB.
std::optional<double> csv_quantity(std::string_view value, CsvField field, double unit);

}  // namespace collscale

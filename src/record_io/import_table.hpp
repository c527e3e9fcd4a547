// SPDX-License-Identifier: Apache-2.0
// A table of measurements, one row per point. Its columns are found by name (csv_columns.hpp) or
// told by a map; what it has no column for comes from the options. The size is nccl-tests' (the
// larger of a rank's buffers). A row that has a point out of place and in place is two records.
#pragma once

#include <string_view>

#include "record_io/csv_table.hpp"
#include "record_io/importer.hpp"
#include "units/error.hpp"

namespace collscale {

/// Whether the table has a size and a time or a bandwidth, by the names of its columns, or a column
/// that the options name.
bool holds_measurements(const CsvTable& table, const ImportOptions& options);

Expected<ImportReport> import_table(const CsvTable& table, std::string_view file_name,
                                    const ImportOptions& options);

/// Adds another table's, or another place's, records and warnings; a warning once.
void merge(ImportReport& into, ImportReport&& report);

}  // namespace collscale

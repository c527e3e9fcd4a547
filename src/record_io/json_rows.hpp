// SPDX-License-Identifier: Apache-2.0
// A list of flat JSON objects as a table: what rccl-tests writes with -Z json.
#pragma once

#include <optional>
#include <string_view>

#include "record_io/csv_table.hpp"

namespace collscale {

/// Whether the text begins with a list of objects; "[1,0]<stdout>:" of mpirun does not.
bool looks_like_json_rows(std::string_view text);

/// The columns are the keys of all objects; what an object lacks is empty. rccl-tests' key "name"
/// is the column "collective". Nothing where it is no such list to its end.
std::optional<CsvTable> parse_json_rows(std::string_view text);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The tables within a text: a README, a report, an issue.
#pragma once

#include <string_view>
#include <vector>

#include "record_io/csv_table.hpp"

namespace collscale {

/// In the text's order, fenced as code or not, quoted or not. A table is a line of names, then
/// "|---|---:|", then rows up to the first line without a bar; where its lines begin with a bar the
/// rule may be missing. Borders such as "+-----+-----+" are no rows. Cells lose what sets them in
/// bold, in italics or as code.
std::vector<CsvTable> markdown_tables(std::string_view text);

}  // namespace collscale

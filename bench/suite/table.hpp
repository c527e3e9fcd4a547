// SPDX-License-Identifier: Apache-2.0
// The live tables: ours, and nccl-tests' columns for those whose scripts read them.
#pragma once

#include <optional>
#include <string>

#include "bench/options/options.hpp"
#include "measure/buffer_layout.hpp"
#include "measure/point_result.hpp"
#include "record/record.hpp"

namespace collscale {

/// One measured point as the tables show it. `record` is empty when the result was wrong.
struct TableRow {
  Scenario scenario;
  BufferLayout layout;
  std::optional<Record> record;
  std::int64_t batch = 1;
  std::optional<std::int64_t> wrong;  ///< empty: not verified
};

/// Text with newlines, to be printed as it stands.
std::string table_header(const BenchOptions& options, Collective collective, bool first);
std::string table_row(const BenchOptions& options, const TableRow& row);

/// False for barrier, which moves nothing: its bandwidths are shown as "-".
bool has_size(const Scenario& scenario);
/// False for barrier and for one rank alone, where nothing crosses a link.
bool has_bus_bandwidth(const Scenario& scenario);

/// nccl-tests' way to fit a number into `width` characters: two decimals, then one, then none, then
/// an exponent.
std::string fixed_width(double value, int width);

}  // namespace collscale

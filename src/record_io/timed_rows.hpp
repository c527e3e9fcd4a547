// SPDX-License-Identifier: Apache-2.0
// The rows of a table of times by size, as OSU and IMB print it: which of them count.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "record_io/log_text.hpp"

namespace collscale {

struct TimedRow {
  double time_us = 0;
  std::int64_t size = 0;
  std::int64_t iterations = 1;
  bool wrong = false;  ///< by the benchmark's own check
};

/// Both print two decimals, forks up to four: nothing where fewer are left, where there are more
/// ("1706932800.123456" is a clock's) and where the time is none.
std::optional<double> read_time_us(std::string_view word);

/// Small letters of an MPI type: "MPI_FLOAT" and "MPI_FLOAT." are float.
std::optional<DataType> read_mpi_type(std::string_view word);

/// Whether the benchmark's size is what one rank sends to one other; ours is the whole vector.
bool size_is_of_one_rank(Collective collective);

/// Chooses row by row, and remembers what it left out. Sizes ascend within a table.
class TimedRows {
 public:
  void begin_table();

  /// Whether the row counts. One that could not be read (nullopt) is torn, and so is all that
  /// stands below a size smaller than the one before: the title of another table was lost.
  bool take(const std::optional<TimedRow>& row, Collective collective, std::int64_t line);

  /// Fails where tables have several sizes twice, with other times: they are of several jobs.
  Expected<void> check(std::string_view file_name) const;

  void warn(ImportReport& report, std::string_view file_name) const;

 private:
  std::int64_t last_size_ = -1;
  double last_time_us_ = 0;
  bool lost_title_ = false;
  LeftOut torn_, wrong_, empty_, repeated_;
};

}  // namespace collscale

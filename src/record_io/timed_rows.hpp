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

/// Chooses row by row, and remembers what it left out.
class TimedRows {
 public:
  enum class Verdict {
    counts,
    left_out,
    of_another_table,  ///< sizes ascend: the title of this one was lost
  };

  void begin_table() { last_size_ = -1; }

  /// A row that could not be read (nullopt) is torn.
  Verdict judge(const std::optional<TimedRow>& row, Collective collective, std::int64_t line);

  void warn(ImportReport& report, std::string_view file_name) const;

 private:
  std::int64_t last_size_ = -1;
  LeftOut torn_, wrong_, empty_;
};

}  // namespace collscale

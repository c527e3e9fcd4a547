// SPDX-License-Identifier: Apache-2.0
// What the bus bandwidths that nccl-tests prints say of the number of ranks: of all_reduce they are
// 2(n-1)/n of the algorithm bandwidth, so a wrong n shows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "record/record.hpp"

namespace collscale {

/// The bus bandwidth that was printed beside a record's time.
struct PrintedBusBandwidth {
  std::size_t record = 0;  ///< its place in the report
  std::int64_t line = 0;
  double busbw_GBps = 0;
  double precision = 0;      ///< of busbw_GBps
  double relative_time = 0;  ///< precision of the time, as a share of it
  bool is_algbw = false;     ///< the algorithm bandwidth stands in its place
};

/// Whether it is that of so many ranks, to the digits of it and of the time.
bool fits(const PrintedBusBandwidth& printed, std::int64_t ranks, const Record& record);

/// What the bandwidths of one table say of the ranks that it was read with.
struct RanksOfTable {
  std::vector<PrintedBusBandwidth> misfits;  ///< those of other ranks
  std::int64_t of_all = 0;  ///< the one other number that all of the table fit; 0: none, several
  bool is_derived = true;   ///< false: the program prints the algorithm bandwidth as both
  bool is_of_two_jobs = false;  ///< some rows are of the ranks, the others of one other number
};

RanksOfTable ranks_of_table(std::span<const PrintedBusBandwidth> table,
                            std::span<const Record> records);

}  // namespace collscale

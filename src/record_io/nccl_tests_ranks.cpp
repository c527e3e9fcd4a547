// SPDX-License-Identifier: Apache-2.0
#include "record_io/nccl_tests_ranks.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace collscale {
namespace {

/// Rounding aside, that of figures which a person copied.
constexpr double kTolerance = 1e-3;
constexpr double kTightTolerance = 1e-5;

bool fits(const PrintedBusBandwidth& printed, std::int64_t ranks, const Record& record,
          double tolerance) {
  const double derived =
      record.algbw_Bps / 1e9 * bus_bandwidth_factor(record.scenario.collective, ranks);
  return std::abs(derived - printed.busbw_GBps) <=
         2 * printed.precision + (2 * printed.relative_time + tolerance) * derived;
}

/// The numbers of ranks that all of them fit: one interval, as the factors grow with the ranks.
struct Numbers {
  std::int64_t first = 0;  ///< 0: none
  bool is_one = false;
};

Numbers numbers_of(std::span<const PrintedBusBandwidth> table, std::span<const Record> records,
                   double tolerance) {
  // Beyond, no factor of a bus bandwidth tells two numbers apart.
  static constexpr std::int64_t kMost = 100'000;
  const auto fit_all = [&](std::int64_t ranks) {
    return std::all_of(table.begin(), table.end(), [&](const PrintedBusBandwidth& printed) {
      return fits(printed, ranks, records[printed.record], tolerance);
    });
  };
  for (std::int64_t ranks = 2; ranks <= kMost; ++ranks)
    if (fit_all(ranks)) return {ranks, !fit_all(ranks + 1)};
  return {};
}

/// A digit that was lost makes a row or two another number's by chance, not the same of three.
bool are_of_another_job(std::span<const PrintedBusBandwidth> misfits,
                        std::span<const PrintedBusBandwidth> table,
                        std::span<const Record> records) {
  static constexpr std::size_t kLines = 3;
  std::set<std::int64_t> lines;
  for (const PrintedBusBandwidth& misfit : misfits) lines.insert(misfit.line);
  if (lines.size() < kLines) return false;
  const Numbers other = numbers_of(misfits, records, kTolerance);
  return other.first > 0 &&
         std::any_of(table.begin(), table.end(), [&](const PrintedBusBandwidth& printed) {
           return !lines.contains(printed.line) &&
                  !fits(printed, other.first, records[printed.record]);
         });
}

}  // namespace

bool fits(const PrintedBusBandwidth& printed, std::int64_t ranks, const Record& record) {
  return fits(printed, ranks, record, kTolerance);
}

RanksOfTable ranks_of_table(std::span<const PrintedBusBandwidth> table,
                            std::span<const Record> records) {
  RanksOfTable result;
  for (const PrintedBusBandwidth& printed : table) {
    const Record& record = records[printed.record];
    if (!fits(printed, record.scenario.ranks, record)) result.misfits.push_back(printed);
  }
  if (result.misfits.empty()) return result;
  result.is_derived = std::any_of(table.begin(), table.end(),
                                  [](const auto& printed) { return !printed.is_algbw; });
  if (2 * result.misfits.size() > table.size()) {
    for (const double tolerance : {kTolerance, kTightTolerance}) {
      const Numbers all = numbers_of(table, records, tolerance);
      if (result.of_all == 0 && all.is_one) result.of_all = all.first;
    }
  }
  result.is_of_two_jobs = result.of_all == 0 && are_of_another_job(result.misfits, table, records);
  return result;
}

}  // namespace collscale

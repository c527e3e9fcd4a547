// SPDX-License-Identifier: Apache-2.0
#include "record_io/timed_rows.hpp"

#include <fmt/format.h>

#include <string>

namespace collscale {

std::optional<double> read_time_us(std::string_view word) {
  const auto time_us = to_number(word);
  const double precision = printed_precision(word);
  const bool is_printed_so = precision < 0.0051 && precision > 0.00004;
  return time_us && *time_us > 0 && is_printed_so ? time_us : std::nullopt;
}

std::optional<DataType> read_mpi_type(std::string_view word) {
  static constexpr std::string_view kMpi = "MPI_";
  if (!word.starts_with(kMpi)) return std::nullopt;
  std::string type(word.substr(kMpi.size(), word.find_first_of(".,") - kMpi.size()));
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto parsed = parse_data_type(type);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

bool size_is_of_one_rank(Collective collective) {
  return collective == Collective::all_gather || collective == Collective::all_to_all ||
         collective == Collective::gather || collective == Collective::scatter;
}

void TimedRows::begin_table() {
  last_size_ = -1;
  lost_title_ = false;
}

bool TimedRows::take(const std::optional<TimedRow>& row, Collective collective, std::int64_t line) {
  const auto leave_out = [line](LeftOut& why) {
    why.add(line);
    return false;
  };
  if (!row || lost_title_) return leave_out(torn_);
  if (row->size == last_size_ && row->time_us != last_time_us_) repeated_.add(line);
  lost_title_ = row->size < last_size_;
  if (row->size <= last_size_) return leave_out(torn_);
  last_size_ = row->size;  // of a wrong row as well: its size was measured
  last_time_us_ = row->time_us;
  if (row->wrong) return leave_out(wrong_);
  if (row->size == 0 && collective != Collective::barrier) return leave_out(empty_);
  return true;
}

Expected<void> TimedRows::check(std::string_view file_name) const {
  static constexpr std::size_t kByChance = 2;  // a line that was written twice and torn once
  if (repeated_.lines.size() <= kByChance) return {};
  return fail(fmt::format(
      "{}: {} sizes stand twice in their tables, with other times, the first at line {}: is it the "
      "output of two jobs, merged line by line? Import that of each by itself",
      file_name, repeated_.lines.size(), repeated_.lines.front()));
}

void TimedRows::warn(ImportReport& report, std::string_view file_name) const {
  warn_lines(report, file_name, torn_, "torn line was left out", "torn lines were left out");
  warn_lines(report, file_name, wrong_, "size with wrong results was left out",
             "sizes with wrong results were left out");
  warn_lines(report, file_name, empty_, "row of size 0 was left out",
             "rows of size 0 were left out");
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Intel MPI Benchmarks, the collectives of IMB-MPI1:
//   # Benchmarking Allreduce
//   # #processes = 4
//          #bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]
// A collective ends with its slowest rank, so t_max is taken. IMB's size is what one rank sends to
// one other in Allgather, Alltoall, Gather and Scatter, and, since 2019 Update 1, in
// Reduce_scatter; ours is the whole vector. Source: Intel MPI Benchmarks User Guide and
// src_c/IMB_reduce_scatter.c (github.com/intel/mpi-benchmarks), "Output" and "IMB-MPI1 benchmarks".
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "record_io/launch_line.hpp"
#include "record_io/log_text.hpp"
#include "record_io/openmpi_setting.hpp"
#include "record_io/timed_rows.hpp"

namespace collscale {
namespace {

constexpr std::string_view kBenchmarking = "Benchmarking ";
constexpr std::string_view kProcesses = "#processes = ";

constexpr std::string_view kSuite = " MPI Benchmarks ";

/// "#    Intel(R) MPI Benchmarks 2019, MPI-1 part" and before: Reduce_scatter splits its size over
/// the ranks. From 2019 Update 1 on the size is each rank's; so also where the log does not say.
bool splits_reduce_scatter(std::string_view line) {
  const std::string_view version = line.substr(line.find(kSuite) + kSuite.size());
  const std::string_view number = version.substr(0, version.find_first_not_of("0123456789."));
  const auto release = to_number(number);
  if (!release) return false;
  return *release < 2019 || (*release == 2019 && version.find("Update") == std::string_view::npos);
}

/// "# Benchmarking Allreduce" -> "Allreduce"; also without the '#', which is lost where an issue's
/// text was read as Markdown.
std::optional<std::string> test_of(std::string_view line) {
  const auto at = line.find(kBenchmarking);
  if (at == std::string_view::npos) return std::nullopt;
  const auto words = split_words(line.substr(at + kBenchmarking.size()));
  const bool is_title = line.substr(0, at).ends_with("# ") ||
                        (line.find_first_not_of(' ') == at && words.size() == 1);
  return is_title && !words.empty() ? std::optional(std::string(words.front())) : std::nullopt;
}

/// "Allreduce" -> all_reduce; nothing for tests of other things or with blocks of unequal size.
std::optional<Collective> collective_of_test(std::string_view test) {
  const auto collective = parse_collective(test);
  if (!collective || has_unequal_blocks(*collective)) return std::nullopt;
  return *collective;
}

/// "#bytes #repetitions  t_min[usec] …"; of Biband "#bytes #repetitions Mbytes/sec Msg/sec".
bool is_imb_columns(std::string_view line) {
  return line.find("[usec]") != std::string_view::npos ||
         (line.find("#bytes") != std::string_view::npos &&
          line.find("#repetitions") != std::string_view::npos);
}

class ImbImporter {
 public:
  ImbImporter(std::string_view file_name, const ImportOptions& options, NumberStyle style)
      : file_name_(file_name), options_(options), style_(style) {
    report_.format = LogFormat::imb;
  }

  void read(const std::string& line) {
    ++line_;
    if (read_launch(line)) command_ = line;
    if (line.starts_with('#') && line.find(kSuite) != std::string::npos) {
      splits_reduce_scatter_ = splits_reduce_scatter(line);
    } else if (const auto test = test_of(line)) {
      test_ = *test;
      collective_ = collective_of_test(test_);
      ranks_ = 0;
      rows_.begin_table();
      columns_.clear();
    } else if (const auto place = line.find(kProcesses); place != std::string::npos) {
      const auto words = split_words(std::string_view(line).substr(place + kProcesses.size()));
      ranks_ = words.empty() ? 0 : to_count(words.front()).value_or(0);
    } else if (line.find("MPI_Datatype for reductions") != std::string::npos) {
      const auto words = split_words(line);
      reduced_type_ = read_mpi_type(words.back()).value_or(reduced_type_);
    } else if (is_imb_columns(line)) {
      columns_.clear();
      for (const std::string_view word : split_words(line)) columns_.emplace_back(word);
    } else if (!columns_.empty()) {
      read_row(plain_numbers(line, style_));
    }
  }

  Expected<ImportReport> finish() {
    if (auto checked = rows_.check(file_name_); !checked)
      return tl::make_unexpected(checked.error());
    rows_.warn(report_, file_name_);
    warn_lines(report_, file_name_, unmeasured_,
               "size was not measured: too large for IMB's memory limit",
               "sizes were not measured: too large for IMB's memory limit");
    warn_lines(report_, file_name_, timed_out_, "size was not measured: IMB's time was up",
               "sizes were not measured: IMB's time was up");
    static constexpr std::string_view kMulti = "Multi-";
    const bool multi = std::any_of(others_.begin(), others_.end(), [](const std::string& other) {
      return other.starts_with(kMulti);
    });
    const char* const advice =
        multi ? "; groups that run side by side disturb each other: measure without -multi" : "";
    if (!others_.empty()) {
      report_.warnings.push_back(
          fmt::format("{}: left out, being no collectives of collscale: {}{}", file_name_,
                      fmt::join(others_, ", "), advice));
    }
    if (report_.records.empty()) {
      return fail(fmt::format(
          "{}: no measurement of a collective could be read from this log of the Intel MPI "
          "Benchmarks{}{}{}",
          file_name_, others_.empty() ? "" : ", only of ", fmt::join(others_, ", "), advice));
    }
    return std::move(report_);
  }

 private:
  bool size_is_per_rank(Collective collective) const {
    if (collective == Collective::reduce_scatter) return !splits_reduce_scatter_;
    return size_is_of_one_rank(collective);
  }

  std::optional<std::size_t> column(std::string_view name) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] == name) return i;
    }
    return std::nullopt;
  }

  void read_row(const std::string& line) {
    const auto words = split_words(line);
    if (words.empty() || !to_number(words.front())) return;  // a rule, a message
    if (!collective_) {
      others_.insert(test_.empty() ? "a table without its title" : test_);
      return;
    }
    if (line.find("out-of-mem") != std::string::npos) return unmeasured_.add(line_);
    if (line.find("time-out") != std::string::npos) return timed_out_.add(line_);
    const auto row = parse_row(words);
    if (rows_.take(row, *collective_, line_)) add(*row);
  }

  /// The row's figures; nothing where some are missing or cut.
  std::optional<TimedRow> parse_row(const std::vector<std::string_view>& words) const {
    const auto time_at = column("t_max[usec]");
    const auto size_at = column("#bytes");
    if (words.size() != columns_.size() || !time_at ||
        (!size_at && *collective_ != Collective::barrier) || ranks_ < 1)
      return std::nullopt;
    const auto time_us = read_time_us(words[*time_at]);
    const auto size = size_at ? to_integer(words[*size_at]) : std::optional<std::int64_t>(0);
    const auto average_at = column("t_avg[usec]");
    const auto average_us = average_at ? to_number(words[*average_at]) : time_us;
    if (!time_us || !size || !average_us || *size < 0 || *average_us > *time_us * 1.01 + 0.01)
      return std::nullopt;
    TimedRow row{*time_us, *size, 1, false};
    if (const auto at = column("#repetitions")) row.iterations = to_count(words[*at]).value_or(1);
    if (const auto at = column("defects")) row.wrong = to_number(words[*at]).value_or(0) > 0;
    return row;
  }

  void add(const TimedRow& row) {
    Record record;
    record.engine = Engine::mpi;
    record.trust = Trust::measured;
    record.time_s = row.time_us / 1e6;
    record.iterations = row.iterations;
    record.source = fmt::format("{} [IMB, maximum over ranks]", base_source(file_name_, options_));
    Scenario& scenario = record.scenario;
    scenario.topology = options_.topology;
    scenario.collective = *collective_;
    scenario.dtype = reduces(*collective_) ? reduced_type_ : DataType::int8;
    scenario.algorithm = forced_algorithm(command_, *collective_);
    scenario.ranks = ranks_;
    scenario.nodes = options_.nodes;
    scenario.size_bytes = static_cast<double>(row.size);
    if (size_is_per_rank(*collective_)) scenario.size_bytes *= static_cast<double>(ranks_);
    set_bandwidths(record);
    report_.records.push_back(std::move(record));
  }

  std::string_view file_name_;
  const ImportOptions& options_;
  NumberStyle style_;
  std::string command_;  ///< the last that the log shows
  std::string test_;
  std::optional<Collective> collective_;
  std::int64_t ranks_ = 0;
  DataType reduced_type_ = DataType::float32;  // IMB's default
  bool splits_reduce_scatter_ = false;         ///< as the log's version of the suite does
  std::vector<std::string> columns_;
  std::set<std::string> others_;
  TimedRows rows_;
  LeftOut unmeasured_, timed_out_;
  std::int64_t line_ = 0;
  ImportReport report_;
};

/// `nodes` are those of the largest run. The smaller ones take its first processes, which launchers
/// place node by node, while the others wait.
void pack_nodes(std::vector<Record>& records, std::int64_t nodes) {
  if (nodes < 2) return;
  std::int64_t most = 0;
  for (const Record& record : records) most = std::max(most, record.scenario.ranks);
  const std::int64_t per_node = (most + nodes - 1) / nodes;
  for (Record& record : records)
    record.scenario.nodes = (record.scenario.ranks + per_node - 1) / per_node;
}

/// Of the command lines that the log shows; 0 where they do not agree.
std::int64_t launched_nodes(const std::vector<std::string>& lines) {
  std::set<std::int64_t> nodes;
  for (const std::string& line : lines) {
    if (line.find("IMB-") == std::string::npos) continue;
    if (const auto launch = read_launch(line)) nodes.insert(launch->nodes);
  }
  return nodes.size() == 1 ? *nodes.begin() : 0;
}

}  // namespace

bool looks_like_imb(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (line.find("# Benchmarking: ") != std::string::npos) return false;  // oneCCL's
    if (test_of(line)) return true;
    if (line.find("#bytes") != std::string::npos && is_imb_columns(line)) return true;
  }
  return false;
}

Expected<ImportReport> import_imb(const std::vector<std::string>& lines, std::string_view file_name,
                                  const ImportOptions& options) {
  ImbImporter importer(file_name, options, number_style(lines));
  for (const std::string& line : lines) importer.read(line);
  auto report = importer.finish();
  if (report)
    pack_nodes(report->records, options.nodes > 0 ? options.nodes : launched_nodes(lines));
  return report;
}

}  // namespace collscale

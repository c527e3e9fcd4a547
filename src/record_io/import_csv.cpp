// SPDX-License-Identifier: Apache-2.0
// A table of measurements, one row per point, found by the names of its columns: collective, ranks,
// bytes, and time_us or busbw_GBps; also read: nodes, library, algo, proto, dtype, inplace, source,
// dataset_id. bytes is nccl-tests' size (the larger of a rank's buffers). Quoting as in RFC 4180.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "record_io/log_text.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

using Fields = std::vector<std::string>;

/// The rows of a CSV text; quoted fields may hold commas, doubled quotes and line ends.
std::vector<Fields> parse_rows(std::string_view text) {
  std::vector<Fields> rows;
  Fields row;
  std::string field;
  bool quoted = false;
  const auto end_row = [&] {
    row.push_back(std::move(field));
    field.clear();
    if (row.size() > 1 || !row.front().empty()) rows.push_back(std::move(row));
    row.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      const bool doubled = c == '"' && i + 1 < text.size() && text[i + 1] == '"';
      if (c == '"' && !doubled) {
        quoted = false;
        continue;
      }
      field += c;
      if (doubled) ++i;
    } else if (c == '"' && field.empty()) {
      quoted = true;
    } else if (c == ',') {
      row.push_back(std::move(field));
      field.clear();
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      field += c;
    }
  }
  if (!field.empty() || !row.empty()) end_row();
  return rows;
}

class Table {
 public:
  Table(const Fields& header, std::string_view file_name) : file_name_(file_name), names_(header) {
    for (std::size_t i = 0; i < header.size(); ++i) columns_.emplace(header[i], i);
  }

  Expected<void> require(const std::string& column) const {
    if (columns_.count(column) != 0) return {};
    return fail(fmt::format("{}: the table has no column \"{}\", only {}", file_name_, column,
                            fmt::join(names_, ", ")));
  }

  bool has(const std::string& column) const { return columns_.count(column) != 0; }
  std::size_t width() const { return names_.size(); }

  /// "" where there is no such column.
  std::string_view at(const Fields& row, const std::string& column) const {
    const auto found = columns_.find(column);
    return found == columns_.end() ? std::string_view{} : std::string_view(row[found->second]);
  }

 private:
  std::string_view file_name_;
  Fields names_;
  std::map<std::string, std::size_t> columns_;
};

std::optional<Engine> engine_of(std::string_view library) {
  const auto has = [library](std::string_view part) {
    return library.find(part) != std::string_view::npos;
  };
  if (has("NCCL") || has("RCCL")) return Engine::nccl;
  if (has("MPI")) return Engine::mpi;
  return std::nullopt;
}

/// Seconds, or nothing. Where only the bus bandwidth was published the time follows from it.
std::optional<double> time_of(const Table& table, const Fields& row, const Scenario& scenario,
                              bool& derived) {
  if (const auto time_us = to_number(table.at(row, "time_us"))) {
    return *time_us > 0 ? std::optional(*time_us / 1e6) : std::nullopt;
  }
  const auto busbw_GBps = to_number(table.at(row, "busbw_GBps"));
  const double factor = bus_bandwidth_factor(scenario.collective, scenario.ranks);
  if (!busbw_GBps || *busbw_GBps <= 0 || factor <= 0) return std::nullopt;
  derived = true;
  return scenario.size_bytes * factor / (*busbw_GBps * 1e9);
}

std::string source_of(const Table& table, const Fields& row, const std::string& fallback,
                      std::string_view notes) {
  std::string source(table.at(row, "source"));
  if (source.empty()) source = fallback;
  std::string details(table.at(row, "dataset_id"));
  if (details.empty()) details = table.at(row, "system");
  details += notes;
  if (details.starts_with("; ")) details.erase(0, 2);
  return details.empty() ? source : fmt::format("{} [{}]", source, details);
}

/// Why a row is no record, for the count in the warnings.
enum class Unusable { none, collective, library, dtype, figures };

Unusable read_row(const Table& table, const Fields& row, const ImportOptions& options,
                  const std::string& fallback, Record& record) {
  Scenario& scenario = record.scenario;
  const auto collective = parse_collective(table.at(row, "collective"));
  if (!collective) return Unusable::collective;
  const auto engine = engine_of(table.at(row, "library"));
  if (!engine && table.has("library")) return Unusable::library;
  const auto bytes = to_number(table.at(row, "bytes"));
  const auto ranks = to_integer(table.at(row, "ranks"));
  if (!bytes || *bytes <= 0 || !ranks || *ranks < 1) return Unusable::figures;

  std::string notes;
  if (const std::string_view dtype = table.at(row, "dtype"); !dtype.empty()) {
    const auto parsed = parse_data_type(dtype);
    if (!parsed) return Unusable::dtype;
    scenario.dtype = *parsed;
  } else {
    notes += "; dtype not stated";
  }
  record.engine = engine.value_or(Engine::nccl);
  record.trust = Trust::measured;
  scenario.topology = options.topology;
  scenario.collective = *collective;
  scenario.algorithm = algorithm_name(table.at(row, "algo"));
  scenario.protocol = table.at(row, "proto");
  scenario.in_place = table.at(row, "inplace") == "1";
  scenario.size_bytes = *bytes;
  scenario.ranks = *ranks;
  scenario.nodes = to_integer(table.at(row, "nodes")).value_or(options.nodes);
  bool derived = false;
  const auto time_s = time_of(table, row, scenario, derived);
  if (!time_s) return Unusable::figures;
  if (derived) notes += "; time from busbw";
  record.time_s = *time_s;
  record.source = source_of(table, row, fallback, notes);
  set_bandwidths(record);
  return Unusable::none;
}

/// What is wrong with a row, as the end of "row 3 ...".
std::string describe(Unusable why, const Table& table, const Fields& row) {
  switch (why) {
    case Unusable::collective: {
      const std::string_view found = table.at(row, "collective");
      return fmt::format("has the unknown collective \"{}\"{}", found,
                         suggestion(found, collective_names()));
    }
    case Unusable::library:
      return fmt::format("has the library \"{}\", expected NCCL, RCCL or MPI",
                         table.at(row, "library"));
    case Unusable::dtype:
      return fmt::format("has the unknown data type \"{}\"", table.at(row, "dtype"));
    case Unusable::figures:
    case Unusable::none:
      break;
  }
  return fmt::format("has bytes \"{}\", ranks \"{}\" and time_us \"{}\", expected numbers above 0",
                     table.at(row, "bytes"), table.at(row, "ranks"), table.at(row, "time_us"));
}

}  // namespace

bool looks_like_csv(std::string_view text) {
  // Column names hold no blanks; a command line with commas does.
  const std::string_view first = text.substr(0, text.find('\n'));
  const auto commas = std::count(first.begin(), first.end(), ',');
  return commas >= 2 && first.find_first_of(" \t#") == std::string_view::npos;
}

Expected<ImportReport> import_csv(std::string_view text, std::string_view file_name,
                                  const ImportOptions& options) {
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::vector<Fields> rows = parse_rows(text);
  const Table table(rows.front(), file_name);
  for (const std::string column : {"collective", "ranks", "bytes"}) {
    if (auto found = table.require(column); !found) return tl::make_unexpected(found.error());
  }
  if (!table.has("busbw_GBps")) {
    if (auto found = table.require("time_us"); !found) return tl::make_unexpected(found.error());
  }

  ImportReport report;
  report.format = LogFormat::csv;
  const std::string fallback = options.source.empty() ? std::string(file_name) : options.source;
  std::map<Unusable, std::int64_t> unusable;
  std::int64_t torn = 0;
  std::string first_refusal;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() != table.width()) {
      if (first_refusal.empty())
        first_refusal =
            fmt::format("row {} has {} values, expected {}", i, rows[i].size(), table.width());
      ++torn;
      continue;
    }
    Record record;
    const Unusable why = read_row(table, rows[i], options, fallback, record);
    if (why == Unusable::none) {
      report.records.push_back(std::move(record));
    } else {
      if (first_refusal.empty())
        first_refusal = fmt::format("row {} {}", i, describe(why, table, rows[i]));
      ++unusable[why];
    }
  }
  warn_count(report, file_name, torn, "torn line was left out", "torn lines were left out");
  warn_count(report, file_name, unusable[Unusable::collective],
             "row of a collective that collscale does not have was left out",
             "rows of collectives that collscale does not have were left out");
  warn_count(report, file_name, unusable[Unusable::library],
             "row of a library other than NCCL, RCCL and MPI was left out",
             "rows of libraries other than NCCL, RCCL and MPI were left out");
  warn_count(report, file_name, unusable[Unusable::dtype],
             "row of a data type that collscale does not have was left out",
             "rows of data types that collscale does not have were left out");
  warn_count(report, file_name, unusable[Unusable::figures],
             "row without a usable size, number of ranks or time was left out",
             "rows without a usable size, number of ranks or time were left out");
  if (report.records.empty()) {
    if (rows.size() == 1)
      return fail(fmt::format("{}: found the names of the columns only, expected rows", file_name));
    return fail(fmt::format("{}: no row could be read; {}", file_name, first_refusal));
  }
  return report;
}

}  // namespace collscale

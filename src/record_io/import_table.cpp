// SPDX-License-Identifier: Apache-2.0
#include "record_io/import_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "record_io/csv_columns.hpp"
#include "record_io/csv_places.hpp"
#include "record_io/log_text.hpp"
#include "record_io/openmpi_setting.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

using Fields = std::vector<std::string>;

/// Why a row is no record.
enum class Unusable { none, collective, library, dtype, figures, contradictory, failed };

struct RowReading {
  Record record;
  Unusable why = Unusable::none;
  bool other_busbw = false;  ///< the record stands, but its ranks may be wrong
};

class TableImporter {
 public:
  /// `place`: the one that the columns are of, where they are of one.
  TableImporter(const CsvTable& table, const CsvColumns& columns, std::string_view file_name,
                const ImportOptions& options, const CsvPlace* place)
      : table_(table), columns_(columns), file_name_(file_name), options_(options), place_(place) {
    report_.format = LogFormat::csv;
    std::vector<std::string_view> words;
    for (const Fields& row : table.rows) {
      for (const CsvField field :
           {CsvField::time, CsvField::size, CsvField::algbw, CsvField::busbw, CsvField::ranks})
        words.push_back(number_of(text(row, field)));
    }
    style_ = common_style(words);
    take_units_of_nccl_tests();
  }

  /// Fails where columns are missing. May hold warnings alone.
  Expected<ImportReport> import() {
    if (auto found = check_columns(); !found) return tl::make_unexpected(found.error());
    for (std::size_t i = 0; i < table_.rows.size(); ++i) {
      const Fields& row = table_.rows[i];
      const std::int64_t line = table_.lines[i];
      if (row.size() != table_.names.size()) {
        refuse(fmt::format("row {} has {} values, expected {}", i + 1, row.size(),
                           table_.names.size()));
        torn_.add(line);
        continue;
      }
      if (place_ != nullptr && not_measured(row)) continue;
      RowReading reading = read_row(row);
      if (reading.other_busbw) other_busbw_.add(line);
      if (reading.why == Unusable::none) {
        report_.records.push_back(std::move(reading.record));
      } else {
        refuse(fmt::format("row {} {}", i + 1, describe(reading.why, row)));
        unusable_[static_cast<std::size_t>(reading.why)].add(line);
      }
    }
    add_warnings();
    return std::move(report_);
  }

  /// What is wrong with the first row that is no record; "" where there is none.
  [[nodiscard]] const std::string& first_refusal() const { return first_refusal_; }

 private:
  std::string_view text(const Fields& row, CsvField field) const {
    const auto& column = columns_[field];
    return column && column->at < row.size() ? std::string_view(row[column->at])
                                             : std::string_view{};
  }

  /// "1,5 ms" -> "1,5".
  static std::string_view number_of(std::string_view value) {
    return value.substr(0, value.find_first_not_of("0123456789.,+-eE"));
  }

  std::string plain(const Fields& row, CsvField field) const {
    const std::string_view value = text(row, field);
    const std::string_view number = number_of(value);
    return plain_number(number, style_) + std::string(value.substr(number.size()));
  }

  std::optional<double> quantity(const Fields& row, CsvField field) const {
    const auto& column = columns_[field];
    return column ? csv_quantity(plain(row, field), field, column->unit) : std::nullopt;
  }

  std::optional<std::int64_t> count(const Fields& row, CsvField field) const {
    return to_count(plain(row, field));
  }

  /// nccl-tests prints "N/A" for a place that a collective does not have.
  bool not_measured(const Fields& row) const {
    for (const CsvField field : {CsvField::time, CsvField::algbw, CsvField::busbw}) {
      const std::string_view value = text(row, field);
      if (!value.empty() && value != "N/A" && value != "-") return false;
    }
    return true;
  }

  /// Tables made of nccl-tests' output often keep its names but not its units. They are taken where
  /// the figures prove them: a size over its time in us is its algbw in GB/s.
  void take_units_of_nccl_tests() {
    auto& time = columns_.of[static_cast<std::size_t>(CsvField::time)];
    auto& algbw = columns_.of[static_cast<std::size_t>(CsvField::algbw)];
    auto& busbw = columns_.of[static_cast<std::size_t>(CsvField::busbw)];
    if (!time || !algbw || (time->unit > 0 && algbw->unit > 0)) return;
    const double time_unit = time->unit > 0 ? time->unit : 1e-6;
    const double algbw_unit = algbw->unit > 0 ? algbw->unit : 1e9;
    std::size_t agreeing = 0;
    std::size_t disagreeing = 0;
    for (const Fields& row : table_.rows) {
      const std::string time_digits = plain(row, CsvField::time);
      const std::string algbw_digits = plain(row, CsvField::algbw);
      const auto figure = to_number(time_digits);
      const auto bandwidth = to_number(algbw_digits);
      const auto bytes = quantity(row, CsvField::size);
      if (!figure || !bandwidth || !bytes || *figure <= 0 || *bandwidth <= 0 || *bytes <= 0)
        continue;
      const double precision =
          printed_precision(time_digits) / *figure + printed_precision(algbw_digits) / *bandwidth;
      if (precision > 0.05) continue;  // 0.01 GB/s says nothing
      const double ratio = *bandwidth * algbw_unit * *figure * time_unit / *bytes;
      ++(std::abs(ratio - 1) <= 2 * precision + 1e-3 ? agreeing : disagreeing);
    }
    if (agreeing <= disagreeing) return;
    time->unit = time_unit;
    algbw->unit = algbw_unit;
    if (busbw && busbw->unit == 0) busbw->unit = algbw_unit;
  }

  /// Of this row, whether a column says it or it is ranks over ranks per node.
  std::int64_t nodes_of(const Fields& row, std::int64_t ranks) const {
    if (const auto nodes = count(row, CsvField::nodes)) return *nodes;
    const auto per_node = count(row, CsvField::ranks_per_node);
    return per_node && *per_node > 0 && ranks % *per_node == 0 ? ranks / *per_node : options_.nodes;
  }

  std::optional<std::int64_t> ranks_of(const Fields& row) const {
    if (columns_[CsvField::ranks] && !text(row, CsvField::ranks).empty())
      return count(row, CsvField::ranks);
    const auto nodes = count(row, CsvField::nodes);
    const auto per_node = count(row, CsvField::ranks_per_node);
    if (nodes && per_node) return *nodes * *per_node;
    return options_.ranks > 0 ? std::optional(options_.ranks) : std::nullopt;
  }

  Expected<void> check_columns() const {
    const auto missing = [&](std::string_view ours, std::string_view or_option) {
      return fail(fmt::format(
          "{}: the table has no column \"{}\", only {}: say which it is with --columns {}=NAME{}",
          file_name_, ours, fmt::join(table_.names, ", "), ours, or_option));
    };
    if (!columns_[CsvField::collective] && !options_.collective)
      return missing("collective", " or give --collective");
    if (!columns_[CsvField::ranks] && options_.ranks < 1 &&
        !(columns_[CsvField::nodes] && columns_[CsvField::ranks_per_node]))
      return missing("ranks", " or give --ranks");
    if (!columns_[CsvField::size]) return missing("bytes", "");
    const auto& time = columns_[CsvField::time];
    if (!time && !columns_[CsvField::busbw] && !columns_[CsvField::algbw])
      return missing("time_us", "");
    for (const Fields& row : table_.rows) {
      const std::string_view size = text(row, CsvField::size);
      if (columns_[CsvField::size]->unit == 1 && is_ambiguous_size(size)) {
        return ambiguous_unit(file_name_, CsvField::size, columns_[CsvField::size]->name,
                              size.substr(size.find_first_not_of("0123456789., ")));
      }
    }
    for (const CsvField field : {CsvField::time, CsvField::algbw, CsvField::busbw}) {
      const auto& column = columns_[field];
      if (!column || column->unit > 0 || has_units_in_values(*column)) continue;
      const bool is_time = field == CsvField::time;
      return fail(
          fmt::format("{}: the column \"{}\" does not say its unit: say it with --columns {}={}",
                      file_name_, column->name,
                      is_time                    ? "time_us"
                      : field == CsvField::algbw ? "algbw_GBps"
                                                 : "busbw_GBps",
                      column->name));
    }
    return {};
  }

  bool has_units_in_values(const CsvColumn& column) const {
    return std::any_of(table_.rows.begin(), table_.rows.end(), [&](const Fields& row) {
      return column.at < row.size() && number_of(row[column.at]).size() < row[column.at].size();
    });
  }

  /// Seconds, or nothing. Where only a bandwidth was published the time follows from it.
  std::optional<double> time_of(const Fields& row, const Scenario& scenario,
                                std::string& notes) const {
    if (!text(row, CsvField::time).empty()) {
      const auto time_s = quantity(row, CsvField::time);
      return time_s && *time_s > 0 ? time_s : std::nullopt;
    }
    const double factor = bus_bandwidth_factor(scenario.collective, scenario.ranks);
    if (const auto busbw_Bps = quantity(row, CsvField::busbw);
        busbw_Bps && *busbw_Bps > 0 && factor > 0) {
      notes += "; time from busbw";
      return scenario.size_bytes * factor / *busbw_Bps;
    }
    const auto algbw_Bps = quantity(row, CsvField::algbw);
    if (!algbw_Bps || *algbw_Bps <= 0) return std::nullopt;
    notes += "; time from algbw";
    return scenario.size_bytes / *algbw_Bps;
  }

  /// Whether a published bandwidth is what the record has, to the digits of both.
  bool agrees(const Fields& row, CsvField field, double own_Bps, double time_s) const {
    const auto published = quantity(row, field);
    const auto& column = columns_[field];
    const auto& time = columns_[CsvField::time];
    if (!published || !time || column->unit == 0 || text(row, CsvField::time).empty()) return true;
    const std::string digits = plain(row, CsvField::time);
    const double time_precision =
        time->unit > 0 && to_number(digits) ? printed_precision(digits) * time->unit : 0;
    const double tolerance = 2 * printed_precision(plain(row, field)) * column->unit +
                             (2 * time_precision / time_s + 1e-3) * own_Bps;
    return std::abs(*published - own_Bps) <= tolerance;
  }

  std::string source_of(const Fields& row, std::string_view notes) const {
    std::string source(text(row, CsvField::source));
    if (source.empty()) source = base_source(file_name_, options_);
    std::string details(text(row, CsvField::dataset));
    if (details.empty()) details = text(row, CsvField::system);
    details += notes;
    if (details.starts_with("; ")) details.erase(0, 2);
    return details.empty() ? source : fmt::format("{} [{}]", source, details);
  }

  /// By its name, also where Open MPI's number stands for it.
  std::string algorithm_of(const Fields& row, Collective collective) const {
    std::string foreign(text(row, CsvField::algorithm));
    const std::string library = algorithm_name(text(row, CsvField::library));
    if (library.starts_with("open_mpi") || library.starts_with("openmpi") ||
        library.starts_with("ompi"))
      foreign = openmpi_algorithm_named(foreign, collective);
    return algorithm_name(foreign);
  }

  RowReading read_row(const Fields& row) const {
    RowReading reading;
    Record& record = reading.record;
    Scenario& scenario = record.scenario;
    const auto refused = [&](Unusable why) {
      reading.why = why;
      return reading;
    };
    const std::string_view named = text(row, CsvField::collective);
    const auto collective = parse_collective(named);
    if (!collective && (!named.empty() || !options_.collective))
      return refused(Unusable::collective);
    scenario.collective = collective ? *collective : *options_.collective;
    const auto engine = library_engine(text(row, CsvField::library));
    if (!engine && columns_[CsvField::library]) return refused(Unusable::library);
    const auto bytes = quantity(row, CsvField::size);
    const auto ranks = ranks_of(row);
    if (!bytes || *bytes <= 0 || *bytes != std::floor(*bytes) || !ranks || *ranks < 1)
      return refused(Unusable::figures);
    if (to_number(plain(row, CsvField::wrong)).value_or(0) > 0) return refused(Unusable::failed);

    std::string notes;
    if (const std::string_view dtype = text(row, CsvField::dtype); !dtype.empty()) {
      const auto parsed = parse_data_type(dtype);
      if (!parsed) return refused(Unusable::dtype);
      scenario.dtype = *parsed;
    } else {
      notes += "; dtype not stated";
    }
    record.engine = engine.value_or(options_.library.value_or(Engine::nccl));
    record.trust = Trust::measured;
    scenario.topology = options_.topology;
    scenario.algorithm = algorithm_of(row, scenario.collective);
    scenario.protocol = text(row, CsvField::protocol);
    scenario.op = parse_reduce_op(text(row, CsvField::op)).value_or(ReduceOp::sum);
    const std::string_view in_place = text(row, CsvField::in_place);
    scenario.in_place = place_ != nullptr
                            ? place_->in_place
                            : in_place == "1" || in_place == "true" || in_place == "True" ||
                                  in_place == "TRUE" || in_place == "yes";
    scenario.size_bytes = *bytes;
    scenario.ranks = *ranks;
    scenario.nodes = nodes_of(row, *ranks);
    const auto time_s = time_of(row, scenario, notes);
    if (!time_s) return refused(Unusable::figures);
    record.time_s = *time_s;
    record.source = source_of(row, notes);
    set_bandwidths(record);
    if (!agrees(row, CsvField::algbw, record.algbw_Bps, *time_s))
      return refused(Unusable::contradictory);
    reading.other_busbw = !agrees(row, CsvField::busbw, record.busbw_Bps, *time_s);
    return reading;
  }

  /// What is wrong with a row, as the end of "row 3 ...".
  std::string describe(Unusable why, const Fields& row) const {
    switch (why) {
      case Unusable::collective: {
        const std::string_view found = text(row, CsvField::collective);
        return fmt::format("has the unknown collective \"{}\"{}", found,
                           suggestion(found, collective_names()));
      }
      case Unusable::library:
        return fmt::format("has the library \"{}\", expected NCCL, RCCL or MPI",
                           text(row, CsvField::library));
      case Unusable::dtype:
        return fmt::format("has the unknown data type \"{}\"", text(row, CsvField::dtype));
      case Unusable::contradictory:
        return fmt::format("has the bandwidth \"{}\", which is not size over time",
                           text(row, CsvField::algbw));
      case Unusable::failed:
        return fmt::format("has {} wrong values by its own check", text(row, CsvField::wrong));
      case Unusable::figures:
      case Unusable::none:
        break;
    }
    return fmt::format(
        "has bytes \"{}\", ranks \"{}\" and time_us \"{}\", expected numbers above 0",
        text(row, CsvField::size), text(row, CsvField::ranks), text(row, CsvField::time));
  }

  void refuse(std::string why) {
    if (first_refusal_.empty()) first_refusal_ = std::move(why);
  }

  const LeftOut& unusable(Unusable why) const { return unusable_[static_cast<std::size_t>(why)]; }

  void add_warnings() {
    warn_lines(report_, file_name_, torn_, "torn line was left out", "torn lines were left out");
    warn_lines(report_, file_name_, unusable(Unusable::collective),
               "row of a collective that collscale does not have was left out",
               "rows of collectives that collscale does not have were left out");
    warn_lines(report_, file_name_, unusable(Unusable::library),
               "row of a library other than NCCL, RCCL and MPI was left out",
               "rows of libraries other than NCCL, RCCL and MPI were left out");
    warn_lines(report_, file_name_, unusable(Unusable::dtype),
               "row of a data type that collscale does not have was left out",
               "rows of data types that collscale does not have were left out");
    warn_lines(report_, file_name_, unusable(Unusable::figures),
               "row without a usable size, number of ranks or time was left out",
               "rows without a usable size, number of ranks or time were left out");
    warn_lines(report_, file_name_, unusable(Unusable::contradictory),
               "row was left out whose bandwidth is not what its size and time give",
               "rows were left out whose bandwidths are not what their sizes and times give");
    warn_lines(report_, file_name_, unusable(Unusable::failed),
               "row was left out that failed its own check",
               "rows were left out that failed their own check");
    warn_lines(report_, file_name_, other_busbw_,
               "row's busbw is not what its ranks give: is the number of ranks right?",
               "rows' busbw is not what their ranks give: is the number of ranks right?");
    if (!columns_[CsvField::library] && !options_.library) {
      report_.warnings.push_back(fmt::format(
          "{}: no column says the library, NCCL is taken: say it with --library", file_name_));
    }
  }

  const CsvTable& table_;
  CsvColumns columns_;
  std::string_view file_name_;
  const ImportOptions& options_;
  const CsvPlace* place_;
  NumberStyle style_ = NumberStyle::plain;
  ImportReport report_;
  LeftOut torn_, other_busbw_;
  std::array<LeftOut, 7> unusable_;
  std::string first_refusal_;
};

/// The places that the table has columns of their own for, unless --columns chooses one of them.
std::vector<CsvPlace> places_of(const CsvTable& table, const ImportOptions& options) {
  std::vector<CsvPlace> places = csv_places(table.names);
  for (const auto& [ours, theirs] : options.columns) {
    for (const CsvPlace& place : places) {
      const auto at = std::find(table.names.begin(), table.names.end(), theirs);
      if (at != table.names.end() &&
          place.names[static_cast<std::size_t>(at - table.names.begin())] != theirs)
        return {};
    }
  }
  return places;
}

}  // namespace

void merge(ImportReport& into, ImportReport&& report) {
  into.format = report.format;
  for (Record& record : report.records) into.records.push_back(std::move(record));
  for (std::string& warning : report.warnings) {
    if (std::find(into.warnings.begin(), into.warnings.end(), warning) == into.warnings.end())
      into.warnings.push_back(std::move(warning));
  }
}

bool holds_measurements(const CsvTable& table, const ImportOptions& options) {
  for (const auto& [ours, theirs] : options.columns) {
    if (std::find(table.names.begin(), table.names.end(), theirs) != table.names.end()) return true;
  }
  const std::vector<CsvPlace> places = csv_places(table.names);
  const auto& names = places.empty() ? table.names : places.front().names;
  const auto has = [&names](CsvField field) {
    return std::any_of(names.begin(), names.end(),
                       [field](const std::string& name) { return csv_field_of(name) == field; });
  };
  return has(CsvField::size) &&
         (!places.empty() || has(CsvField::time) || has(CsvField::busbw) || has(CsvField::algbw));
}

Expected<ImportReport> import_table(const CsvTable& table, std::string_view file_name,
                                    const ImportOptions& options) {
  if (table.names.empty()) return fail(fmt::format("{}: the table is empty", file_name));
  if (table.rows.empty())
    return fail(fmt::format("{}: found the names of the columns only, expected rows", file_name));
  std::vector<CsvPlace> places = places_of(table, options);
  const bool placed = !places.empty();
  if (!placed) places.push_back({false, table.names});
  ImportReport report;
  std::optional<Error> missing;
  std::string refusal;
  for (const CsvPlace& place : places) {
    const auto columns = find_columns(place.names, options.columns, file_name, table.names);
    if (!columns) return tl::make_unexpected(columns.error());
    TableImporter importer(table, *columns, file_name, options, placed ? &place : nullptr);
    auto one = importer.import();
    if (one)
      merge(report, std::move(*one));
    else if (!missing)
      missing = one.error();
    if (refusal.empty()) refusal = importer.first_refusal();
  }
  if (!report.records.empty()) return report;
  if (missing) return tl::make_unexpected(*missing);
  return fail(fmt::format("{}: no row could be read; {}", file_name, refusal));
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "record_io/csv_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "record_io/log_text.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

struct FieldNames {
  CsvField field;
  std::initializer_list<std::string_view> names;  ///< ours first; squeezed, without units
};

const std::array<FieldNames, kCsvFields>& field_names() {
  static const std::array<FieldNames, kCsvFields> names{{
      {CsvField::collective, {"collective", "coll", "collectivename", "primitive", "operation"}},
      {CsvField::ranks,
       {"ranks", "nranks", "numranks", "gpus", "ngpus", "numgpus", "np", "nprocs", "processes",
        "worldsize"}},
      {CsvField::nodes, {"nodes", "nnodes", "numnodes"}},
      {CsvField::ranks_per_node,
       {"rankspernode", "gpuspernode", "ppn", "procspernode", "processespernode", "taskspernode",
        "ntaskspernode"}},
      {CsvField::size,
       {"size", "bytes", "messagesize", "msgsize", "nbytes", "sizebytes", "payload"}},
      {CsvField::time, {"time", "latency", "avgtime", "avglatency", "elapsed", "duration"}},
      {CsvField::algbw, {"algbw", "algorithmbandwidth"}},
      {CsvField::busbw, {"busbw", "busbandwidth"}},
      {CsvField::wrong, {"wrong", "nwrong"}},
      {CsvField::library, {"library", "lib", "backend"}},
      {CsvField::algorithm, {"algorithm", "algo"}},
      {CsvField::protocol, {"protocol", "proto"}},
      {CsvField::dtype, {"dtype", "datatype", "type"}},
      {CsvField::op, {"op", "redop", "reduceop"}},
      {CsvField::in_place, {"inplace"}},
      {CsvField::source, {"source"}},
      {CsvField::dataset, {"dataset", "datasetid"}},
      {CsvField::system, {"system", "cluster"}},
  }};
  return names;
}

/// Lower case without '_', '-', '.' and blanks.
std::string squeezed_name(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '_' || c == '-' || c == ' ' || c == '.' || c == '#') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

struct Unit {
  std::string_view text;
  double value;
};

/// Units as they stand in the names of columns; the case of bits and bytes counts.
constexpr std::array<Unit, 24> kUnits{{{"us", 1e-6},
                                       {"usec", 1e-6},
                                       {"\u00b5s", 1e-6},
                                       {"\u03bcs", 1e-6},
                                       {"microseconds", 1e-6},
                                       {"ms", 1e-3},
                                       {"msec", 1e-3},
                                       {"milliseconds", 1e-3},
                                       {"ns", 1e-9},
                                       {"nsec", 1e-9},
                                       {"s", 1},
                                       {"sec", 1},
                                       {"seconds", 1},
                                       {"B", 1},
                                       {"bytes", 1},
                                       {"KiB", 1024},
                                       {"MiB", 1048576},
                                       {"GiB", 1073741824},
                                       {"GBps", 1e9},
                                       {"GB/s", 1e9},
                                       {"MBps", 1e6},
                                       {"MB/s", 1e6},
                                       {"Gbps", 1e9 / 8},
                                       {"Gb/s", 1e9 / 8}}};

std::optional<double> unit_named(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (unit.text == text) return unit.value;
  }
  return std::nullopt;
}

/// Units of sizes that some take for powers of 1000 and some of 1024, with the former.
constexpr std::array<Unit, 7> kAmbiguousUnits{
    {{"K", 1e3}, {"KB", 1e3}, {"kB", 1e3}, {"M", 1e6}, {"MB", 1e6}, {"G", 1e9}, {"GB", 1e9}}};

struct NameAndUnit {
  std::string name;        ///< squeezed
  double unit = 0;         ///< 0: none
  std::string unit_text;   ///< as it is written
  bool ambiguous = false;  ///< the unit is one of kAmbiguousUnits

  /// Whether `text` is a unit, which is then this one's.
  bool take_unit(std::string_view text) {
    for (const Unit& one : kAmbiguousUnits) {
      if (one.text != text) continue;
      unit = one.value;
      ambiguous = true;
    }
    if (!ambiguous) unit = unit_named(text).value_or(0);
    if (unit > 0) unit_text = text;
    return unit > 0;
  }
};

/// "Latency (us)", "latency[ms]", "time_us", "busbw_GBps" -> latency, time, busbw and the unit.
NameAndUnit split_name(std::string_view text) {
  const auto open = text.find_first_of("([");
  const auto close = text.find_last_of(")]");
  if (open != std::string_view::npos && close != std::string_view::npos && close > open) {
    NameAndUnit split{squeezed_name(text.substr(0, open)), 0, "", false};
    if (split.take_unit(text.substr(open + 1, close - open - 1))) return split;
  }
  const auto mark = text.find_last_of("_ ");
  if (mark != std::string_view::npos && mark > 0) {
    NameAndUnit split{squeezed_name(text.substr(0, mark)), 0, "", false};
    if (split.take_unit(text.substr(mark + 1))) return split;
  }
  return {squeezed_name(text), 0, "", false};
}

std::optional<CsvField> field_named(std::string_view squeezed, bool ours_only) {
  for (const FieldNames& entry : field_names()) {
    // "bytes", "algo", "proto", "datasetid" are ours by age.
    const std::size_t count =
        ours_only ? std::min<std::size_t>(2, entry.names.size()) : entry.names.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (*(entry.names.begin() + i) == squeezed) return entry.field;
    }
  }
  return std::nullopt;
}

std::optional<CsvField> field_of(const NameAndUnit& split, std::string_view name, bool ours_only) {
  const auto field = field_named(split.name, ours_only);
  // "size_bytes" is a name rather than a unit.
  return field || split.unit == 0 ? field : field_named(squeezed_name(name), ours_only);
}

bool has_unit(CsvField field) {
  return field == CsvField::time || field == CsvField::size || field == CsvField::algbw ||
         field == CsvField::busbw;
}

/// "time" of "time_us".
std::string bare_name(CsvField field) {
  const std::string ours = csv_field_names()[static_cast<std::size_t>(field)];
  return has_unit(field) ? ours.substr(0, ours.find('_')) : ours;
}

/// The unit of "64K" and "8 MB"; "" of other sizes.
std::string_view ambiguous_suffix(std::string_view value) {
  const auto end = value.find_first_not_of("0123456789.,");
  if (end == std::string_view::npos || end == 0) return {};
  std::string_view suffix = value.substr(end);
  while (suffix.starts_with(' ')) suffix.remove_prefix(1);
  for (const Unit& one : kAmbiguousUnits) {
    if (one.text == suffix) return suffix;
  }
  return {};
}

/// Bytes in one "K" or "MB" where the column's unit is a KB or a KiB; 0 where it is a byte.
double ambiguous_unit_of(std::string_view suffix, double column_unit) {
  static constexpr double kKibi = 1024;
  const int power = suffix.starts_with('G') ? 3 : suffix.starts_with('M') ? 2 : 1;
  if (column_unit < 1000) return 0;
  return std::pow(std::fmod(column_unit, kKibi) == 0 ? kKibi : 1000.0, power);
}

double default_unit(CsvField field) { return field == CsvField::size ? 1 : 0; }

}  // namespace

bool is_ambiguous_size(std::string_view value) { return !ambiguous_suffix(value).empty(); }

tl::unexpected<Error> ambiguous_unit(std::string_view file_name, CsvField field,
                                     std::string_view column, std::string_view unit) {
  return fail(fmt::format(
      "{}: the column \"{}\" may be in powers of 1000 or of 1024: say which with --columns "
      "{}_{}={} or {}_{}iB={}",
      file_name, column, bare_name(field), unit, column, bare_name(field),
      unit.substr(0, 1) == "k" ? "K" : unit.substr(0, 1), column));
}

std::optional<CsvField> csv_field_of(std::string_view name) {
  return field_of(split_name(name), name, false);
}

std::vector<std::string> csv_field_names() {
  return {"collective", "ranks",      "nodes",    "ranks_per_node", "size",      "time_us",
          "algbw_GBps", "busbw_GBps", "wrong",    "library",        "algorithm", "protocol",
          "dtype",      "op",         "in_place", "source",         "dataset",   "system"};
}

Expected<CsvColumns> find_columns(const std::vector<std::string>& names,
                                  const std::map<std::string, std::string>& map,
                                  std::string_view file_name,
                                  const std::vector<std::string>& named) {
  CsvColumns columns;
  for (const auto& [ours, theirs] : map) {
    const NameAndUnit wanted = split_name(ours);
    const auto field = field_named(wanted.name, true);
    if (!field) {
      return fail(fmt::format("--columns: there is no column \"{}\" of ours{}", ours,
                              suggestion(ours, csv_field_names())));
    }
    const auto found = std::find(names.begin(), names.end(), theirs);
    if (found == names.end()) {
      return fail(fmt::format("{}: the table has no column \"{}\", which --columns names{}",
                              file_name, theirs, suggestion(theirs, named)));
    }
    CsvColumn column{static_cast<std::size_t>(found - names.begin()), theirs, wanted.unit};
    if (has_unit(*field)) {
      const NameAndUnit said = split_name(theirs);
      if (column.unit == 0) {
        if (said.ambiguous) return ambiguous_unit(file_name, *field, theirs, said.unit_text);
        column.unit = said.unit;
      } else if (said.unit > 0 && said.unit != column.unit && !said.ambiguous) {
        return fail(
            fmt::format("--columns {}={}: the column's name says {}, not {}: expected {}={}", ours,
                        theirs, said.unit_text, wanted.unit_text, bare_name(*field), theirs));
      }
    }
    columns.of[static_cast<std::size_t>(*field)] = column;
  }
  // Their own names: ours in full first, so that a table of ours may have others beside.
  for (const bool ours_only : {true, false}) {
    const CsvColumns before = columns;
    for (std::size_t i = 0; i < names.size(); ++i) {
      NameAndUnit here = split_name(names[i]);
      const auto field = field_of(here, names[i], ours_only);
      if (!field || before[*field]) continue;
      auto& column = columns.of[static_cast<std::size_t>(*field)];
      if (column) {
        return fail(fmt::format(
            "{}: the columns \"{}\" and \"{}\" may both be the {}: say which with --columns {}={}",
            file_name, column->name, names[i], csv_field_names()[static_cast<std::size_t>(*field)],
            csv_field_names()[static_cast<std::size_t>(*field)], column->name));
      }
      if (*field == CsvField::size && here.ambiguous)
        return ambiguous_unit(file_name, *field, names[i], here.unit_text);
      column = CsvColumn{i, names[i], here.unit};
    }
  }
  for (std::size_t i = 0; i < kCsvFields; ++i) {
    auto& column = columns.of[i];
    if (column && column->unit == 0) column->unit = default_unit(static_cast<CsvField>(i));
  }
  return columns;
}

std::optional<double> csv_quantity(std::string_view value, CsvField field, double unit) {
  if (const auto plain = to_number(value))
    // By division, so that 40 us are the double nearest to 40e-6.
    return unit <= 0  ? std::nullopt
           : unit < 1 ? std::optional(*plain / std::round(1 / unit))
                      : std::optional(*plain * unit);
  if (const auto suffix = ambiguous_suffix(value); field == CsvField::size && !suffix.empty()) {
    const auto number = to_number(value.substr(0, value.find_first_not_of("0123456789.")));
    const double bytes = ambiguous_unit_of(suffix, unit);
    return number && bytes > 0 ? std::optional(*number * bytes) : std::nullopt;
  }
  const Expected<double> parsed = field == CsvField::time   ? parse_time_s(std::string(value))
                                  : field == CsvField::size ? parse_size_bytes(value)
                                                            : parse_bandwidth_Bps(value);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace collscale

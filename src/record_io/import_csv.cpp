// SPDX-License-Identifier: Apache-2.0
// Files that are one table, as CSV or as a list of flat JSON objects, and texts with tables of
// Markdown.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "record_io/csv_columns.hpp"
#include "record_io/import_table.hpp"
#include "record_io/json_rows.hpp"
#include "record_io/log_text.hpp"
#include "record_io/markdown_tables.hpp"

namespace collscale {
namespace {

std::string_view line_at(std::string_view text, std::size_t begin) {
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// Remarks ("# measured in May") may stand between the lines of a table.
bool is_remark(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] == '#';
}

/// The text without the '#' of each line where every line is a remark.
std::string uncommented(std::string_view text) {
  std::string plain;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::string_view line = line_at(text, begin);
    const bool blank = line.find_first_not_of(" \t\r") == std::string_view::npos;
    if (!is_remark(line) && !blank) return std::string(text);
    plain += blank ? line : line.substr(line.find('#') + 1);
    plain += '\n';
    begin += line.size() + 1;
  }
  return plain;
}

/// Whether a remark holds the names of the columns, as NumPy writes them: "# bytes,time_us".
bool names_columns(std::string_view remark) {
  if (remark.find_first_of(",;") == std::string_view::npos) return false;
  const CsvTable head = parse_csv(remark.substr(remark.find('#') + 1));
  return head.names.size() > 1 && holds_measurements(head, {});
}

/// Where the names of the columns are: the first line that is no remark, unless that names none and
/// the remark above it does.
std::size_t begin_of_table(std::string_view text, const ImportOptions& options) {
  std::size_t above = text.size();
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const std::string_view line = line_at(text, begin);
    if (is_remark(line)) {
      above = begin;
    } else if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      const bool is_row = above < text.size() && names_columns(line_at(text, above)) &&
                          !holds_measurements(parse_csv(line), options);
      return is_row ? above : begin;
    }
    if (begin + line.size() >= text.size()) break;
  }
  return 0;
}

/// With the lines that are remarks empty, so that lines keep their numbers.
std::string without_remarks(std::string_view text, const ImportOptions& options) {
  const std::size_t names = begin_of_table(text, options);
  std::string kept;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::string_view line = line_at(text, begin);
    if (!is_remark(line))
      kept += line;
    else if (begin == names && names_columns(line))
      kept += line.substr(line.find('#') + 1);
    begin += line.size() + 1;
    if (begin <= text.size()) kept += '\n';
  }
  return kept;
}

}  // namespace

bool looks_like_csv(std::string_view file_text) {
  const std::string text = uncommented(file_text);
  const std::string_view first = line_at(text, begin_of_table(text, {}));
  if (is_remark(first) && names_columns(first)) return true;
  const CsvTable head = parse_csv(first);
  if (head.names.size() < 2) return false;
  // Names of columns hold no '#' but that of "#wrong"; a command line with commas is no table.
  for (const std::string& name : head.names) {
    if (name.find('#') != std::string::npos && csv_field_of(name) != CsvField::wrong &&
        name.find("#wrong") == std::string::npos)
      return false;
  }
  if (holds_measurements(head, {})) return true;
  return head.names.size() > 2 && (first.find_first_of(" \t") == std::string_view::npos ||
                                   !find_columns(head.names, {}, "", head.names));
}

Expected<ImportReport> import_csv(std::string_view text, std::string_view file_name,
                                  const ImportOptions& options) {
  if (!looks_like_json_rows(text))
    return import_table(parse_csv(without_remarks(uncommented(text), options)), file_name, options);
  const auto rows = parse_json_rows(text);
  if (!rows) return fail(fmt::format("{}: expected a list of flat JSON objects", file_name));
  return import_table(*rows, file_name, options);
}

bool looks_like_markdown(std::string_view text, const ImportOptions& options) {
  const std::vector<CsvTable> tables = markdown_tables(text);
  return std::any_of(tables.begin(), tables.end(), [&options](const CsvTable& table) {
    return holds_measurements(table, options);
  });
}

Expected<ImportReport> import_markdown(std::string_view text, std::string_view file_name,
                                       const ImportOptions& options) {
  ImportReport report;
  std::optional<Error> refusal;
  std::vector<std::string> left_out;
  for (const CsvTable& table : markdown_tables(text)) {
    if (!holds_measurements(table, options)) continue;
    auto one = import_table(table, file_name, options);
    if (one) {
      merge(report, std::move(*one));
      continue;
    }
    if (!refusal) refusal = one.error();
    left_out.push_back(
        fmt::format("left out, the table at line {}: {}", table.line, one.error().message));
  }
  if (report.records.empty()) {
    return refusal ? tl::make_unexpected(*refusal)
                   : fail(fmt::format("{}: no table has columns of sizes and of times", file_name));
  }
  std::move(left_out.begin(), left_out.end(), std::back_inserter(report.warnings));
  report.format = LogFormat::markdown;
  return report;
}

}  // namespace collscale

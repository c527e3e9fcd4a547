// SPDX-License-Identifier: Apache-2.0
// What the importers share: clean lines out of a terminal's output, words, numbers, counted
// warnings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.hpp"
#include "record_io/importer.hpp"

namespace collscale {

/// The lines, in the file's order, without ANSI escape sequences, carriage returns and other
/// control characters, and without what launchers and log collectors put before each: tags of
/// mpirun ("[1,0]<stdout>:"), srun's labels ("3: "), hosts ("node01: "), pods, times of day and
/// quotation marks. A command that goes on behind '\\' stands whole on its last line, the others
/// are empty.
std::vector<std::string> clean_lines(std::string_view text);

std::vector<std::string_view> split_words(std::string_view line);

/// The whole word as a finite number, in the C locale.
std::optional<double> to_number(std::string_view word);
/// The whole word as a whole number.
std::optional<std::int64_t> to_integer(std::string_view word);
/// The whole word as a number of ranks, nodes or repetitions: from 1 to 100 million. More is no
/// such number, but one whose blanks were lost.
std::optional<std::int64_t> to_count(std::string_view word);

/// Half a unit of the last digit that was printed: 0.005 for "34.71", 0.5 for "18285".
double printed_precision(std::string_view word);

/// How numbers are written where it is not "1234.5".
enum class NumberStyle {
  plain,
  comma_groups,   ///< "1,234.5"
  comma_decimal,  ///< "1234,5" and "1.234,5"
};

/// The word as `to_number` reads it, where it is a number in that style; otherwise the word.
std::string plain_number(std::string_view word, NumberStyle style);

/// The line with every number that is written in the style put plainly.
std::string plain_numbers(std::string_view line, NumberStyle style);

/// What a word says about the style of its text: "3,25" has a decimal comma, "1,234.5" and
/// "1,048,576" have groups, "3.25" a decimal point; "1,234" may be either and says nothing.
std::optional<NumberStyle> style_of(std::string_view word);

/// The style that the words speak for; plain where none does or where they disagree.
NumberStyle common_style(const std::vector<std::string_view>& words);

/// As common_style, of the lines that hold nothing but figures.
NumberStyle number_style(const std::vector<std::string>& lines);

/// The lines of the file, from 1, that were left out for one reason.
struct LeftOut {
  std::vector<std::int64_t> lines;
  void add(std::int64_t line) { lines.push_back(line); }
};

/// What a record's source begins with: as it was told (--source), else the file's name.
std::string base_source(std::string_view file_name, const ImportOptions& options);

/// "FILE: 2 torn lines were left out: lines 17 and 45" where there are any.
void warn_lines(ImportReport& report, std::string_view file_name, const LeftOut& left_out,
                std::string_view singular, std::string_view plural);

/// "FILE: 3 rows ..." where count is not 0; `what` follows the number and is in the plural.
void warn_count(ImportReport& report, std::string_view file_name, std::int64_t count,
                std::string_view singular, std::string_view plural);

// One per format; `import_log` chooses.
bool looks_like_nccl_tests(const std::vector<std::string>& lines);
bool looks_like_osu(const std::vector<std::string>& lines);
bool looks_like_imb(const std::vector<std::string>& lines);
bool looks_like_csv(std::string_view text);
/// Whether the text has a table of Markdown that holds measurements.
bool looks_like_markdown(std::string_view text, const ImportOptions& options);
bool looks_like_json(std::string_view text);
bool is_whole_json(std::string_view text);
Expected<ImportReport> import_nccl_tests(const std::vector<std::string>& lines,
                                         std::string_view file_name, const ImportOptions& options);
Expected<ImportReport> import_osu(const std::vector<std::string>& lines, std::string_view file_name,
                                  const ImportOptions& options);
Expected<ImportReport> import_imb(const std::vector<std::string>& lines, std::string_view file_name,
                                  const ImportOptions& options);
/// Google Benchmark's CSV.
bool looks_like_benchmark_csv(std::string_view text);
Expected<ImportReport> import_benchmark_csv(std::string_view text, std::string_view file_name,
                                            const ImportOptions& options);
/// What nccl-tests writes with -J, or Google Benchmark's JSON.
Expected<ImportReport> import_json(std::string_view text, std::string_view file_name,
                                   const ImportOptions& options);
Expected<ImportReport> import_csv(std::string_view text, std::string_view file_name,
                                  const ImportOptions& options);
Expected<ImportReport> import_markdown(std::string_view text, std::string_view file_name,
                                       const ImportOptions& options);

}  // namespace collscale

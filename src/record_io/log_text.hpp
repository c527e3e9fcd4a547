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

/// The lines without ANSI escape sequences, carriage returns and other control characters, and
/// without the prefixes that mpirun --tag-output ("[1,0]<stdout>:") puts before each.
std::vector<std::string> clean_lines(std::string_view text);

std::vector<std::string_view> split_words(std::string_view line);

/// The whole word as a finite number, in the C locale.
std::optional<double> to_number(std::string_view word);
/// The whole word as a whole number.
std::optional<std::int64_t> to_integer(std::string_view word);

/// Half a unit of the last digit that was printed: 0.005 for "34.71", 0.5 for "18285".
double printed_precision(std::string_view word);

/// "FILE: 3 rows ..." where count is not 0; `what` follows the number and is in the plural.
void warn_count(ImportReport& report, std::string_view file_name, std::int64_t count,
                std::string_view singular, std::string_view plural);

// One per format; `import_log` chooses.
bool looks_like_nccl_tests(const std::vector<std::string>& lines);
bool looks_like_osu(const std::vector<std::string>& lines);
bool looks_like_csv(std::string_view text);
Expected<ImportReport> import_nccl_tests(const std::vector<std::string>& lines,
                                         std::string_view file_name, const ImportOptions& options);
Expected<ImportReport> import_osu(const std::vector<std::string>& lines, std::string_view file_name,
                                  const ImportOptions& options);
Expected<ImportReport> import_csv(std::string_view text, std::string_view file_name,
                                  const ImportOptions& options);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// JSON of other programs: which of them wrote it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "record_io/foreign_json.hpp"
#include "record_io/log_text.hpp"

namespace collscale {

bool looks_like_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

bool is_whole_json(std::string_view text) { return ForeignJson::accept(text); }

Expected<ImportReport> import_json(std::string_view text, std::string_view file_name,
                                   const ImportOptions& options) {
  const ForeignJson root = ForeignJson::parse(text, nullptr, false);
  if (root.is_discarded()) {
    return fail(fmt::format(
        "{}: begins like JSON and is none: is its end missing? Import the text that was printed "
        "instead",
        file_name));
  }
  const ForeignJson* const results = member(root, "results");
  if (results != nullptr && results->is_array())
    return import_nccl_tests_json(root, file_name, options);
  if (const ForeignJson* const config = member(root, "config");
      config != nullptr && member(*config, "devices") != nullptr) {
    return fail(fmt::format("{}: nccl-tests' JSON without results: the run failed", file_name));
  }
  const ForeignJson* const benchmarks = member(root, "benchmarks");
  if (benchmarks != nullptr && benchmarks->is_array()) {
    const ForeignJson* const context = member(root, "context");
    if (context != nullptr && member(*context, "schema_version") != nullptr)
      return fail(fmt::format("{}: is a result file of collscale already", file_name));
    return import_google_benchmark(root, file_name, options);
  }
  return fail(fmt::format(
      "{}: not a log that can be imported: found JSON, expected what nccl-tests writes with -J or "
      "Google Benchmark's",
      file_name));
}

}  // namespace collscale

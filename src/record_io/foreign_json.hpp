// SPDX-License-Identifier: Apache-2.0
// JSON that other programs wrote: a member that is missing or of another type is no error here.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "record_io/importer.hpp"

namespace collscale {

using ForeignJson = nlohmann::json;

/// Null where there is none.
const ForeignJson* member(const ForeignJson& object, const char* key);
/// Empty where there is none, or no text.
std::string text_member(const ForeignJson& object, const char* key);
std::optional<double> number_member(const ForeignJson& object, const char* key);

/// A count from JSON's number, which may be larger than a whole number of ours: from 0 to 2^53.
std::int64_t whole(double value);

/// What nccl-tests writes with -J: `root` has an array "results".
Expected<ImportReport> import_nccl_tests_json(const ForeignJson& root, std::string_view file_name,
                                              const ImportOptions& options);
/// `root` has an array "benchmarks".
Expected<ImportReport> import_google_benchmark(const ForeignJson& root, std::string_view file_name,
                                               const ImportOptions& options);

}  // namespace collscale

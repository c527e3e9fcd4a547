// SPDX-License-Identifier: Apache-2.0
// The logs of other benchmarks to our records: nccl-tests (and rccl-tests) as text and JSON, the
// collectives of the OSU micro-benchmarks and of the Intel MPI Benchmarks, Google Benchmark's JSON,
// and tables in CSV, Markdown and JSON. docs/results-format.md says what each field becomes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.hpp"
#include "units/error.hpp"

namespace collscale {

/// What the log does not say. A log that says it is believed; a CSV row too.
struct ImportOptions {
  std::optional<Collective> collective;
  std::optional<Engine> library;  ///< of a table without one: nccl or mpi
  std::int64_t ranks = 0;         ///< 0: the log must say
  std::int64_t nodes = 0;         ///< 0: unknown, unless the log says
  std::string topology;           ///< for scenario.topology of every record
  std::string source;  ///< instead of the file's name, where the log names no source itself
  /// Of a table: which of its columns is what. Ours ("time_us", "size") to theirs ("latency").
  std::map<std::string, std::string> columns;
};

enum class LogFormat { nccl_tests, nccl_tests_json, osu, imb, google_benchmark, csv, markdown };
std::string_view name(LogFormat format);

struct ImportReport {
  LogFormat format = LogFormat::nccl_tests;
  std::vector<Record> records;
  std::vector<std::string> warnings;  ///< one sentence each, with the file's name
};

/// The format is told from the content. Fails where nothing can be recognised, where not one record
/// comes out, and where the collective or the number of ranks is known from nowhere.
Expected<ImportReport> import_log(std::string_view text, std::string_view file_name,
                                  const ImportOptions& options);

/// Reads the file and imports it.
Expected<ImportReport> import_file(const std::string& path, const ImportOptions& options);

/// A library's name for an algorithm in our spelling: "Ring" -> "ring", "NVLSTree" -> "nvls_tree",
/// "CollNet/SHARP" -> "collnet_sharp", "" and "default_default" -> "auto".
std::string algorithm_name(std::string_view foreign);

/// "RCCL 2.18" -> nccl, "Open MPI" and "MVAPICH2" -> mpi.
std::optional<Engine> library_engine(std::string_view library);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Google Benchmark's JSON and CSV of a program whose benchmarks' names say the collective, the size
// and the ranks.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "record_io/csv_table.hpp"
#include "record_io/foreign_json.hpp"
#include "record_io/log_text.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

/// "bytes:1024" among the parts of "all_reduce/ring/bytes:1024/ranks:8", or the counter "bytes".
std::optional<std::int64_t> count_of(const std::vector<std::string>& parts,
                                     const ForeignJson& object,
                                     std::initializer_list<const char*> keys) {
  for (const char* const key : keys) {
    const std::string mark = std::string(key) + ":";
    for (const std::string& part : parts) {
      if (!part.starts_with(mark)) continue;
      if (const auto value = to_integer(std::string_view(part).substr(mark.size()))) return value;
    }
    if (const auto counter = number_member(object, key); counter > 0.0) return whole(*counter);
  }
  return std::nullopt;
}

std::vector<std::string> parts_of_name(const std::string& name) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= name.size()) {
    const auto end = std::min(name.find('/', at), name.size());
    parts.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// "BM_AllReduce<float>" -> "AllReduce".
std::string function_in(const std::string& part) {
  static constexpr std::string_view kPrefix = "BM_";
  const std::string name = part.starts_with(kPrefix) ? part.substr(kPrefix.size()) : part;
  return name.substr(0, name.find('<'));
}

/// "BM_AllReduce<float>" and "float" -> "float".
std::string type_in(const std::string& part) {
  const auto open = part.find('<');
  if (open == std::string::npos) return part;
  const std::string arguments = part.substr(open + 1);
  return arguments.substr(0, arguments.find_first_of(",>"));
}

/// Of the part behind the collective's: "ring", not "bytes:8", "float" and "real_time".
bool is_algorithm(const std::string& part) {
  return !part.empty() && !part.ends_with("_time") && !parse_data_type(part) &&
         part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") ==
             std::string::npos;
}

/// Where the table begins that --benchmark_format=csv prints below a few lines on the machine.
std::size_t benchmark_table_in(std::string_view text) {
  return text.find("name,iterations,real_time,cpu_time,time_unit");
}

/// The table as the same program's JSON: its counters are columns, its aggregates names.
ForeignJson benchmarks_of(const CsvTable& table) {
  ForeignJson benchmarks = ForeignJson::array();
  for (const auto& row : table.rows) {
    if (row.size() != table.names.size()) continue;
    ForeignJson object;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto number = to_number(row[i]);
      if (number)
        object[table.names[i]] = *number;
      else if (!row[i].empty())
        object[table.names[i]] = row[i];
    }
    const std::string name = text_member(object, "name");
    for (const char* const end : {"_mean", "_median", "_stddev", "_cv", "_BigO", "_RMS"})
      if (name.ends_with(end)) object["run_type"] = "aggregate";
    object["error_occurred"] = text_member(object, "error_occurred") == "true";
    benchmarks.push_back(std::move(object));
  }
  return {{"benchmarks", std::move(benchmarks)}};
}

class GoogleBenchmarkImporter {
 public:
  GoogleBenchmarkImporter(std::string_view file_name, const ImportOptions& options)
      : file_name_(file_name), options_(options) {
    report_.format = LogFormat::google_benchmark;
  }

  Expected<ImportReport> read(const ForeignJson& root) {
    for (const ForeignJson& object : *member(root, "benchmarks")) {
      if (text_member(object, "run_type") != "aggregate") read_benchmark(object);
    }
    for (Record& record : report_.records) settle(record);
    const std::string such = unnamed_ == 0 ? "" : fmt::format(" (\"{}\")", first_refusal_);
    warn_count(report_, file_name_, failed_, "benchmark that failed or has no time was left out",
               "benchmarks that failed or have no time were left out");
    warn_count(
        report_, file_name_, unnamed_,
        "benchmark was left out whose name does not say collective, bytes and ranks" + such,
        "benchmarks were left out whose names do not say collective, bytes and ranks" + such);
    if (!report_.records.empty()) return std::move(report_);
    const std::string example =
        first_refusal_.empty() ? "" : fmt::format(", for example \"{}\"", first_refusal_);
    return fail(fmt::format(
        "{}: no benchmark's name or counters say its collective, bytes and ranks, as in "
        "\"all_reduce/bytes:1024/ranks:8\"{}: give --collective and --ranks where they are the "
        "same for all",
        file_name_, example));
  }

 private:
  void read_benchmark(const ForeignJson& object) {
    std::string name = text_member(object, "run_name");
    if (name.empty()) name = text_member(object, "name");
    const ForeignJson* const error = member(object, "error_occurred");
    const auto real_time = number_member(object, "real_time");
    const double unit_s = benchmark_time_unit_s(text_member(object, "time_unit"));
    if ((error != nullptr && *error == true) || !real_time || *real_time <= 0 || unit_s == 0) {
      ++failed_;
      return;
    }
    const double time_s = *real_time * unit_s;
    if (const auto found = places_.find(name); found != places_.end()) {
      report_.records[found->second].samples_s.push_back(time_s);
      return;
    }
    auto record = record_named(name, object);
    if (!record) {
      if (first_refusal_.empty()) first_refusal_ = name;
      ++unnamed_;
      return;
    }
    record->samples_s = {time_s};
    places_.emplace(name, report_.records.size());
    report_.records.push_back(std::move(*record));
  }

  /// What the name and the counters say; nothing where they do not say enough.
  std::optional<Record> record_named(const std::string& name, const ForeignJson& object) const {
    const auto parts = parts_of_name(name);
    std::optional<Collective> collective = options_.collective;
    std::string algorithm;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto parsed = parse_collective(function_in(parts[i]));
      if (!parsed || (collective && *parsed != *collective)) continue;
      collective = *parsed;
      if (i + 1 < parts.size() && is_algorithm(parts[i + 1])) algorithm = parts[i + 1];
    }
    const auto size = count_of(parts, object, {"bytes", "size_bytes", "size"});
    const std::int64_t ranks =
        count_of(parts, object, {"ranks", "nranks", "np"}).value_or(options_.ranks);
    if (!collective || !size || ranks < 1) return std::nullopt;
    Record record;
    record.engine = Engine::mpi;
    for (const std::string& part : parts) {
      if (part.find("nccl") != std::string::npos) record.engine = Engine::nccl;
      if (const auto type = parse_data_type(type_in(part))) record.scenario.dtype = *type;
    }
    record.trust = Trust::measured;
    record.scenario.topology = options_.topology;
    record.scenario.collective = *collective;
    record.scenario.size_bytes = static_cast<double>(*size);
    record.scenario.ranks = ranks;
    record.scenario.nodes = count_of(parts, object, {"nodes", "nnodes"}).value_or(options_.nodes);
    record.scenario.algorithm = algorithm_name(algorithm);
    if (const auto iterations = number_member(object, "iterations"); iterations >= 1.0)
      record.iterations = whole(*iterations);
    record.source = fmt::format("{} [Google Benchmark]", base_source(file_name_, options_));
    return record;
  }

  /// The median of the repetitions; one alone is no sample of several.
  static void settle(Record& record) {
    std::vector<double> sorted = record.samples_s;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t middle = sorted.size() / 2;
    record.time_s =
        sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    if (sorted.size() == 1) record.samples_s.clear();
    set_bandwidths(record);
  }

  std::string_view file_name_;
  const ImportOptions& options_;
  std::map<std::string, std::size_t> places_;  ///< repetitions are samples of one record
  std::int64_t unnamed_ = 0, failed_ = 0;
  std::string first_refusal_;
  ImportReport report_;
};

}  // namespace

Expected<ImportReport> import_google_benchmark(const ForeignJson& root, std::string_view file_name,
                                               const ImportOptions& options) {
  return GoogleBenchmarkImporter(file_name, options).read(root);
}

bool looks_like_benchmark_csv(std::string_view text) {
  return benchmark_table_in(text) != std::string_view::npos;
}

Expected<ImportReport> import_benchmark_csv(std::string_view text, std::string_view file_name,
                                            const ImportOptions& options) {
  const CsvTable table = parse_csv(text.substr(benchmark_table_in(text)));
  return import_google_benchmark(benchmarks_of(table), file_name, options);
}

}  // namespace collscale

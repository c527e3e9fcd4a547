// SPDX-License-Identifier: Apache-2.0
// What nccl-tests writes with -J (version 2.19, src/util.cu), and Google Benchmark's JSON and CSV
// of a program whose benchmarks' names say the collective, the size and the ranks.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "record_io/csv_table.hpp"
#include "record_io/log_text.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using ForeignJson = nlohmann::json;

const ForeignJson* member(const ForeignJson& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string text_member(const ForeignJson& object, const char* key) {
  const ForeignJson* const value = member(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::optional<double> number_member(const ForeignJson& object, const char* key) {
  const ForeignJson* const value = member(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

/// JSON's numbers may be larger than a whole number of ours.
std::int64_t whole(double value) {
  return static_cast<std::int64_t>(std::clamp(value, 0.0, 0x1p53));
}

// --- nccl-tests -J ------------------------------------------------------------------------------

class NcclTestsJsonImporter {
 public:
  NcclTestsJsonImporter(std::string_view file_name, const ImportOptions& options)
      : file_name_(file_name), options_(options) {
    report_.format = LogFormat::nccl_tests_json;
  }

  Expected<ImportReport> read(const ForeignJson& root) {
    if (auto header = read_header(root); !header) return tl::make_unexpected(header.error());
    for (const ForeignJson& result : *member(root, "results")) read_result(result);
    warn("result could not be read", "results could not be read", unreadable_);
    warn("result was left out whose bandwidth is not what its size and time give",
         "results were left out whose bandwidths are not what their sizes and times give",
         contradictory_);
    warn("measurement with wrong results was left out",
         "measurements with wrong results were left out", wrong_);
    warn("result of size 0 was left out", "results of size 0 were left out", empty_);
    warn("measurement's bus_bw is not what its ranks give: is the number of ranks right?",
         "measurements' bus_bw is not what their ranks give: is the number of ranks right?",
         other_busbw_);
    if (text_member(root, "end_time").empty())
      report_.warnings.push_back(
          fmt::format("{}: has no end_time: the run was cut short", file_name_));
    if (report_.records.empty())
      return fail(
          fmt::format("{}: no measurement could be read from nccl-tests' JSON", file_name_));
    return std::move(report_);
  }

 private:
  void warn(std::string_view singular, std::string_view plural, std::int64_t count) {
    warn_count(report_, file_name_, count, singular, plural);
  }

  Expected<void> read_header(const ForeignJson& root) {
    record_.engine = Engine::nccl;
    record_.trust = Trust::measured;
    std::optional<Collective> collective = options_.collective;
    const ForeignJson* const arguments = member(root, "args");
    if (arguments != nullptr && arguments->is_array() && !arguments->empty() &&
        arguments->front().is_string()) {
      std::string program = arguments->front().get<std::string>();
      program.erase(0, program.rfind('/') + 1);
      static constexpr std::string_view kPerf = "_perf";
      if (const auto end = program.find(kPerf); end != std::string::npos) program.resize(end);
      if (const auto parsed = parse_collective(program)) collective = *parsed;
    }
    if (!collective)
      return fail(
          fmt::format("{}: its args do not name the collective: give --collective", file_name_));
    std::set<std::string> hosts;
    std::string device;
    std::int64_t ranks = 0;
    const ForeignJson* const config = member(root, "config");
    const ForeignJson* const devices = config == nullptr ? nullptr : member(*config, "devices");
    if (devices != nullptr && devices->is_array()) {
      for (const ForeignJson& entry : *devices) {
        hosts.insert(text_member(entry, "hostname"));
        device = text_member(entry, "device_info");
      }
      ranks = static_cast<std::int64_t>(devices->size());
    }
    if (ranks == 0) ranks = options_.ranks;
    if (ranks < 1)
      return fail(
          fmt::format("{}: its config lists no devices: give the number of ranks with "
                      "--ranks",
                      file_name_));
    if (config != nullptr) {
      const double iterations = number_member(*config, "iterations").value_or(1) *
                                number_member(*config, "aggregated_iterations").value_or(1);
      record_.iterations = std::max<std::int64_t>(1, whole(iterations));
    }
    std::string details;
    if (const auto code = number_member(root, "nccl_version")) {
      const auto number = whole(*code);
      details = fmt::format("NCCL {}.{}.{}", number / 10000, number % 10000 / 100, number % 100);
    }
    if (!device.empty()) details += (details.empty() ? "" : ", ") + device;
    record_.source = base_source(file_name_, options_);
    if (!details.empty()) record_.source += fmt::format(" [{}]", details);
    record_.scenario.topology = options_.topology;
    record_.scenario.collective = *collective;
    record_.scenario.ranks = ranks;
    record_.scenario.nodes =
        hosts.empty() ? options_.nodes : static_cast<std::int64_t>(hosts.size());
    return {};
  }

  void read_result(const ForeignJson& result) {
    const auto size = number_member(result, "size");
    const auto type = parse_data_type(text_member(result, "type"));
    if (!size || *size < 0 || !type) {
      ++unreadable_;
      return;
    }
    if (*size == 0) {
      ++empty_;
      return;
    }
    Record record = record_;
    record.scenario.size_bytes = *size;
    record.scenario.dtype = *type;
    record.scenario.op = parse_reduce_op(text_member(result, "redop")).value_or(ReduceOp::sum);
    const auto words = text_member(result, "root");
    const auto first = words.find_first_not_of(' ');
    const auto root = first == std::string::npos ? std::nullopt : to_integer(words.substr(first));
    record.scenario.root = std::max<std::int64_t>(0, root.value_or(0));
    if (const auto iterations = number_member(result, "actual_iterations"); iterations >= 1.0)
      record.iterations = whole(*iterations);
    for (const bool in_place : {false, true}) {
      const ForeignJson* const half = member(result, in_place ? "in_place" : "out_of_place");
      if (half == nullptr || half->is_null()) continue;
      const ForeignJson* const each =
          member(result, in_place ? "in_place_per_iter" : "out_of_place_per_iter");
      record.scenario.in_place = in_place;
      read_json_half(record, *half, each);
    }
  }

  void read_json_half(Record record, const ForeignJson& half, const ForeignJson* each) {
    const auto time_us = number_member(half, "time");
    const auto algbw = number_member(half, "alg_bw");
    const auto busbw = number_member(half, "bus_bw");
    if (!time_us || *time_us <= 0 || !algbw || !busbw) {
      ++unreadable_;
      return;
    }
    if (number_member(half, "nwrong").value_or(0) > 0) {
      ++wrong_;
      return;
    }
    record.time_s = *time_us / 1e6;
    if (each != nullptr) {
      for (const auto& [which, key] :
           {std::pair{"min", "min_us"}, std::pair{"p50", "p50_us"}, std::pair{"p95", "p95_us"},
            std::pair{"max", "max_us"}, std::pair{"mean", "avg_us"}}) {
        if (const auto value = number_member(*each, key); value > 0.0)
          record.quantiles.push_back({which, *value / 1e6});
      }
    }
    set_bandwidths(record);
    // "%lf": six digits behind the point.
    const double tolerance = 1e-6 + (1e-6 / *time_us + 1e-4) * record.algbw_Bps / 1e9;
    if (std::abs(record.algbw_Bps / 1e9 - *algbw) > tolerance) {
      ++contradictory_;
      return;
    }
    if (std::abs(record.busbw_Bps / 1e9 - *busbw) > 2 * tolerance) ++other_busbw_;
    report_.records.push_back(std::move(record));
  }

  std::string_view file_name_;
  const ImportOptions& options_;
  Record record_;  // what all records of the file have in common
  std::int64_t unreadable_ = 0, contradictory_ = 0, wrong_ = 0, empty_ = 0, other_busbw_ = 0;
  ImportReport report_;
};

// --- Google Benchmark ---------------------------------------------------------------------------

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
      const auto open = std::min(part.find('<'), part.size());  // "BM_AllReduce<float>"
      const std::string type_name = part.substr(std::min(open + 1, part.size()));
      if (const auto type = parse_data_type(part)) record.scenario.dtype = *type;
      if (const auto type = parse_data_type(type_name.substr(0, type_name.find_first_of(",>"))))
        record.scenario.dtype = *type;
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

bool looks_like_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

std::optional<std::string> text_of_container_log(std::string_view text) {
  if (!text.starts_with("{\"log\":")) return std::nullopt;
  std::string log;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const ForeignJson line = ForeignJson::parse(text.substr(0, end), nullptr, false);
    if (line.is_object()) log += text_member(line, "log");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return log;
}

bool looks_like_benchmark_csv(std::string_view text) {
  return benchmark_table_in(text) != std::string_view::npos;
}

Expected<ImportReport> import_benchmark_csv(std::string_view text, std::string_view file_name,
                                            const ImportOptions& options) {
  const CsvTable table = parse_csv(text.substr(benchmark_table_in(text)));
  return GoogleBenchmarkImporter(file_name, options).read(benchmarks_of(table));
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
    return NcclTestsJsonImporter(file_name, options).read(root);
  if (const ForeignJson* const config = member(root, "config");
      config != nullptr && member(*config, "devices") != nullptr) {
    return fail(fmt::format("{}: nccl-tests' JSON without results: the run failed", file_name));
  }
  const ForeignJson* const benchmarks = member(root, "benchmarks");
  if (benchmarks != nullptr && benchmarks->is_array()) {
    const ForeignJson* const context = member(root, "context");
    if (context != nullptr && member(*context, "schema_version") != nullptr)
      return fail(fmt::format("{}: is a result file of collscale already", file_name));
    return GoogleBenchmarkImporter(file_name, options).read(root);
  }
  return fail(fmt::format(
      "{}: not a log that can be imported: found JSON, expected what nccl-tests writes with -J or "
      "Google Benchmark's",
      file_name));
}

}  // namespace collscale

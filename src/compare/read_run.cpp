// SPDX-License-Identifier: Apache-2.0
#include "compare/read_run.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "record_io/importer.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Which kind of line a benchmark's timing is taken from, the best first.
enum class Line { iteration, median, mean, other };

Line line_of(const Json& object) {
  if (text_of(object, "run_type") != "aggregate") return Line::iteration;
  const std::string aggregate = text_of(object, "aggregate_name");
  return aggregate == "median" ? Line::median : aggregate == "mean" ? Line::mean : Line::other;
}

Expected<RunFile> from_google_benchmark(const Json& root, const std::string& path) {
  RunFile file;
  file.kind = "Google Benchmark";
  if (const auto context = root.find("context"); context != root.end() && context->is_object())
    for (const auto& [key, value] : context->items())
      if (value.is_string()) file.timings.context[key] = value.get<std::string>();
  std::map<std::string, std::pair<std::size_t, Line>> places;
  for (const Json& object : root.at("benchmarks")) {
    if (!object.is_object()) return fail(fmt::format("{}: a benchmark is no object", path));
    const Line line = line_of(object);
    if (line == Line::other || object.value("error_occurred", false)) continue;
    std::string name = text_of(object, "run_name");
    if (name.empty()) name = text_of(object, "name");
    const auto time = object.find("real_time");
    const double unit_s = benchmark_time_unit_s(text_of(object, "time_unit"));
    if (name.empty() || time == object.end() || !time->is_number() || unit_s == 0 ||
        !(time->get<double>() > 0))
      return fail(fmt::format(
          "{}: benchmark \"{}\": expected a name, a real_time above 0 and a time_unit of ns, us, "
          "ms or s",
          path, name));
    const auto [found, fresh] = places.try_emplace(name, file.timings.list.size(), line);
    auto& [at, best] = found->second;
    if (fresh) file.timings.list.push_back({name, {}});
    std::vector<double>& samples = file.timings.list[at].samples_s;
    if (line > best) continue;
    if (line < best) samples.clear();
    best = line;
    samples.push_back(time->get<double>() * unit_s);
  }
  if (file.timings.list.empty()) return fail(fmt::format("{}: no benchmark was timed", path));
  return file;
}

Expected<RunFile> from_log(std::string_view text, const std::string& path, std::int64_t ranks) {
  ImportOptions options;
  options.ranks = ranks;
  auto report = import_log(text, path, options);
  if (!report) return tl::unexpected(report.error());
  const Results results{{}, std::move(report->records)};
  return RunFile{timings_of(results), std::string(name(report->format)),
                 std::move(report->warnings)};
}

}  // namespace

Expected<RunFile> read_run(const std::string& path, std::int64_t ranks) {
  const auto text = read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  const auto first = text->find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (*text)[first] == '{') {
    const Json root = Json::parse(*text, nullptr, false);
    if (root.is_object() && root.contains("benchmarks") && root["benchmarks"].is_array() &&
        (!root.contains("context") || !root["context"].is_object() ||
         !root["context"].contains("schema_version")))
      return from_google_benchmark(root, path);
    if (root.is_object() && root.contains("results")) return from_log(*text, path, ranks);
    const auto results = from_json(*text, path);
    if (!results) return tl::unexpected(results.error());
    if (results->records.empty()) return fail(fmt::format("{}: no records", path));
    return RunFile{timings_of(*results), "collscale", {}};
  }
  return from_log(*text, path, ranks);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

/// compare.py pairs records only where their time units agree, so every record has the same one.
constexpr double kMicroseconds = 1e6;

/// A whole number without ".0": a size is a count of bytes.
Json whole_if_exact(double value) {
  if (std::abs(value) < 0x1p53 && value == std::floor(value))
    return static_cast<std::int64_t>(value);
  return value;
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_object(const Scenario& scenario) {
  Json object{
      {"topology", scenario.topology},   {"collective", name(scenario.collective)},
      {"algorithm", scenario.algorithm}, {"protocol", scenario.protocol},
      {"selector", scenario.selector},   {"dtype", name(scenario.dtype)},
      {"op", name(scenario.op)},         {"root", scenario.root},
      {"in_place", scenario.in_place},   {"size_bytes", whole_if_exact(scenario.size_bytes)},
      {"ranks", scenario.ranks},         {"nodes", scenario.nodes},
      {"layout", scenario.layout},       {"placement", scenario.placement},
      {"failures", scenario.failures}};
  if (has_unequal_blocks(scenario.collective)) object["skew"] = scenario.skew;
  return object;
}

Json to_object(const Quality& quality) {
  return Json{{"verdict", quality.verdict},
              {"sync", quality.sync},
              {"buffers", quality.buffers},
              {"batch", quality.batch},
              {"warmup", quality.warmup},
              {"warmup_stable", quality.warmup_stable},
              {"precision", or_null(quality.precision)},
              {"missed", quality.missed},
              {"attempts", quality.attempts},
              {"cpu_share", or_null(quality.cpu_share)},
              {"foreign_cores", or_null(quality.foreign_cores)},
              {"involuntary_switches", quality.involuntary_switches},
              {"drift", quality.drift},
              {"mode_ratio", quality.mode_ratio},
              {"clock_error_s", or_null(quality.clock_error_s)}};
}

Json to_object(const Record& record) {
  const std::string benchmark = benchmark_name(record.scenario);
  Json object{{"name", benchmark},
              {"run_name", benchmark},
              {"run_type", "iteration"},
              {"iterations", record.iterations},
              {"real_time", record.time_s * kMicroseconds},
              // We time with the wall clock; the format wants a processor time, so it is repeated.
              {"cpu_time", record.time_s * kMicroseconds},
              {"time_unit", "us"},
              {"engine", name(record.engine)},
              {"trust", name(record.trust)},
              {"scenario", to_object(record.scenario)},
              {"time_s", record.time_s},
              {"algbw_Bps", record.algbw_Bps},
              {"busbw_Bps", record.busbw_Bps},
              {"samples_s", record.samples_s.empty() ? Json(nullptr) : Json(record.samples_s)}};
  Json quantiles = Json::array();
  for (const Quantile& q : record.quantiles)
    quantiles.push_back(Json{{"which", q.which}, {"value_s", q.value_s}});
  Json intervals = Json::array();
  for (const Interval& i : record.intervals) {
    intervals.push_back(Json{{"level", i.level}, {"low_s", i.low_s}, {"high_s", i.high_s}});
  }
  Json breakdown = Json::array();
  for (const BreakdownTerm& term : record.breakdown) {
    breakdown.push_back(
        Json{{"term", term.term}, {"tier", term.tier}, {"exposed_s", term.exposed_s}});
  }
  object["quantiles"] = std::move(quantiles);
  object["intervals"] = std::move(intervals);
  object["bottleneck"] = record.bottleneck;
  object["breakdown"] = std::move(breakdown);
  object["bound_s"] = or_null(record.bound_s);
  object["utilisation"] = or_null(record.utilisation);
  object["assumed_figures"] = or_null(record.assumed_figures);
  object["validated_to_ranks"] = or_null(record.validated_to_ranks);
  object["quality"] = record.quality ? to_object(*record.quality) : Json(nullptr);
  object["attainable"] = record.attainable ? Json{{"time_s", record.attainable->time_s},
                                                  {"share", or_null(of_attainable(record))},
                                                  {"by", record.attainable->by},
                                                  {"limit", record.attainable->limit}}
                                           : Json(nullptr);
  if (record.estimate_s) object["estimate_s"] = *record.estimate_s;
  if (record.chosen) {
    object["chosen"] =
        Json{{"algorithm", record.chosen->algorithm}, {"protocol", record.chosen->protocol}};
  }
  object["source"] = record.source;
  return object;
}

/// What a reader takes to be so where it is left out, and Google Benchmark does not ask for.
const std::vector<std::string>& omissible() {
  static const std::vector<std::string> names{
      "samples_s",   "quantiles",       "intervals",          "bottleneck", "breakdown",  "bound_s",
      "utilisation", "assumed_figures", "validated_to_ranks", "quality",    "attainable", "source"};
  return names;
}

const std::vector<std::string>& omissible_of_scenario() {
  static const std::vector<std::string> names{"topology", "protocol", "selector",  "op",
                                              "root",     "layout",   "placement", "failures"};
  return names;
}

void erase_defaults(Json& object, const Json& defaults, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (object.at(name) == defaults.at(name)) object.erase(name);
  }
}

Json compact_object(const Record& record) {
  static const Json defaults = to_object(Record{});
  Json object = to_object(record);
  erase_defaults(object, defaults, omissible());
  erase_defaults(object.at("scenario"), defaults.at("scenario"), omissible_of_scenario());
  return object;
}

/// Text that is not UTF-8 (a host's name, a path) is mended rather than refused.
std::string dump(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const Results& results, Detail detail) {
  GrowingResults all;
  for (const Record& record : results.records) {
    all.lines_.push_back(
        dump(detail == Detail::compact ? compact_object(record) : to_object(record)));
  }
  return all.to_json(results.context);
}

void GrowingResults::insert(std::size_t at, const Record& record) {
  if (auto checked = check_record(record); !checked && state_) state_ = checked;
  lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at), dump(to_object(record)));
}

std::string GrowingResults::to_json(const Context& values) const {
  Json context = Json::object();
  context["schema_version"] = kSchemaVersion;
  for (const auto& [key, value] : values) {
    if (key != "schema_version") context[key] = value;
  }
  std::string text = "{\"context\": " + dump(context, 2) + ",\n\"benchmarks\": [";
  const char* separator = "\n";
  for (const std::string& line : lines_) {
    text += separator;
    text += line;
    separator = ",\n";
  }
  text += "\n]}\n";
  return text;
}

}  // namespace collscale

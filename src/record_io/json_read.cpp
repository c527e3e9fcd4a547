// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "record_io/field_reader.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

/// Names the file and, from 1, the record: `runs.json: record 3 (all_reduce/...)`.
std::string record_place(std::string_view file_name, std::size_t index, const Json& object) {
  std::string place = fmt::format("{}: record {}", file_name, index + 1);
  if (object.is_object()) {
    const auto found = object.find("name");
    if (found != object.end() && found->is_string())
      place += fmt::format(" ({})", found->get<std::string>());
  }
  return place;
}

template <class T, class Parse>
T enumerated(FieldReader& reader, const std::string& key, T fallback, bool required, Parse parse) {
  const std::string text = reader.text(key, "", required);
  if (text.empty() && !required) return fallback;
  if (reader.failed()) return fallback;
  const Expected<T> value = parse(text);
  if (!value) reader.refuse(key, value.error().message);
  return value.value_or(fallback);
}

Scenario read_scenario(FieldReader& reader) {
  constexpr auto kMost = static_cast<double>(std::int64_t{1} << 53);
  Scenario s;
  s.topology = reader.text("topology", s.topology);
  s.collective = enumerated(reader, "collective", s.collective, true, parse_collective);
  s.algorithm = reader.text("algorithm", s.algorithm);
  s.protocol = reader.text("protocol", s.protocol);
  s.selector = reader.text("selector", s.selector);
  s.dtype = enumerated(reader, "dtype", s.dtype, false, parse_data_type);
  s.op = enumerated(reader, "op", s.op, false, parse_reduce_op);
  s.root = reader.integer("root", 0, 0);
  s.in_place = reader.boolean("in_place", s.in_place);
  s.size_bytes = reader.number("size_bytes", {0, kMost, true}).value_or(0);
  s.ranks = reader.integer("ranks", 1, std::nullopt);
  s.nodes = reader.integer("nodes", 0, 0);
  s.layout = reader.text("layout", s.layout);
  s.placement = reader.text("placement", s.placement);
  s.failures = reader.text("failures", s.failures);
  s.skew = reader.number("skew", {1, 1e6}, has_unequal_blocks(s.collective)).value_or(1);
  return s;
}

std::vector<double> read_samples(FieldReader& reader) {
  std::vector<double> samples;
  const Json* const array = reader.array("samples_s");
  if (array == nullptr) return samples;
  for (const Json& sample : *array) {
    if (!sample.is_number() || !(sample.get<double>() >= 0)) {
      reader.refuse("samples_s", fmt::format("{} is no time in seconds", sample.dump()));
      return samples;
    }
    samples.push_back(sample.get<double>());
  }
  return samples;
}

/// Calls read(FieldReader&) for every object of the array `key`.
template <class Read>
void read_each(FieldReader& reader, const std::string& key, bool strict, Read read) {
  const Json* const array = reader.array(key);
  if (array == nullptr) return;
  for (std::size_t i = 0; i < array->size() && !reader.failed(); ++i) {
    FieldReader element((*array)[i], fmt::format("{}: {}[{}]", reader.place(), key, i));
    read(element);
    if (strict) element.refuse_unknown({});
    reader.take_error(element);
  }
}

/// Calls read(FieldReader&) for the object `key`, where it is.
template <class Read>
void read_object(FieldReader& reader, const std::string& key, bool required, bool strict,
                 Read read) {
  const Json* const object = reader.object(key, required);
  if (object == nullptr) return;
  FieldReader fields(*object, fmt::format("{}: {}", reader.place(), key));
  read(fields);
  if (strict) fields.refuse_unknown({});
  reader.take_error(fields);
}

/// Google Benchmark's own fields that we do not use but that a file may have.
const std::vector<std::string>& tolerated() {
  static const std::vector<std::string> names{"family_index", "per_family_instance_index",
                                              "repetitions",  "repetition_index",
                                              "threads",      "label"};
  return names;
}

/// What a record says twice must agree; a figure edited by hand is caught here.
void check_agreement(FieldReader& reader, const Record& record, const std::string& written_name) {
  if (!written_name.empty() && written_name != benchmark_name(record.scenario)) {
    reader.refuse("name",
                  fmt::format("the scenario's name is {}", benchmark_name(record.scenario)));
  }
  const double real_time = reader.number("real_time", {0}, false).value_or(-1);
  reader.number("cpu_time", {0}, false);
  const std::string unit = reader.text("time_unit", "");
  if (real_time >= 0 && !reader.failed()) {
    if (benchmark_time_unit_s(unit) == 0) {
      reader.refuse("time_unit", fmt::format("\"{}\" is not one of ns, us, ms, s", unit));
    } else if (std::abs(real_time * benchmark_time_unit_s(unit) - record.time_s) >
               1e-9 * record.time_s) {
      reader.refuse("real_time",
                    fmt::format("{} {} is not time_s = {} s", real_time, unit, record.time_s));
    }
  }
  Record expected = record;
  set_bandwidths(expected);
  const auto check = [&](const char* key, double expected_Bps) {
    const auto written = reader.number(key, {0}, false);
    if (written && std::abs(*written - expected_Bps) > 1e-6 * expected_Bps) {
      reader.refuse(key, fmt::format("{} contradicts the size, the ranks and time_s, which give {}",
                                     *written, expected_Bps));
    }
  };
  check("algbw_Bps", expected.algbw_Bps);
  check("busbw_Bps", expected.busbw_Bps);
}

Quality read_quality(FieldReader& reader) {
  Quality q;
  q.verdict = reader.text("verdict", "", true);
  q.sync = reader.text("sync", "");
  q.buffers = reader.text("buffers", "");
  q.batch = reader.integer("batch", 1, q.batch);
  q.warmup = reader.integer("warmup", 0, q.warmup);
  q.warmup_stable = reader.boolean("warmup_stable", q.warmup_stable);
  q.precision = reader.number("precision", {0}, false);
  q.missed = reader.integer("missed", 0, q.missed);
  q.attempts = reader.integer("attempts", 1, q.attempts);
  q.cpu_share = reader.number("cpu_share", {0}, false);
  q.foreign_cores = reader.number("foreign_cores", {0}, false);
  q.involuntary_switches = reader.integer("involuntary_switches", 0, q.involuntary_switches);
  q.drift = reader.number("drift", {-1}, false).value_or(q.drift);
  q.mode_ratio = reader.number("mode_ratio", {1}, false).value_or(q.mode_ratio);
  q.clock_error_s = reader.number("clock_error_s", {0}, false);
  return q;
}

Expected<Record> read_record(const Json& object, const std::string& place, bool strict) {
  FieldReader reader(object, place);
  Record record;
  record.engine = enumerated(reader, "engine", record.engine, true, parse_engine);
  record.trust = enumerated(reader, "trust", record.trust, true, parse_trust);
  read_object(reader, "scenario", true, strict,
              [&](FieldReader& f) { record.scenario = read_scenario(f); });
  record.time_s = reader.number("time_s", {0}).value_or(0);
  record.iterations = reader.integer("iterations", 0, 1);
  record.samples_s = read_samples(reader);
  read_each(reader, "quantiles", strict, [&](FieldReader& f) {
    record.quantiles.push_back({f.text("which", "", true), f.number("value_s", {0}).value_or(0)});
  });
  read_each(reader, "intervals", strict, [&](FieldReader& f) {
    record.intervals.push_back({f.number("level", {0, 1}).value_or(0),
                                f.number("low_s", {0}).value_or(0),
                                f.number("high_s", {0}).value_or(0)});
  });
  read_each(reader, "breakdown", strict, [&](FieldReader& f) {
    record.breakdown.push_back({f.text("term", "", true), f.text("tier", "", true),
                                f.number("exposed_s", {}).value_or(0)});
  });
  record.bottleneck = reader.text("bottleneck", "");
  record.bound_s = reader.number("bound_s", {0}, false);
  record.estimate_s = reader.number("estimate_s", {0}, false);
  record.utilisation = reader.number("utilisation", {0}, false);
  if (const auto figures = reader.number("assumed_figures", {0, 1e9, true}, false)) {
    record.assumed_figures = static_cast<int>(*figures);
  }
  if (const auto ranks = reader.number("validated_to_ranks", {0, 0x1p53, true}, false)) {
    record.validated_to_ranks = static_cast<std::int64_t>(*ranks);
  }
  read_object(reader, "quality", false, strict,
              [&](FieldReader& f) { record.quality = read_quality(f); });
  read_object(reader, "attainable", false, strict, [&](FieldReader& f) {
    record.attainable = {f.number("time_s", {0}).value_or(0), f.text("by", "", true),
                         f.text("limit", "")};
    f.number("share", {0}, false);  // follows from the two times
  });
  read_object(reader, "chosen", false, strict, [&](FieldReader& f) {
    record.chosen = {f.text("algorithm", "", true), f.text("protocol", "")};
  });
  record.source = reader.text("source", "");
  const std::string written_name = reader.text("name", "");
  reader.text("run_name", "");
  reader.text("run_type", "");
  if (!reader.failed()) check_agreement(reader, record, written_name);
  if (strict) reader.refuse_unknown(tolerated());
  if (reader.failed()) return tl::make_unexpected(reader.error());
  set_bandwidths(record);
  return record;
}

struct Version {
  int major = 0;
  int minor = 0;
};

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc{} || minor.ptr != end || version.major < 0) return std::nullopt;
  return version;
}

/// Our own files hold text; numbers, lists and booleans of Google Benchmark's are kept as they are
/// written.
Context read_context(const Json& object) {
  Context context;
  for (const auto& [key, value] : object.items()) {
    context[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return context;
}

/// nlohmann's text without its "[json.exception...]" mark: "line 3, column 7: syntax error ...".
std::string plain_message(const std::string& what) {
  static constexpr std::string_view kMark = "parse error at ";
  const auto at = what.find(kMark);
  return at == std::string::npos ? what : what.substr(at + kMark.size());
}

Expected<Json> parse_text(std::string_view text, std::string_view file_name) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return fail(fmt::format("{}: found nothing in the file, expected a result file", file_name));
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    return fail(fmt::format("{}: not a result file: {}", file_name, plain_message(error.what())));
  }
}

/// True: a field we do not know is an error. False: the file is of a newer minor version.
Expected<bool> check_version(const Context& context, std::string_view file_name) {
  const auto written = context.find("schema_version");
  if (written == context.end()) {
    return fail(fmt::format("{}: not a result file: its context has no schema_version", file_name));
  }
  const auto version = parse_version(written->second);
  if (!version) {
    return fail(fmt::format("{}: the schema_version \"{}\" is not a version such as {}", file_name,
                            written->second, kSchemaVersion));
  }
  const Version ours = *parse_version(kSchemaVersion);
  if (version->major != ours.major) {
    return fail(fmt::format("{}: has schema version {}, this program reads {}.x{}", file_name,
                            written->second, ours.major,
                            version->major > ours.major ? ": use a newer collscale" : ""));
  }
  return version->minor <= ours.minor;
}

}  // namespace

double benchmark_time_unit_s(std::string_view unit) {
  if (unit == "ns") return 1e-9;
  if (unit == "us") return 1e-6;
  if (unit == "ms") return 1e-3;
  return unit == "s" ? 1 : 0;
}

Expected<Results> from_json(std::string_view text, std::string_view file_name) {
  const Expected<Json> root = parse_text(text, file_name);
  if (!root) return tl::make_unexpected(root.error());
  FieldReader top(*root, std::string(file_name));
  const Json* const context = top.object("context");
  const Json* const benchmarks = top.array("benchmarks", true);
  if (top.failed()) return tl::make_unexpected(top.error());

  Results results;
  results.context = read_context(*context);
  const Expected<bool> strict = check_version(results.context, file_name);
  if (!strict) return tl::make_unexpected(strict.error());
  for (std::size_t i = 0; i < benchmarks->size(); ++i) {
    const Json& object = (*benchmarks)[i];
    auto record = read_record(object, record_place(file_name, i, object), *strict);
    if (!record) return tl::make_unexpected(record.error());
    results.records.push_back(std::move(*record));
  }
  return results;
}

}  // namespace collscale

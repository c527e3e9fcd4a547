// SPDX-License-Identifier: Apache-2.0
// What nccl-tests writes with -J (version 2.19, src/util.cu).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "record_io/foreign_json.hpp"
#include "record_io/log_text.hpp"

namespace collscale {
namespace {

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

}  // namespace

Expected<ImportReport> import_nccl_tests_json(const ForeignJson& root, std::string_view file_name,
                                              const ImportOptions& options) {
  return NcclTestsJsonImporter(file_name, options).read(root);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/startup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/output.hpp"
#include "cli/table.hpp"
#include "topology/system.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

struct Point {
  std::int64_t ranks = 0;
  Startup startup;
};

std::string format_gigabytes_of(double bytes) { return fmt::format("{:.3g}", bytes / 1e9); }

std::string table_of(const std::vector<Point>& points, bool is_ncclx, bool colour) {
  std::vector<Column> columns{{"ranks"}, {"time"}, {"35 % either way"}};
  if (!is_ncclx)
    for (const StartupPart& part : points.front().startup.parts) {
      std::string title(part.name);
      std::replace(title.begin(), title.end(), ' ', '\n');
      columns.push_back({title});
    }
  columns.push_back({"metadata\nGB"});
  columns.push_back({"memory\nGB"});
  columns.push_back({"", Align::left});
  Table table(columns);
  for (const auto& [ranks, startup] : points) {
    std::vector<std::string> cells{
        format_count(ranks), format_time(startup.total_s),
        fmt::format("{} .. {}", format_time(startup.low_s), format_time(startup.high_s))};
    if (!is_ncclx)
      for (const StartupPart& part : startup.parts)
        cells.push_back(part.time_s == 0 ? "-" : format_time(part.time_s));
    cells.push_back(format_gigabytes_of(startup.metadata_bytes));
    cells.push_back(format_gigabytes_of(startup.memory_bytes));
    cells.emplace_back(startup.is_extrapolated ? "extrapolated" : "");
    table.add(cells);
  }
  return table.text(colour);
}

std::string json_of(const std::vector<Point>& points, const StartupCommandOptions& options) {
  Json list = Json::array();
  for (const auto& [ranks, startup] : points) {
    Json parts = Json::array();
    for (const StartupPart& part : startup.parts)
      if (!part.name.empty()) parts.push_back({{"part", part.name}, {"time_s", part.time_s}});
    list.push_back({{"ranks", ranks},
                    {"time_s", startup.total_s},
                    {"low_s", startup.low_s},
                    {"high_s", startup.high_s},
                    {"parts", parts},
                    {"metadata_bytes", startup.metadata_bytes},
                    {"memory_bytes", startup.memory_bytes},
                    {"extrapolated", startup.is_extrapolated},
                    {"derived", startup.is_derived}});
  }
  const Json document{
      {"library", name(options.library)},
      {"nccl_version", options.nccl_version == 0 ? Json(nullptr) : Json(options.nccl_version)},
      {"roots", options.roots},
      {"validated_ranks", {kStartupRanksMin, kStartupRanksMax}},
      {"points", list}};
  return document.dump(2) + "\n";
}

}  // namespace

Expected<StartupLibrary> parse_startup_library(const std::string& text) {
  if (text == "nccl") return StartupLibrary::nccl;
  if (text == "ncclx") return StartupLibrary::ncclx;
  return fail(fmt::format("unknown library \"{}\"{}", text, suggestion(text, {"nccl", "ncclx"})));
}

std::string_view name(StartupLibrary library) {
  return library == StartupLibrary::nccl ? "nccl" : "ncclx";
}

Expected<void> check(const StartupCommandOptions& options) {
  if (options.ranks.empty() && options.topology.empty())
    return fail(
        "collscale startup needs -n, --ranks RANKS or -t, --topology SYSTEM, for example: "
        "collscale startup -n 1024:131072:x2");
  if (options.library == StartupLibrary::ncclx && options.nccl_version != 0)
    return fail("--nccl-version: --library ncclx has one curve, whatever it was built from");
  return {};
}

Expected<void> run(const StartupCommandOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  std::vector<std::int64_t> ranks = options.ranks;
  if (!options.topology.empty()) {
    const auto system = load_system(options.topology);
    if (!system) return tl::unexpected(system.error());
    if (ranks.empty()) ranks = {max_ranks(*system)};
    if (ranks.back() > max_ranks(*system))
      return fail(fmt::format("--ranks: {} is more than {} has, {}", format_count(ranks.back()),
                              options.topology, format_count(max_ranks(*system))));
  }
  StartupOptions model;
  model.library = options.library;
  model.roots = static_cast<double>(options.roots);
  if (options.nccl_version != 0) model.nccl_version = options.nccl_version;
  std::vector<Point> points;
  for (const std::int64_t n : ranks) {
    auto startup = communicator_startup(static_cast<double>(n), model);
    if (!startup) return fail("--roots: " + startup.error().message);
    points.push_back({n, *startup});
  }

  const bool is_ncclx = options.library == StartupLibrary::ncclx;
  if (!takes_stdout(options.json)) {
    print_result(fmt::format("start-up of one communicator of all ranks, {}\n\n{}",
                             is_ncclx ? "NCCLX" : "NCCL",
                             table_of(points, is_ncclx, terminal.colour_stdout)));
  }
  if (auto written = write_text(options.json, json_of(points, options)); !written) return written;
  print_note(fmt::format(
      "through published times at 8,192, 32,768 and 98,304 ranks (arXiv 2510.20171, figure 21)"
      "{}; memory from one published scale, 65,536 ranks",
      points.front().startup.is_derived ? ", less what this version or these roots leave out by "
                                          "NCCL's source: nobody published a "
                                          "measurement of that"
                                        : ""));
  return {};
}

}  // namespace collscale

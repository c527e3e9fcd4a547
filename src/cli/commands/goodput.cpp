// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/goodput.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "cli/commands/startup.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "model/goodput.hpp"
#include "topology/system.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMinute_s = 60;
constexpr double kHour_s = 3600;

/// "18.0 min", "1.80 h", "45.0 s"
std::string format_duration(double time_s) {
  if (time_s < 2 * kMinute_s) return format_time(time_s);
  if (time_s < 2 * kHour_s) return fmt::format("{:.1f} min", time_s / kMinute_s);
  return fmt::format("{:.1f} h", time_s / kHour_s);
}

struct Point {
  std::int64_t ranks = 0;
  double restart_s = 0;
  double dead_nic_links = 0;  ///< a month
  Goodput goodput;
};

/// What the system adds to the options.
struct Job {
  std::vector<std::int64_t> ranks;
  std::optional<System> system;  ///< whose nodes count
  std::int64_t ranks_per_node = 8;
  double nics_per_rank = 1;
};

Expected<Job> job_of(const GoodputCommandOptions& options) {
  Job job;
  job.ranks = options.ranks;
  if (!options.topology.empty()) {
    const auto system = load_system(options.topology);
    if (!system) return tl::unexpected(system.error());
    if (job.ranks.empty()) job.ranks = {max_ranks(*system)};
    if (job.ranks.back() > max_ranks(*system))
      return fail(fmt::format("--ranks: {} is more than {} has, {}", format_count(job.ranks.back()),
                              options.topology, format_count(max_ranks(*system))));
    job.system = *system;
    job.ranks_per_node = ranks_per_node(*system);
    job.nics_per_rank = system->node.nics.per_node.value / static_cast<double>(job.ranks_per_node);
  }
  if (options.ranks_per_node > 0) {
    job.system.reset();
    job.ranks_per_node = options.ranks_per_node;
  }
  return job;
}

Expected<Point> point_of(std::int64_t ranks, const Job& job, const GoodputCommandOptions& options) {
  const auto n = static_cast<double>(ranks);
  Point point;
  point.ranks = ranks;
  point.restart_s = options.restart_s;
  if (options.startup) {
    StartupOptions startup;
    startup.library = *options.startup;
    const auto time = communicator_startup(n, startup);
    if (!time) return tl::unexpected(time.error());
    point.restart_s += time->total_s;
  }
  point.dead_nic_links = n * job.nics_per_rank * kNicLinkFailuresPerMonth;
  GoodputOptions model;
  model.failures_per_node_day = options.failures.per_node_day;
  model.ranks_per_node = static_cast<double>(
      job.system ? ranks_per_node(with_shared_racks(*job.system, ranks)) : job.ranks_per_node);
  model.checkpoint_s = options.checkpoint_s;
  model.restart_s = point.restart_s;
  model.interval_s = options.interval_s;
  point.goodput = expected_goodput(n, model);
  return point;
}

std::string table_of(const std::vector<Point>& points, bool colour) {
  Table table({{"ranks"},
               {"nodes"},
               {"MTBF"},
               {"restart"},
               {"checkpoint\nevery"},
               {"goodput"},
               {"lost to:\nwriting"},
               {"\nrework"},
               {"\nrestarts"},
               {"dead NIC links\na month"}});
  for (const Point& point : points) {
    const Goodput& goodput = point.goodput;
    table.add({format_count(point.ranks), format_count(static_cast<long long>(goodput.nodes)),
               format_duration(goodput.mtbf_s), format_duration(point.restart_s),
               goodput.interval_s > 0 ? format_duration(goodput.interval_s) : "-",
               format_percent(goodput.share), format_percent(goodput.checkpoint_share),
               format_percent(goodput.rework_share), format_percent(goodput.restart_share),
               fmt::format("{:.3g}", point.dead_nic_links)});
  }
  return table.text(colour);
}

std::string json_of(const std::vector<Point>& points, const Job& job,
                    const GoodputCommandOptions& options) {
  Json list = Json::array();
  for (const Point& point : points) {
    const Goodput& goodput = point.goodput;
    list.push_back({{"ranks", point.ranks},
                    {"nodes", static_cast<std::int64_t>(goodput.nodes)},
                    {"mtbf_s", goodput.mtbf_s},
                    {"restart_s", point.restart_s},
                    {"interval_s", goodput.interval_s},
                    {"goodput", goodput.share},
                    {"lost_to_writing", goodput.checkpoint_share},
                    {"lost_to_rework", goodput.rework_share},
                    {"lost_to_restarts", goodput.restart_share},
                    {"dead_nic_links_per_month", point.dead_nic_links},
                    {"extrapolated", static_cast<double>(point.ranks) < kGoodputRanksMin}});
  }
  const Json document{{"failures_per_node_day", options.failures.per_node_day},
                      {"failures_source", options.failures.source},
                      {"ranks_per_node", job.ranks_per_node},
                      {"checkpoint_s", options.checkpoint_s},
                      {"startup", options.startup ? Json(name(*options.startup)) : Json(nullptr)},
                      {"points", list}};
  return document.dump(2) + "\n";
}

}  // namespace

Expected<FailureChoice> parse_failures(const std::string& text) {
  std::vector<std::string> names;
  for (const FailureRate& rate : kFailureRates) {
    if (text == rate.name) return FailureChoice{rate.per_node_day, std::string(rate.source)};
    names.emplace_back(rate.name);
  }
  double rate = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (status != std::errc{} || end != text.data() + text.size())
    return fail(fmt::format("unknown failure rate \"{}\"{}, or a number per 1,000 node-days", text,
                            suggestion(text, names)));
  if (!(rate > 0 && rate <= 1e6))
    return fail(fmt::format("\"{}\" failures per 1,000 node-days: expected more than 0", text));
  return FailureChoice{rate / 1000, fmt::format("{:g} per 1,000 node-days, as given", rate)};
}

Expected<double> parse_duration_s(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  if (status == std::errc{} && value >= 0 && (unit == "min" || unit == "h"))
    return value * (unit == "min" ? kMinute_s : kHour_s);
  auto time = parse_time_s(text);
  if (time) return time;
  return fail(fmt::format("\"{}\": expected a time such as 60s, 10min or 4h", text));
}

Expected<void> check(const GoodputCommandOptions& options) {
  if (!options.ranks.empty() || !options.topology.empty()) return {};
  return fail(
      "collscale goodput needs -n, --ranks RANKS or -t, --topology SYSTEM, for example: collscale "
      "goodput -n 1024:1000000:x4");
}

Expected<void> run(const GoodputCommandOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  const auto job = job_of(options);
  if (!job) return tl::unexpected(job.error());
  std::vector<Point> points;
  for (const std::int64_t ranks : job->ranks) {
    auto point = point_of(ranks, *job, options);
    if (!point) return tl::unexpected(point.error());
    points.push_back(*point);
  }

  if (!takes_stdout(options.json)) {
    std::string out =
        fmt::format("goodput at {:.3g} failures per 1,000 node-days, checkpoints of {}\n\n{}",
                    1000 * options.failures.per_node_day, format_duration(options.checkpoint_s),
                    table_of(points, terminal.colour_stdout));
    if (options.planes > 1)
      out += fmt::format(
          "\nwhile one of {} planes of a NIC is dead, a ring takes x{:.3g} the time if its traffic "
          "moves to the others\n",
          options.planes, rerouted_ring_slowdown(static_cast<double>(options.planes)));
    print_result(out);
  }
  if (auto written = write_text(options.json, json_of(points, *job, options)); !written)
    return written;
  print_note(
      fmt::format("failures in proportion to nodes, {}; a first-order estimate, with links of {}",
                  options.failures.source, "Alibaba HPN, SIGCOMM'24"));
  if (static_cast<double>(points.front().ranks) < kGoodputRanksMin)
    print_note(fmt::format(
        "below {} ranks it is too hopeful: at 1,024, 7.9 h between failures were measured on RSC-1 "
        "where its rate gives 28.8 h",
        format_count(static_cast<long long>(kGoodputRanksMin))));
  return {};
}

}  // namespace collscale

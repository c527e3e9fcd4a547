// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <vector>

#include "cli/commands/predict.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "record_io/results_file.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// What a communicator needs beside the others; what it waits for them is the term "sharing".
Record record_of(const PredictOptions& options, const FlowOptions& flow, const System& system,
                 const CommunicatorTimes& times) {
  Record record;
  Scenario& scenario = record.scenario;
  scenario.topology = options.topology;
  scenario.collective = times.communicator.collective;
  scenario.algorithm = times.communicator.algorithm;
  scenario.size_bytes = times.communicator.size_bytes;
  scenario.ranks = times.layout.size;
  const std::int64_t per_node = shape_of(system, times.layout).ranks_per_node;
  scenario.nodes = (times.layout.size + per_node - 1) / per_node;
  if (times.communicator.layout != "all") scenario.layout = times.communicator.layout;
  scenario.placement = flow.placement.text;
  scenario.failures = flow.faults.text;
  record.engine = Engine::flow;
  record.trust = Trust::simulated;
  record.time_s = times.together_s;
  set_bandwidths(record);
  record.bottleneck = times.limited_by.empty() ? times.alone.bottleneck : times.limited_by;
  for (const ExposedTime& part : times.alone.breakdown)
    record.breakdown.push_back({part.term, part.tier, part.exposed_s});
  if (!times.limited_by.empty())
    record.breakdown.push_back(
        {"sharing", times.limited_by, times.together_s - times.alone.time_s});
  record.assumed_figures = unsourced_figures(system);
  return record;
}

std::string table_of(const ConcurrentTimes& times, bool colour) {
  Table table({{"collective", Align::left},
               {"algorithm", Align::left},
               {"size"},
               {"layout", Align::left},
               {"groups"},
               {"ranks\neach"},
               {"alone"},
               {"together"},
               {"slowdown"},
               {"made by", Align::left}});
  for (const CommunicatorTimes& of : times.of)
    table.add({std::string(name(of.communicator.collective)), of.communicator.algorithm,
               format_size(of.communicator.size_bytes), of.communicator.layout,
               format_count(of.layout.last - of.layout.first), format_count(of.layout.size),
               format_time(of.alone.time_s), format_time(of.together_s),
               fmt::format("{:.2f}", of.together_s / of.alone.time_s), of.limited_by});
  return table.text(colour);
}

}  // namespace

Expected<void> run_concurrent(const PredictOptions& options, const FlowOptions& flow,
                              const System& system, std::int64_t ranks, const Terminal& terminal) {
  std::vector<Communicator> all = {{options.collective, options.algorithm,
                                    options.sizes_bytes.front(),
                                    options.layout.empty() ? "all" : options.layout}};
  all.insert(all.end(), options.concurrent.begin(), options.concurrent.end());
  const auto times =
      simulate_concurrent(system, ranks, all, {flow, options.background, options.price});
  if (!times) return tl::unexpected(times.error());
  const std::string_view solver = times->shared ? "progressive filling" : "max load";
  if (!takes_stdout(options.json)) {
    print_result(fmt::format(
        "{} communicator{} at once on {} ranks of {}{}, simulated by the flow "
        "engine\n\n{}\nsolver: {}\n",
        all.size(), all.size() == 1 ? "" : "s", format_count(ranks), options.topology,
        options.background > 0 ? fmt::format(", {} background", format_percent(options.background))
                               : "",
        table_of(*times, terminal.colour_stdout), solver));
  }
  if (options.json.empty()) return {};
  Results results{make_context("collscale predict"), {}};
  results.context["topology"] = options.topology;
  results.context["engine"] = "flow";
  results.context["seed"] = fmt::format("{}", options.seed);
  results.context["solver"] = std::string(solver);
  results.context["background"] = fmt::format("{}", options.background);
  for (const CommunicatorTimes& of : times->of)
    results.records.push_back(record_of(options, flow, system, of));
  return write_results(options.json, results);
}

}  // namespace collscale

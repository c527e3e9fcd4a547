// SPDX-License-Identifier: Apache-2.0
// Simulated collectives, hosted by Google Benchmark like the measured ones: the same names, the
// same records. The time of a benchmark is the simulated time; what it cost to compute is a column.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "bench/benchmark_flags.hpp"
#include "bench/hosting.hpp"
#include "cli/predict_records.hpp"
#include "record_io/results_file.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"
#include "units/range.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

struct SimOptions {
  std::string topology = "colossus-100k";
  std::vector<Collective> collectives;
  std::vector<double> sizes_bytes;
  std::vector<std::int64_t> ranks;
  std::string algorithm = "auto";
  Engine engine = Engine::flow;
  std::uint64_t seed = 1;
  std::string json_path;
  BenchmarkFlags benchmark;
};

struct RawSimOptions {
  std::string collectives = "all_reduce,all_gather", sizes = "8B:1GiB:x64", ranks = "8:100000:x8",
              engine = "flow";
  bool list = false;
};

Expected<SimOptions> understand(const RawSimOptions& raw, SimOptions options) {
  for (std::size_t begin = 0; begin <= raw.collectives.size();) {
    const std::size_t end = std::min(raw.collectives.find(',', begin), raw.collectives.size());
    const auto collective = parse_collective(raw.collectives.substr(begin, end - begin));
    if (!collective) return fail("--collective: " + collective.error().message);
    options.collectives.push_back(*collective);
    begin = end + 1;
  }
  const auto sizes = parse_sizes(raw.sizes);
  if (!sizes) return fail("--sizes: " + sizes.error().message);
  options.sizes_bytes = *sizes;
  const auto ranks = parse_ranks(raw.ranks);
  if (!ranks) return fail("--ranks: " + ranks.error().message);
  options.ranks = *ranks;
  if (raw.engine != "flow" && raw.engine != "analytic") {
    return fail(fmt::format("--engine {}: expected flow or analytic{}", raw.engine,
                            suggestion(raw.engine, {"flow", "analytic"})));
  }
  options.engine = raw.engine == "flow" ? Engine::flow : Engine::analytic;
  options.benchmark.list = options.benchmark.list || raw.list;
  if (options.json_path.empty()) options.json_path = options.benchmark.out;
  return options;
}

/// The options, or the text that --help asks for.
struct ParsedSim {
  SimOptions options;
  std::optional<std::string> text;
};

Expected<ParsedSim> parse(std::vector<std::string> arguments) {
  auto flags = take_benchmark_flags(arguments, process_environment());
  if (!flags) return tl::unexpected(flags.error());
  ParsedSim parsed;
  parsed.options.benchmark = std::move(*flags);
  RawSimOptions raw;
  CLI::App app(
      "Simulates collectives on a system, on one CPU.\n\nExamples:\n"
      "  bench_sim                                 all_reduce and all_gather on colossus-100k\n"
      "  bench_sim --topology dgx-h100-superpod --ranks 8:1024:x2 --json sim.json\n"
      "  bench_sim --engine analytic --benchmark_filter=all_reduce\n",
      "bench_sim");
  app.allow_extras();
  app.set_help_flag("-h,--help", "This text");
  app.footer(
      "Google Benchmark's flags: --benchmark_filter=REGEX, --benchmark_list_tests,\n"
      "  --benchmark_out=FILE (as --json). The engines: docs/models.md.");
  const auto option = [&app](const char* names, std::string& value, const char* text) {
    app.add_option(names, value, text)->capture_default_str();
  };
  option("-t,--topology", parsed.options.topology, "System: a name, a file or a family");
  option("-C,--collective", raw.collectives, "Comma-separated list");
  option("-s,--sizes", raw.sizes, "Sizes, as 8B:1GiB:x2 or a list");
  option("-n,--ranks", raw.ranks, "Ranks, as 8:100000:x8 or a list");
  option("-a,--algorithm", parsed.options.algorithm, "An algorithm, or auto for the fastest");
  option("--engine", raw.engine, "flow or analytic");
  app.add_option("--seed", parsed.options.seed, "Of the hashing of flows")->capture_default_str();
  option("--json", parsed.options.json_path, "Write records here after each point; - is stdout");
  app.add_flag("--list", raw.list, "Print the names of the benchmarks and end");
  std::vector<std::string> known;
  for (const CLI::Option* each : app.get_options()) {
    for (const std::string& name : each->get_lnames()) known.push_back("--" + name);
  }
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    parsed.text = app.help();
    return parsed;
  } catch (const CLI::ParseError& error) {
    return fail(error.what());
  }
  if (!app.remaining().empty()) {
    const std::string flag = app.remaining().front().substr(0, app.remaining().front().find('='));
    return fail(fmt::format("unknown flag {}{}", flag, suggestion(flag, known)));
  }
  auto options = understand(raw, parsed.options);
  if (!options) return tl::unexpected(options.error());
  parsed.options = std::move(*options);
  return parsed;
}

struct SimPoint {
  PredictQuery query;
  std::int64_t ranks = 0;
  double size_bytes = 0;
  std::string benchmark;
};

Expected<std::vector<SimPoint>> make_points(const SimOptions& options) {
  std::vector<SimPoint> points;
  for (const Collective collective : options.collectives) {
    for (const std::int64_t ranks : options.ranks) {
      for (const double size : options.sizes_bytes) {
        Scenario scenario;
        scenario.collective = collective;
        scenario.algorithm = options.algorithm;
        scenario.size_bytes = size;
        scenario.ranks = ranks;
        SimPoint point{
            {options.topology, collective, options.algorithm, options.engine, options.seed},
            ranks,
            size,
            benchmark_name(scenario)};
        const auto wanted = selected(point.benchmark, options.benchmark.filter);
        if (!wanted) return tl::unexpected(wanted.error());
        if (*wanted) points.push_back(std::move(point));
      }
    }
  }
  if (points.empty()) {
    return fail(
        fmt::format("--benchmark_filter={}: no benchmark has such a name; --list prints them",
                    options.benchmark.filter));
  }
  return points;
}

Expected<void> simulate(const SimOptions& options, const System& system,
                        const std::vector<SimPoint>& points) {
  std::FILE* table = options.json_path == "-" ? stderr : stdout;
  fmt::print(table, "# bench_sim: {} by the {} engine\n", options.topology, name(options.engine));
  fmt::print(table, "{:<15}{:>10}{:>10}  {:<18}{:>10}{:>12}{:>12}  {:<10}{:>12}\n", "collective",
             "size", "ranks", "algorithm", "time", "algbw", "busbw", "bottleneck", "computed in");
  Results results{make_context("bench_sim"), {}};
  results.context["topology"] = options.topology;
  results.context["seed"] = fmt::format("{}", options.seed);
  Expected<void> outcome;
  std::optional<Record> current;
  double cost_s = 0;
  std::vector<HostedBenchmark> benchmarks;
  for (const SimPoint& point : points) {
    benchmarks.push_back(
        {point.benchmark, [&]() -> std::optional<double> {
           current.reset();
           if (!outcome) return std::nullopt;
           const auto start = std::chrono::steady_clock::now();
           auto records = predict_records(point.query, system, point.ranks, {&point.size_bytes, 1});
           cost_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
           if (!records) {
             outcome = tl::unexpected(records.error());
             return std::nullopt;
           }
           current = std::move(records->front());
           return current->time_s;
         }});
  }
  run_hosted(benchmarks, [&](std::size_t) {
    if (!current) return;
    const Scenario& scenario = current->scenario;
    fmt::print(table, "{:<15}{:>10}{:>10}  {:<18}{:>10}{:>12}{:>12}  {:<10}{:>12}\n",
               name(scenario.collective), format_size(scenario.size_bytes),
               format_count(scenario.ranks), scenario.algorithm, format_time(current->time_s),
               format_bandwidth(current->algbw_Bps), format_bandwidth(current->busbw_Bps),
               current->bottleneck, format_time(cost_s));
    std::fflush(table);
    results.records.push_back(std::move(*current));
    if (options.json_path.empty() || options.json_path == "-" || !outcome) return;
    outcome = write_results(options.json_path, results);
  });
  if (outcome && options.json_path == "-") outcome = write_results("-", results);
  return outcome;
}

Expected<void> run(const std::vector<std::string>& arguments) {
  const auto parsed = parse(arguments);
  if (!parsed) return tl::unexpected(parsed.error());
  if (parsed->text) {
    fmt::print("{}\n", *parsed->text);
    return {};
  }
  const SimOptions& options = parsed->options;
  const auto points = make_points(options);
  if (!points) return tl::unexpected(points.error());
  if (options.benchmark.list) {
    for (const SimPoint& point : *points) fmt::print("{}\n", point.benchmark);
    return {};
  }
  const auto system = load_system(options.topology);
  if (!system) return tl::unexpected(system.error());
  if (!options.json_path.empty() && options.json_path != "-") {
    if (auto writable = check_writable(options.json_path); !writable) return writable;
  }
  return simulate(options, *system, *points);
}

}  // namespace
}  // namespace collscale

int main(int argc, char** argv) {
  const auto done = collscale::run({argv + 1, argv + argc});
  if (done) return 0;
  fmt::print(stderr, "error: {}\n", done.error().message);
  return static_cast<int>(done.error().code);
}

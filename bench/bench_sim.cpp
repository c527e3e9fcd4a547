// SPDX-License-Identifier: Apache-2.0
// Simulated collectives, hosted by Google Benchmark like the measured ones: the same names, the
// same records. The time of a benchmark is the simulated time; what it cost to compute is a column.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>

#include "bench/options/benchmark_flags.hpp"
#include "bench/options/command_line.hpp"
#include "bench/suite/hosting.hpp"
#include "cli/output.hpp"
#include "cli/predict_records.hpp"
#include "collective/algorithms.hpp"
#include "measure/clock.hpp"
#include "record_io/results_file.hpp"
#include "scenario/candidates.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"
#include "units/range.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

struct SimOptions {
  std::string topology = "colossus-100k";
  std::vector<Collective> collectives{Collective::all_reduce, Collective::all_gather};
  std::vector<double> sizes_bytes;
  std::vector<std::int64_t> ranks;  ///< empty: up to what the system has
  std::string algorithm = "auto";
  Engine engine = Engine::flow;
  std::uint64_t seed = 1;
  std::string json_path;
  BenchmarkFlags benchmark;
};

/// What the user wrote, before it is understood.
struct RawSimOptions {
  std::vector<std::string> positional;
  std::string collectives, sizes = "8B:1GiB:x64", ranks, engine = "flow";
  bool list = false;
};

tl::unexpected<Error> at(const char* flag, const Error& error) {
  return fail(fmt::format("{}: {}", flag, error.message), error.code);
}

Expected<SimOptions> understand(const RawSimOptions& raw, SimOptions options) {
  std::vector<std::string> words = raw.positional;
  if (!raw.collectives.empty()) words.push_back(raw.collectives);
  std::vector<Collective> served;
  for (const Algorithm& algorithm : algorithms())
    if (served.empty() || served.back() != algorithm.collective)
      served.push_back(algorithm.collective);
  const auto collectives = parse_collectives(words, served);
  if (!collectives) return tl::unexpected(collectives.error());
  if (!collectives->empty()) options.collectives = *collectives;
  const auto sizes = parse_sizes(raw.sizes);
  if (!sizes) return at("--sizes", sizes.error());
  options.sizes_bytes = *sizes;
  if (!raw.ranks.empty()) {
    const auto ranks = parse_ranks(raw.ranks);
    if (!ranks) return at("--ranks", ranks.error());
    options.ranks = *ranks;
  }
  if (raw.engine != "flow" && raw.engine != "analytic") {
    return fail(fmt::format("--engine {}: expected flow or analytic{}", raw.engine,
                            suggestion(raw.engine, {"flow", "analytic"})));
  }
  options.engine = raw.engine == "flow" ? Engine::flow : Engine::analytic;
  options.benchmark.list = options.benchmark.list || raw.list;
  if (options.json_path.empty()) options.json_path = options.benchmark.out;
  return options;
}

/// The options, or the text that --help or --version asks for.
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
  app.footer(
      "With -a auto, names are listed and filtered with \"auto\"; the table and the records name "
      "the\n  algorithm that was the fastest.\n"
      "Google Benchmark's flags: --benchmark_filter=REGEX, --benchmark_list_tests,\n"
      "  --benchmark_context=KEY=VALUE,..., --benchmark_out=FILE (as --json). A simulation gives "
      "the\n  same time whenever it is run: repetitions and min_time change nothing.\n"
      "Times start from the system's own figures, as with `collscale predict --profile none`.\n"
      "Exit codes: 0 ok, 1 the run failed, 2 bad usage. The engines: docs/models.md.");
  const auto option = [&app](const char* names, std::string& value, const char* text) {
    return app.add_option(names, value, text)->type_name("TEXT");
  };
  app.add_option("collectives", raw.positional, "What to simulate, as --collective")
      ->type_name("LIST");
  option("-t,--topology", parsed.options.topology, "System: a name, a file or a family")
      ->capture_default_str();
  option("-C,--collective", raw.collectives,
         "Comma-separated list, or all [all_reduce,all_gather]");
  option("-s,--sizes", raw.sizes, "Sizes, as 8B:1GiB:x2 or a list")->capture_default_str();
  option("-n,--ranks", raw.ranks,
         "Ranks, as 8:100000:x8 or a list [8, 64, 512, ... and all of the system's]");
  option("-a,--algorithm", parsed.options.algorithm, "An algorithm, or auto for the fastest")
      ->capture_default_str();
  option("--engine", raw.engine, "flow or analytic")->capture_default_str();
  app.add_option("--seed", parsed.options.seed, "Of the hashing of flows")->capture_default_str();
  option("--json", parsed.options.json_path, "Write records here after each point; - is stdout");
  app.add_flag("--list", raw.list, "Print the names of the benchmarks and end");
  auto text = read_arguments(app, std::move(arguments));
  if (!text) return tl::unexpected(text.error());
  if (*text) {
    parsed.text = std::move(*text);
    return parsed;
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

/// 8, 64, 512, ... and all that the system has.
std::vector<std::int64_t> default_ranks(const System& system) {
  std::vector<std::int64_t> ranks;
  for (std::int64_t count = 8; count < max_ranks(system); count *= 8) ranks.push_back(count);
  ranks.push_back(max_ranks(system));
  return ranks;
}

/// Fails where the engines would: too many ranks, or no such algorithm for them. Prices nothing.
Expected<void> check_can_run(const System& system, const SimPoint& point) {
  if (auto fits = check_ranks(system, point.ranks); !fits) return fits;
  const auto found = candidates(system, point.query.collective, point.query.algorithm,
                                shape_of(system, point.ranks));
  if (!found) return tl::unexpected(found.error());
  return {};
}

/// Every point that is to be run, and can be.
Expected<std::vector<SimPoint>> make_points(const SimOptions& options, const System& system) {
  std::vector<SimPoint> points;
  for (const Collective collective : options.collectives) {
    for (const std::int64_t ranks : options.ranks.empty() ? default_ranks(system) : options.ranks) {
      bool checked = false;
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
        if (!*wanted) continue;
        if (!checked) {
          if (auto can = check_can_run(with_shared_racks(system, ranks), point); !can)
            return tl::unexpected(can.error());
          checked = true;
        }
        points.push_back(std::move(point));
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

/// What a run gathers.
class SimRun {
 public:
  SimRun(const SimOptions& options, const System& system)
      : options_(options),
        system_(system),
        table_(options.json_path == "-" ? stderr : stdout),
        results_{make_context("bench_sim"), {}} {
    results_.context["topology"] = options.topology;
    results_.context["engine"] = name(options.engine);
    results_.context["seed"] = fmt::format("{}", options.seed);
    for (const auto& [key, value] : options.benchmark.context) results_.context[key] = value;
    fmt::print(table_, "# bench_sim: {} by the {} engine\n", options.topology,
               name(options.engine));
    print_row("collective", "size", "ranks", "algorithm", "time", "algbw", "busbw", "bottleneck",
              "computed in");
  }

  std::optional<double> simulate(const SimPoint& point) {
    current_.reset();
    if (!outcome_) return std::nullopt;
    const double start_s = steady_now_s();
    auto records = predict_records(point.query, with_shared_racks(system_, point.ranks),
                                   point.ranks, {&point.size_bytes, 1});
    cost_s_ = steady_now_s() - start_s;
    if (!records) {
      outcome_ = fail(records.error().message, ExitCode::failed);
      return std::nullopt;
    }
    current_ = std::move(records->front());
    return current_->time_s;
  }

  void report() {
    if (!current_) return;
    const Scenario& scenario = current_->scenario;
    print_row(name(scenario.collective), format_size(scenario.size_bytes),
              format_count(scenario.ranks), scenario.algorithm, format_time(current_->time_s),
              format_bandwidth(current_->algbw_Bps), format_bandwidth(current_->busbw_Bps),
              current_->bottleneck, format_time(cost_s_));
    results_.records.push_back(std::move(*current_));
    write(false);
  }

  Expected<void> finish() {
    write(true);
    if (!outcome_) return outcome_;
    if (!written_) return written_;
    return finish_output();
  }

 private:
  template <class... Cells>
  void print_row(const Cells&... cells) const {
    const std::string row =
        fmt::format("{:<15}{:>10}{:>10}  {:<30}{:>10}{:>12}{:>12}  {:<10}{:>12}\n", cells...);
    std::fputs(row.c_str(), table_);  // does not throw; finish_output looks at the end
    std::fflush(table_);
  }

  void write(bool last) {
    // Standard output gets one whole document, at the end.
    if (options_.json_path.empty() || last != (options_.json_path == "-")) return;
    // What cannot be written now may be writable after the next point, so the table goes on; the
    // file holds all points or the run has failed.
    written_ = write_results(options_.json_path, results_).map_error([](const Error& error) {
      return Error{error.message, ExitCode::failed};
    });
  }

  const SimOptions& options_;
  const System& system_;
  std::FILE* table_;
  Results results_;
  std::optional<Record> current_;
  double cost_s_ = 0;
  Expected<void> outcome_;
  Expected<void> written_;
};

Expected<void> run(const std::vector<std::string>& arguments) {
  const auto parsed = parse(arguments);
  if (!parsed) return tl::unexpected(parsed.error());
  if (parsed->text) {
    fmt::print("{}\n", *parsed->text);
    return finish_output();
  }
  const SimOptions& options = parsed->options;
  const auto system = load_system(options.topology);
  if (!system) return tl::unexpected(system.error());
  const auto points = make_points(options, *system);
  if (!points) return tl::unexpected(points.error());
  if (options.benchmark.list) {
    for (const SimPoint& point : *points) fmt::print("{}\n", point.benchmark);
    return finish_output();
  }
  if (!options.json_path.empty()) {
    if (auto writable = check_writable(options.json_path); !writable) return writable;
  }
  SimRun simulation(options, *system);
  std::vector<HostedBenchmark> benchmarks;
  for (const SimPoint& point : *points) {
    benchmarks.push_back({point.benchmark, [&] { return simulation.simulate(point); }});
  }
  run_hosted(benchmarks, [&simulation] { simulation.report(); });
  return simulation.finish();
}

}  // namespace
}  // namespace collscale

int main(int argc, char** argv) {
  const auto done = collscale::run({argv + 1, argv + argc});
  if (done) return 0;
  fmt::print(stderr, "error: {}\n", done.error().message);
  return static_cast<int>(done.error().code);
}

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "bench/options/command_line.hpp"
#include "bench/sweep/sweep.hpp"
#include "cli/values.hpp"
#include "collective/algorithms.hpp"
#include "units/range.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

tl::unexpected<Error> at(const char* flag, const Error& error) {
  return fail(fmt::format("{}: {}", flag, error.message), error.code);
}

struct Raw {
  std::vector<std::string> topologies;
  std::string collectives = "all_reduce", algorithms = "all", sizes, ranks, engines = "analytic";
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

Expected<SweepOptions> understand(const Raw& raw, SweepOptions options) {
  if (raw.topologies.empty()) return fail("collscale-sweep needs -t, --topology SYSTEM");
  if (raw.sizes.empty()) return fail("collscale-sweep needs -s, --sizes, such as 8B:1GiB:x4");
  if (options.output.empty()) return fail("collscale-sweep needs -o, --output FILE");
  if (options.trials < 0)
    return fail(fmt::format("--trials {}: 0 or more is expected", options.trials));
  if (options.threads < 0)
    return fail(fmt::format("--threads {}: 0 or more is expected", options.threads));
  if (options.output == "-") return fail("--output -: a file is expected, which can be resumed");
  options.topologies = raw.topologies;
  std::vector<Collective> served;
  for (const Algorithm& algorithm : algorithms())
    if (served.empty() || served.back() != algorithm.collective)
      served.push_back(algorithm.collective);
  const auto collectives = parse_collectives({raw.collectives}, served);
  if (!collectives) return at("--collective", collectives.error());
  options.collectives = *collectives;
  options.algorithms = split(raw.algorithms);
  std::vector<std::string> names = {"all", "auto"};
  for (const Collective collective : options.collectives)
    for (const std::string& each : algorithm_names(collective)) names.push_back(each);
  for (const std::string& each : options.algorithms)
    if (std::find(names.begin(), names.end(), each) == names.end())
      return fail(fmt::format("--algorithm: none of these collectives has an algorithm \"{}\"{}",
                              each, suggestion(each, names)));
  const auto sizes = parse_sizes(raw.sizes);
  if (!sizes) return at("--sizes", sizes.error());
  options.sizes_bytes = *sizes;
  if (!raw.ranks.empty()) {
    const auto ranks = parse_group_sizes(raw.ranks);
    if (!ranks) return at("--ranks", ranks.error());
    options.ranks = *ranks;
  }
  options.engines.clear();
  for (const std::string& each : split(raw.engines)) {
    const auto engine = parse_model_engine(each);
    if (!engine) return at("--engine", engine.error());
    options.engines.push_back(*engine);
  }
  return options;
}

}  // namespace

Expected<ParsedSweep> parse_sweep(std::vector<std::string> arguments) {
  ParsedSweep parsed;
  Raw raw;
  CLI::App app(
      "Answers every combination of systems, collectives, algorithms, ranks and sizes, spread over "
      "the\nprocesses of mpirun or srun; alone it is one process.\n\nExamples:\n"
      "  collscale-sweep -t colossus-100k -C all_reduce,all_gather -s 8B:1GiB:x4 -n 8:100000:x8 -o "
      "sweep.json\n"
      "  mpirun -n 64 collscale-sweep -t colossus-100k -t dgx-h100-superpod -s 1GiB --engine flow "
      "-o sweep.json\n"
      "  mpirun -n 64 collscale-sweep ... -o sweep.json --resume      after a rank was killed\n",
      "collscale-sweep");
  app.footer(
      "The file has one record per combination that exists, in an order of its own, and the same "
      "bytes\nfor any number of processes; it is written as answers come, whole at any moment "
      "(FILE.part beside\nit has what came early). Process 0 hands out the work where there are "
      "others, trials of one\ncombination too.\n"
      "Times start from the systems' own figures, as with `collscale predict --profile none`.\n"
      "Exit codes: 0 ok, 1 the run failed, 2 bad usage.");
  const auto option = [&app](const char* names, std::string& value, const char* text) {
    return app.add_option(names, value, text)->type_name("TEXT");
  };
  app.add_option("-t,--topology", raw.topologies,
                 "System: a name, a file or a family; may be given several times")
      ->type_name("SYSTEM")
      ->allow_extra_args(false);
  option("-C,--collective", raw.collectives, "Comma-separated list, or all")->capture_default_str();
  option("-a,--algorithm", raw.algorithms,
         "Comma-separated list; auto is the fastest per size, all is each by itself")
      ->capture_default_str();
  option("-s,--sizes", raw.sizes, "Sizes, as 8B:1GiB:x2 or a list");
  option("-n,--ranks", raw.ranks, "Ranks, as 8:100000:x8 or a list; default: all of the system's");
  option("--engine", raw.engines, "analytic, flow, event: a comma-separated list")
      ->capture_default_str();
  app.add_option("--seed", parsed.options.seed, "Of the hashing of flows")->capture_default_str();
  app.add_option("--trials", parsed.options.trials,
                 "Of engine flow: hash seeds from --seed on; the record has them as samples");
  option("-o,--output", parsed.options.output, "The records; replaced, unless --resume");
  app.add_flag("--resume", parsed.options.resume,
               "Keep what the file holds of the same sweep and answer the rest");
  app.add_option("--threads", parsed.options.threads,
                 "Of a process that is alone; default: as many as there are cores. Those of mpirun "
                 "have one each");
  app.add_option("--die-at", parsed.options.die_at,
                 "For tests: the process that gets this block is killed")
      ->group("");  // not shown
  auto text = read_arguments(app, std::move(arguments));
  if (!text) return tl::unexpected(text.error());
  if (*text) {
    parsed.text = std::move(*text);
    return parsed;
  }
  auto options = understand(raw, std::move(parsed.options));
  if (!options) return tl::unexpected(options.error());
  parsed.options = *std::move(options);
  return parsed;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/build_info.hpp"
#include "cli/command_line.hpp"
#include "cli/output.hpp"
#include "units/range.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

std::string version_text() {
  return fmt::format(
      "collscale {} ({}, {})\n  MPI benchmarks   {}  {}\n  NCCL benchmarks  {}  {}\n",
      build::kVersion, build::kBuildType, build::kCompiler, build::kHaveMpi ? "on " : "off",
      build::kMpiNote, build::kHaveNccl ? "on " : "off", build::kNcclNote);
}

Expected<ExportFormat> parse_export_format(const std::string& text) {
  if (text == "simgrid") return ExportFormat::simgrid;
  if (text == "json") return ExportFormat::json;
  return fail(fmt::format("unknown format \"{}\"{}", text, suggestion(text, {"simgrid", "json"})));
}

}  // namespace

void CommandLine::add_topo() {
  CLI::App& topo = add(app_, "topo", "The systems that predictions are for.",
                       {"collscale topo list", "collscale topo show colossus-100k"});
  CLI::App& list = add(topo, "list", "The systems that ship with collscale.",
                       {"collscale topo list", "collscale topo list --json -"});
  options_.add_json(list, topo_list_.json);

  CLI::App& show =
      add(topo, "show", "One system: counts, and every figure with its label and source.",
          {"collscale topo show dgx-h100-superpod",
           "collscale topo show fat-tree:nodes=4096,oversubscription=4",
           "collscale topo show colossus-100k --json -"},
          {"SYSTEM"});
  options_.add(show, "SYSTEM", "", topo_show_.topology, parse_text, kTopologyHelp);
  options_.add_json(show, topo_show_.json);

  add_topo_judgements(topo);
  add_topo_files(topo);
}

/// What is wrong with a system, and what is different.
void CommandLine::add_topo_judgements(CLI::App& topo) {
  CLI::App& files =
      add(topo, "check",
          "Proves systems sound: counts, ports, a path between any two ranks, labels, sources.",
          {"collscale topo check my-cluster.yaml", "collscale topo check colossus-100k --json -"},
          {"FILE"});
  files.add_option("FILE", topo_check_.files, "topology files (YAML), names or families");
  options_.add_json(files, topo_check_.json);

  CLI::App& compare =
      add(topo, "compare", "Two systems side by side: what differs, then what is equal.",
          {"collscale topo compare colossus-100k dgx-h100-superpod",
           "collscale topo compare fat-tree:nodes=512 fat-tree:nodes=512,oversubscription=2 --all",
           "collscale topo compare my-cluster.yaml torus:dims=8x8 --json -"},
          {"A", "B"});
  options_.add(compare, "A", "", topo_compare_.first, parse_text, kTopologyHelp);
  options_.add(compare, "B", "", topo_compare_.second, parse_text, "the other one");
  compare.add_flag("--all", topo_compare_.all, "also what is equal");
  options_.add_json(compare, topo_compare_.json);
}

/// A system for a reader's eyes and for other programs.
void CommandLine::add_topo_files(CLI::App& topo) {
  CLI::App& draw =
      add(topo, "draw",
          "A system as SVG: in full up to 128 nodes unless too wide, else a box for each level.",
          {"collscale topo draw colossus-100k -o colossus.svg",
           "collscale topo draw dragonfly:groups=9,routers=4 -o dragonfly.svg",
           "collscale topo draw my-cluster.yaml --folded"},
          {"SYSTEM"});
  options_.add(draw, "SYSTEM", "", topo_draw_.topology, parse_text, kTopologyHelp);
  draw.add_flag("--folded", topo_draw_.folded, "a box for each level, however few nodes");
  options_.add(draw, "-o,--output", "FILE|-", topo_draw_.output, parse_text,
               "the file; default: stdout");

  CLI::App& exported =
      add(topo, "export", "Every link, and the routes between ranks, for other programs.",
          {"collscale topo export torus:dims=4x4x4 --format simgrid -o platform.xml",
           "collscale topo export dgx-h100-superpod --format simgrid --ranks 64 -o platform.xml",
           "collscale topo export dragonfly:groups=9 --format json -o links.json"},
          {"SYSTEM", "--format", "--output"});
  options_.add(exported, "SYSTEM", "", topo_export_.topology, parse_text, kTopologyHelp);
  options_.add(exported, "--format", "NAME", topo_export_.format, parse_export_format,
               "simgrid: a platform file, version 4.1, with a route for every pair of ranks; json: "
               "links with their ends, capacities and latencies, and routes with --ranks");
  options_.add(exported, "--ranks", "N", topo_export_.ranks, parse_group_size,
               "only the first N; default: all");
  options_.add(exported, "--seed", "N", topo_export_.seed, parse_seed,
               "of the hashes that choose among links of equal cost, as in predict; default: 1");
  options_.add(exported, "-o,--output", "FILE|-", topo_export_.output, parse_text, "the file");
}

CLI::App& CommandLine::add(CLI::App& parent, const std::string& command,
                           const std::string& description, std::vector<std::string> examples,
                           std::vector<std::string> required) {
  CLI::App& app = *parent.add_subcommand(command, description);
  std::string footer;
  for (const std::string& example : examples) footer += "  " + example + "\n";
  app.footer(footer);
  app.allow_extras();
  app.require_subcommand(0, 1);
  app.get_help_ptr()->description("print this help");
  definitions_.push_back({&app, std::move(examples), std::move(required)});
  return app;
}

void CommandLine::add_import() {
  CLI::App& app = add(
      app_, "import", "Turns logs of other programs into our records; the format is detected.",
      {"collscale import nccl-tests.log -o results.json",
       "collscale import osu_allreduce.txt -o - --ranks 64 --nodes 8 --topology dgx-h100-superpod",
       "collscale import table.csv -o results.json --columns time_us=latency,size=payload"},
      {"LOG", "--output"});
  app.add_option(
      "LOG", import_.logs,
      "logs of nccl-tests (text or JSON), OSU, Intel MPI or Google Benchmark, or tables in CSV "
      "or Markdown");
  options_.add(app, "-o,--output", "FILE|-", import_.output, parse_text, "the records, as JSON");
  options_.add(app, "--ranks", "N", import_.defaults.ranks, parse_count,
               "where the log does not say");
  options_.add(app, "--nodes", "N", import_.defaults.nodes, parse_count,
               "where the log does not say");
  options_.add(app, "--collective", "NAME", import_.defaults.collective, parse_collective,
               "where the log does not say");
  options_.add(app, "--library", "NAME", import_.defaults.library, parse_library,
               "of a table: NCCL, RCCL or MPI, where no column says");
  options_.add(app, "--topology", "SYSTEM", import_.defaults.topology, parse_text,
               "the system it was measured on");
  options_.add(
      app, "--columns", "OURS=THEIRS,...", import_.defaults.columns, parse_columns,
      "of a table: which column is what, where the names do not say: collective, ranks, nodes, "
      "ranks_per_node, size, time_us, algbw_GBps, busbw_GBps, wrong, library, algorithm, "
      "protocol, dtype, op, in_place, source, dataset, system");
  app.add_flag("--compact", import_.compact,
               "leaves out what is empty or has its default: half of the room")
      ->disable_flag_override();
  options_.add(app, "--source", "TEXT", import_.defaults.source, parse_text,
               "who measured it, and where that is published");
}

void CommandLine::add_compare() {
  CLI::App& app = add(app_, "compare", "Two runs: improved, regressed, no change or within noise.",
                      {"collscale compare before.json after.json",
                       "collscale compare before.json after.json --fail-above 5%",
                       "collscale compare nccl-tests-before.log nccl-tests-after.log --markdown -"},
                      {"A", "B"});
  app.add_option("A", compare_.a,
                 "the run before: a result file, Google Benchmark's JSON, or a log of nccl-tests");
  app.add_option("B", compare_.b, "the run after");
  options_.add(app, "--noise", "SHARE", compare_.noise_threshold, parse_share,
               "a change below counts as noise, however sure it is; default: 2%");
  options_.add(app, "--fail-above", "SHARE", compare_.fail_above, parse_share,
               "exit 3 where a benchmark became slower by more");
  app.add_flag("--only-changed", compare_.only_changed, "leave out what did not change")
      ->disable_flag_override();
  options_.add(app, "--ranks", "N", compare_.ranks, parse_count, "where a log does not say");
  options_.add(app, "--seed", "N", compare_.seed, parse_seed, "of the bootstrap; default: 1");
  options_.add_json(app, compare_.json);
  options_.add(app, "--markdown", "FILE|-", compare_.markdown, parse_text,
               "also as a Markdown table; - is stdout, without the table of text");
}

void CommandLine::add_calibrate() {
  CLI::App& calibrate =
      add(app_, "calibrate", "Fits a cost model to measurements; says how well it predicts.",
          {"collscale calibrate results.json -t colossus-100k -c all_reduce -o profile.json"},
          {"RESULTS", "--topology", "--output"});
  calibrate.add_option("RESULTS", calibrate_.results, "result files with measured records");
  options_.add(calibrate, "-t,--topology", "SYSTEM", calibrate_.topology, parse_text,
               kTopologyHelp);
  options_.add(calibrate, "-c,--collective", "NAME", calibrate_.collective, parse_collective,
               "only this collective; default: all that the records hold");
  options_.add(
      calibrate, "--profile", "FILE|none", calibrate_.profile.profile, parse_text,
      "figures of the nodes where the records are of several nodes only; default: the ready "
      "profile of the node design, where there is one");
  calibrate
      .add_flag("--same-system", calibrate_.same_system,
                "SYSTEM is the measured machine: files of several sources are one system, a torus "
                "has its law, and hosts of the records are counted by its racks (NVL72)")
      ->disable_flag_override();
  options_.add(calibrate, "-o,--output", "FILE|-", calibrate_.output, parse_text,
               "the profile, as JSON");
  options_.add(calibrate, "--seed", "N", calibrate_.seed, parse_seed,
               "of the bootstrap; default: 1");
}

void CommandLine::add_extrapolate() {
  CLI::App& extrapolate = add(
      app_, "extrapolate", "Calibrates on measurements and predicts beyond them, with intervals.",
      {"collscale extrapolate results.json -t colossus-100k -c all_reduce -s 1GiB -n 256:100000:x4",
       "collscale calibrate results.json -t colossus-100k -o profile.json",
       "collscale extrapolate --profile profile.json -t colossus-100k -c all_reduce -s 1MiB -n "
       "4096"},
      {"--topology", "--collective", "--sizes", "--ranks"});
  extrapolate.add_option("RESULTS", extrapolate_.results, "result files with measured records");
  options_.add(extrapolate, "--profile", "FILE", extrapolate_.profile, parse_text,
               "what `collscale calibrate` wrote, in place of RESULTS");
  options_.add(extrapolate, "-t,--topology", "SYSTEM", extrapolate_.topology, parse_text,
               kTopologyHelp);
  options_.add(extrapolate, "-c,--collective", "NAME", extrapolate_.collective, parse_collective,
               "the collective");
  options_.add(extrapolate, "-s,--sizes", "SIZES", extrapolate_.sizes_bytes, parse_sizes,
               kSizesHelp);
  options_.add(extrapolate, "-n,--ranks", "RANKS", extrapolate_.ranks, parse_group_sizes,
               "8, a list 8,64,512, or a range 8:100000:x2");
  options_.add(
      extrapolate, "-a,--algorithm", "NAME", extrapolate_.algorithm, parse_text,
      "which of the measured algorithms (ring/LL128 where the records name protocols), or all; "
      "default: the library's own choice (auto)");
  extrapolate
      .add_flag("--alternatives", extrapolate_.alternatives,
                "the same for other algorithms, spray or ecmp, 1:1 or tapered, by the analytic "
                "engine's ratios")
      ->disable_flag_override();
  extrapolate
      .add_flag("--same-system", extrapolate_.same_system,
                "SYSTEM is the measured machine, only larger: no allowance for another kind, files "
                "of several sources are one system, a torus has its law, and hosts of the records "
                "are counted by its racks (NVL72)")
      ->disable_flag_override();
  options_.add(extrapolate, "--priors", "FILE", extrapolate_.priors, parse_text,
               "what `collscale priors` wrote, in place of what was learned from "
               "results/published");
  options_.add(extrapolate, "--seed", "N", extrapolate_.seed, parse_seed,
               "of the bootstrap; default: 1");
  options_.add_json(extrapolate, extrapolate_.json);
}

void CommandLine::add_priors() {
  CLI::App& priors = add(
      app_, "priors", "Learns from many systems how wrong extrapolation is, for those never seen.",
      {"collscale priors alps-gh200.json polaris-ofi.json,polaris-ofi-tuned.json -o priors.json",
       "collscale extrapolate results.json --priors priors.json -t colossus-100k -c all_reduce -s "
       "1GiB -n 4096"},
      {"RESULTS", "--output"});
  priors.add_option("RESULTS", priors_.systems,
                    "result files with measured records, one argument per machine: its files "
                    "joined by commas");
  options_.add(priors, "-o,--output", "FILE|-", priors_.output, parse_text, "the priors, as JSON");
}

void CommandLine::add_choice(CLI::App& app, ScheduleChoice& choice) {
  options_.add(app, "ALGORITHM", "", choice.algorithm, parse_text,
               "ring, or all_reduce/ring; `collscale schedule list` has them all");
  options_.add(app, "-n,--ranks", "N", choice.ranks, parse_group_size, "how many ranks");
  options_.add(app, "-c,--collective", "NAME", choice.collective, parse_collective,
               "where several have an algorithm of this name; default: all_reduce, or the first");
  options_.add(app, "--ranks-per-node", "G", choice.ranks_per_node, parse_count,
               "default: what makes several nodes, where the algorithm looks at them");
  options_.add(app, "--nodes", "G,G,...", choice.nodes, parse_node_sizes,
               "ranks of each node, where they differ: 8,8,4");
  options_.add(app, "--nodes-per-group", "N", choice.nodes_per_group, parse_count,
               "third level: nodes under one leaf switch");
  options_.add(app, "--root", "RANK", choice.root, parse_number, "default: 0");
  options_.add(app, "--channels", "C", choice.channels, parse_count,
               "rings or trees side by side; default: 1");
  options_.add(app, "--chunks", "K", choice.chunks, parse_chunk_count,
               "of a pipeline, or nccl (nccl:ll, nccl:ll128): as NCCL cuts SIZE; default: 4");
  options_.add(app, "--radix", "R", choice.radix, parse_group_size, "of Bruck; default: 2");
  options_.add(app, "--aggregation", "A", choice.aggregation, parse_number,
               "of PAT: blocks per message, a power of two; default: as many as fit");
  options_.add(app, "--dimensions", "NxN", choice.dimensions, parse_dimensions,
               "of a torus: 4x2; default: as equal as the ranks allow");
  options_.add(app, "--experts", "E", choice.experts, parse_count,
               "mixture of experts: copies of each token; default: 8");
  options_.add(app, "--nodes-per-token", "M", choice.nodes_per_token, parse_count,
               "mixture of experts: the most nodes they lie on; default: 4");
}

void CommandLine::add_schedule() {
  CLI::App& schedule =
      add(app_, "schedule", "The algorithms of every collective, and what they do step by step.",
          {"collscale schedule list", "collscale schedule show ring -n 8",
           "collscale schedule draw halving_doubling -n 8 -o halving_doubling.svg"});
  CLI::App& list = add(schedule, "list", "The algorithms: depth, bytes, sources.",
                       {"collscale schedule list", "collscale schedule list -c all_gather",
                        "collscale schedule list --json -"});
  options_.add(list, "-c,--collective", "NAME", schedule_list_.collective, parse_collective,
               "only this collective");
  options_.add_json(list, schedule_list_.json);

  constexpr const char* kSizeHelp = "prints amounts as bytes; default: as fractions of S";
  CLI::App& show =
      add(schedule, "show", "Runs a schedule and prints its steps: who sends what to whom.",
          {"collscale schedule show ring -n 8",
           "collscale schedule show all_gather/recursive_doubling -n 6 -s 1MiB",
           "collscale schedule show hierarchical -n 16 --ranks-per-node 4 --draw steps.svg",
           "collscale schedule show ring -n 64 -s 1MiB --goal ring.goal"},
          {"ALGORITHM"});
  add_choice(show, schedule_show_.choice);
  options_.add(show, "-s,--size", "SIZE", schedule_show_.size_bytes, parse_one_size, kSizeHelp);
  show.add_flag("--all", schedule_show_.all, "every message, also of more than 16 ranks")
      ->disable_flag_override();
  show.add_flag("--term", schedule_show_.term,
                "also the term, in the notation of docs/schedules.md")
      ->disable_flag_override();
  options_.add(show, "--draw", "FILE", schedule_show_.draw, parse_text, "also a picture (SVG)");
  options_.add(show, "--goal", "FILE", schedule_show_.goal, parse_text,
               "also in GOAL, for LogGOPSim and its kin; -s sets the bytes, default: 1MiB");
  options_.add(show, "--reduce-ns-per-byte", "NS", schedule_show_.reduce_ns_per_byte,
               parse_nanoseconds, "what an addition costs in --goal; default: 0");
  options_.add_json(show, schedule_show_.json);

  CLI::App& draw = add(schedule, "draw", "Runs a schedule and draws it: time runs downward.",
                       {"collscale schedule draw ring -n 8 -o ring.svg",
                        "collscale schedule draw all_to_all/pairwise -n 6 -o pairwise.svg"},
                       {"ALGORITHM", "--output"});
  add_choice(draw, schedule_draw_.choice);
  options_.add(draw, "-o,--output", "FILE", schedule_draw_.output, parse_text, "the picture (SVG)");
  options_.add(draw, "-s,--size", "SIZE", schedule_draw_.size_bytes, parse_one_size, kSizeHelp);
}

void CommandLine::add_scale() {
  constexpr const char* kRanksHelp =
      "8192, a list 8192,98304, or a range 1024:1000000:x4; default: the whole SYSTEM";
  CLI::App& startup =
      add(app_, "startup", "Time and memory that a communicator of all ranks takes to set up.",
          {"collscale startup -n 1024:131072:x2", "collscale startup -n 98304 --library ncclx",
           "collscale startup -t colossus-100k --nccl-version 2.28 --roots 32"});
  options_.add(startup, "-n,--ranks", "RANKS", startup_.ranks, parse_group_sizes, kRanksHelp);
  options_.add(startup, "-t,--topology", "SYSTEM", startup_.topology, parse_text, kTopologyHelp);
  options_.add(startup, "--library", "LIBRARY", startup_.library, parse_startup_library,
               "nccl or ncclx; default: nccl");
  options_.add(startup, "--nccl-version", "VERSION", startup_.nccl_version, parse_bootstrap_version,
               "2.27, 2.28.9; default: as published, before the changes of 2.28.7");
  options_.add(startup, "--roots", "K", startup_.roots, parse_count,
               "unique ids given to ncclCommInitRankScalable; default: 1");
  options_.add_json(startup, startup_.json);

  CLI::App& goodput = add(
      app_, "goodput", "The share of a large job's time that failures leave.",
      {"collscale goodput -n 1024:1000000:x4", "collscale goodput -t colossus-100k --startup nccl",
       "collscale goodput -n 98304 --failures 2.3 --checkpoint 60s --restart 15min"});
  options_.add(goodput, "-n,--ranks", "RANKS", goodput_.ranks, parse_group_sizes, kRanksHelp);
  options_.add(goodput, "-t,--topology", "SYSTEM", goodput_.topology, parse_text, kTopologyHelp);
  options_.add(goodput, "--ranks-per-node", "G", goodput_.ranks_per_node, parse_count,
               "default: that of SYSTEM, or 8");
  options_.add(goodput, "--failures", "RATE", goodput_.failures, parse_failures,
               "rsc-1, rsc-2, llama-3, meta-32k, or a number per 1,000 node-days; default: rsc-1");
  options_.add(
      goodput, "--checkpoint", "TIME", goodput_.checkpoint_s, parse_duration_s,
      "the job stands still while one is written; default: 1s, where only the copy to host "
      "memory stops it");
  options_.add(goodput, "--restart", "TIME", goodput_.restart_s, parse_duration_s,
               "from a failure to the next step; default: 10min");
  options_.add(goodput, "--interval", "TIME", goodput_.interval_s, parse_duration_s,
               "of work between checkpoints; default: the best");
  options_.add(goodput, "--startup", "LIBRARY", goodput_.startup, parse_startup_library,
               "adds the library's start-up to every restart: nccl or ncclx");
  options_.add(goodput, "--planes", "P", goodput_.planes, parse_count,
               "of each NIC: says what losing one costs; default: 1");
  options_.add_json(goodput, goodput_.json);
}

CommandLine::CommandLine() {
  app_.allow_extras();
  app_.require_subcommand(0, 1);
  app_.formatter_fn(help_text);
  app_.add_flag("--version", version_, "print the version and what is built in")
      ->disable_flag_override();
  definitions_.push_back({&app_, {}, {}});
  add_topo();
  add_predict();
  add_import();
  add_compare();
  add_calibrate();
  add_extrapolate();
  add_priors();
  add_schedule();
  add_scale();
  CLI::App& doctor =
      add(app_, "doctor", "What was built, what is here, what is missing and how to get it.",
          {"collscale doctor", "collscale doctor --json -"});
  options_.add_json(doctor, doctor_.json);
}

Expected<Command> CommandLine::chosen() const {
  if (app_.got_subcommand("predict"))
    return checked(predict_).map(
        [](PredictOptions options) { return Command{std::move(options)}; });
  if (app_.got_subcommand("import")) return Command{import_};
  if (app_.got_subcommand("compare")) return Command{compare_};
  if (app_.got_subcommand("calibrate")) return Command{calibrate_};
  if (app_.got_subcommand("extrapolate"))
    return check(extrapolate_).map([this] { return Command{extrapolate_}; });
  if (app_.got_subcommand("priors")) return Command{priors_};
  if (app_.got_subcommand("startup"))
    return check(startup_).map([this] { return Command{startup_}; });
  if (app_.got_subcommand("goodput"))
    return check(goodput_).map([this] { return Command{goodput_}; });
  if (app_.got_subcommand("doctor")) return Command{doctor_};
  if (app_.got_subcommand("schedule")) {
    const CLI::App& schedule = *app_.get_subcommand("schedule");
    if (schedule.got_subcommand("list")) return Command{schedule_list_};
    if (schedule.got_subcommand("show"))
      return check(schedule_show_).map([this] { return Command{schedule_show_}; });
    if (schedule.got_subcommand("draw")) return Command{schedule_draw_};
    return fail(
        "collscale schedule needs a command: list, show or draw, for example: collscale schedule "
        "list");
  }
  if (app_.got_subcommand("topo")) {
    const CLI::App& topo = *app_.get_subcommand("topo");
    if (topo.got_subcommand("list")) return Command{topo_list_};
    if (topo.got_subcommand("show")) return Command{topo_show_};
    if (topo.got_subcommand("check")) return Command{topo_check_};
    if (topo.got_subcommand("compare")) return Command{topo_compare_};
    if (topo.got_subcommand("draw")) return Command{topo_draw_};
    if (topo.got_subcommand("export")) return Command{topo_export_};
    return fail(
        "collscale topo needs a command: list, show, check, compare, draw or export, for example: "
        "collscale topo list");
  }
  return Command{ShowText{version_ ? version_text() : std::string(kBareText)}};
}

Expected<Command> CommandLine::parse(std::vector<std::string> arguments) {
  // `collscale help topo show` is `collscale topo show --help`.
  if (!arguments.empty() && arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
  bool wants_help = false;
  const std::vector<std::string> words = arguments;
  try {
    app_.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    wants_help = true;
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(rephrase(error, app_));
  }
  std::erase_if(definitions_, [this](const Definition& command) {
    return command.app != &app_ && command.app->count() == 0;  // not on this command line
  });
  if (auto slip = single_dash(*definitions_.back().app, words)) return tl::unexpected(*slip);
  for (const Definition& command : definitions_)
    if (auto unknown = unknown_word(*command.app)) return tl::unexpected(*unknown);
  if (wants_help) return Command{ShowText{app_.help()}};
  if (options_.first_error()) return tl::unexpected(*options_.first_error());
  for (const Definition& command : definitions_)
    if (auto missing = missing_option(command)) return tl::unexpected(*missing);
  return chosen();
}

namespace {

Expected<void> run(const ShowText& text, const Terminal&) {
  print_result(text.text);
  return {};
}

}  // namespace

Expected<Command> parse_command_line(int argc, const char* const* argv) {
  return CommandLine().parse(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}

Expected<void> run_command(const Command& command, const Terminal& terminal) {
  return std::visit([&](const auto& options) { return run(options, terminal); }, command);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// `collscale predict`.
#include <fmt/format.h>

#include "cli/command_line.hpp"
#include "units/range.hpp"

namespace collscale {

void CommandLine::add_predict() {
  CLI::App& app = add(
      app_, "predict", "Time, bandwidths and bottleneck of a collective on a system.",
      {"collscale predict -t colossus-100k -c all_reduce -s 1GiB",
       "collscale predict -t colossus-100k -c all_reduce -s 1MiB:1GiB:x32 -n 8:100000:x8",
       "collscale predict -t dgx-h100-superpod -c all_gather -s 64MiB -n 256 -a all",
       "collscale predict -t colossus-100k -c all_reduce -s 8B:8GiB:x16 -n 8:100000:x8 --map",
       "collscale predict -t colossus-100k -c all_gather -s 1GiB --selector nccl:2.28 --table",
       "collscale predict -t dgx-h100-superpod -c all_reduce -s 1GiB -n 512 --engine flow",
       "collscale predict -t fat-tree:nodes=64,routing=ecmp -c all_reduce -s 1GiB --engine flow "
       "--trials 50",
       "collscale predict -t dgx-h100-superpod -c all_reduce -s 1GiB --engine flow --fail "
       "\"2% of leaf up\"",
       "collscale predict -t fat-tree:nodes=64 -c all_reduce -s 1MiB -a ring --engine event "
       "--slow-rank 17:1.3x",
       "collscale predict -t fat-tree:nodes=64,oversubscription=4 -c all_to_all -s 16MiB --json -",
       "collscale predict -t dgx-h100-superpod -c all_reduce -s 1GiB --engine flow --concurrent "
       "all_reduce:1GiB"},
      {"--topology", "--collective"});
  add_question(app);
  add_library(app);
  add_surroundings(app);
  add_terms(app);
  add_flow(app);
  add_event(app);
  app.add_flag("--breakdown", predict_.breakdown,
               "where the time goes, for every point (a single point always shows it)")
      ->disable_flag_override();
  options_.add_json(app, predict_.json);
}

/// What is asked: of which system, for which collective, sizes and ranks.
void CommandLine::add_question(CLI::App& app) {
  options_.add(app, "-t,--topology", "SYSTEM", predict_.topology, parse_text, kTopologyHelp);
  options_.add(app, "-c,--collective", "NAME", predict_.collective, parse_collective,
               fmt::format("{}", fmt::join(collective_names(), ", ")));
  options_.add(app, "-s,--sizes", "SIZES", predict_.sizes_bytes, parse_sizes, kSizesHelp);
  options_.add(app, "-n,--ranks", "RANKS", predict_.ranks, parse_group_sizes,
               "8, a list 8,64,512, or a range 8:100000:x2; default: the whole system");
  options_.add(app, "--ranks-per-node", "G", predict_.ranks_per_node, parse_count,
               "of every node only so many take part, with their NICs: 1 is a communicator along "
               "one rail; default: all");
  options_.add(app, "-a,--algorithm", "ALGO", predict_.algorithm, parse_text,
               "an algorithm, auto (the fastest for each point) or all (each, fastest first); "
               "default: auto");
}

/// What a library would choose, and what of the choice is shown.
void CommandLine::add_library(CLI::App& app) {
  options_.add(app, "--selector", "LIBRARY", predict_.selector, parse_selector,
               "instead, what a library chooses: nccl:2.19 to nccl:2.30 (nccl: 2.28; heeds "
               "NCCL_ALGO and NCCL_PROTO), openmpi:4.1");
  options_.add(app, "--nccl-graph", "GRAPHS", predict_.nccl_graphs, parse_text,
               "channels x GB/s within/between nodes as NCCL_DEBUG_SUBSYS=GRAPH prints them: "
               "ring=8x45/45,nvls=8x40/48; default: as NCCL's search would find");
  app.add_flag("--table", predict_.table,
               "NCCL's matrix of algorithms and protocols, its choice, and the cost on the fabric")
      ->disable_flag_override();
  app.add_flag("--map", predict_.map, "only which algorithm wins, by size and ranks")
      ->disable_flag_override();
}

/// The engine, and what else is on the network.
void CommandLine::add_surroundings(CLI::App& app) {
  options_.add(app, "--engine", "ENGINE", predict_.engine, parse_model_engine,
               "analytic (closed form; default), flow (every message over the explicit links) or "
               "event (a clock per rank)");
  options_.add_each(
      app, "--concurrent", "COMM", predict_.concurrent, parse_communicator,
      "beside what is asked (engine flow), may be repeated: all_gather:64MiB:node, "
      "all_reduce/ring:1GiB:rail; layouts: all, node, rail, rail:3, stride:K, split:N");
  options_.add(app, "--layout", "LAYOUT", predict_.layout, parse_text,
               "groups of what is asked itself, with --concurrent or --background; default: all");
  options_.add(app, "--background", "SHARE", predict_.background, parse_share,
               "of every link between switches that other traffic takes (engine flow): 20%, 0.2");
}

/// What the cost is made of, and whose figures it takes.
void CommandLine::add_terms(CLI::App& app) {
  options_.add(app, "--without", "TERMS", predict_.price.terms, parse_without,
               "leave terms of the cost out: ecmp,noise; docs/models.md has them all");
  options_.add(app, "--noise", "KIND", predict_.price.noise, parse_noise,
               "random delay of each message: exponential:1us, normal:200ns, lognormal:1us:0.5, "
               "pareto:1us:3, detour:0.001:100us; default: none");
  options_.add(app, "--chunks", "K", predict_.price.chunks, parse_chunks,
               "of pipelines; default: as many as are fastest, or as the library makes");
  options_.add(app, "--profile", "FILE|none", predict_.profile.profile, parse_text,
               "figures that `collscale calibrate` fitted, in place of the system's; default: the "
               "ready profile of its node design, where there is one");
  app.add_flag("--any-system", predict_.profile.any_system,
               "take the profile although it was measured on other nodes or NICs")
      ->disable_flag_override();
  options_.add(app, "--seed", "N", predict_.seed, parse_seed,
               "of the hashing of flows (routing ecmp) and of delays (engine event); default: 1");
}

void CommandLine::add_flow(CLI::App& app) {
  FlowArguments& flow = predict_.flow;
  options_.add(
      app, "--trials", "K", flow.trials, parse_count,
      "engine flow: K hash seeds from --seed on; the time is the median, with p5, p95, max");
  options_.add(app, "--threads", "N", flow.threads, parse_count,
               "for --trials, same answer with any number; default: one per core");
  options_.add(
      app, "--placement", "KIND", flow.placement, parse_placement,
      "engine flow or event: the job's nodes are packed, random, random-ranks, strided:K or "
      "file:PATH (a node or rank number per line); default: packed");
  const auto add_repeated = [&app](const char* flag, std::vector<std::string>& target,
                                   const char* help) {
    app.add_option(flag, target, help)->type_name("WHAT")->allow_extra_args(false);
  };
  add_repeated("--fail", flow.fail,
               "engine flow or event, repeatable: \"leaf 12 rail 3 up 5\", \"spine 0 switch 4\", "
               "\"core 7\", "
               "\"nic 17.3\", \"plane 1\", \"leaf 0-3 up *\", or drawn: \"2% of leaf up\"");
  add_repeated("--degrade", flow.degrade,
               "the same with the share of the capacity that is left: \"leaf 12 up=0.5\"");
  app.add_flag("--explain", flow.explain,
               "engine flow, one point: its stages, how full the links of the longest are, the "
               "busiest ones and whose flows they carry; --json gives this instead")
      ->disable_flag_override();
  options_.add(app, "--trace", "FILE", flow.trace, parse_text,
               "engine flow, one point: its stages for chrome://tracing and Perfetto");
  options_.add(app, "--memory-limit", "SIZE", flow.memory_limit_bytes, parse_one_size,
               "engine flow refuses what would take more; default: what the machine has to give");
}

void CommandLine::add_event(CLI::App& app) {
  app.add_option("--slow-rank", predict_.event.slow,
                 "engine event, repeatable: slow ranks, and how many times: 17:1.3x, 17-24:2x")
      ->type_name("WHO")
      ->allow_extra_args(false);
  options_.add(app, "--late", "KIND", predict_.event.late, parse_text,
               "engine event: when ranks start: exponential:5us or file:PATH, a time per line");
  options_.add(app, "--noise-samples", "FILE", predict_.event.measured, parse_text,
               "engine event: instead, draw delays from measured times, one per line");
}

}  // namespace collscale

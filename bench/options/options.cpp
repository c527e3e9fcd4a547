// SPDX-License-Identifier: Apache-2.0
#include "bench/options/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

#include "bench/options/command_line.hpp"
#include "bench/options/nccl_flags.hpp"
#include "bench/options/timing_options.hpp"
#include "measure/buffer_layout.hpp"
#include "units/quantity.hpp"
#include "units/range.hpp"

namespace collscale {

namespace {

/// What the user wrote, before it is understood.
struct RawOptions {
  std::vector<std::string> positional;
  std::string collectives, min_size = "8", max_size, factor, step, samples, warmup, check = "1",
                           type = "float", op = "sum", per_sample, threads = "1", blocking = "0",
                           root = "0", gpus = "1", table = "default", progress = "auto", busbw,
                           time, timeout, algorithms = "auto", layouts, groups = "together",
                           per_node, sizes, skew;
  bool in_place = false, list = false, matrix = false, no_ceiling = false;
  bool sized_by_range = false;  ///< -b, -e, -f or -i is given
  RawTiming timing;
  RawNccl nccl;
};

tl::unexpected<Error> at(std::string_view flag, const Error& error) {
  return fail(fmt::format("{}: {}", flag, error.message), error.code);
}

std::vector<Collective> measured_collectives(Engine engine) {
  std::vector<Collective> measured;
  for (const std::string& candidate : collective_names()) {
    if (const auto collective = parse_collective(candidate);
        collective && (engine == Engine::mpi || is_measured_on_gpus(*collective))) {
      measured.push_back(*collective);
    }
  }
  return measured;
}

Expected<std::vector<double>> listed_sizes(const RawOptions& raw) {
  const auto sizes = parse_nccl_tests_sizes(raw.sizes);
  if (!sizes) return at("--sizes", sizes.error());
  if (sizes->back() > 1e15) {
    return fail(fmt::format("--sizes {}: expected sizes up to 1 PB", raw.sizes));
  }
  std::vector<double> whole;
  for (const double size : *sizes) whole.push_back(std::floor(size));
  return whole;
}

Expected<void> understand_skew(const RawOptions& raw, BenchOptions& options) {
  if (raw.skew.empty()) {
    return {};
  }
  const char* const end = raw.skew.data() + raw.skew.size();
  const auto [stop, status] = std::from_chars(raw.skew.data(), end, options.skew);
  if (status != std::errc() || stop != end || !(options.skew >= 1) || options.skew > 1e6) {
    return fail(fmt::format(
        "--skew {}: expected the largest block over the smallest, a number from 1 to 1000000",
        raw.skew));
  }
  if (std::none_of(options.collectives.begin(), options.collectives.end(), has_unequal_blocks)) {
    return fail(fmt::format(
        "--skew {}: only all_gather_v and all_to_all_v have blocks of unequal size", raw.skew));
  }
  return {};
}

Expected<std::vector<double>> understand_sizes(const RawOptions& raw) {
  if (!raw.sizes.empty()) {
    if (raw.sized_by_range) {
      return fail("--sizes: expected either a list, or a range by -b, -e, -f and -i");
    }
    return listed_sizes(raw);
  }
  const auto smallest = parse_nccl_tests_size_bytes(raw.min_size);
  if (!smallest) {
    return at("-b", smallest.error());
  }
  const auto largest = parse_nccl_tests_size_bytes(raw.max_size);
  if (!largest) {
    return at("-e", largest.error());
  }
  if (*smallest < 1 || *largest < *smallest || *largest > 1e15) {
    return fail(fmt::format("-b {} -e {}: expected sizes from 1 byte up, and -e not below -b",
                            raw.min_size, raw.max_size));
  }
  if (!raw.factor.empty() && !raw.step.empty()) {
    return fail("-f and -i: expected one of the two, a factor or a step between sizes");
  }
  std::vector<double> sizes;
  if (!raw.step.empty()) {
    const auto step = parse_nccl_tests_size_bytes(raw.step);
    if (!step || *step < 1) {
      return fail(fmt::format("-i {}: expected a step of at least 1 byte", raw.step));
    }
    if ((*largest - *smallest) / *step > 1e5) {
      return fail(fmt::format("-i {}: more than 100,000 sizes from -b to -e", raw.step));
    }
    for (double size = *smallest; size <= *largest; size += *step) {
      sizes.push_back(std::floor(size));
    }
    return sizes;
  }
  const auto factor = whole("-f", raw.factor.empty() ? "2" : raw.factor, 2, 1 << 20);
  if (!factor) {
    return tl::unexpected(factor.error());
  }
  for (double size = *smallest; size <= *largest; size *= static_cast<double>(*factor)) {
    sizes.push_back(std::floor(size));
  }
  return sizes;
}

Expected<void> understand_budget(const RawOptions& raw, BenchOptions& options) {
  std::optional<double> budget_s = options.benchmark.min_time_s;
  if (!raw.time.empty()) {
    const auto time = parse_time_s(raw.time);
    if (!time) return at("--time-per-point", time.error());
    budget_s = *time;
  }
  if (!budget_s) {
    return {};
  }
  if (*budget_s <= 0 || *budget_s > 3600) {
    return fail("--time-per-point: expected a time above 0 and up to 3600s");
  }
  options.sampling.time_budget_s = *budget_s;
  // A small budget must also be able to cut the least number of samples.
  if (*budget_s < SamplingPlan{}.time_budget_s) {
    options.sampling.min_samples =
        std::min<std::int64_t>(options.sampling.min_samples, 6);  // the fewest that bound a median
  }
  return {};
}

Expected<void> understand_sampling(const RawOptions& raw, Engine engine, BenchOptions& options) {
  SamplingPlan& plan = options.sampling;
  constexpr std::int64_t kMost = 1000000;
  if (engine == Engine::nccl) {
    // A launch and a stream synchronisation cost some ten microseconds: batches are longer.
    plan.min_sample_s = 500e-6;
  }
  if (!raw.samples.empty()) {
    const auto samples = whole("-n", raw.samples, 1, kMost);
    if (!samples) return tl::unexpected(samples.error());
    plan.fixed_samples = *samples;
  }
  if (!raw.warmup.empty()) {
    const auto warmup = whole("-w", raw.warmup, 0, kMost);
    if (!warmup) return tl::unexpected(warmup.error());
    plan.fixed_warmup = *warmup;
  }
  if (!raw.per_sample.empty()) {
    const auto per_sample = whole("-m", raw.per_sample, 1, kMost);
    if (!per_sample) return tl::unexpected(per_sample.error());
    plan.fixed_batch = *per_sample;
    options.per_group = *per_sample;
  }
  if (engine == Engine::nccl) {
    return understand_budget(raw, options);
  }
  const auto blocking = whole("-z", raw.blocking, 0, 1);
  if (!blocking) return tl::unexpected(blocking.error());
  if (*blocking == 1) {
    if (!raw.per_sample.empty() && raw.per_sample != "1") {
      return fail("-z 1 and -m: blocking means that every operation is waited for, one per sample");
    }
    plan.fixed_batch = 1;
  }
  if (const auto threads = whole("-t", raw.threads, 1, 1); !threads) {
    return fail(
        fmt::format("-t {}: expected 1: start more processes, or use -g (the topology is "
                    "--topology)",
                    raw.threads));
  }
  return understand_budget(raw, options);
}

Expected<void> understand_layouts(const RawOptions& raw, BenchOptions& options) {
  for (std::size_t at = 0; at < raw.layouts.size();) {
    const std::size_t comma = std::min(raw.layouts.find(',', at), raw.layouts.size());
    if (comma > at) options.layouts.push_back(raw.layouts.substr(at, comma - at));
    at = comma + 1;
  }
  if (raw.groups != "together" && raw.groups != "in-turn")
    return fail(fmt::format("--groups {}: expected together or in-turn", raw.groups));
  options.groups_in_turn = raw.groups == "in-turn";
  if (!raw.per_node.empty()) {
    const auto per_node = whole("--ranks-per-node", raw.per_node, 1, 1 << 20);
    if (!per_node) return tl::unexpected(per_node.error());
    options.ranks_per_node = *per_node;
  }
  if (options.layouts.empty() && !raw.matrix && options.groups_in_turn)
    return fail(
        "--groups in-turn: expected together with --layout, which says what the groups are, or "
        "with --matrix");
  options.matrix = raw.matrix;
  if (options.matrix && (!options.layouts.empty() || options.benchmark.list)) {
    return fail("--matrix: every pair of ranks is measured, without --layout and --list");
  }
  return {};
}

/// "a,b" in parts, empty ones left out.
std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end > 0) {
      parts.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// MPI has no floating-point type below 32 bits.
std::vector<DataType> measured_types(Engine engine) {
  std::vector<DataType> types{DataType::int8,   DataType::uint8, DataType::int32,
                              DataType::uint32, DataType::int64, DataType::uint64};
  if (engine == Engine::nccl) {
    types.insert(types.end(), {DataType::float16, DataType::bfloat16});
  }
  types.insert(types.end(), {DataType::float32, DataType::float64});
  if (engine == Engine::nccl) {
    types.insert(types.end(), {DataType::float8_e4m3, DataType::float8_e5m2});
  }
  return types;
}

/// "a,b", or all of them.
template <class Value, class Parse>
Expected<std::vector<Value>> parse_each(std::string_view flag, const std::string& text,
                                        std::vector<Value> all, Parse&& parse) {
  if (text == "all") {
    return all;
  }
  std::vector<Value> values;
  for (const std::string& word : parse_list(text)) {
    const auto value = parse(word);
    if (!value) return at(flag, value.error());
    if (std::find(values.begin(), values.end(), *value) == values.end()) {
      values.push_back(*value);
    }
  }
  if (values.empty()) {
    return fail(fmt::format("{}: expected names with commas between them, or all", flag));
  }
  return values;
}

Expected<BenchOptions> understand(const RawOptions& raw, Engine engine, BenchOptions options) {
  std::vector<std::string> words = raw.positional;
  if (!raw.collectives.empty()) {
    words.push_back(raw.collectives);
  }
  const auto collectives = parse_collectives(words, measured_collectives(engine));
  if (!collectives) return tl::unexpected(collectives.error());
  if (!collectives->empty()) {
    options.collectives = *collectives;
  }
  const auto sizes = understand_sizes(raw);
  if (!sizes) return tl::unexpected(sizes.error());
  options.sizes_bytes = *sizes;
  options.algorithms = parse_list(raw.algorithms);
  if (options.algorithms.empty()) {
    return fail("-a: expected names of algorithms, auto or all, with commas between them");
  }
  if (auto skew = understand_skew(raw, options); !skew) return tl::unexpected(skew.error());
  const auto types = parse_each<DataType>("-d", raw.type, measured_types(engine), parse_data_type);
  if (!types) return tl::unexpected(types.error());
  options.dtypes = *types;
  std::vector<ReduceOp> all_ops{ReduceOp::sum, ReduceOp::prod, ReduceOp::min, ReduceOp::max};
  if (engine == Engine::nccl) all_ops.push_back(ReduceOp::avg);  // MPI has none
  const auto ops = parse_each<ReduceOp>("-o", raw.op, all_ops, parse_reduce_op);
  if (!ops) return tl::unexpected(ops.error());
  options.ops = *ops;
  const auto check = whole("-c", raw.check, 0, 1);
  if (!check) return tl::unexpected(check.error());
  options.verify = *check == 1;
  options.every_root = raw.root == "all" || raw.root == "-1";  // the latter is nccl-tests'
  const auto root = whole("-r", options.every_root ? "0" : raw.root, 0, 1 << 30);
  if (!root) return tl::unexpected(root.error());
  options.root = *root;
  const auto gpus = whole("-g", raw.gpus, 1, 1024);
  if (!gpus) return tl::unexpected(gpus.error());
  options.gpus = static_cast<int>(*gpus);
  options.in_place = raw.in_place;
  options.benchmark.list = options.benchmark.list || raw.list;
  if (auto sampling = understand_sampling(raw, engine, options); !sampling) {
    return tl::unexpected(sampling.error());
  }
  if (auto layouts = understand_layouts(raw, options); !layouts) {
    return tl::unexpected(layouts.error());
  }
  if (raw.table != "default" && raw.table != "nccl") {
    return fail(fmt::format("--table {}: expected default or nccl", raw.table));
  }
  options.ceiling = !raw.no_ceiling;
  options.nccl_table = raw.table == "nccl";
  if (raw.progress != "auto" && raw.progress != "on" && raw.progress != "off") {
    return fail(fmt::format("--progress {}: expected auto, on or off", raw.progress));
  }
  options.progress = raw.progress == "on"    ? ProgressPolicy::on
                     : raw.progress == "off" ? ProgressPolicy::off
                                             : ProgressPolicy::detect;
  if (auto timing = understand_timing(raw.timing, options); !timing) {
    return tl::unexpected(timing.error());
  }
  if (!raw.timeout.empty()) {
    // nccl-tests' -T counts seconds.
    const bool bare = raw.timeout.find_first_not_of("0123456789") == std::string::npos;
    const auto timeout = parse_time_s(bare ? raw.timeout + "s" : raw.timeout);
    if (!timeout) return at("--timeout", timeout.error());
    if (*timeout != 0 && (*timeout < 0.1 || *timeout > 1e6)) {
      return fail(fmt::format("--timeout {}: expected 0 (off) or a time from 0.1s to 1000000s",
                              raw.timeout));
    }
    options.timeout_s = *timeout;
  }
  if (!raw.busbw.empty()) {
    const auto bandwidth = parse_bandwidth_Bps(raw.busbw);
    if (!bandwidth) return at("--min-busbw", bandwidth.error());
    options.min_busbw_Bps = *bandwidth;
  }
  if (options.json_path.empty()) {
    options.json_path = options.benchmark.out;
  }
  if (options.resume && (options.json_path.empty() || options.json_path == "-")) {
    return fail("--resume needs --json FILE: the file that is gone on with");
  }
  return options;
}

std::string description(Engine engine) {
  if (engine == Engine::nccl) {
    return "Measures NCCL collectives on the GPUs of this machine or cluster.\n\n"
           "Examples:\n"
           "  bench_nccl -g 8                         all_reduce and all_gather, 8 B to 64 MiB\n"
           "  bench_nccl -g 8 -C all -b 1M -e 8G      all collectives up to 8 GiB\n"
           "  mpirun -np 16 -N 8 bench_nccl -b 8 -e 8G -f 2 --json h100.json\n"
           "  bench_nccl -g 8 --json h100.json --resume   after it was stopped\n"
           "  mpirun -np 16 -N 8 bench_nccl --layout node,rail   inside nodes, then across them\n"
           "  bench_nccl -g 8 --matrix                every pair; names a slow GPU or link\n"
           "  bench_nccl -g 8 -C all_reduce -a all    each of NCCL's algorithms in turn\n"
           "  bench_nccl -g 8 --min-busbw 400GB/s     a gate: exit 3 below it\n";
  }
  return "Measures MPI collectives on host memory. Start it with mpirun or srun.\n\n"
         "Examples:\n"
         "  mpirun -np 2 bench_mpi                  all_reduce and all_gather, 8 B to 64 MiB\n"
         "  mpirun -np 4 bench_mpi -C all_to_all -b 1K -e 1M -f 4\n"
         "  mpirun -np 4 bench_mpi -C all_gather_v --skew 4 -s 1K,1M\n"
         "  mpirun -np 2 bench_mpi --time-per-point 0.05s --json results.json\n"
         "  mpirun -np 16 bench_mpi --layout node,rail   inside nodes, then across them\n"
         "  mpirun -np 16 bench_mpi --matrix             every pair; names a slow rank or link\n"
         "  mpirun -np 4 bench_mpi -C all_reduce -a all   each of Open MPI's algorithms\n"
         "  mpirun -np 2 bench_mpi --json results.json --resume   after a rank was killed\n"
         "  mpirun -np 2 bench_mpi --precision 1% --sync window --retry-noisy=3\n"
         "  mpirun -np 2 bench_mpi --min-busbw 1GB/s     a gate: exit 3 below it\n";
}

constexpr const char* kFooter =
    "\nGoogle Benchmark's flags: --benchmark_filter=REGEX, --benchmark_list_tests,\n"
    "  --benchmark_repetitions=N, --benchmark_context=KEY=VALUE,..., --benchmark_out=FILE (as "
    "--json),\n"
    "  --benchmark_min_time=SECONDS (as --time-per-point).\n"
    "Exit codes: 0 ok, 1 a result was wrong, 2 bad usage, 3 a gate failed, 4 backend not "
    "available\n"
    "  here, 130 interrupted (what was done is kept).\n"
    "How measuring is done: docs/method.md.";

/// Adds an option that takes a text.
void add(CLI::App& app, const std::string& names, std::string& value, const std::string& text,
         const std::string& type, const std::string& group) {
  app.add_option(names, value, text)->type_name(type)->group(group);
}

void add_what_to_measure(CLI::App& app, Engine engine, RawOptions& raw) {
  app.add_option("collectives", raw.positional, "What to measure, as --collective")
      ->type_name("LIST");
  const std::string what = "What to measure";
  add(app, "-C,--collective", raw.collectives,
      engine == Engine::nccl
          ? "all_reduce, all_gather, reduce_scatter, all_to_all, broadcast, reduce, gather, "
            "scatter, "
            "send_recv (ring shift), all_gather_v, all_to_all_v (blocks of unequal size, --skew), "
            "or all [all_reduce,all_gather]"
          : "all_reduce, all_gather, reduce_scatter, all_to_all, broadcast, reduce, gather, "
            "scatter, send_recv (ring shift), barrier, all_gather_v, all_to_all_v (blocks of "
            "unequal size, --skew), or all [all_reduce,all_gather]",
      "LIST", what);
  add(app, "-b,--minbytes", raw.min_size, "Smallest size; 8M and 8MiB are the same here [8]",
      "SIZE", what);
  add(app, "-e,--maxbytes", raw.max_size, "Largest size [64M]", "SIZE", what);
  add(app, "-f,--stepfactor", raw.factor, "Factor between sizes [2]", "N", what);
  add(app, "-i,--stepbytes", raw.step, "Step between sizes, instead of a factor", "SIZE", what);
  add(app, "-s,--sizes", raw.sizes,
      "These sizes, as 8,1K,1M or 1K:1M:x4 or 8:64:+8; instead of -b, -e, -f, -i", "LIST", what);
  add(app, "-d,--datatype", raw.type,
      engine == Engine::nccl
          ? "int8 uint8 int32 uint32 int64 uint64 half bfloat16 float double f8e4m3 "
            "f8e5m2, or all, as float,int32 [float]"
          : "int8 uint8 int32 uint32 int64 uint64 float double, or all, as float,int32 [float]",
      "LIST", what);
  add(app, "-o,--op", raw.op,
      engine == Engine::nccl ? "sum, prod, min, max, avg, or all, as sum,max [sum]"
                             : "sum, prod, min, max, or all, as sum,max [sum]",
      "LIST", what);
  add(app, "-r,--root", raw.root,
      "Root of broadcast, reduce, gather and scatter, or all: each rank in turn [0]", "RANK", what);
  add(app, "-a,--algorithm", raw.algorithms,
      engine == Engine::nccl
          ? "auto (NCCL picks), all, or names such as ring,tree/ll128,ring/all [auto]"
          : "auto (the library picks), all, or names such as ring,recursive_doubling [auto]",
      "LIST", what);
  app.add_flag("--in-place", raw.in_place, "Input and output share a buffer")->group(what);
  add(app, "--layout", raw.layouts,
      "Groups of ranks that measure: all, node, rail, pairs, stride:K, split:N, file:PATH; "
      "node:0 for one group",
      "LIST", what);
  app.add_flag("--matrix", raw.matrix,
               "Every pair of ranks: latency of -b [8] and bandwidth of -e [1M], what is slow")
      ->group(what);
  add(app, "--groups", raw.groups,
      "Groups of a layout, or pairs of --matrix, measure together, as jobs do, or in-turn "
      "[together]",
      "together|in-turn", what);
  add(app, "--ranks-per-node", raw.per_node,
      "Take every N ranks for a node, whatever the launcher says of nodes", "N", what);
  add(app, "--skew", raw.skew,
      "Of all_gather_v and all_to_all_v: largest block over smallest; between them sizes rise "
      "linearly, their total kept, as --skew 4 [1]",
      "FACTOR", what);
  if (engine == Engine::nccl) {
    add(app, "-g,--ngpus", raw.gpus, "GPUs per process [1]", "N", what);
  }
}

void add_how_to_measure(CLI::App& app, Engine engine, RawOptions& raw) {
  const std::string how = "How to measure";
  add(app, "--time-per-point", raw.time, "Time limit for the samples of one size [1s]", "TIME",
      how);
  add(app, "-n,--iters", raw.samples, "Exactly so many samples, whatever they take", "N", how);
  add(app, "-w,--warmup_iters", raw.warmup,
      "Warm-up operations [until the medians of two rounds agree within 5%]", "N", how);
  add(app, "-m,--agg_iters", raw.per_sample,
      engine == Engine::nccl ? "Operations per ncclGroup, and per sample [adaptive, 1 per group]"
                             : "Operations per sample [adaptive]",
      "N", how);
  if (engine == Engine::mpi) {
    add(app, "-c,--check", raw.check,
        "1: compare every element with the exact result; 0: do not [1]", "0|1", how);
    add(app, "-z,--blocking", raw.blocking, "1: one operation per sample, however short [0]", "0|1",
        how);
    add(app, "-t,--nthreads", raw.threads, "Threads per process; only 1 [1]", "1", how);
  }
  add(app, "-T,--timeout", raw.timeout,
      "Abort a run without progress for so long, naming the ranks that did not arrive; 0: never "
      "[60s]",
      "TIME", how);
  add_timing_options(app, raw.timing, how);
  if (engine == Engine::mpi) {
    add(app, "--pages", raw.timing.pages,
        "What backs the buffers: what the system gives an allocation, huge pages, or small ones "
        "whatever the system's setting [system]",
        "system|huge|small", how);
  }
}

void add_output(CLI::App& app, Engine engine, RawOptions& raw, BenchOptions& options) {
  const std::string output = "Output";
  add(app, "--json", options.json_path, "Write records here after each point; - is stdout", "FILE",
      output);
  app.add_flag("--resume", options.resume,
               "Keep what the --json file holds of the same run and measure the rest")
      ->group(output);
  add(app, "--table", raw.table, "default, or nccl for nccl-tests' columns [default]", "NAME",
      output);
  add(app, "--topology", options.topology,
      "This system: a file, a name, or a family as fat-tree:nodes=4; adds what share of the "
      "attainable each row reaches",
      "SYSTEM", output);
  app.add_flag("--no-ceiling", raw.no_ceiling,
               "Without --topology: do not measure what messages and copies would allow")
      ->group(output);
  add(app, "--min-busbw", raw.busbw,
      "Gate: exit 3 unless every collective's best busbw reaches this", "BANDWIDTH", output);
  add(app, "--progress", raw.progress,
      "One line with what is left to do: on a terminal, or always (on, to stderr) or never [auto]",
      "auto|on|off", output);
  app.add_flag("--list", raw.list, "Print the names of the benchmarks and end")->group(output);
  if (engine == Engine::nccl) {
    add_nccl_options(app, raw.nccl, options);
  }
}

}  // namespace

Expected<ParsedCommandLine> parse_command_line(Engine engine, std::vector<std::string> arguments,
                                               const Environment& environment) {
  auto flags = take_benchmark_flags(arguments, environment);
  if (!flags) {
    return tl::unexpected(flags.error());
  }
  ParsedCommandLine parsed;
  parsed.options.benchmark = std::move(*flags);
  RawOptions raw;
  CLI::App app(description(engine), engine == Engine::nccl ? "bench_nccl" : "bench_mpi");
  app.footer(kFooter);
  add_what_to_measure(app, engine, raw);
  add_how_to_measure(app, engine, raw);
  add_output(app, engine, raw, parsed.options);
  auto text = read_arguments(app, std::move(arguments));
  if (!text) {
    return tl::unexpected(text.error());
  }
  if (*text) {
    parsed.text = std::move(*text);
    return parsed;
  }
  for (const char* range : {"-b", "-e", "-f", "-i"}) {
    raw.sized_by_range = raw.sized_by_range || app.count(range) > 0;
  }
  if (raw.max_size.empty()) {
    raw.max_size = raw.matrix ? "1M" : "64M";
  }
  if (engine == Engine::nccl && (raw.collectives == "0" || raw.collectives == "1")) {
    raw.nccl.cpu_time = std::exchange(raw.collectives, "");  // nccl-tests' -C
  }
  if (engine == Engine::nccl && raw.algorithms.size() == 1 &&
      raw.algorithms.find_first_of("0123") == 0) {
    raw.nccl.average = std::exchange(raw.algorithms, "auto");  // nccl-tests' -a
  }
  auto options = understand(raw, engine, parsed.options);
  if (!options) {
    return tl::unexpected(options.error());
  }
  parsed.options = std::move(*options);
  if (engine == Engine::nccl) {
    if (auto nccl = understand_nccl(raw.nccl, environment, parsed.options); !nccl) {
      return tl::unexpected(nccl.error());
    }
  }
  return parsed;
}

}  // namespace collscale

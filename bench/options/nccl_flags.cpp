// SPDX-License-Identifier: Apache-2.0
#include "bench/options/nccl_flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

#include "bench/options/timing_options.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {

namespace {

/// 0 or 1 after `flag`; "" is 0.
Expected<bool> yes_or_no(std::string_view flag, const std::string& text) {
  if (text.empty() || text == "0") return false;
  if (text == "1") return true;
  return fail(fmt::format("{} {}: expected 0 or 1", flag, text));
}

template <class Value, std::size_t n>
Expected<Value> one_of(std::string_view flag, const std::string& text,
                       const std::array<std::pair<const char*, Value>, n>& valid) {
  std::vector<std::string> names;
  for (const auto& [word, value] : valid) {
    if (text == word) return value;
    names.emplace_back(word);
  }
  return fail(fmt::format("{} {}: unknown{}", flag, text, suggestion(text, names)));
}

/// Reads one value after another, and keeps the first mistake.
class Reader {
 public:
  bool flag(std::string_view name, const std::string& text) {
    return take(yes_or_no(name, text), false);
  }
  std::int64_t number(std::string_view name, const std::string& text, std::int64_t otherwise,
                      std::int64_t least, std::int64_t most) {
    return text.empty() ? otherwise : take(whole(name, text, least, most), otherwise);
  }
  template <class Value>
  Value take(const Expected<Value>& value, Value otherwise) {
    if (!value) {
      refuse(value.error().message);
      return otherwise;
    }
    return *value;
  }
  void refuse(std::string sentence) {
    if (!error_) error_ = Error{std::move(sentence)};
  }
  void refuse_if(bool is, std::string_view sentence) {
    if (is) refuse(std::string(sentence));
  }
  [[nodiscard]] Expected<void> result() const {
    if (error_) return tl::unexpected(*error_);
    return {};
  }

 private:
  std::optional<Error> error_;
};

void understand_clock(const RawNccl& raw, Reader& reader, BenchOptions& options) {
  constexpr std::array<std::pair<const char*, SampleClock>, 3> kClocks{
      {{"host", SampleClock::host},
       {"events", SampleClock::events},
       {"launch", SampleClock::launch}}};
  const bool cpu_time = reader.flag("-C (--report_cputime)", raw.cpu_time);
  const bool per_iteration = reader.flag("-I", raw.per_iteration);
  const int ways = (raw.clock.empty() ? 0 : 1) + (cpu_time ? 1 : 0) + (per_iteration ? 1 : 0);
  reader.refuse_if(ways > 1,
                   "--clock, -C 1 and -I 1: expected one of them, each says what the "
                   "time of a sample is");
  if (!raw.clock.empty()) {
    options.nccl.clock = reader.take(one_of("--clock", raw.clock, kClocks), SampleClock::host);
  }
  if (cpu_time) options.nccl.clock = SampleClock::launch;
  if (per_iteration) {
    options.nccl.clock = SampleClock::events;
    options.sampling.fixed_batch = options.sampling.fixed_batch.value_or(1);
  }
  reader.refuse_if(reader.number("-K", raw.skip, 0, 0, 1000000) > 0,
                   "-K: the first samples are not left out afterwards; -w N warms up with N "
                   "operations before the first sample");
}

/// -z: what is waited for, and whether a barrier follows.
void understand_blocking(const RawNccl& raw, Reader& reader, BenchOptions& options) {
  const std::int64_t blocking = reader.number("-z", raw.blocking, 0, 0, 3);
  SamplingPlan& plan = options.sampling;
  if (blocking == 1 || blocking == 2) {
    reader.refuse_if(plan.fixed_batch.value_or(1) != 1 && options.per_group == 1,
                     "-z: an operation per sample is waited for, so more cannot be timed together");
    plan.fixed_batch = options.per_group;
  }
  if (blocking == 3) {
    reader.refuse_if(options.nccl.graph_launches > 0,
                     "-z 3 and -G: a graph's operations are launched together; use -z 0");
    plan.fixed_batch = plan.fixed_batch.value_or(1);
  }
  if (blocking == 2) {
    reader.refuse_if(plan.sync == SyncPolicy::window, "-z 2 and --sync window: expected one");
    plan.sync = SyncPolicy::back_to_back;
  }
}

void understand_init(const RawNccl& raw, Reader& reader, NcclOptions& nccl) {
  nccl.measure_init = raw.init;
  nccl.simulate = raw.simulate;
  nccl.init_roots = reader.number("--init-roots", raw.roots, 1, 1, 1 << 20);
  if (!raw.timeout.empty()) {
    const bool bare = raw.timeout.find_first_not_of("0123456789") == std::string::npos;
    const auto time = parse_time_s(bare ? raw.timeout + "s" : raw.timeout);
    if (!time || *time < 0.1 || *time > 1e6) {
      reader.refuse(
          fmt::format("--init-timeout {}: expected a time from 0.1s to 1000000s", raw.timeout));
    } else {
      nccl.init_timeout_s = *time;
    }
  }
  reader.refuse_if(nccl.measure_init && nccl.simulate,
                   "--init and --simulate: initialisation has no estimate");
}

/// What nccl-tests has and what is done otherwise here.
void refuse_others(const RawNccl& raw, const Environment& environment, Reader& reader) {
  reader.refuse_if(!raw.average.empty() && raw.average != "3",
                   "-a 0, 1 and 2 (--average): a sample is the slowest process's time here, "
                   "which is -a 3; a mean over processes would hide who is late");
  reader.refuse_if(reader.flag("-S", raw.timestamps),
                   "-S 1: rows have no time of day; --json has when the run began, and what "
                   "surrounded every point");
  reader.refuse_if(reader.number("-D", raw.implementation, 0, 0, 1000) > 0 || !raw.ctas.empty(),
                   "-D and -V: kernels of nccl-tests' own are not here; NCCL's collectives are "
                   "measured");
  reader.flag("-p", raw.parallel);  // the GPUs of a process always start together
  for (const auto& [variable, instead] : {std::pair{"NCCL_TESTS_SPLIT", "use --layout"},
                                          {"NCCL_TESTS_SPLIT_MASK", "use --layout"},
                                          {"NCCL_TESTS_MIN_BW", "use --min-busbw"},
                                          {"NCCL_TESTS_DEVICE", "use CUDA_VISIBLE_DEVICES"}}) {
    reader.refuse_if(
        environment(variable).has_value(),
        fmt::format("{} is set, which only nccl-tests reads: {}, and unset it", variable, instead));
  }
}

}  // namespace

Expected<Bootstrap> parse_bootstrap(std::string_view text) {
  constexpr std::array<std::pair<const char*, Bootstrap>, 4> kNames{{{"auto", Bootstrap::detect},
                                                                     {"mpi", Bootstrap::mpi},
                                                                     {"tcp", Bootstrap::tcp},
                                                                     {"none", Bootstrap::none}}};
  return one_of("--bootstrap", std::string(text), kNames);
}

void add_nccl_options(CLI::App& app, RawNccl& raw, BenchOptions& options) {
  const auto add = [&app](const std::string& group) {
    return
        [&app, group](const char* names, std::string& value, const char* text, const char* type) {
          app.add_option(names, value, text)->type_name(type)->group(group);
        };
  };
  const auto with_nccl = add("With NCCL");
  with_nccl("--bootstrap", raw.bootstrap,
            "How processes find one another: mpi; tcp (torchrun's variables, or Slurm's); none; "
            "auto: whichever launcher there is [auto]",
            "auto|mpi|tcp|none");
  with_nccl("-t,--nthreads", raw.threads, "GPUs per process are -t times -g [1]", "N");
  with_nccl("-z,--blocking", raw.blocking,
            "1: wait after every operation (of -m), barrier before it; 2: no barrier; 3: as 1 [0]",
            "0|1|2|3");
  with_nccl("-c,--check", raw.checks, "Verify every element so many times; 0: do not [1]", "N");
  with_nccl("--clock", raw.clock,
            "A sample's time: host, to completion; CUDA events; launch, until all is enqueued "
            "[host]",
            "host|events|launch");
  with_nccl("-G,--cudagraph", raw.graph,
            "Launch a sample's operations as a CUDA graph, N times; 0: no graph [0]", "N");
  with_nccl("-R,--local_register", raw.registration,
            "Register buffers: 0 no, 1 each rank's own, 2 symmetric windows [0]", "0|1|2");
  with_nccl("-x,--cta_policy", raw.cta_policy, "0 default, 1 efficiency, 2 zero [NCCL's]", "0|1|2");
  with_nccl("-y,--stream_null", raw.null_stream, "1: the default stream [0]", "0|1");
  with_nccl("-u,--unalign", raw.unalign,
            "Buffers begin so many elements after an aligned address [0]", "N");
  with_nccl("-M,--memory", raw.memory, "1: say what initialising takes of a GPU's memory [0]",
            "0|1");
  with_nccl("--init-timeout", raw.timeout, "Give initialisation up after so long [never]", "TIME");
  with_nccl("--init-roots", raw.roots, "Unique ids that share the work of initialisation [1]", "N");
  app.add_flag("--init", raw.init, "Measure initialisation instead of collectives")
      ->group("With NCCL");
  app.add_flag("--simulate", raw.simulate, "Store NCCL's own estimate beside each measurement")
      ->group("With NCCL");
  const auto compatible = add("nccl-tests' further flags");
  compatible("--report_cputime", raw.cpu_time, "1: as --clock launch; also -C 1", "0|1");
  compatible("-I,--per_iter_timing", raw.per_iteration,
             "1: as --clock events, one operation per sample", "0|1");
  compatible("-K,--per_iter_skip", raw.skip, "Only 0; see -w", "0");
  compatible("-N,--run_cycles", raw.cycles, "As --benchmark_repetitions", "N");
  compatible("-p,--parallel_init", raw.parallel,
             "GPUs of a process always start together, whatever this says", "0|1");
  compatible("--average", raw.average, "Only 3: the slowest process's time; also -a 3", "3");
  compatible("-S,--report_timestamps", raw.timestamps, "Only 0", "0");
  compatible("-D,--device_implementation", raw.implementation, "Only 0", "0");
  compatible("-V,--device_cta_count", raw.ctas, "Not here", "N");
  app.add_option("-J,--output_file", options.json_path, "As --json")
      ->type_name("FILE")
      ->group("nccl-tests' further flags");
}

Expected<void> understand_nccl(const RawNccl& raw, const Environment& environment,
                               BenchOptions& options) {
  Reader reader;
  NcclOptions& nccl = options.nccl;
  nccl.bootstrap = reader.take(parse_bootstrap(raw.bootstrap), Bootstrap::detect);
  nccl.threads = static_cast<int>(reader.number("-t", raw.threads, 1, 1, 1024));
  options.gpus *= nccl.threads;
  reader.refuse_if(options.gpus > 1024, "-t times -g: expected at most 1024 GPUs per process");
  nccl.checks = reader.number("-c", raw.checks, 1, 0, 1000);
  options.verify = nccl.checks > 0;
  nccl.graph_launches = reader.number("-G", raw.graph, 0, 0, 1000000);
  constexpr std::array<std::pair<const char*, Registration>, 6> kRegistrations{
      {{"none", Registration::none},
       {"local", Registration::local},
       {"symmetric", Registration::symmetric},
       {"0", Registration::none},
       {"1", Registration::local},
       {"2", Registration::symmetric}}};
  if (!raw.registration.empty()) {
    nccl.registration =
        reader.take(one_of("-R", raw.registration, kRegistrations), Registration::none);
  }
  nccl.null_stream = reader.flag("-y", raw.null_stream);
  if (!raw.cta_policy.empty()) {
    nccl.cta_policy = static_cast<int>(reader.number("-x", raw.cta_policy, 0, 0, 2));
  }
  nccl.unalign = reader.number("-u", raw.unalign, 0, 0, 1 << 20);
  nccl.memory_report = reader.flag("-M", raw.memory);
  understand_clock(raw, reader, options);
  understand_blocking(raw, reader, options);
  understand_init(raw, reader, nccl);
  refuse_others(raw, environment, reader);
  if (!raw.cycles.empty()) {
    reader.refuse_if(raw.cycles == "0",
                     "-N 0: for ever is not offered; give a large number and stop it with Ctrl-C, "
                     "what was done is kept");
    options.benchmark.repetitions =
        static_cast<int>(reader.number("-N", raw.cycles, 1, 1, 1000000));
  }
  return reader.result();
}

}  // namespace collscale

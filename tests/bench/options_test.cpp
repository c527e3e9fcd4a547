// SPDX-License-Identifier: Apache-2.0
#include "bench/options/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace collscale {
namespace {

using testing::HasSubstr;

const Environment kNoEnvironment = [](const std::string&) { return std::nullopt; };

Expected<ParsedCommandLine> parse(std::vector<std::string> arguments, Engine engine = Engine::mpi) {
  return parse_command_line(engine, std::move(arguments), kNoEnvironment);
}

std::string error_of(std::vector<std::string> arguments) {
  const auto parsed = parse(std::move(arguments));
  EXPECT_FALSE(parsed);
  return parsed ? "" : parsed.error().message;
}

TEST(Options, UnknownFlagsNameTheNearest) {
  EXPECT_EQ(error_of({"--itres", "3"}), "unknown flag --itres, did you mean \"--iters\"?");
  EXPECT_EQ(error_of({"--benchmark_filtr=x"}),
            "unknown flag --benchmark_filtr, did you mean \"--benchmark_filter\"?");
  EXPECT_THAT(error_of({"-q"}), HasSubstr("unknown flag -q"));
}

TEST(Options, BadValuesAreRefusedWithWhatWasExpected) {
  EXPECT_THAT(error_of({"allreduc"}), HasSubstr("did you mean \"all_reduce\"?"));
  EXPECT_THAT(error_of({"--skew", "0.5", "all_gather_v"}), HasSubstr("--skew 0.5: expected"));
  EXPECT_THAT(error_of({"--skew", "4", "all_gather"}), HasSubstr("only all_gather_v and all_to"));
  EXPECT_THAT(error_of({"-s", "8,,1K"}), HasSubstr("--sizes: "));
  EXPECT_THAT(error_of({"-s", "8", "-b", "8"}), HasSubstr("either a list, or a range"));
  EXPECT_THAT(error_of({"-n", "many"}), HasSubstr("-n many: expected a whole number"));
  EXPECT_THAT(error_of({"-b", "8Q"}), HasSubstr("-b: "));
  EXPECT_THAT(error_of({"-b", "1M", "-e", "1K"}), HasSubstr("-e not below -b"));
  EXPECT_THAT(error_of({"--resume"}), HasSubstr("--resume needs --json FILE"));
  EXPECT_THAT(error_of({"--resume", "--json", "-"}), HasSubstr("--resume needs --json FILE"));
  EXPECT_THAT(error_of({"-f", "1"}), HasSubstr("-f 1: expected"));
  EXPECT_THAT(error_of({"-f", "2", "-i", "8"}), HasSubstr("one of the two"));
  EXPECT_THAT(error_of({"-d", "floot"}), HasSubstr("-d: "));
  EXPECT_THAT(error_of({"-o", "add"}), HasSubstr("-o: "));
  EXPECT_THAT(error_of({"-t", "2"}), HasSubstr("-t 2: expected 1"));
  EXPECT_THAT(error_of({"--table", "csv"}), HasSubstr("expected default or nccl"));
  EXPECT_THAT(error_of({"--min-busbw", "fast"}), HasSubstr("--min-busbw: "));
  EXPECT_THAT(error_of({"--time-per-point", "0s"}), HasSubstr("--time-per-point"));
}

TEST(Options, TheTimeoutTakesATimeOrSecondsAsNcclTestsDo) {
  EXPECT_DOUBLE_EQ(parse({})->options.timeout_s, 60);
  EXPECT_DOUBLE_EQ(parse({"-T", "5"})->options.timeout_s, 5);
  EXPECT_DOUBLE_EQ(parse({"--timeout", "500ms"})->options.timeout_s, 0.5);
  EXPECT_DOUBLE_EQ(parse({"--timeout", "0"})->options.timeout_s, 0);
  EXPECT_THAT(error_of({"--timeout", "1ms"}), HasSubstr("--timeout 1ms: expected 0 (off) or"));
  EXPECT_THAT(error_of({"--timeout", "soon"}), HasSubstr("--timeout: "));
}

TEST(Options, SizesMeanWhatTheyMeanToNcclTests) {
  const auto parsed = parse({"-b", "1K", "-e", "1M", "-f", "4"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(parsed->options.sizes_bytes,
              testing::ElementsAre(1024, 4096, 16384, 65536, 262144, 1048576));
  const auto stepped = parse({"-b", "8", "-e", "32", "-i", "8"});
  ASSERT_TRUE(stepped);
  EXPECT_THAT(stepped->options.sizes_bytes, testing::ElementsAre(8, 16, 24, 32));
}

TEST(Options, SizesMayBeListed) {
  const auto parsed = parse({"--sizes", "1K,8,1M"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(parsed->options.sizes_bytes, testing::ElementsAre(8, 1024, 1048576));
}

TEST(Options, WhatGpusDoNotMeasureIsRefusedThere) {
  EXPECT_TRUE(parse({"-C", "barrier"}));
  const auto parsed = parse({"-C", "barrier"}, Engine::nccl);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("unknown collective \"barrier\""));
  EXPECT_EQ(parse({"-C", "all"}, Engine::nccl)->options.collectives.size(), 11U);
}

TEST(Options, TheDefaultsAreTheMainJob) {
  const auto parsed = parse({});
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->options.collectives,
              testing::ElementsAre(Collective::all_reduce, Collective::all_gather));
  EXPECT_EQ(parsed->options.sizes_bytes.size(), 24U);
  EXPECT_TRUE(parsed->options.verify);
}

TEST(Options, OfWhatIsGivenTwiceTheLastCounts) {
  const auto parsed = parse({"-n", "5", "--iters", "7", "-s", "1K", "-s", "2K", "all_gather"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->options.sampling.fixed_samples, 7);
  EXPECT_THAT(parsed->options.sizes_bytes, testing::ElementsAre(2048));
}

TEST(Options, CollectivesComeAsWordsOrAsAList) {
  const auto parsed = parse({"allreduce", "all_gather,all_to_all"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->options.collectives.size(), 3U);
  EXPECT_EQ(parse({"-C", "all"})->options.collectives.size(), 12U);
  EXPECT_EQ(parse({"-C", "all_gather_v", "--skew", "4"})->options.skew, 4);
}

TEST(Options, GpusPerProcessBelongToNccl) {
  EXPECT_THAT(error_of({"-g", "8"}), HasSubstr("unknown flag -g"));
  const auto parsed = parse({"-g", "8"}, Engine::nccl);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->options.gpus, 8);
}

TEST(Options, RandomInterleavingIsRefusedAsFlagAndAsVariable) {
  EXPECT_THAT(error_of({"--benchmark_enable_random_interleaving"}), HasSubstr("is refused"));
  EXPECT_THAT(error_of({"--benchmark_enable_random_interleaving=true"}), HasSubstr("is refused"));
  EXPECT_TRUE(parse({"--benchmark_enable_random_interleaving=false"}));
  const auto parsed = parse_command_line(Engine::mpi, {}, [](const std::string& name) {
    return name == "BENCHMARK_ENABLE_RANDOM_INTERLEAVING" ? std::optional<std::string>("1")
                                                          : std::nullopt;
  });
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("BENCHMARK_ENABLE_RANDOM_INTERLEAVING: random"));
}

TEST(Options, GoogleBenchmarksFlagsHaveTheirMeaning) {
  const auto parsed = parse({"--benchmark_out=a.json", "--benchmark_min_time=0.05",
                             "--benchmark_repetitions=3", "--benchmark_context=a=b,c=d"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->options.json_path, "a.json");
  EXPECT_DOUBLE_EQ(parsed->options.sampling.time_budget_s, 0.05);
  EXPECT_EQ(parsed->options.benchmark.repetitions, 3);
  EXPECT_EQ(parsed->options.benchmark.context.at("c"), "d");
  EXPECT_THAT(error_of({"--benchmark_out_format=csv"}), HasSubstr("expected json"));
}

TEST(Options, GoogleBenchmarksFlagsNeedTheirValue) {
  EXPECT_EQ(error_of({"--benchmark_out"}),
            "--benchmark_out: expected a value, as --benchmark_out=VALUE");
  EXPECT_THAT(error_of({"--benchmark_filter", "all_reduce"}), HasSubstr("expected a value"));
  const auto parsed = parse({"--benchmark_list_tests"});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->options.benchmark.list);
}

TEST(Options, GoogleBenchmarksVariablesAreReadAndFlagsGoBeforeThem) {
  const std::map<std::string, std::string> variables = {{"BENCHMARK_MIN_TIME", "0.05"},
                                                        {"BENCHMARK_CONTEXT", "a=b,c=d"},
                                                        {"BENCHMARK_OUT", "variable.json"},
                                                        {"BENCHMARK_FILTER", "all_gather"},
                                                        {"BENCHMARK_REPETITIONS", "3"}};
  const auto parsed =
      parse_command_line(Engine::mpi, {"--benchmark_out=flag.json"}, [&](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      });
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_DOUBLE_EQ(parsed->options.sampling.time_budget_s, 0.05);
  EXPECT_EQ(parsed->options.benchmark.context.at("c"), "d");
  EXPECT_EQ(parsed->options.benchmark.filter, "all_gather");
  EXPECT_EQ(parsed->options.benchmark.repetitions, 3);
  EXPECT_EQ(parsed->options.json_path, "flag.json");
  // Every variable that is read decides what runs, and is compared across ranks, but the path.
  for (const auto& [name, value] : variables) {
    EXPECT_EQ(testing::Value(deciding_variables(), testing::Contains(name)),
              name != "BENCHMARK_OUT");
  }
}

TEST(Options, TimingIsUnderstood) {
  const SamplingPlan usual = parse({})->options.sampling;
  EXPECT_EQ(usual.sync, SyncPolicy::barrier);
  EXPECT_DOUBLE_EQ(usual.precision, 0.02);
  EXPECT_FALSE(usual.fixed_warmup);
  const auto parsed = parse({"--sync", "window", "--precision", "0.5%", "--min-samples", "40",
                             "--max-samples", "50", "--buffers", "cold", "--pages", "huge", "-w",
                             "7", "--retry-noisy", "all_gather"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  const SamplingPlan& plan = parsed->options.sampling;
  EXPECT_EQ(plan.sync, SyncPolicy::window);
  EXPECT_DOUBLE_EQ(plan.precision, 0.005);
  EXPECT_EQ(plan.min_samples, 40);
  EXPECT_EQ(plan.enough_from_samples, 40);
  EXPECT_EQ(plan.max_samples, 50);
  EXPECT_EQ(plan.fixed_warmup, 7);
  EXPECT_EQ(parsed->options.buffers, BufferPolicy::cold);
  EXPECT_EQ(parsed->options.pages, PagePolicy::huge);
  EXPECT_EQ(parse({})->options.pages, PagePolicy::system);
  EXPECT_EQ(parsed->options.retry_noisy, 1) << "the word after it is a collective";
  EXPECT_EQ(parsed->options.collectives, std::vector{Collective::all_gather});
  EXPECT_EQ(parse({"--retry-noisy=4"})->options.retry_noisy, 4);
  EXPECT_EQ(parse({})->options.retry_noisy, 0);
  EXPECT_DOUBLE_EQ(parse({"--precision", "3"})->options.sampling.precision, 0.03);
}

TEST(Options, BadTimingIsRefusedWithWhatWasExpected) {
  EXPECT_THAT(error_of({"--sync", "barier"}), HasSubstr("did you mean \"barrier\"?"));
  EXPECT_THAT(error_of({"--precision", "0%"}), HasSubstr("--precision 0%: expected a share"));
  EXPECT_THAT(error_of({"--precision", "%"}), HasSubstr("--precision %: expected a share"));
  EXPECT_THAT(error_of({"--precision", "2x"}), HasSubstr("such as 2%"));
  EXPECT_THAT(error_of({"--precision", "nan"}), HasSubstr("such as 2%"));
  EXPECT_THAT(error_of({"--min-samples", "9", "--max-samples", "8"}),
              HasSubstr("--min-samples 9: expected a whole number from 1 to 8"));
  EXPECT_THAT(error_of({"--pages", "hug"}), HasSubstr("did you mean \"huge\"?"));
  EXPECT_THAT(error_of({"--buffers", "warm"}),
              testing::EndsWith("\"warm\", expected rotate, hot or cold"));
  EXPECT_THAT(error_of({"--retry-noisy=often"}), HasSubstr("--retry-noisy"));
}

TEST(Selected, AFilterSelectsByCleanNamesAndMayBeInverted) {
  const std::string name = "all_reduce/auto/float/bytes:8/ranks:2";
  EXPECT_TRUE(*selected(name, ""));
  EXPECT_TRUE(*selected(name, "bytes:8/ranks:2$"));
  EXPECT_FALSE(*selected(name, "-all_reduce"));
  EXPECT_FALSE(selected(name, "(("));
}

TEST(Help, StartsWithWhatItIsAndExamples) {
  const auto parsed = parse({"--help"});
  ASSERT_TRUE(parsed);
  ASSERT_TRUE(parsed->text);
  EXPECT_LT(parsed->text->find("Examples:"), parsed->text->find("Usage:"));
  EXPECT_THAT(*parsed->text, HasSubstr("Exit codes: 0 ok"));
}

std::string nccl_error_of(std::vector<std::string> arguments) {
  const auto parsed = parse(std::move(arguments), Engine::nccl);
  EXPECT_FALSE(parsed);
  return parsed ? "" : parsed.error().message;
}

TEST(NcclOptions, NcclTestsFlagsHaveTheirMeaning) {
  const auto parsed =
      parse({"-t", "2", "-g", "4",  "-b", "8", "-e", "1M", "-f", "2",   "-n", "20",     "-w", "5",
             "-m", "3", "-N", "2",  "-p", "1", "-c", "2",  "-o", "max", "-d", "f8e4m3", "-r", "1",
             "-y", "1", "-T", "30", "-G", "7", "-R", "2",  "-x", "1",   "-J", "r.json", "-M", "1",
             "-u", "3", "-a", "3",  "-S", "0", "-D", "0",  "-K", "0",   "-C", "1"},
            Engine::nccl);
  ASSERT_TRUE(parsed) << parsed.error().message;
  const BenchOptions& options = parsed->options;
  EXPECT_EQ(options.gpus, 8);
  EXPECT_EQ(options.nccl.threads, 2);
  EXPECT_EQ(options.sampling.fixed_samples, 20);
  EXPECT_EQ(options.sampling.fixed_warmup, 5);
  EXPECT_EQ(options.per_group, 3);
  EXPECT_EQ(options.benchmark.repetitions, 2);
  EXPECT_TRUE(options.verify);
  EXPECT_EQ(options.nccl.checks, 2);
  EXPECT_EQ(options.ops, std::vector{ReduceOp::max});
  EXPECT_EQ(options.dtypes, std::vector{DataType::float8_e4m3});
  EXPECT_TRUE(options.nccl.null_stream);
  EXPECT_DOUBLE_EQ(options.timeout_s, 30);
  EXPECT_EQ(options.nccl.graph_launches, 7);
  EXPECT_EQ(options.nccl.registration, Registration::symmetric);
  EXPECT_EQ(options.nccl.cta_policy, 1);
  EXPECT_EQ(options.json_path, "r.json");
  EXPECT_TRUE(options.nccl.memory_report);
  EXPECT_EQ(options.nccl.unalign, 3);
  EXPECT_EQ(options.nccl.clock, SampleClock::launch) << "-C 1 is no collective";
  EXPECT_EQ(options.algorithms, std::vector<std::string>{"auto"}) << "-a 3 is no algorithm";
  EXPECT_FALSE(parse({"-c", "0"}, Engine::nccl)->options.verify);
}

TEST(NcclOptions, WaitingAfterEveryOperation) {
  const auto plan = [](std::vector<std::string> arguments) {
    return parse(std::move(arguments), Engine::nccl)->options.sampling;
  };
  EXPECT_FALSE(plan({"-z", "0"}).fixed_batch);
  EXPECT_EQ(plan({"-z", "1"}).fixed_batch, 1);
  EXPECT_EQ(plan({"-z", "1"}).sync, SyncPolicy::barrier);
  EXPECT_EQ(plan({"-z", "2", "-m", "4"}).fixed_batch, 4);
  EXPECT_EQ(plan({"-z", "2"}).sync, SyncPolicy::back_to_back);
  EXPECT_EQ(plan({"-z", "3"}).fixed_batch, 1);
  EXPECT_EQ(parse({"-I", "1"}, Engine::nccl)->options.nccl.clock, SampleClock::events);
  EXPECT_EQ(plan({"-I", "1"}).fixed_batch, 1);
}

TEST(NcclOptions, WhatIsDoneOtherwiseHereIsOneSentence) {
  EXPECT_THAT(nccl_error_of({"-a", "1"}), HasSubstr("which is -a 3"));
  EXPECT_THAT(nccl_error_of({"-S", "1"}), HasSubstr("-S 1: rows have no time of day"));
  EXPECT_THAT(nccl_error_of({"-D", "1"}), HasSubstr("-D and -V: kernels of nccl-tests' own"));
  EXPECT_THAT(nccl_error_of({"-V", "8"}), HasSubstr("-D and -V: kernels of nccl-tests' own"));
  EXPECT_THAT(nccl_error_of({"-K", "2"}), HasSubstr("-w N warms up"));
  EXPECT_THAT(nccl_error_of({"-N", "0"}), HasSubstr("stop it with Ctrl-C"));
  EXPECT_THAT(nccl_error_of({"-I", "1", "-C", "1"}), HasSubstr("expected one of them"));
  EXPECT_THAT(nccl_error_of({"-z", "3", "-G", "2"}), HasSubstr("-z 3 and -G"));
  EXPECT_THAT(nccl_error_of({"-z", "4"}), HasSubstr("-z 4: expected a whole number from 0 to 3"));
  EXPECT_THAT(nccl_error_of({"-R", "3"}), HasSubstr("-R 3: unknown; valid: none, local"));
  EXPECT_THAT(nccl_error_of({"-x", "3"}), HasSubstr("-x 3: expected a whole number from 0 to 2"));
  EXPECT_THAT(nccl_error_of({"-y", "2"}), HasSubstr("-y 2: expected 0 or 1"));
  EXPECT_THAT(nccl_error_of({"-G", "-1"}), HasSubstr("-G -1: expected"));
  EXPECT_THAT(nccl_error_of({"-o", "mulsum"}), HasSubstr("-o: unknown reduction \"mulsum\""));
  EXPECT_THAT(nccl_error_of({"--init-timeout", "1ms"}), HasSubstr("--init-timeout 1ms: expected"));
  EXPECT_THAT(nccl_error_of({"--clock", "cpu"}), HasSubstr("--clock cpu: unknown; valid: host"));
  EXPECT_THAT(nccl_error_of({"-t", "600", "-g", "2"}), HasSubstr("at most 1024 GPUs per process"));
  const auto split = parse_command_line(Engine::nccl, {}, [](const std::string& name) {
    return name == "NCCL_TESTS_SPLIT" ? std::optional<std::string>("MOD 8") : std::nullopt;
  });
  ASSERT_FALSE(split);
  EXPECT_THAT(split.error().message, HasSubstr("NCCL_TESTS_SPLIT is set, which only nccl-tests "
                                               "reads: use --layout"));
}

}  // namespace
}  // namespace collscale

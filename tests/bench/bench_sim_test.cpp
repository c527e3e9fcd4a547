// SPDX-License-Identifier: Apache-2.0
// bench_sim as a user starts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "record_io/results_file.hpp"
#include "run_program.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

ProgramOutcome bench_sim(const std::string& arguments, const std::string& environment = "") {
  return run_program(environment + " " + COLLSCALE_BENCH_SIM + " " + arguments);
}

std::vector<std::string> names_in(const Results& results) {
  std::vector<std::string> names;
  for (const Record& record : results.records) {
    names.push_back(benchmark_name(record.scenario));
  }
  return names;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

const std::string kShort = "--topology dgx-h100-superpod -n 8,64 -s 8B,1MiB ";

TEST(BenchSim, RecordsReadBackUnderExactlyTheNamesThatAreListed) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const ProgramOutcome run = bench_sim(kShort + "all_reduce -a ring --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  const std::vector<std::string> names = names_in(*results);
  EXPECT_THAT(names, testing::ElementsAre("all_reduce/ring/float/bytes:8/ranks:8",
                                          "all_reduce/ring/float/bytes:1048576/ranks:8",
                                          "all_reduce/ring/float/bytes:8/ranks:64",
                                          "all_reduce/ring/float/bytes:1048576/ranks:64"));
  EXPECT_EQ(lines_of(bench_sim(kShort + "all_reduce -a ring --list").out), names);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1)
      << "no temporary file is left";
  for (const Record& record : results->records) {
    EXPECT_EQ(record.engine, Engine::flow);
    EXPECT_EQ(record.trust, Trust::simulated);
    EXPECT_EQ(record.scenario.topology, "dgx-h100-superpod");
    EXPECT_GE(record.time_s, *record.bound_s);
  }
}

TEST(BenchSim, WithAutoTheRecordNamesTheAlgorithmThatWasTheFastest) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  ASSERT_EQ(bench_sim(kShort + "all_reduce --json " + file).exit_code, 0);
  const auto chosen = read_results(file);
  ASSERT_TRUE(chosen);
  for (const Record& record : chosen->records) {
    EXPECT_NE(record.scenario.algorithm, "auto");
    for (const char* algorithm : {"ring", "halving_doubling", "hierarchical"}) {
      ASSERT_EQ(bench_sim(kShort + "all_reduce --json " + file + " -a " + algorithm).exit_code, 0);
      const auto fixed = read_results(file);
      const auto same = std::find_if(
          fixed->records.begin(), fixed->records.end(), [&record](const Record& candidate) {
            return candidate.scenario.ranks == record.scenario.ranks &&
                   candidate.scenario.size_bytes == record.scenario.size_bytes;
          });
      ASSERT_NE(same, fixed->records.end());
      EXPECT_LE(record.time_s, same->time_s) << algorithm;
      if (record.scenario.algorithm == algorithm) {
        EXPECT_EQ(record.time_s, same->time_s) << algorithm;
      }
    }
  }
  EXPECT_EQ(lines_of(bench_sim(kShort + "all_reduce --list").out).front(),
            "all_reduce/auto/float/bytes:8/ranks:8");
}

TEST(BenchSim, WhatItWritesMatchesTheSchema) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  for (const char* engine : {"flow", "analytic"}) {
    const ProgramOutcome run =
        bench_sim(kShort + "all --engine " + engine + " --benchmark_out=" + file);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const ProgramOutcome check = run_program("/usr/bin/python3 " COLLSCALE_SOURCE_DIR
                                             "/tests/record_io/validate.py " COLLSCALE_SOURCE_DIR
                                             "/results/schema/record.schema.json " +
                                             file);
    if (check.exit_code == 77) {
      GTEST_SKIP() << check.out;
    }
    EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
    const std::size_t points = lines_of(bench_sim(kShort + "all --list").out).size();
    EXPECT_THAT(check.out, HasSubstr(": " + std::to_string(points) + " records"));
  }
}

TEST(BenchSim, JsonOnStdoutIsOneDocument) {
  const ProgramOutcome run = bench_sim(kShort + "--json - --benchmark_context=purpose=test");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = from_json(run.out, "stdout");
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), 8U);
  EXPECT_EQ(results->context.at("purpose"), "test");
  EXPECT_THAT(run.err, HasSubstr("all_gather")) << "the table is on stderr";
}

TEST(BenchSim, TheTableHasOneRowPerPoint) {
  const ProgramOutcome run = bench_sim(kShort + "--benchmark_filter=all_gather.*ranks:64");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(lines_of(run.out).size(), 2U + 2U) << run.out;
  EXPECT_THAT(run.out, HasSubstr("1 MiB"));
}

TEST(BenchSim, WithoutRanksItGoesUpToAllThatTheSystemHas) {
  const ProgramOutcome run =
      bench_sim("--topology dgx-h100-superpod -s 1MiB all_gather -a ring --list");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(lines_of(run.out),
              testing::ElementsAre(HasSubstr("/ranks:8"), HasSubstr("/ranks:64"),
                                   HasSubstr("/ranks:512"), HasSubstr("/ranks:1024")));
}

TEST(BenchSim, MistakesEndWith2AndOneSentenceBeforeAnythingIsWritten) {
  const TemporaryFolder scratch;
  const std::string output = " --json " + scratch.file("r.json");
  for (const auto& [arguments, message] : std::vector<std::pair<std::string, std::string>>{
           {"--rnks 8" + output, "unknown flag --rnks, did you mean \"--ranks\"?"},
           {"-t colosus-100k" + output, "did you mean \"colossus-100k\"?"},
           {"-t colosus-100k --list", "did you mean \"colossus-100k\"?"},
           {"-t dgx-h100-superpod -n 8,2048" + output, "2,048 ranks: dgx-h100-superpod has 1,024"},
           {"-n 1" + output, "1 rank: a collective needs at least 2"},
           {"-s 8M" + output, "--sizes: "},
           {"-a rng" + output, "did you mean \"ring\"?"},
           {"-a pairwise all_to_all,all_reduce" + output, "no algorithm \"pairwise\""},
           {"barier" + output, "unknown collective \"barier\""},
           {"--engine event" + output, "--engine event: expected flow or analytic"},
           {"--benchmark_filter=nothing" + output, "no benchmark has such a name"},
           {"--benchmark_filter" + output, "--benchmark_filter: expected a value"},
           {"--json " + scratch.file("no/such/r.json"), "cannot write"}}) {
    const ProgramOutcome run = bench_sim(arguments);
    EXPECT_EQ(run.exit_code, 2) << arguments;
    EXPECT_THAT(run.err, testing::StartsWith("error: ")) << arguments;
    EXPECT_THAT(run.err, HasSubstr(message)) << arguments;
    EXPECT_EQ(lines_of(run.err).size(), 1U) << arguments << "\n" << run.err;
    EXPECT_EQ(run.out, "") << arguments;
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(BenchSim, GoogleBenchmarksVariablesCannotSpoilIt) {
  const ProgramOutcome run =
      bench_sim(kShort + "all_reduce", "BENCHMARK_MIN_WARMUP_TIME=1 BENCHMARK_TIME_UNIT=x");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(lines_of(run.out).size(), 2U + 4U) << run.out;
  EXPECT_EQ(bench_sim(kShort, "BENCHMARK_ENABLE_RANDOM_INTERLEAVING=true").exit_code, 2);
}

TEST(BenchSim, AFullOutputEndsWith1) {
  const int status = std::system(
      (std::string(COLLSCALE_BENCH_SIM) + " " + kShort + " >/dev/full 2>/dev/null").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(bench_sim(kShort + "--json /dev/full").exit_code, 1);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// bench_mpi --layout as a user starts it: four ranks that are called two nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "mpirun.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ProgramOutcome on_two_nodes(const std::string& arguments) {
  return bench_mpi("-n 6 -m 1 --ranks-per-node 2 " + arguments, 4);
}

std::vector<std::string> names_in(const std::string& file) {
  std::vector<std::string> names;
  const auto results = read_results(file);
  if (!results) return {results.error().message};
  for (const Record& record : results->records) names.push_back(benchmark_name(record.scenario));
  return names;
}

TEST(BenchMpiLayout, MeasuresEachTierAndNamesItInTheRecord) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const ProgramOutcome run =
      on_two_nodes("-C all -b 1K -e 1K --layout node,rail,all --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  std::set<std::string> names;
  for (const Record& record : results->records) {
    names.insert(benchmark_name(record.scenario));
    EXPECT_EQ(record.scenario.ranks, record.scenario.layout.empty() ? 4 : 2);
    EXPECT_EQ(record.scenario.nodes, record.scenario.layout == "node" ? 1 : 2);
    EXPECT_EQ(record.samples_s.size(), 6U);
  }
  EXPECT_EQ(names.size(), results->records.size());
  for (const char* name : {"all_reduce/auto/float/bytes:1024/ranks:2/layout:node",
                           "all_to_all/auto/float/bytes:1024/ranks:2/layout:rail",
                           "all_gather/auto/float/bytes:1024/ranks:4"})
    EXPECT_EQ(names.count(name), 1U) << name;
  EXPECT_THAT(run.out, HasSubstr("# layout rail: 2 groups of 2 ranks on 2 nodes each, all at once: "
                                 "0,2 | 1,3\n"));
  EXPECT_EQ(results->context.count("slowest_group/layout:node"), 1U);
  EXPECT_THAT(run.err, HasSubstr("note: layout rail: "));
}

TEST(BenchMpiLayout, InTurnEachGroupIsABenchmarkOfItsOwn) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const ProgramOutcome run =
      on_two_nodes("all_reduce -b 1K -e 1K --layout node --groups in-turn --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(names_in(file),
              ElementsAre("all_reduce/auto/float/bytes:1024/ranks:2/layout:node:0",
                          "all_reduce/auto/float/bytes:1024/ranks:2/layout:node:1"));
  EXPECT_THAT(run.err, HasSubstr("note: layout node: "));
}

TEST(BenchMpiLayout, AFileListsGroupsAndRanksInNoneComeAlong) {
  const TemporaryFolder scratch;
  std::ofstream(scratch.file("groups")) << "3 1\n";
  const std::string file = scratch.file("r.json");
  const ProgramOutcome run = on_two_nodes(
      "broadcast -r 1 -b 1K -e 1K --layout file:" + scratch.file("groups") + " --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(names_in(file),
              ElementsAre("broadcast/auto/float/bytes:1024/ranks:2/layout:file:groups"));
  EXPECT_THAT(run.out, HasSubstr("1 group of 2 ranks on 2 nodes: 3,1\n"));
}

TEST(BenchMpiLayout, AFilterSeesTheLayout) {
  const ProgramOutcome run =
      on_two_nodes("all_reduce -b 1K -e 1K --layout node,rail --benchmark_filter=rail --list");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "all_reduce/auto/float/bytes:1024/ranks:2/layout:rail\n");
}

TEST(BenchMpiLayout, WhatCannotBeIsRefusedInOneSentence) {
  const auto error = [](const std::string& arguments) {
    const ProgramOutcome run = on_two_nodes(arguments);
    EXPECT_EQ(run.exit_code, 2) << arguments;
    return run.err;
  };
  EXPECT_THAT(error("--layout nod"),
              HasSubstr("error: --layout: no layout \"nod\", did you mean \"node\"?\n"));
  EXPECT_THAT(error("--layout x"), HasSubstr("stride:K, split:N, file:PATH\n"));
  EXPECT_THAT(error("--layout split:3"),
              HasSubstr("error: --layout split:3: 4 ranks are not a multiple of 3\n"));
  EXPECT_THAT(error("--layout file:/none"),
              HasSubstr("error: --layout: cannot read \"/none\": No such file or directory\n"));
  EXPECT_THAT(error("--layout file:/"),
              HasSubstr("error: --layout: cannot read \"/\": it is a directory\n"));
}

TEST(BenchMpiLayout, AlgorithmsOneByOneInsideEachGroup) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const ProgramOutcome run =
      on_two_nodes("all_gather -b 1K -e 1K -a all --layout node,all --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  if (std::string(COLLSCALE_MPI_LIBRARY) != "openmpi") GTEST_SKIP() << "another MPI";
  const auto names = names_in(file);
  const auto has = [&names](const std::string& name) {
    return std::count(names.begin(), names.end(), name) == 1;
  };
  EXPECT_TRUE(has("all_gather/two_proc/float/bytes:1024/ranks:2/layout:node"));
  EXPECT_FALSE(has("all_gather/two_proc/float/bytes:1024/ranks:4")) << "it is for 2 ranks";
  EXPECT_TRUE(has("all_gather/neighbor/float/bytes:1024/ranks:4"));
  EXPECT_TRUE(has("all_gather/auto/float/bytes:1024/ranks:2/layout:node"));
  EXPECT_EQ(on_two_nodes("all_gather -s 1K -a two_proc --layout node,all --list").out,
            "all_gather/two_proc/float/bytes:1024/ranks:2/layout:node\n");
}

TEST(BenchMpiLayout, AnAlgorithmThatRunsNowhereIsRefused) {
  if (std::string(COLLSCALE_MPI_LIBRARY) != "openmpi") GTEST_SKIP() << "another MPI";
  const ProgramOutcome run = on_two_nodes("all_gather -s 1K -a two_proc");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("error: -a two_proc: runs for none of these collectives and sizes "
                                 "on 4 ranks\n"));
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What bench_nccl asks of NCCL beyond collectives, on the stand-ins of tests/standin: how
// communicators are made and ended, what a time is, and what an older NCCL lacks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "measure/nccl/nccl_algorithms.hpp"
#include "measure/nccl/nccl_features.hpp"
#include "nccl_standin.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// The file of a run that went well; each of its points was verified.
Results results_of(const std::string& arguments, const StandIn& with = {}) {
  const TemporaryFolder scratch;
  const ProgramOutcome run =
      bench_nccl(arguments + " -n 6 -w 1 --json " + scratch.file("r.json"), with);
  EXPECT_EQ(run.exit_code, 0) << arguments << "\n" << run.out << run.err;
  const auto results = read_results(scratch.file("r.json"));
  EXPECT_TRUE(results) << arguments << "\n" << run.err;
  return results ? *results : Results{};
}

std::vector<std::string> names_in(const Results& results) {
  std::vector<std::string> names;
  for (const Record& record : results.records) names.push_back(benchmark_name(record.scenario));
  return names;
}

/// "error: " and one line.
void expect_refused(const std::string& arguments, int exit_code, const std::string& sentence,
                    const StandIn& with = {}) {
  const ProgramOutcome run = bench_nccl(arguments, with);
  EXPECT_EQ(run.exit_code, exit_code) << arguments << "\n" << run.err;
  EXPECT_EQ(run.err, "error: " + sentence + "\n") << arguments;
}

TEST(NcclVersions, WhatIsMissingIsSaidOfTheHeadersOrOfTheLibrary) {
  EXPECT_TRUE(check_nccl_has(NcclFeature::symmetric_windows, "-R 2", 22809, 22700));
  EXPECT_EQ(check_nccl_has(NcclFeature::symmetric_windows, "-R 2", 22606, 22809).error().message,
            "-R 2: symmetric windows need NCCL 2.27 or newer, and this program was built with "
            "2.26.6");
  EXPECT_EQ(check_nccl_has(NcclFeature::simulation, "--simulate", 22809, 21805).error().message,
            "--simulate: NCCL's own estimate needs NCCL 2.22 or newer, and the one that is loaded "
            "is 2.18.5");
}

TEST(NcclVersions, AnOlderLibraryRunsAllThatItHas) {
  StandIn old{2};
  old.environment = "COLLSCALE_STANDIN_NCCL_VERSION=2.18.5";
  EXPECT_EQ(results_of("-g 2 -s 4K all", old).records.size(), 11U);
  expect_refused("-g 2 -s 4K -R 1", 4,
                 "-R 1: registered buffers need NCCL 2.19 or newer, and the one that is loaded is "
                 "2.18.5",
                 old);
  expect_refused("-g 2 -s 4K -a pat all_gather", 2,
                 "-a pat: NCCL 2.18.5 has no such algorithm for what is measured; valid: auto, "
                 "all, ring, collnet_direct, nvls, ring_ll, ring_ll128, ring_simple, "
                 "collnet_direct_simple, nvls_simple",
                 old);
  old.environment = "COLLSCALE_STANDIN_NCCL_VERSION=2.17.1";
  expect_refused("-g 2 -s 4K", 4,
                 "NCCL 2.18 or newer is needed, and the one that is loaded is 2.17.1", old);
}

TEST(NcclAlgorithms, WordsNameAlgorithmsWithProtocols) {
  EXPECT_THAT(*expand_nccl_algorithms({"ring/ll128", "tree"}), ElementsAre("ring_ll128", "tree"));
  EXPECT_THAT(*expand_nccl_algorithms({"Ring/All", "auto"}),
              ElementsAre("ring_ll", "ring_ll128", "ring_simple", "auto"));
  EXPECT_THAT(*expand_nccl_algorithms({"all/ll"}), ElementsAre("ring_ll", "tree_ll"));
  EXPECT_EQ(expand_nccl_algorithms({"rign"}).error().message,
            "-a rign: NCCL has no such algorithm, did you mean \"ring\"?");
  EXPECT_EQ(nccl_choice("ring_ll128").protocol, "LL128");
  EXPECT_THAT(nccl_algorithm_names(Collective::broadcast, 22809),
              ElementsAre("ring", "ring_ll", "ring_ll128", "ring_simple"));
  EXPECT_THAT(nccl_algorithm_names(Collective::all_to_all, 22809), ElementsAre());
}

TEST(NcclAlgorithms, TheEnvironmentIsPutBack) {
  setenv("NCCL_ALGO", "Tree", 1);
  unsetenv("NCCL_PROTO");
  with_nccl_choice(nccl_choice("ring_ll"), [] {
    EXPECT_STREQ(std::getenv("NCCL_ALGO"), "Ring");
    EXPECT_STREQ(std::getenv("NCCL_PROTO"), "LL");
  });
  EXPECT_STREQ(std::getenv("NCCL_ALGO"), "Tree");
  EXPECT_EQ(std::getenv("NCCL_PROTO"), nullptr);
  with_nccl_choice(nccl_choice("auto"), [] { EXPECT_STREQ(std::getenv("NCCL_ALGO"), "Tree"); });
  unsetenv("NCCL_ALGO");
}

TEST(NcclAlgorithms, EachChoiceHasItsRecordWithAlgorithmAndProtocol) {
  const Results results = results_of("-g 2 -s 4K -a auto,ring/ll128,tree all_reduce,all_gather");
  EXPECT_THAT(names_in(results), ElementsAre("all_reduce/auto/float/bytes:4096/ranks:2",
                                             "all_reduce/ring_ll128/float/bytes:4096/ranks:2",
                                             "all_reduce/tree/float/bytes:4096/ranks:2",
                                             "all_gather/auto/float/bytes:4096/ranks:2",
                                             "all_gather/ring_ll128/float/bytes:4096/ranks:2"));
  EXPECT_EQ(results.records.at(1).scenario.protocol, "LL128");
  EXPECT_EQ(results.records.at(2).scenario.protocol, "");
}

TEST(NcclAlgorithms, WhatNcclRefusesIsLeftOutWithALine) {
  StandIn with{2};
  with.fault = "ncclAllGather:1+:error=ncclInvalidUsage;rank=0";
  const ProgramOutcome run = bench_nccl("-g 2 -s 4K -n 6 -w 1 -a ring all_reduce,all_gather", with);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# not measured: all_gather/ring: NCCL refuses it: "
                                 "ncclAllGather: invalid usage"));
  EXPECT_THAT(run.out, HasSubstr("\nall_reduce/ring"));
  EXPECT_THAT(run.out, Not(HasSubstr("\nall_gather/ring")));
}

#ifdef COLLSCALE_MPIEXEC
TEST(NcclAlgorithms, WhatOneRankAloneIsRefusedIsLeftOutOnAll) {
  StandIn with{2, 2};
  with.fault = "ncclAllGather:1+:error=ncclInvalidUsage;rank=1";
  const ProgramOutcome run = bench_nccl("-s 4K -n 6 -w 1 -a ring all_reduce,all_gather", with);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out,
              HasSubstr("# not measured: all_gather/ring: NCCL refuses it: on another rank"));
  EXPECT_THAT(run.out, HasSubstr("\nall_reduce/ring"));
}
#endif

TEST(NcclAlgorithms, UnknownNamesAreMistakes) {
  EXPECT_EQ(bench_nccl("-g 2 -a rign").exit_code, 2);
  EXPECT_EQ(bench_nccl("-g 2 -a tree all_gather").exit_code, 2);
}

TEST(NcclLayouts, GroupsOfOneProcessGpusMeasureTogether) {
  const Results results = results_of("-g 4 -s 4K --layout split:2,all all_reduce", {4});
  EXPECT_THAT(names_in(results),
              ElementsAre("all_reduce/auto/float/bytes:4096/ranks:2/layout:split:2",
                          "all_reduce/auto/float/bytes:4096/ranks:4"));
  EXPECT_EQ(results.context.at("layout/split:2"), "0,1 | 2,3");
}

#ifdef COLLSCALE_MPIEXEC
TEST(NcclLayouts, GroupsOverProcessesMeasureTogetherOrInTurn) {
  const StandIn four{4, 2};
  const Results rails =
      results_of("-g 2 -s 4K --ranks-per-node 2 --layout node,rail all_to_all", four);
  ASSERT_EQ(rails.records.size(), 2U);
  EXPECT_EQ(rails.records[0].scenario.nodes, 1);
  EXPECT_EQ(rails.records[1].scenario.nodes, 2);
  EXPECT_EQ(rails.context.count("group_times/all_to_all/auto/float/bytes:4096/ranks:2/layout:node"),
            1U);
  const Results turns = results_of("-g 2 -s 4K --layout split:2 --groups in-turn all_reduce", four);
  EXPECT_THAT(names_in(turns),
              ElementsAre("all_reduce/auto/float/bytes:4096/ranks:2/layout:split:2:0",
                          "all_reduce/auto/float/bytes:4096/ranks:2/layout:split:2:1"));
}

TEST(NcclInit, RanksThatDoNotComeEndTheRunAfterTheTimeLimit) {
  StandIn with{2, 2};
  with.fault = "ncclCommInitRankConfig:1:hang;rank=1";
  const ProgramOutcome run = bench_nccl("-s 4K --init-timeout 0.5s", with);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err,
              HasSubstr("error: process 0: NCCL's initialisation did not complete in 0.5 s "
                        "(--init-timeout): rank 0 of 2 waited"));
  EXPECT_EQ(results_of("-s 4K --init-timeout 20s all_reduce", {2, 2}).records.size(), 1U);
}

TEST(NcclHang, NamesTheRankAbortsTheCommunicatorsAndKeepsThePoints) {
  const TemporaryFolder scratch;
  StandIn with{2, 2};
  with.fault = "ncclAllGather:1:hang;rank=1";
  const ProgramOutcome run = bench_nccl(
      "-s 4K -n 6 -w 1 --timeout 1 all_reduce,all_gather --json " + scratch.file("r.json"), with);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err,
              HasSubstr("error: all_gather/auto/float/bytes:4096/ranks:2: no progress for "));
  EXPECT_THAT(run.err, HasSubstr("the run is aborted, 1 finished point is kept"));
  EXPECT_EQ(read_results(scratch.file("r.json"))->records.size(), 1U);
}

TEST(NcclHang, NamesTheProcessThatDoesNotLaunch) {
  StandIn with{2, 2};
  with.fault = "cudaEventRecord:3:hang;device=1";
  const ProgramOutcome run =
      bench_nccl("-s 4K -n 6 -w 1 --clock events --timeout 1 all_reduce", with);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("rank 1 did not arrive"));
}

TEST(NcclHang, InInitialisationSaysSo) {
  StandIn with{2, 2};
  with.fault = "ncclCommInitRankConfig:1:hang;rank=1";
  const ProgramOutcome run = bench_nccl("-s 4K --timeout 1 all_reduce", with);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("error: NCCL's initialisation: no progress for "));
}

TEST(NcclInit, SeveralRootsShareTheWork) {
  const Results results = results_of("--init --init-roots 2", {2, 2});
  EXPECT_THAT(names_in(results), ElementsAre("barrier/comm_init_scalable/float/bytes:0/ranks:2"));
  EXPECT_EQ(results_of("-s 4K --init-roots 2 all_reduce", {2, 2}).records.size(), 1U);
}
#endif

TEST(NcclInit, ItsTimeIsAPointOfItsOwn) {
  const Results results = results_of("-g 4 --init", {4});
  EXPECT_THAT(names_in(results), ElementsAre("barrier/comm_init/float/bytes:0/ranks:4"));
  EXPECT_GT(results.records.at(0).time_s, 0);
  EXPECT_EQ(results.records.at(0).samples_s.size(), 6U);
  EXPECT_THAT(names_in(results_of("-g 4 --init --layout split:2", {4})),
              ElementsAre("barrier/comm_split/float/bytes:0/ranks:2/layout:split:2"));
}

TEST(NcclClocks, TheContextSaysWhatATimeIs) {
  for (const auto& [clock, says] :
       {std::pair{"host", "host, around"}, {"events", "CUDA events"}, {"launch", "host, until"}}) {
    const Results results = results_of(std::string("-g 2 -s 4K all_reduce --clock ") + clock);
    EXPECT_THAT(results.context.at("clock"), HasSubstr(says));
    EXPECT_GT(results.records.at(0).time_s, 0);
  }
  expect_refused("-g 2 --clock events --sync window", 2,
                 "--sync window: its samples begin at an agreed time of the host's clock; expected "
                 "--clock host with it");
}

TEST(NcclGraphs, ABatchIsCapturedOnceAndLaunchedAgain) {
  const Results results = results_of("-g 2 -s 4K -G 3 -m 2 all_reduce,all_to_all");
  ASSERT_EQ(results.records.size(), 2U);
  EXPECT_EQ(results.records[0].quality->batch, 6);
  EXPECT_EQ(results.records[0].iterations, 36);
  EXPECT_EQ(results.context.at("cuda_graph"), "3 launches per sample");
  EXPECT_EQ(results_of("-g 2 -s 4K -G 2 --clock events -a ring,tree all_reduce").records.size(),
            2U);
}

TEST(NcclRegistration, BuffersAreRegisteredAndTheFileSaysHow) {
  EXPECT_EQ(
      results_of("-g 4 -s 4K -R 1 --layout all,split:2 all_reduce", {4}).context.at("registration"),
      "ncclCommRegister");
  const Results windows = results_of("-g 2 -s 4K -R 2 -a auto,ring all_gather,reduce_scatter");
  EXPECT_EQ(windows.records.size(), 4U);
  EXPECT_EQ(windows.context.at("registration"), "symmetric windows");
}

TEST(NcclBuffers, MayBeginBetweenAlignedAddressesAndAreVerifiedThere) {
  const Results results =
      results_of("-g 2 -s 4K -u 3 -c 4 -d double,uint8 -R 1 -a auto,ring all_reduce,all_gather");
  EXPECT_EQ(results.records.size(), 8U);
  EXPECT_EQ(results.context.at("unalign"), "3 elements");
  StandIn with{2};
  with.fault = "ncclAllReduce:7:wrong";  // of two GPUs: the fourth operation
  EXPECT_EQ(bench_nccl("-g 2 -s 4K -c 4 -n 6 all_reduce", with).exit_code, 1);
}

TEST(NcclMemory, WhatInitialisingTookIsALine) {
  const ProgramOutcome run = bench_nccl("-g 2 -s 4K -n 6 -M 1 all_reduce");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# memory: initialising took "));
}

TEST(NcclSimulation, ItsEstimateStandsBesideTheMeasurement) {
  const Results results = results_of("-g 2 -s 4K --simulate all_reduce");
  ASSERT_TRUE(results.records.at(0).estimate_s);
  EXPECT_GT(*results.records.at(0).estimate_s, 0);
  EXPECT_FALSE(results_of("-g 2 -s 4K all_reduce").records.at(0).estimate_s);
  EXPECT_THAT(bench_nccl("-g 2 -s 4K -n 6 --simulate all_reduce").out,
              HasSubstr(", NCCL's estimate "));
}

}  // namespace
}  // namespace collscale

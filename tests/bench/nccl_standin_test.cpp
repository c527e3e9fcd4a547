// SPDX-License-Identifier: Apache-2.0
// bench_nccl as it is installed, on the stand-ins of tests/standin: what works, and what a user
// sees when something does not.
#include "nccl_standin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

constexpr const char* kInPlace =
    " --in-place all_reduce,all_gather,reduce_scatter,broadcast,reduce,all_gather_v";

/// Every point is there, and since points are verified unless asked otherwise, nothing was wrong.
void expect_all_right(const std::string& arguments, std::size_t points, const StandIn& with) {
  const TemporaryFolder scratch;
  const ProgramOutcome run = bench_nccl(arguments + " --json " + scratch.file("r.json"), with);
  ASSERT_EQ(run.exit_code, 0) << arguments << "\n" << run.err;
  const auto results = read_results(scratch.file("r.json"));
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), points) << arguments;
}

TEST(NcclStandIn, TakesThePlaceOfTheRealLibraries) {
  const ProgramOutcome run = bench_nccl("all_reduce -s 4K -n 6");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("stand-in, not a GPU"));
}

TEST(NcclStandIn, EveryCollectiveIsVerifiedInEveryTypeOnTwoGpus) {
  expect_all_right("-g 2 -s 6000 -n 6 -d all all", 132, {2});
}

TEST(NcclStandIn, EveryCollectiveIsVerifiedOnThreeGpus) {
  expect_all_right("-g 3 -s 6000 -n 6 -d half,int64 all", 22, {3});
}

TEST(NcclStandIn, EveryCollectiveIsVerifiedOnFourGpus) {
  expect_all_right("-g 4 -s 6000 -n 6 -d bfloat16,uint8 all", 22, {4});
}

TEST(NcclStandIn, CollectivesInPlaceAreVerified) {
  for (int gpus = 2; gpus <= 4; ++gpus) {
    const std::string on = "-g " + std::to_string(gpus) + " -s 6000 -n 6 -d half,double";
    expect_all_right(on + kInPlace, 12, {gpus});
  }
}

TEST(NcclStandIn, AveragesAreVerifiedInEveryTypeWhetherOneNthIsExactOrNot) {
  expect_all_right("-g 3 -o avg -d all -s 6000 -n 6 all_reduce,reduce_scatter", 24, {3});
  expect_all_right("-g 4 -o avg -d all -s 6000 -n 6 all_reduce,reduce", 24, {4});
  const ProgramOutcome run =
      bench_nccl("-g 3 -s 4K -n 6 -o avg all_reduce", {3, 0, "ncclAllReduce:2:wrong=77;rank=1"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("rank 1, element 77: got "));
}

TEST(NcclStandIn, OperationsAndLargeMessagesAreVerified) {
  expect_all_right("-g 3 -o all -d half,int64 -s 6000 -n 6 all_reduce,reduce_scatter", 20, {3});
  expect_all_right("-g 3 -s 3M -n 6 all", 11, {3});
}

TEST(NcclStandIn, WhatNcclHasNoOperationForIsLeftOutOfAllAndRefusedByName) {
  const ProgramOutcome one = bench_nccl("-s 4K -n 6 -d all -o sum,avg all_reduce");
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_THAT(one.err, HasSubstr("note: left out, all_reduce of f8e4m3 with avg on one rank: NCCL "
                                 "has no such operation\n"));
  EXPECT_THAT(one.out, HasSubstr("all_reduce half avg"));
  const ProgramOutcome in_place = bench_nccl("-s 4K -n 6 --in-place all");
  EXPECT_EQ(in_place.exit_code, 0) << in_place.err;
  EXPECT_THAT(in_place.err, HasSubstr("note: left out, gather in place: NCCL has no such"));
  const ProgramOutcome named = bench_nccl("-s 4K -n 6 -d f8e5m2 -o avg reduce");
  EXPECT_EQ(named.exit_code, 2);
  EXPECT_THAT(named.err, HasSubstr("error: reduce of f8e5m2 with avg on one rank: NCCL has no"));
}

TEST(NcclStandIn, SeveralOperationsInOneGroupAreVerified) {
  expect_all_right("-g 2 -m 5 -n 6 -s 4K all", 11, {2});
}

#ifdef COLLSCALE_MPIEXEC
TEST(NcclStandIn, TwoProcessesOfTwoGpusAreVerified) {
  expect_all_right("-g 2 -s 6000 -n 6 -d bfloat16 all", 11, {4, 2});
  expect_all_right("-g 2 -s 600K -n 6 -d int8" + std::string(kInPlace), 6, {4, 2});
}

TEST(NcclStandIn, AHangAmongSeveralProcessesIsEndedByTheWatchdog) {
  const ProgramOutcome run = bench_nccl("-g 2 -s 4K -n 6 --timeout 500ms all_reduce",
                                        {4, 2, "ncclAllReduce:5:hang;rank=3"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("error: all_reduce/auto/float/bytes:4096/ranks:4: no progress"));
}
#endif

TEST(NcclStandIn, AWrongElementIsFoundAndNamed) {
  const ProgramOutcome run =
      bench_nccl("-g 3 -s 4K -n 6 all_reduce", {3, 0, "ncclAllReduce:2:wrong=77;rank=1"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("rank 1, element 77: got "));
  EXPECT_THAT(run.err, HasSubstr("(1 of "));
}

TEST(NcclStandIn, AWrongElementOfAMessageIsFoundOnTheRankThatReceivesIt) {
  const ProgramOutcome run =
      bench_nccl("-g 2 -s 4K -n 6 send_recv", {2, 0, "ncclRecv:1:wrong=9;rank=0"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("rank 0, element 9: got "));
}

TEST(NcclStandIn, AHangIsEndedByTheWatchdogAndFinishedPointsAreKept) {
  const TemporaryFolder scratch;
  const ProgramOutcome run = bench_nccl(
      "-g 2 -s 4K -n 6 -w 0 --timeout 500ms all_gather,all_reduce --json " + scratch.file("r.json"),
      {2, 0, "ncclAllReduce:5:hang;rank=1"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("all_reduce/auto/float/bytes:4096/ranks:2: no progress"));
  EXPECT_THAT(run.err, HasSubstr("1 finished point is kept"));
  const auto results = read_results(scratch.file("r.json"));
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), 1U);
}

TEST(NcclStandIn, ASlowRankShowsInTheTime) {
  const TemporaryFolder scratch;
  const ProgramOutcome run =
      bench_nccl("-g 2 -s 4K -n 6 all_reduce --json " + scratch.file("r.json"),
                 {2, 0, "ncclAllReduce:1+:slow=3000;rank=1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(scratch.file("r.json"));
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->records.size(), 1U);
  EXPECT_GE(results->records[0].time_s, 3e-3);
}

#ifdef COLLSCALE_MPIEXEC
// As under srun --gpus-per-task, where every process sees one GPU and calls it number 0.
TEST(NcclStandIn, ProcessesThatSeeTheirOwnGpuAloneAreTakenAtTheirWord) {
  const TemporaryFolder scratch;
  const auto start = [&](const std::string& visible) {
    const std::string script =
        scratch.file("own.sh", "export CUDA_VISIBLE_DEVICES=" + visible + "\nexec \"$@\"\n");
    return mpirun(2, "sh " + script + " " + bench_nccl_command({2}) + "-s 4K -n 3 all_reduce");
  };
  const ProgramOutcome own = start("$OMPI_COMM_WORLD_RANK$PMI_RANK");
  EXPECT_EQ(own.exit_code, 0) << own.err;
  EXPECT_THAT(own.out, HasSubstr("2 ranks on 1 node (2 processes of 1 GPU"));
  const ProgramOutcome same = start("0");
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_THAT(same.err, HasSubstr("2 processes on this node would need 2 GPUs, but it has 1"));
}
#endif

}  // namespace
}  // namespace collscale

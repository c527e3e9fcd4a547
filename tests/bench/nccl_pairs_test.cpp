// SPDX-License-Identifier: Apache-2.0
// What bench_nccl measures by messages between pairs of GPUs: --matrix, and the ceiling.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "nccl_standin.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Every pair of four ranks once for each size.
void expect_all_pairs_of_four(const StandIn& with, const std::string& arguments) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const ProgramOutcome run =
      bench_nccl(arguments + " --matrix -e 256K -n 7 -m 2 --json " + file, with);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  std::set<std::string> names;
  for (const Record& record : results->records) {
    names.insert(benchmark_name(record.scenario));
    EXPECT_EQ(record.samples_s.size(), 7U);
    EXPECT_GT(record.busbw_Bps, 0);
    EXPECT_EQ(record.engine, Engine::nccl);
  }
  std::set<std::string> expected;
  for (const char* pair : {"0-1", "0-2", "0-3", "1-2", "1-3", "2-3"})
    for (const char* size : {"8", "262144"})
      expected.insert(std::string("send_recv/ping_pong/uint8/bytes:") + size +
                      "/ranks:2/layout:pair:" + pair);
  EXPECT_EQ(names, expected);
  EXPECT_EQ(results->records.size(), 12U);
  EXPECT_THAT(results->context.at("clock"), HasSubstr("CUDA events"));
  EXPECT_THAT(run.out, HasSubstr("upper right: latency of 8 B in us; lower left: bandwidth of 256 "
                                 "KiB in GB/s"));
}

TEST(BenchNcclMatrix, MeasuresEveryPairOfTheGpusOfOneProcess) {
  expect_all_pairs_of_four({4}, "-g 4");
  expect_all_pairs_of_four({4}, "-g 4 --groups in-turn -R 1 -y 1");
}

TEST(BenchNcclMatrix, WithAnOddNumberOfGpusOneRestsInEachRound) {
  const ProgramOutcome run = bench_nccl("-g 3 --matrix -e 64K -n 5 --timeout 5s", {3});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, Not(HasSubstr(" - "))) << "every pair has a time";
}

TEST(BenchNcclMatrix, ASlowGpuIsNamed) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const ProgramOutcome run =
      bench_nccl("-g 4 --matrix -e 64K -w 1 -n 5 -m 1 --groups in-turn --json " + file,
                 {4, 0, "ncclSend:1+:slow=40000;rank=2"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, testing::ContainsRegex("# 8 B: [^\n]*rank 2 is slow: its pairs take "))
      << run.out;
  EXPECT_THAT(run.out, testing::ContainsRegex("# 64 KiB: [^\n]*rank 2 is slow: its pairs take "))
      << run.out;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_THAT(results->context.at("slow/bytes:8"), HasSubstr("rank 2 is slow"));
}

TEST(BenchNcclMatrix, WrongDataNamesThePairAndTheByteAndIsNotRecorded) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const ProgramOutcome run =
      bench_nccl("-g 3 --matrix -e 64K -n 5 --json " + file, {3, 0, "ncclRecv:1+:wrong=5;rank=1"});
  EXPECT_EQ(run.exit_code, 1);
  for (const char* pair : {"0-1", "1-2"}) {
    for (const char* size : {"8", "65536"}) {
      EXPECT_THAT(run.err, testing::ContainsRegex(
                               std::string("error: send_recv/ping_pong/uint8/bytes:") + size +
                               "/ranks:2/layout:pair:" + pair +
                               ": wrong result: rank 1, element 5: got [0-9]+, want [0-9]+ "));
    }
  }
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->records.size(), 2U) << "the pair that is right, for both sizes";
  for (const Record& record : results->records) EXPECT_EQ(record.scenario.layout, "pair:0-2");
}

TEST(BenchNcclMatrix, AHangNamesThePairs) {
  const ProgramOutcome run =
      bench_nccl("-g 4 --matrix -e 64K -n 5 --timeout 500ms", {4, 0, "ncclSend:20:hang;rank=3"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err,
              testing::ContainsRegex("error: send_recv/ping_pong/uint8/bytes:8/ranks:2/layout:"
                                     "pair:[0-3]-[0-3] and 1 other pair: no progress"));
}

TEST(BenchNcclMatrix, OneGpuAloneAndWhatMessagesDoNotHaveAreRefused) {
  const ProgramOutcome alone = bench_nccl("--matrix");
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.err, HasSubstr("error: --matrix: one rank has no pairs; start more ranks\n"));
  for (const char* with : {"--init", "--simulate", "-G 2", "--clock launch"}) {
    const ProgramOutcome run = bench_nccl(std::string("-g 2 --matrix ") + with);
    EXPECT_EQ(run.exit_code, 2) << with;
    EXPECT_THAT(run.err, HasSubstr("error: --matrix: messages between pairs are timed by CUDA"));
  }
}

#ifdef COLLSCALE_MPIEXEC
TEST(BenchNcclMatrix, MeasuresEveryPairOfTwoProcessesOfTwoGpus) {
  expect_all_pairs_of_four({4, 2}, "-g 2");
  expect_all_pairs_of_four({4, 2}, "-g 2 --groups in-turn");
}

TEST(BenchNcclMatrix, ASlowGpuAndWrongDataOfAnotherProcessAreNamed) {
  const ProgramOutcome slow = bench_nccl("-g 2 --matrix -e 64K -w 1 -n 5 -m 1 --groups in-turn",
                                         {4, 2, "ncclSend:1+:slow=20000;rank=3"});
  EXPECT_EQ(slow.exit_code, 0) << slow.err;
  EXPECT_THAT(slow.out, testing::ContainsRegex("# 8 B: [^\n]*rank 3 is slow: its pairs take "))
      << slow.out;
  const ProgramOutcome wrong =
      bench_nccl("-g 2 --matrix -e 64K -n 5 -m 1", {4, 2, "ncclRecv:1+:wrong=7;rank=3"});
  EXPECT_EQ(wrong.exit_code, 1);
  for (const char* pair : {"0-3", "1-3", "2-3"})
    EXPECT_THAT(wrong.err, HasSubstr(std::string("/bytes:8/ranks:2/layout:pair:") + pair +
                                     ": wrong result: rank 3, element 7: got "));
  EXPECT_THAT(wrong.err, Not(HasSubstr("pair:0-1:")));
}

TEST(BenchNcclMatrix, AHostThatHangsIsNamedAndNotThoseThatRestMeanwhile) {
  const ProgramOutcome run = bench_nccl("-g 1 --matrix -e 64K -n 5 --timeout 500ms",
                                        {3, 3, "cudaEventRecord:9:hang;device=1"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, testing::ContainsRegex("no progress for .*: rank 1 did not arrive"));
}

TEST(BenchNcclMatrix, AnInterruptedOneIsGoneOnWith) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const std::string arguments = "-g 2 --matrix -e 8M -n 10 -m 1 --json " + file;
  // Another process than the one that reports gets the signal.
  std::ofstream(scratch.file("rank.sh"))
      << "case $OMPI_COMM_WORLD_RANK$PMI_RANK in 1)\n"
      << "(until [ -s " << file << " ]; do sleep 0.02; done; kill -INT $$) & esac\n"
      << "exec " << bench_nccl_command({4}) << arguments << "\n";
  const ProgramOutcome stopped = mpirun(2, "sh " + scratch.file("rank.sh"));
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr(" of 12 points are kept"));
  const auto earlier = read_results(file);
  ASSERT_TRUE(earlier) << earlier.error().message;
  EXPECT_LT(earlier->records.size(), 12U);
  const ProgramOutcome rest = bench_nccl(arguments + " --resume", {4, 2});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_THAT(rest.err,
              HasSubstr(std::to_string(earlier->records.size()) + " of 12 points are kept from "));
  const auto results = read_results(file);
  ASSERT_EQ(results->records.size(), 12U);
  EXPECT_EQ(results->records[0].samples_s, earlier->records[0].samples_s);
}
#endif

/// The records of a run with the ceiling.
std::vector<Record> records_with_ceiling(const std::string& arguments, const StandIn& with,
                                         std::string* about = nullptr) {
  const TemporaryFolder scratch;
  const ProgramOutcome run = bench_nccl(arguments + " --json " + scratch.file("r.json"), with, "");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  if (about != nullptr) *about = run.out;
  const auto results = read_results(scratch.file("r.json"));
  EXPECT_TRUE(results);
  return results ? results->records : std::vector<Record>{};
}

TEST(BenchNcclCeiling, MessagesAndCopiesAreWhatRowsAreHeldAgainst) {
  std::string about;
  const auto records = records_with_ceiling(
      "-g 4 -s 64K -n 6 all_gather,all_to_all --time-per-point 0.1s", {4}, &about);
  EXPECT_THAT(about, testing::ContainsRegex("# of attainable: by what is measured here, message "
                                            "latency .*, bandwidth .*, copy .* per rank"));
  ASSERT_EQ(records.size(), 2U);
  for (const Record& record : records) {
    ASSERT_TRUE(record.attainable);
    EXPECT_EQ(record.attainable->by, "measured");
    EXPECT_GT(record.attainable->time_s, 0);
  }
}

TEST(BenchNcclCeiling, OneGpuAndThoseWhoDoNotWantItHaveNone) {
  for (const char* arguments : {"-g 1 -s 4K -n 6", "-g 2 -s 4K -n 6 --no-ceiling"}) {
    std::string about;
    const auto records = records_with_ceiling(std::string(arguments) + " all_reduce", {2}, &about);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_FALSE(records[0].attainable);
    EXPECT_THAT(about, Not(HasSubstr("of attainable: ")));
  }
}

TEST(BenchNcclCeiling, ItsMessagesAreAsSlowAsTheSlowestGpuMakesThem) {
  std::string about;
  // The only pair has the slow end: a round trip waits 8 ms once, a message half of that.
  const auto records = records_with_ceiling("-g 2 -s 1K -n 6 -m 1 all_gather",
                                            {2, 0, "ncclSend:1+:slow=8000;rank=1"}, &about);
  EXPECT_THAT(about, testing::ContainsRegex("message latency [0-9.]+ ms"));
  ASSERT_EQ(records.size(), 1U);
  // The collective itself is not slow, and better than ten times the ceiling is not believed.
  EXPECT_FALSE(records[0].attainable);
}

TEST(BenchNcclCeiling, AHangOfItsMessagesIsEndedByTheWatchdog) {
  const ProgramOutcome run = bench_nccl("-g 2 -s 4K -n 6 --timeout 500ms all_reduce",
                                        {2, 0, "ncclRecv:40:hang;rank=1"}, "");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("error: messages and copies for the ceiling: no progress"));
}

#ifdef COLLSCALE_MPIEXEC
TEST(BenchNcclCeiling, IsOfAllProcessesAndAcrossNodesOfMessagesAlone) {
  for (const char* nodes : {"", " --ranks-per-node 2"}) {
    std::string about;
    const auto records = records_with_ceiling(
        std::string("-g 2 -s 64K -n 6 all_gather --time-per-point 0.1s") + nodes, {4, 2}, &about);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_TRUE(records[0].attainable);
    EXPECT_THAT(about, HasSubstr("by what is measured here, message latency "));
    EXPECT_EQ(about.find(" per rank") == std::string::npos, *nodes != '\0') << about;
  }
}
#endif

}  // namespace
}  // namespace collscale

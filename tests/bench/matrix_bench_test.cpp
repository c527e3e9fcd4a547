// SPDX-License-Identifier: Apache-2.0
// bench_mpi --matrix as a user starts it, and with a slow rank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "mpirun.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

TEST(BenchMpiMatrix, MeasuresEveryPairOnceForLatencyAndForBandwidth) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const ProgramOutcome run =
      mpirun(3, std::string(COLLSCALE_BENCH_MPI) + " --matrix -e 64K -n 7 --json " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  std::set<std::string> names;
  for (const Record& record : results->records) {
    names.insert(benchmark_name(record.scenario));
    EXPECT_EQ(record.samples_s.size(), 7U);
    EXPECT_GT(record.busbw_Bps, 0);
    EXPECT_EQ(record.engine, Engine::mpi);
  }
  std::set<std::string> expected;
  for (const char* pair : {"0-1", "0-2", "1-2"})
    for (const char* size : {"8", "65536"})
      expected.insert(std::string("send_recv/ping_pong/uint8/bytes:") + size +
                      "/ranks:2/layout:pair:" + pair);
  EXPECT_EQ(names, expected);
  EXPECT_EQ(results->records.size(), 6U);
  EXPECT_THAT(run.out, HasSubstr("upper right: latency of 8 B in us; lower left: bandwidth of 64 "
                                 "KiB in GB/s"));
}

TEST(BenchMpiMatrix, ASlowRankIsNamed) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const ProgramOutcome run = mpirun(3, std::string(COLLSCALE_SLOW_RANK_BENCH) + " 1 " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# 8 B: rank 1 is slow: its pairs take ")) << run.out;
  EXPECT_THAT(run.out, HasSubstr("# 64 KiB: rank 1 is slow: its pairs take ")) << run.out;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_THAT(results->context.at("slow/bytes:8"), HasSubstr("rank 1 is slow"));
}

TEST(BenchMpiMatrix, WrongDataNamesThePairAndTheByteAndIsNotRecorded) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const ProgramOutcome run =
      mpirun(3, std::string(COLLSCALE_SLOW_RANK_BENCH) + " 2 " + file + " wrong");
  EXPECT_EQ(run.exit_code, 1);
  for (const char* pair : {"0-2", "1-2"}) {
    EXPECT_THAT(
        run.err,
        testing::ContainsRegex(
            std::string("error: send_recv/ping_pong/uint8/bytes:8/ranks:2/layout:pair:") + pair +
            ": wrong result: rank 2, element 5: got [0-9]+, want [0-9]+ "
            "[(]1 of 16 elements wrong[)]"));
  }
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->records.size(), 2U) << "the pair that is right, for both sizes";
  for (const Record& record : results->records) EXPECT_EQ(record.scenario.layout, "pair:0-1");
}

TEST(BenchMpiMatrix, InTurnNoTwoPairsRunTogether) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const std::string arguments = " --matrix -e 64 -n 5 --json " + file;
  ASSERT_EQ(mpirun(4, std::string(COLLSCALE_BENCH_MPI) + arguments + " --groups in-turn").exit_code,
            0);
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), 12U);
  EXPECT_EQ(results->context.at("groups"), "in-turn");
  const ProgramOutcome together =
      mpirun(4, std::string(COLLSCALE_BENCH_MPI) + arguments + " --resume");
  EXPECT_EQ(together.exit_code, 2);
  EXPECT_THAT(together.err, HasSubstr(R"(its groups is "in-turn", but this run's is "together")"));
}

TEST(BenchMpiMatrix, AnInterruptedOneIsGoneOnWith) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("m.json");
  const std::string arguments =
      std::string(COLLSCALE_BENCH_MPI) + " --matrix -e 8M -n 25 -m 1 --json " + file;
  // Another rank than the one that reports gets the signal.
  std::ofstream(scratch.file("rank.sh"))
      << "case $OMPI_COMM_WORLD_RANK$PMI_RANK in 2)\n"
      << "(until [ -s " << file << " ]; do sleep 0.02; done; kill -INT $$) & esac\n"
      << "exec " << arguments << "\n";
  const ProgramOutcome stopped = mpirun(3, "sh " + scratch.file("rank.sh"));
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, testing::ContainsRegex("note: interrupted; [1-5] of 6 points are kept"));
  const auto earlier = read_results(file);
  ASSERT_TRUE(earlier) << earlier.error().message;
  const ProgramOutcome rest = mpirun(3, arguments + " --resume");
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_THAT(rest.err,
              HasSubstr(std::to_string(earlier->records.size()) + " of 6 points are kept from "));
  const auto results = read_results(file);
  ASSERT_EQ(results->records.size(), 6U);
  EXPECT_EQ(results->records[0].samples_s, earlier->records[0].samples_s);
  EXPECT_THAT(rest.out, testing::Not(HasSubstr(" - "))) << "the matrix has what was kept, too";
  const std::string before = *read_text_file(file);
  const ProgramOutcome again = mpirun(3, arguments + " --resume");
  EXPECT_THAT(again.err, HasSubstr("6 of 6 points are kept"));
  EXPECT_EQ(*read_text_file(file), before);
}

TEST(BenchMpiMatrix, WhoWatchesIsToldWhatIsLeft) {
  const ProgramOutcome run =
      mpirun(2, std::string(COLLSCALE_BENCH_MPI) + " --matrix -n 5 --progress on");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("[1/2] 0:0"));
  EXPECT_THAT(run.out, testing::Not(HasSubstr("\033")));
}

TEST(BenchMpiMatrix, OneRankAloneAndAPathThatCannotBeWrittenAreRefused) {
  const ProgramOutcome alone = mpirun(1, std::string(COLLSCALE_BENCH_MPI) + " --matrix");
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.err, HasSubstr("error: --matrix: one rank has no pairs; start more ranks\n"));
  const ProgramOutcome nowhere =
      mpirun(2, std::string(COLLSCALE_BENCH_MPI) + " --matrix --json /nowhere/m.json");
  EXPECT_NE(nowhere.exit_code, 0);
  EXPECT_THAT(nowhere.err, HasSubstr("/nowhere"));
}

}  // namespace
}  // namespace collscale

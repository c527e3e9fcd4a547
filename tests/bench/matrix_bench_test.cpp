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
  const ScratchDirectory scratch;
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
  const ScratchDirectory scratch;
  const std::string file = scratch.file("m.json");
  const ProgramOutcome run = mpirun(3, std::string(COLLSCALE_SLOW_RANK_BENCH) + " 1 " + file);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# 8 B: rank 1 is slow: its pairs take ")) << run.out;
  EXPECT_THAT(run.out, HasSubstr("# 64 KiB: rank 1 is slow: its pairs take ")) << run.out;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_THAT(results->context.at("slow/bytes:8"), HasSubstr("rank 1 is slow"));
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

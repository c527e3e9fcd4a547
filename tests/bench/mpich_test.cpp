// SPDX-License-Identifier: Apache-2.0
// The same bench_mpi with another MPI library.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "record_io/results_file.hpp"
#include "run_program.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

ProgramOutcome bench_mpi_mpich(int ranks, const std::string& arguments) {
  return run_program("timeout 60 " COLLSCALE_MPICHEXEC " " + std::to_string(ranks) +
                     " " COLLSCALE_BENCH_MPI_MPICH " " + arguments);
}

TEST(MpichAlgorithms, AutoIsTheOnlyOneAndThatIsSaid) {
  const ProgramOutcome run = bench_mpi_mpich(2, "all_reduce -a ring");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("error: -a ring: MPICH 4"));
  EXPECT_THAT(run.err, HasSubstr(" lets no algorithm be chosen here, only auto"));
}

class Mpich : public testing::TestWithParam<int> {};

TEST_P(Mpich, MeasuresAndVerifiesAllCollectives) {
  const TemporaryFolder scratch;
  const ProgramOutcome run =
      bench_mpi_mpich(GetParam(), "-C all --skew 3 -s 4K -w 1 -n 3 -m 1 --no-ceiling --json " +
                                      scratch.file("r.json"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(scratch.file("r.json"));
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), 12U);
  std::set<Collective> measured;
  for (const Record& record : results->records) measured.insert(record.scenario.collective);
  EXPECT_EQ(measured.size(), 12U);
  EXPECT_THAT(results->context.at("mpi_library"), HasSubstr("MPICH"));
  for (const Record& record : results->records) {
    EXPECT_EQ(record.scenario.ranks, GetParam());
    EXPECT_EQ(record.samples_s.size(), 3U);
  }
}

INSTANTIATE_TEST_SUITE_P(Ranks, Mpich, testing::Values(2, 3));

TEST(MpichLayout, IsMeasuredOnItsGroups) {
  const TemporaryFolder scratch;
  const ProgramOutcome run = bench_mpi_mpich(
      4, "-C all --skew 2 --layout split:2 -s 1K -w 1 -n 3 -m 1 --no-ceiling --json " +
             scratch.file("r.json"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(scratch.file("r.json"));
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->records.size(), 12U);
  for (const Record& record : results->records) {
    EXPECT_EQ(record.scenario.ranks, 2);
    EXPECT_EQ(record.scenario.layout, "split:2");
  }
}

TEST(MpichInterrupt, WhatWasMeasuredIsKept) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  // Rank 0 alone is told to stop, once its first point is written.
  std::ofstream(scratch.file("start.sh"))
      << "if [ \"$PMI_RANK\" = 0 ]; then\n"
      << "  ( while [ ! -f " << file << " ]; do sleep 0.02; done; kill -INT $$ ) &\n"
      << "fi\n"
      << "exec " << COLLSCALE_BENCH_MPI_MPICH << " -b 8 -e 64M --time-per-point 0.3s --json "
      << file << "\n";
  const ProgramOutcome run =
      run_program("timeout 60 " COLLSCALE_MPICHEXEC " 2 sh " + scratch.file("start.sh"));
  EXPECT_EQ(run.exit_code, 130) << run.err;
  EXPECT_THAT(run.err, HasSubstr("points are kept"));
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_GE(results->records.size(), 1U);
}

TEST(MpichHang, AStoppedRankIsNamedAndTheRunAborted) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  std::ofstream(scratch.file("start.sh"))
      << "if [ \"$PMI_RANK\" = 1 ]; then\n"
      << "  ( while [ ! -f " << file << " ]; do sleep 0.02; done; kill -STOP $$ ) &\n"
      << "fi\n"
      << "exec " << COLLSCALE_BENCH_MPI_MPICH << " --timeout 0.5s --json " << file << "\n";
  const ProgramOutcome run =
      run_program("timeout 60 " COLLSCALE_MPICHEXEC " 2 sh " + scratch.file("start.sh"));
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("rank 1 does not answer"));
  EXPECT_TRUE(read_results(file));
}

}  // namespace
}  // namespace collscale

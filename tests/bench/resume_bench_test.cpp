// SPDX-License-Identifier: Apache-2.0
// bench_mpi --resume as a user starts it, after a rank was killed or interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "mpirun.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

/// bench_mpi on two ranks, the last of which gets `signal` when the file has `records` records.
ProgramOutcome signalled(int signal, int records, const std::string& file,
                         const std::string& arguments) {
  const TemporaryFolder scratch;
  std::ofstream(scratch.file("rank.sh"))
      << "echo $$ >> " << scratch.file("pids") << "; exec " << COLLSCALE_BENCH_MPI << " "
      << arguments << " --json " << file << "\n";
  std::ofstream(scratch.file("run.sh"))
      << "timeout 60 " << COLLSCALE_MPIEXEC << " 2 sh " << scratch.file("rank.sh") << " &\n"
      << "run=$!; tries=0\n"
      << "until [ $(grep -c run_name " << file << " 2>/dev/null || true) -ge " << records
      << " ] 2>/dev/null || [ $tries -ge 1000 ]; do sleep 0.02; tries=$((tries + 1)); done\n"
      << "kill -" << signal << " $(tail -n 1 " << scratch.file("pids") << ")\n"
      << "wait $run\n";
  return run_program("sh " + scratch.file("run.sh"));
}

/// What is stopped after some points and gone on with has the benchmarks of a run in one go.
void expect_to_go_on(int signal, const std::string& arguments) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const std::string slow = arguments + " --time-per-point 0.05s --precision 0.01%";
  const ProgramOutcome stopped = signalled(signal, 2, file, slow);
  EXPECT_NE(stopped.exit_code, 0);
  const auto earlier = read_results(file);
  ASSERT_TRUE(earlier) << earlier.error().message;
  ASSERT_GE(earlier->records.size(), 2U);
  const ProgramOutcome rest = bench_mpi(slow + " --resume --json " + file);
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  std::string names;
  for (const Record& record : results->records) names += benchmark_name(record.scenario) + "\n";
  EXPECT_EQ(names, bench_mpi(arguments + " --list").out);
  EXPECT_LT(earlier->records.size(), results->records.size()) << "it was stopped in time";
  EXPECT_EQ(results->records.front().samples_s, earlier->records.front().samples_s);
}

TEST(BenchMpiResume, GoesOnAfterARankWasKilled) {
  expect_to_go_on(SIGKILL, "all_reduce -b 8 -e 4K");
}

TEST(BenchMpiResume, GoesOnAfterAnInterruptWithLayouts) {
  expect_to_go_on(SIGINT, "all_reduce,barrier -s 8,64,512,4K --layout node,all");
}

TEST(BenchMpiResume, AnotherNumberOfRanksIsRefused) {
  const TemporaryFolder scratch;
  const std::string arguments = "all_reduce -s 8 -n 6 --resume --json " + scratch.file("r.json");
  ASSERT_EQ(bench_mpi(arguments).exit_code, 0) << "from nothing";
  const ProgramOutcome other = bench_mpi(arguments, 3);
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("but this run's is \"3\"\n"));
}

}  // namespace
}  // namespace collscale

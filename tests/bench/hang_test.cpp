// SPDX-License-Identifier: Apache-2.0
// Ranks that hang, stop and die, and disks that are full, as a user meets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mpirun.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;
using testing::Not;

/// hang_bench on three ranks, whose second point goes wrong.
struct Hanging {
  explicit Hanging(const std::string& fault_and_rank)
      : run(mpirun(3,
                   COLLSCALE_HANG_BENCH " " + fault_and_rank + " 0.5 " + scratch.file("r.json"))) {}
  /// The first point is kept, in one whole file.
  void expect_the_first_point() const {
    const auto results = read_results(scratch.file("r.json"));
    ASSERT_TRUE(results) << results.error().message;
    ASSERT_EQ(results->records.size(), 1U);
    EXPECT_EQ(results->records[0].scenario.size_bytes, 1024);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
  }
  TemporaryFolder scratch;
  ProgramOutcome run;
};

TEST(Hang, ARankThatDoesNotArriveIsNamedAndTheRestIsKept) {
  const Hanging hanging("late 2");
  EXPECT_EQ(hanging.run.exit_code, 1) << hanging.run.err;
  EXPECT_THAT(hanging.run.err, HasSubstr("error: all_reduce/auto/float/bytes:2048/ranks:3: no "
                                         "progress for "));
  EXPECT_THAT(hanging.run.err, HasSubstr("rank 2 did not arrive (1 step behind); the run is "
                                         "aborted, 1 finished point is kept in "));
  hanging.expect_the_first_point();
}

TEST(Hang, AStoppedRankIsNamedEvenIfItIsTheOneThatReports) {
  const Hanging hanging("stop 0");
  EXPECT_EQ(hanging.run.exit_code, 1) << hanging.run.err;
  EXPECT_THAT(hanging.run.err, HasSubstr("rank 0 does not answer"));
  EXPECT_THAT(hanging.run.err, Not(HasSubstr("did not arrive")));
  hanging.expect_the_first_point();
}

TEST(Hang, ADeadlockInsideTheLibraryIsSaidToBeNobodysDelay) {
  const Hanging hanging("deadlock 1");
  EXPECT_EQ(hanging.run.exit_code, 1) << hanging.run.err;
  EXPECT_THAT(hanging.run.err, HasSubstr("all 3 ranks entered and none returned"));
  hanging.expect_the_first_point();
}

TEST(Hang, AKilledRankLeavesAWholeFile) {
  const Hanging hanging("kill 1");
  EXPECT_NE(hanging.run.exit_code, 0);
  hanging.expect_the_first_point();
}

// A file may not grow beyond 4 KiB: what writing then gives takes the same way as a full disk's.
TEST(FullDisk, IsSaidOnceAndTheEarlierFileStaysWhole) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  std::ofstream(scratch.file("start.sh"))
      << "trap '' XFSZ; ulimit -f 8; exec " << COLLSCALE_BENCH_MPI
      << " all_reduce -b 8 -e 4K -n 20 --json " << file << "\n";
  const ProgramOutcome run = mpirun(2, "sh " + scratch.file("start.sh"));
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("error: cannot write \"" + file + "\": File too large"));
  EXPECT_EQ(run.err.find("error: "), run.err.rfind("error: "));
  EXPECT_THAT(run.out, HasSubstr("4 KiB")) << "the table goes on";
  const auto results = read_results(file);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_GE(results->records.size(), 1U);
  EXPECT_LT(results->records.size(), 10U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 2);
}

TEST(FullDisk, AFullDeviceIsSaidOnce) {
  const ProgramOutcome run = bench_mpi("all_reduce -b 8 -e 64 -n 6 --json /dev/full");
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("error: cannot write \"/dev/full\": No space left on device"));
  EXPECT_EQ(run.err.find("error: "), run.err.rfind("error: "));
}

}  // namespace
}  // namespace collscale

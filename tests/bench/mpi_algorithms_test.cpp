// SPDX-License-Identifier: Apache-2.0
// bench_mpi -a under Open MPI.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "mpirun.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

bool is_open_mpi() { return std::string(COLLSCALE_MPI_LIBRARY) == "openmpi"; }

TEST(MpiAlgorithms, EveryAlgorithmIsVerifiedAndRecordedUnderItsName) {
  if (!is_open_mpi()) {
    GTEST_SKIP() << "another MPI";
  }
  const TemporaryFolder scratch;
  const ProgramOutcome run = bench_mpi(
      "all_reduce,all_gather -a all -b 4K -e 4K -n 6 -m 1 --json " + scratch.file("r.json"), 3);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto results = read_results(scratch.file("r.json"));
  ASSERT_TRUE(results) << results.error().message;
  std::set<std::string> names;
  for (const Record& record : results->records) {
    names.insert(
        benchmark_name(record.scenario).substr(0, benchmark_name(record.scenario).find("/float")));
    EXPECT_EQ(record.samples_s.size(), 6U);
  }
  EXPECT_EQ(names,
            (std::set<std::string>{"all_reduce/auto", "all_reduce/basic_linear",
                                   "all_reduce/non_overlapping", "all_reduce/recursive_doubling",
                                   "all_reduce/ring", "all_reduce/rabenseifner", "all_gather/auto",
                                   "all_gather/linear", "all_gather/bruck", "all_gather/ring"}));
  EXPECT_THAT(run.out, HasSubstr("# not measured: all_gather/two_proc: is for 2 ranks\n"));
  EXPECT_THAT(run.out, HasSubstr("# not measured: all_gather/neighbor: runs ring on 3 "
                                 "ranks\n"));
}

TEST(MpiAlgorithms, AnUnknownOneIsRefusedWithTheNearest) {
  if (!is_open_mpi()) {
    GTEST_SKIP() << "another MPI";
  }
  const ProgramOutcome run = bench_mpi("all_reduce -a segmented_rign");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("did you mean \"segmented_ring\"?"));
}

}  // namespace
}  // namespace collscale

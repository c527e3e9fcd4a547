// SPDX-License-Identifier: Apache-2.0
// `collscale compare` as a gate.
#include <gmock/gmock.h>

#include <string>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::HasSubstr;

TEST(CliCompare, FailsWhereABenchmarkBecameSlower) {
  const TemporaryFolder folder;
  add_example_files(folder.path());
  const Outcome better =
      run_shell("collscale compare before.json after.json --fail-above 5%", folder.path());
  EXPECT_EQ(better.exit_code, 0) << better.err;
  const Outcome worse =
      run_shell("collscale compare after.json before.json --fail-above 5%", folder.path());
  EXPECT_EQ(worse.exit_code, 3);
  EXPECT_THAT(worse.out, HasSubstr("1 regressed"));
  EXPECT_THAT(worse.err, HasSubstr("error: --fail-above 5.0 %: 1 of 4 benchmarks are slower by "
                                   "more; the worst, all_reduce/64KiB, by "));
  EXPECT_EQ(run_shell("collscale compare after.json before.json --fail-above 50%", folder.path())
                .exit_code,
            0);
}

TEST(CliCompare, DoesNotJudgeOneValueEach) {
  const TemporaryFolder folder;
  add_example_files(folder.path());
  const Outcome logs = run_shell(
      "collscale compare "
      "nccl-tests-before.log nccl-tests-after.log",
      folder.path());
  EXPECT_EQ(logs.exit_code, 0) << logs.err;
  EXPECT_THAT(logs.out, HasSubstr("not judged"));
  EXPECT_THAT(logs.err, HasSubstr("measure again with samples or repetitions"));
}

TEST(CliCompare, NamesABenchmarkThatOnlyOneRunHas) {
  const TemporaryFolder folder;
  add_example_files(folder.path());
  const Outcome outcome = run_shell("collscale compare before.json nccl-tests.log", folder.path());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("have no benchmark in common: all_reduce/8B is only in the "
                                     "first"));
}

}  // namespace
}  // namespace collscale::testing

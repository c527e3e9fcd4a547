// SPDX-License-Identifier: Apache-2.0
// bench_nccl where no GPU can be used: CUDA_VISIBLE_DEVICES hides those that are there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "run_program.hpp"

namespace collscale {
namespace {

const std::string kProgram = std::string("CUDA_VISIBLE_DEVICES= ") + COLLSCALE_BENCH_NCCL;

TEST(BenchNccl, WithoutAGpuOneSentenceExit4AndNoFile) {
  const TemporaryFolder scratch;
  const ProgramOutcome run = run_program(kProgram + " --json " + scratch.file("r.json"));
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, testing::StartsWith("error: no CUDA device here: "));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1);
}

TEST(BenchNccl, MistakesAreFoundBeforeDevicesAreLookedFor) {
  EXPECT_EQ(run_program(kProgram + " --itres 3").exit_code, 2);
  EXPECT_EQ(run_program(kProgram + " -o mulsum").exit_code, 2);
  for (const char* collective : {"all_to_all", "all_to_all_v", "gather", "scatter", "send_recv"}) {
    const ProgramOutcome run = run_program(kProgram + " --in-place " + collective);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.err,
              std::string("error: ") + collective + " in place: NCCL has no such operation\n");
  }
  EXPECT_EQ(run_program(kProgram + " barrier").exit_code, 2);
  EXPECT_EQ(run_program(kProgram + " --topology nowhere").exit_code, 2);
  EXPECT_EQ(run_program(kProgram + " --layout nodes").exit_code, 2);
  EXPECT_EQ(run_program(kProgram + " --matrix").exit_code, 2);
}

TEST(BenchNccl, HelpAndListNeedNoGpu) {
  EXPECT_EQ(run_program(kProgram + " --help").exit_code, 0);
  const ProgramOutcome list = run_program(kProgram + " --list -g 8 -b 1M -e 1M all_gather");
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_EQ(list.out, "all_gather/auto/float/bytes:1048576/ranks:8\n");
  const ProgramOutcome unequal =
      run_program(kProgram +
                  " --list -g 8 -s 1M gather,scatter,send_recv,all_gather_v,all_to_all_v --skew 2 "
                  "-d half --topology fat-tree:nodes=2");
  EXPECT_EQ(unequal.exit_code, 0) << unequal.err;
  EXPECT_EQ(std::count(unequal.out.begin(), unequal.out.end(), '\n'), 5);
  EXPECT_THAT(unequal.out,
              testing::HasSubstr("all_to_all_v/auto/half/bytes:1048576/ranks:8/skew:2\n"));
}

}  // namespace
}  // namespace collscale

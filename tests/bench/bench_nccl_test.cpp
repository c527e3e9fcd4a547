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
  const ScratchDirectory scratch;
  const ProgramOutcome run = run_program(kProgram + " --json " + scratch.file("r.json"));
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, testing::StartsWith("error: no CUDA device here: "));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1);
}

TEST(BenchNccl, MistakesAreFoundBeforeDevicesAreLookedFor) {
  EXPECT_EQ(run_program(kProgram + " --itres 3").exit_code, 2);
  EXPECT_EQ(run_program(kProgram + " -o avg").exit_code, 2);
  EXPECT_EQ(run_program(kProgram + " --in-place all_to_all").exit_code, 2);
}

TEST(BenchNccl, HelpAndListNeedNoGpu) {
  EXPECT_EQ(run_program(kProgram + " --help").exit_code, 0);
  const ProgramOutcome list = run_program(kProgram + " --list -g 8 -b 1M -e 1M all_gather");
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_EQ(list.out, "all_gather/auto/float/bytes:1048576/ranks:8\n");
}

}  // namespace
}  // namespace collscale

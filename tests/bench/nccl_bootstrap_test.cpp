// SPDX-License-Identifier: Apache-2.0
// How bench_nccl's processes find one another, without mpirun: what needs no GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "bench/nccl_launch.hpp"
#include "run_program.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Expected<Launch> launch_of(const Variables& variables, std::vector<std::string> arguments = {},
                           bool has_mpi = true) {
  return choose_launch(
      arguments,
      [variables](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      has_mpi);
}

const Variables kTorchrun = {
    {"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "29500"}};

TEST(NcclLaunch, GoesByWhatStartedTheProcess) {
  EXPECT_EQ(launch_of({})->kind, Bootstrap::none);
  EXPECT_EQ(launch_of(kTorchrun)->kind, Bootstrap::tcp);
  EXPECT_EQ(launch_of(kTorchrun)->place.rank, 1);
  Variables under_mpirun = kTorchrun;
  under_mpirun["OMPI_COMM_WORLD_SIZE"] = "2";
  EXPECT_EQ(launch_of(under_mpirun)->kind, Bootstrap::mpi);
  EXPECT_EQ(launch_of(under_mpirun, {}, false)->kind, Bootstrap::tcp);
  EXPECT_EQ(launch_of({{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}})->kind,
            Bootstrap::tcp);
}

TEST(NcclLaunch, DoesAsItIsTold) {
  EXPECT_EQ(launch_of(kTorchrun, {"-g", "2", "--bootstrap", "none"})->kind, Bootstrap::none);
  EXPECT_EQ(launch_of({}, {"--bootstrap=mpi"})->kind, Bootstrap::mpi);
  EXPECT_THAT(launch_of({}, {"--bootstrap=mpi"}, false).error().message,
              HasSubstr("was built without MPI"));
  EXPECT_THAT(launch_of({}, {"--bootstrap", "tcp"}).error().message,
              HasSubstr("neither RANK and WORLD_SIZE"));
  EXPECT_THAT(launch_of({}, {"--bootstrap", "tpc"}).error().message,
              HasSubstr("did you mean \"tcp\"?"));
}

TEST(NcclLaunch, WithoutMpiSeveralProcessesOfMpirunDoNotMeasureAlone) {
  EXPECT_THAT(launch_of({{"OMPI_COMM_WORLD_SIZE", "4"}}, {}, false).error().message,
              HasSubstr("OMPI_COMM_WORLD_SIZE says that mpirun started several processes, but"));
  EXPECT_EQ(launch_of({{"OMPI_COMM_WORLD_SIZE", "1"}}, {}, false)->kind, Bootstrap::none);
}

const std::string kProgram = std::string("CUDA_VISIBLE_DEVICES= ") + COLLSCALE_BENCH_NCCL;

TEST(NcclBootstrap, AHalfSetEnvironmentIsOneSentenceAndExit2) {
  const ProgramOutcome run = run_program("RANK=1 " + kProgram + " --list");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err,
            "error: RANK is set, but WORLD_SIZE is not: processes that are to find each other "
            "need both, or neither\n");
}

/// Both ranks of a run of two, started as torchrun does.
std::pair<ProgramOutcome, ProgramOutcome> run_two(int port, const std::string& of_0,
                                                  const std::string& of_1) {
  const auto start = [port](int rank, const std::string& arguments) {
    return run_program("RANK=" + std::to_string(rank) + " WORLD_SIZE=2 LOCAL_RANK=" +
                       std::to_string(rank) + " LOCAL_WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 " +
                       "MASTER_PORT=" + std::to_string(port) + " " + kProgram + " " + arguments);
  };
  ProgramOutcome zero;
  std::thread other([&] { zero = start(0, of_0); });
  const ProgramOutcome one = start(1, of_1);
  other.join();
  return {zero, one};
}

int port_of_this_process() { return 33000 + static_cast<int>(::getpid()) % 20000; }

TEST(NcclBootstrap, TwoProcessesFindOneAnotherAndOneReports) {
  const auto [zero, one] = run_two(port_of_this_process(), "--list -b 1M -e 1M all_gather -g 4",
                                   "--list -b 1M -e 1M all_gather -g 4");
  EXPECT_EQ(zero.exit_code, 0) << zero.err;
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(zero.out, "all_gather/auto/float/bytes:1048576/ranks:8\n");
  EXPECT_EQ(one.out, "");
}

TEST(NcclBootstrap, ProcessesThatWouldRunDifferentThingsSaySoOnce) {
  const auto [zero, one] = run_two(port_of_this_process(), "--list -g 1", "--list -g 2");
  EXPECT_EQ(zero.exit_code, 2);
  EXPECT_EQ(one.exit_code, 2);
  EXPECT_THAT(zero.err, HasSubstr("the processes were started with different arguments"));
  EXPECT_EQ(one.err, "");
}

}  // namespace
}  // namespace collscale

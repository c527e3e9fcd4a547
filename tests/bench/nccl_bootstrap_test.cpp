// SPDX-License-Identifier: Apache-2.0
// How bench_nccl's processes find one another, without mpirun: what needs no GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "bench/nccl/nccl_launch.hpp"
#include "nccl_standin.hpp"
#include "record_io/results_file.hpp"

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

// Below the ports that the system gives to outgoing connections (32,768 and up), as those of MPI's
// tests beside this one.
int port_of_this_process() { return 12000 + static_cast<int>(::getpid()) % 20000; }

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

/// bench_nccl on the stand-ins, `processes` of it started by scripts/launch/NAME.
ProgramOutcome launched(const std::string& script, int processes, const std::string& arguments,
                        const std::string& fault = "") {
  StandIn with;
  with.gpus = processes;
  with.fault = fault;
  const std::string command = bench_nccl_command(with);
  return run_program("MASTER_PORT=" + std::to_string(port_of_this_process()) + " timeout 60 " +
                     COLLSCALE_SOURCE_DIR "/scripts/launch/" + script + " " +
                     std::to_string(processes) + " " + command + arguments);
}

TEST(NcclBootstrap, ThreeProcessesMeasureWithoutMpi) {
  const TemporaryFolder scratch;
  const ProgramOutcome run =
      launched("torchrun.sh", 3,
               "-s 4K -n 6 all_reduce,all_gather --sync window --json " + scratch.file("r"));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("3 ranks on 1 node (3 processes of 1 GPU"));
  const auto results = read_results(scratch.file("r"));
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->records.size(), 2U);
  EXPECT_EQ(results->records[0].scenario.ranks, 3);
  EXPECT_EQ(results->context.at("bootstrap"), "tcp");
}

TEST(NcclBootstrap, TheWatchdogNamesWhoDidNotArriveOverTcpToo) {
  const ProgramOutcome run =
      launched("torchrun.sh", 3, "-s 4K -n 6 all_reduce --timeout 500ms",
               "cudaStreamQuery:5+:hang;device=1,cudaStreamSynchronize:5+:hang;device=1");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("rank 1 did not arrive (1 step behind); the run is aborted"));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

TEST(NcclBootstrap, AnErrorOfOneProcessEndsAll) {
  const ProgramOutcome run = launched("torchrun.sh", 3, "-s 4K -n 6 all_reduce",
                                      "ncclAllReduce:5:error=ncclSystemError;rank=1");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("error: process 1: ncclAllReduce: unhandled system error"));
  EXPECT_THAT(run.err, testing::ContainsRegex("error: rank 1 \\(.+\\) is gone: its connection"));
}

TEST(NcclBootstrap, AKilledProcessIsNamedAtOnce) {
  StandIn with;
  const ProgramOutcome run =
      run_program("MASTER_PORT=" + std::to_string(port_of_this_process()) + " timeout 60 " +
                  COLLSCALE_SOURCE_DIR
                  "/scripts/launch/torchrun.sh 2 sh -c "
                  "'test $RANK = 0 || exec timeout -s KILL 0.7 \"$@\"; exec \"$@\"' sh " +
                  bench_nccl_command(with) + "-s 4K -n 1000000 all_reduce --timeout 0");
  EXPECT_EQ(run.exit_code, 137) << run.err;
  EXPECT_THAT(run.err,
              testing::ContainsRegex("error: rank 1 \\(.+\\) is gone: its connection was "
                                     "closed in the middle of the run; the run is aborted"));
}

#ifdef COLLSCALE_MPIEXEC
TEST(NcclBootstrap, TheMpirunScriptStartsOneProcessPerGpu) {
  std::string variables = COLLSCALE_MPIEXEC;  // "env VARIABLES mpiexec -n"
  variables.erase(variables.rfind(' '));
  const std::size_t before = variables.rfind(' ');
  const ProgramOutcome run = run_program(
      variables.substr(0, before) + " MPIRUN=" + variables.substr(before + 1) +
      " NCCL_DEBUG=VERSION timeout 60 " COLLSCALE_SOURCE_DIR "/scripts/launch/mpirun.sh 2 " +
      bench_nccl_command({}) + "-s 4K -n 6 all_reduce");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("2 ranks on 1 node (2 processes of 1 GPU"));
}
#endif

}  // namespace
}  // namespace collscale

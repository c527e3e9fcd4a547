// SPDX-License-Identifier: Apache-2.0
// What a user of bench_nccl sees when NCCL, the CUDA runtime or a GPU fails or stands still, on the
// stand-ins of tests/standin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "nccl_standin.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

using testing::HasSubstr;

constexpr const char* kShort = " -s 4K -n 6 -w 0 --timeout 300ms all_reduce";

/// Exit code 1, and one line: "error: ", `begin`, how long, `end`.
void expect_hang(const ProgramOutcome& run, const std::string& begin, const std::string& end) {
  EXPECT_EQ(run.exit_code, 1) << run.err;
  const std::size_t at = run.err.find("error: ");
  ASSERT_NE(at, std::string::npos) << run.err;
  EXPECT_EQ(at, run.err.rfind("error: ")) << run.err;
  const std::string line = run.err.substr(at, run.err.find('\n', at) - at);
  EXPECT_THAT(line, testing::StartsWith("error: " + begin + ": no progress for "));
  EXPECT_THAT(line, HasSubstr(" s: " + end));
}

TEST(NcclFaults, AHangOfOneProcessNamesTheRanksWhoseGpusDidNotComplete) {
  const std::string point = "all_reduce/auto/float/bytes:4096/ranks:2";
  expect_hang(bench_nccl(std::string("-g 2") + kShort, {2, 0, "ncclAllReduce:5:hang;rank=1"}),
              point, "all 2 ranks launched and none completed; the run is aborted");
  expect_hang(bench_nccl(std::string("-g 4 --layout split:2") + kShort,
                         {4, 0, "ncclAllReduce:5:hang;device=3"}),
              point + "/layout:split:2",
              "ranks 2, 3 launched and did not complete; the run is aborted");
  expect_hang(
      bench_nccl(std::string("-g 2") + kShort, {2, 0, "cudaStreamSynchronize:4:hang;device=1"}),
      point, "all 2 ranks entered and none returned; the run is aborted");
}

TEST(NcclFaults, AHangWhileLookingForGpusOrInitialisingEndsAndTouchesNoFile) {
  const TemporaryFolder scratch;
  const std::string file = scratch.file("r.json");
  const std::string arguments = std::string("-g 2 --resume --json ") + file + kShort;
  expect_hang(bench_nccl(arguments, {2, 0, "cudaGetDeviceCount:1:hang"}), "looking for GPUs",
              "all 2 ranks entered and none returned; the run is aborted");
  EXPECT_FALSE(std::filesystem::exists(file));
  ASSERT_EQ(bench_nccl(arguments).exit_code, 0);
  const auto text = [&file] {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string before = text();
  expect_hang(bench_nccl(arguments, {2, 0, "ncclCommInitRankConfig:1:hang;rank=1"}),
              "NCCL's initialisation",
              "all 2 ranks entered and none returned; the run is aborted, NCCL_DEBUG=INFO tells");
  EXPECT_EQ(text(), before);
}

/// A run of all_gather, then all_reduce, of two GPUs, with a fault.
struct Failing {
  const char* fault;
  const char* says;  ///< the line's words after "error: "
  std::size_t kept = 0;
  const char* flags = "-g 2";
  int exit_code = 1;
};

void expect_failures(const std::vector<Failing>& all) {
  for (const Failing& each : all) {
    const TemporaryFolder scratch;
    const std::string file = scratch.file("r.json");
    const ProgramOutcome run =
        bench_nccl(std::string(each.flags) +
                       " -s 4K -n 6 -m 1 -w 0 --timeout 10 all_gather,all_reduce --json " + file,
                   {4, 0, each.fault});
    EXPECT_EQ(run.exit_code, each.exit_code) << each.fault << "\n" << run.err;
    EXPECT_THAT(run.err, testing::StartsWith(std::string("error: ") + each.says)) << each.fault;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << each.fault << run.err;
    EXPECT_EQ(run.err.find("1 finished point is kept in " + file) != std::string::npos,
              each.kept > 0)
        << each.fault << run.err;
    ASSERT_EQ(std::filesystem::exists(file), each.kept > 0) << each.fault;
    if (each.kept > 0) {
      const auto results = read_results(file);
      ASSERT_TRUE(results) << each.fault << results.error().message;
      EXPECT_EQ(results->records.size(), each.kept) << each.fault;
    }
  }
}

TEST(NcclFaults, EachResultOfNcclIsSaidWithItsCall) {
  const std::vector<std::pair<std::string, std::string>> results = {
      {"ncclUnhandledCudaError", "unhandled cuda error (run with NCCL_DEBUG=INFO for details)"},
      {"ncclSystemError", "unhandled system error (run with NCCL_DEBUG=INFO for details)"},
      {"ncclInternalError", "internal error - please report this issue to the NCCL developers ("},
      {"ncclInvalidArgument", "invalid argument (run with NCCL_DEBUG=WARN for details)"},
      {"ncclInvalidUsage", "invalid usage (run with NCCL_DEBUG=WARN for details)"},
      {"ncclRemoteError", "remote process exited or there was a network error (NCCL_DEBUG=WARN"},
      {"ncclInProgress", "NCCL operation in progress (NCCL_DEBUG=WARN tells more)"}};
  for (const auto& [result, text] : results) {
    const auto expect = [&](const std::string& call, const std::string& who, int number,
                            std::size_t kept, const char* flags, const char* kind = "error") {
      const std::string fault = call + ":" + std::to_string(number) + ":" + kind + "=" + result +
                                (kind[0] == 'a' ? ";rank=1" : "");
      expect_failures({{fault.c_str(), (who + ": " + text).c_str(), kept, flags}});
    };
    // While communicators are made, an answer "in progress" is none: the group's end tells.
    if (result != "ncclInProgress") {
      expect("ncclCommInitRankConfig", "ncclCommInitRankConfig", 2, 0, "-g 2");
    }
    // What is refused as invalid where an algorithm is forced leaves the algorithm out.
    expect("ncclCommSplit", "ncclCommSplit", 1, 0, "-g 4 --layout split:2");
    expect("ncclCommRegister", "ncclCommRegister", 3, 0, "-g 2 -R 1");
    expect("ncclCommWindowRegister", "ncclCommWindowRegister", 2, 0, "-g 2 -R 2");
    expect("ncclAllReduce", "ncclAllReduce", 9, 1, "-g 2");
    expect("ncclAllReduce", "NCCL, while the collective ran, rank 1", 9, 1, "-g 2", "async-error");
  }
  expect_failures({{"ncclGetUniqueId:1:error=ncclSystemError", "ncclGetUniqueId: unhandled system"},
                   {"ncclMemAlloc:1:error=ncclUnhandledCudaError",
                    "ncclMemAlloc: unhandled cuda error", 0, "-g 2 -R 1"},
                   {"ncclGroupSimulateEnd:1:error=ncclInternalError",
                    "ncclGroupSimulateEnd: internal error", 0, "-g 2 --simulate"}});
}

TEST(NcclFaults, TheWordsOfNcclEndTheSentence) {
  const ProgramOutcome run =
      bench_nccl(std::string("-g 2") + kShort, {2, 0, "ncclAllReduce:3:error=ncclSystemError"});
  EXPECT_THAT(run.err, HasSubstr("; its last warning: "));
}

TEST(NcclFaults, WithoutUsableGpusTheProgramIsUnavailable) {
  constexpr const char* kNone = "-g 2";
  expect_failures({{"cudaGetDeviceCount:1:error=cudaErrorNoDevice",
                    "no CUDA device here: no CUDA-capable device is detected", 0, kNone, 4},
                   {"cudaGetDeviceCount:1:error=cudaErrorSystemNotReady",
                    "no CUDA device here: system not yet initialized", 0, kNone, 4},
                   {"cudaGetDeviceCount:1:error=cudaErrorInsufficientDriver",
                    "no CUDA device here: CUDA driver version is insufficient for "
                    "CUDA runtime "
                    "version: the driver is of CUDA ",
                    0, kNone, 4},
                   {"cudaSetDevice:1:error=cudaErrorDevicesUnavailable",
                    "cudaSetDevice, GPU 0: CUDA-capable device(s) is/are busy or unavailable"}});
}

TEST(NcclFaults, MemoryThatDoesNotSufficeIsRefusedWithWhatIsNeeded) {
  StandIn small{2};
  small.environment = "COLLSCALE_STANDIN_MEMORY_MIB=16";
  const ProgramOutcome run = bench_nccl("-g 2 -s 12M all_reduce", small);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, testing::StartsWith("error: out of memory: two buffers of "));
  EXPECT_THAT(run.err, HasSubstr("are needed on each GPU, and that of rank 0 has 16 MiB of 16 MiB "
                                 "free; expected a smaller -e, or no other program on it\n"));
  expect_failures({{"cudaMalloc:3:error=cudaErrorMemoryAllocation", "cudaMalloc of "},
                   {"cudaMalloc:6:error=cudaErrorMemoryAllocation", "cudaMalloc of 64 bytes"}});
}

TEST(NcclFaults, AKernelThatIsNotForTheGpuSaysForWhichItIs) {
  expect_failures(
      {{"cudaLaunchKernel:1:error=cudaErrorNoKernelImageForDevice",
        "the kernel that fills buffers: no kernel image is available for execution on the device: "
        "GPU 0 is of architecture 90, and this program was built for "},
       {"cudaLaunchKernel:3:error=cudaErrorUnsupportedPtxVersion",
        "the kernel that checks results: the provided PTX was compiled with an unsupported "
        "toolchain: GPU 0 is of architecture 90, and this program was built for "},
       {"cudaLaunchKernel:3:error=cudaErrorLaunchFailure",
        "the kernel that checks results: unspecified launch failure"}});
}

TEST(NcclFaults, EachErrorOfTheRuntimeIsSaidWithItsCallAndFinishedPointsAreKept) {
  expect_failures(
      {{"cudaStreamCreateWithFlags:1:error=cudaErrorMemoryAllocation",
        "cudaStreamCreateWithFlags: out of memory"},
       {"cudaMemset:2:error=cudaErrorLaunchFailure", "cudaMemset: unspecified launch failure"},
       {"cudaMemcpyAsync:5:error=cudaErrorIllegalAddress",
        "cudaMemcpyAsync from the device: an illegal memory access was encountered"},
       {"cudaStreamSynchronize:5:error=cudaErrorIllegalAddress",
        "cudaStreamSynchronize, rank 0: an illegal memory access was encountered"},
       {"cudaStreamSynchronize:6:error=cudaErrorECCUncorrectable;device=1",
        "cudaStreamSynchronize, rank 1: uncorrectable ECC error encountered"},
       {"cudaStreamSynchronize:17:error=cudaErrorNvlinkUncorrectable;device=1",
        "cudaStreamSynchronize, rank 1: uncorrectable NVLink error detected", 1},
       {"cudaEventCreate:1:error=cudaErrorMemoryAllocation", "cudaEventCreate: out of memory", 0,
        "-g 2 --clock events"},
       {"cudaEventRecord:40:error=cudaErrorIllegalAddress", "cudaEventRecord: an illegal memory", 1,
        "-g 2 --clock events"},
       {"cudaEventElapsedTime:20:error=cudaErrorIllegalAddress",
        "cudaEventElapsedTime: an illegal memory", 1, "-g 2 --clock events"},
       {"cudaStreamBeginCapture:1:error=cudaErrorStreamCaptureUnsupported",
        "cudaStreamBeginCapture: operation not permitted when stream is capturing", 0, "-g 2 -G 2"},
       {"cudaStreamEndCapture:3:error=cudaErrorStreamCaptureUnsupported",
        "cudaStreamEndCapture: operation not permitted when stream is capturing", 1, "-g 2 -G 2"},
       {"cudaGraphInstantiate:3:error=cudaErrorMemoryAllocation",
        "cudaGraphInstantiate: out of memory", 1, "-g 2 -G 2"},
       {"cudaGraphLaunch:40:error=cudaErrorIllegalAddress", "cudaGraphLaunch: an illegal memory", 1,
        "-g 2 -G 2"}});
}

#ifdef COLLSCALE_MPIEXEC
TEST(NcclFaults, AmongSeveralProcessesTheOneThatFailsSaysWhichItIs) {
  const ProgramOutcome run = bench_nccl(std::string("-g 2") + kShort,
                                        {4, 2, "ncclAllReduce:9:error=ncclSystemError;rank=3"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("error: process 1: ncclAllReduce: unhandled system error"));
  EXPECT_EQ(run.err.find("error: "), run.err.rfind("error: ")) << run.err;
}

TEST(NcclFaults, AHangAmongProcessesOfSeveralGpusIsToldInRanks) {
  const std::string point = "all_reduce/auto/float/bytes:4096/ranks:4";
  const auto run = [](const char* fault) {
    return bench_nccl(std::string("-g 2") + kShort, {4, 2, fault});
  };
  expect_hang(run("ncclAllReduce:5:hang;rank=3"), point,
              "all 4 ranks launched and none completed; the run is aborted");
  expect_hang(run("ncclGroupEnd:5:hang;device=3"), point,
              "ranks 2, 3 did not arrive (1 step behind); ranks 0, 1 launched and did not "
              "complete; the run is aborted");
  expect_hang(run("ncclCommInitRankConfig:1:hang;rank=3"), "NCCL's initialisation",
              "ranks 2, 3 did not arrive (1 step behind); the run is aborted, NCCL_DEBUG=INFO "
              "tells which network NCCL chose");
}
#endif

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What a user of bench_nccl sees when NCCL, the CUDA runtime or a GPU fails or stands still, on the
// stand-ins of tests/standin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

#ifdef COLLSCALE_MPIEXEC
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

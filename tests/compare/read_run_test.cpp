// SPDX-License-Identifier: Apache-2.0
#include "compare/read_run.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/temporary_folder.hpp"

namespace collscale {
namespace {

class File {
 public:
  explicit File(const std::string& text) : path_(folder_.file("run", text)) {}
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  test::TemporaryFolder folder_;
  std::string path_;
};

// As Google Benchmark 1.7 writes it.
TEST(ReadRun, TakesRepetitionsOfGoogleBenchmarkAsSamples) {
  const File file(R"({"context": {"host_name": "h", "num_cpus": 2, "caches": []}, "benchmarks": [
    {"name": "BM_a/8", "run_name": "BM_a/8", "run_type": "iteration", "repetitions": 2,
     "repetition_index": 0, "iterations": 10, "real_time": 2.0, "cpu_time": 2.0, "time_unit": "us"},
    {"name": "BM_a/8", "run_name": "BM_a/8", "run_type": "iteration", "repetitions": 2,
     "repetition_index": 1, "iterations": 10, "real_time": 3.0, "cpu_time": 2.0, "time_unit": "us"},
    {"name": "BM_a/8_mean", "run_name": "BM_a/8", "run_type": "aggregate", "aggregate_name": "mean",
     "real_time": 2.5, "cpu_time": 2.5, "time_unit": "us"},
    {"name": "BM_b_mean", "run_name": "BM_b", "run_type": "aggregate", "aggregate_name": "mean",
     "real_time": 2.5, "cpu_time": 2.5, "time_unit": "ms"},
    {"name": "BM_b_median", "run_name": "BM_b", "run_type": "aggregate", "aggregate_name": "median",
     "real_time": 2.25, "cpu_time": 2.5, "time_unit": "ms"},
    {"name": "BM_b_cv", "run_name": "BM_b", "run_type": "aggregate", "aggregate_name": "cv",
     "real_time": 0.1, "cpu_time": 0.1, "time_unit": "ms"},
    {"name": "BM_c", "run_name": "BM_c", "run_type": "iteration", "error_occurred": true,
     "error_message": "no device", "real_time": 0, "cpu_time": 0, "time_unit": "ns"}]})");
  const auto run = read_run(file.path());
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->kind, "Google Benchmark");
  ASSERT_EQ(run->timings.list.size(), 2U);
  EXPECT_EQ(run->timings.list[0].name, "BM_a/8");
  EXPECT_EQ(run->timings.list[0].samples_s, (std::vector<double>{2.0 * 1e-6, 3.0 * 1e-6}));
  EXPECT_EQ(run->timings.list[1].samples_s, std::vector<double>{2.25 * 1e-3});
  EXPECT_EQ(run->timings.context.at("host_name"), "h");
}

TEST(ReadRun, ReadsLogsOfNcclTests) {
  const auto run =
      read_run(COLLSCALE_SOURCE_DIR "/tests/fixtures/logs/nccl-tests-all-reduce-8.log");
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->kind, "nccl-tests");
  EXPECT_GT(run->timings.list.size(), 4U);
}

TEST(ReadRun, TakesTheNumberOfRanksWhereALogDoesNotSay) {
  const File file(
      "# OSU MPI Allreduce Latency Test v7.3\n# Size       Avg Latency(us)\n"
      "8                       4.40\n16                      4.50\n");
  EXPECT_NE(read_run(file.path()).error().message.find("--ranks"), std::string::npos);
  const auto run = read_run(file.path(), 64);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->timings.list.front().name, "all_reduce/auto/float/bytes:8/ranks:64");
}

TEST(ReadRun, ReadsOurOwnFiles) {
  const auto run = read_run(COLLSCALE_SOURCE_DIR "/results/reference/h100-1gpu.json");
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->kind, "collscale");
  EXPECT_EQ(run->timings.list.size(), 154U);
  EXPECT_GT(run->timings.list[0].samples_s.size(), 5U);
}

TEST(ReadRun, SaysWhatItCannotRead) {
  const File bad(R"({"context": {}, "benchmarks": [{"name": "x", "real_time": -1}]})");
  const auto refused = read_run(bad.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            bad.path() +
                ": benchmark \"x\": expected a name, a real_time above 0 and a time_unit of ns, "
                "us, ms or s");
  const File empty(R"({"context": {}, "benchmarks": []})");
  EXPECT_EQ(read_run(empty.path()).error().message, empty.path() + ": no benchmark was timed");
  EXPECT_FALSE(read_run("no-such-file.json"));
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "record_io/results_file.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "record_generator.hpp"
#include "support/temporary_folder.hpp"

namespace collscale {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ResultsFile : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.file(name); }
  std::size_t files() const { return folder_.names().size(); }
  static std::string text_of(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  static int python(const std::string& arguments) {
    return WEXITSTATUS(std::system(("/usr/bin/python3 " + arguments).c_str()));
  }

  test::TemporaryFolder folder_;
};

Results example_results() { return {make_context("a test"), {example_record()}}; }

TEST_F(ResultsFile, IsNotReadWhereThereIsNone) {
  EXPECT_EQ(read_results(path("none.json")).error().message,
            fmt::format("cannot read \"{}\": No such file or directory", path("none.json")));
  EXPECT_THAT(read_results(folder_.path().string()).error().message,
              HasSubstr("it is a directory"));
}

TEST_F(ResultsFile, IsNotWrittenWhereItCannotBe) {
  EXPECT_EQ(check_writable(path("no/such/runs.json")).error().message,
            fmt::format("cannot write \"{}\": the directory \"{}\" does not exist",
                        path("no/such/runs.json"), path("no/such")));
  EXPECT_THAT(check_writable(folder_.path().string()).error().message,
              HasSubstr("it is a directory"));
  EXPECT_FALSE(check_writable(""));
  EXPECT_FALSE(check_writable("/proc/version/runs.json"));
  EXPECT_FALSE(check_writable("/proc/runs.json"));
  EXPECT_FALSE(write_results(path("no/such/runs.json"), example_results()));
  EXPECT_EQ(check_writable(path("no/such/runs.json")).error().code, ExitCode::bad_input);
}

TEST_F(ResultsFile, CheckingLeavesNothingBehind) {
  EXPECT_TRUE(check_writable(path("runs.json")));
  EXPECT_TRUE(check_writable("-"));
  EXPECT_EQ(files(), 0u);
}

TEST_F(ResultsFile, ARefusedRecordLeavesTheOldFileWhole) {
  ASSERT_TRUE(write_results(path("runs.json"), example_results()));
  const std::string before = text_of(path("runs.json"));
  Results broken = example_results();
  broken.records.push_back(example_record());
  broken.records.back().time_s = std::nan("");
  const auto written = write_results(path("runs.json"), broken);
  EXPECT_EQ(written.error().code, ExitCode::failed);
  EXPECT_EQ(text_of(path("runs.json")), before);
  EXPECT_EQ(files(), 1u);
}

TEST_F(ResultsFile, AFullDiskIsAnErrorWithoutAFile) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  EXPECT_THAT(write_results("/dev/full", example_results()).error().message,
              HasSubstr("No space left"));
}

TEST_F(ResultsFile, ADeviceIsWrittenAndStaysADevice) {
  const std::string pipe = path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string received;
  const pid_t child = ::fork();
  if (child == 0) {
    const bool written = write_results(pipe, example_results()).has_value();
    ::_exit(written ? 0 : 1);
  }
  received = text_of(pipe);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(received, HasSubstr("\"benchmarks\""));
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(ResultsFile, IsReplacedWholeWithTheUsersPermissions) {
  ASSERT_TRUE(write_results(path("runs.json"), example_results()));
  ASSERT_TRUE(write_results(path("runs.json"), Results{}));
  EXPECT_EQ(files(), 1u);
  const auto read = read_results(path("runs.json"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->records.empty());
  const mode_t mask = ::umask(022);
  ::umask(mask);
  struct stat status {};
  ASSERT_EQ(::stat(path("runs.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0666u & ~mask);
}

TEST_F(ResultsFile, ASymbolicLinkStaysALink) {
  ASSERT_TRUE(write_results(path("real.json"), Results{}));
  fs::create_symlink(path("real.json"), path("link.json"));
  ASSERT_TRUE(write_results(path("link.json"), example_results()));
  EXPECT_TRUE(fs::is_symlink(path("link.json")));
  EXPECT_EQ(read_results(path("real.json"))->records.size(), 1u);
}

TEST_F(ResultsFile, ContextSaysWhereAndWithWhatItWasMade) {
  const Context context = make_context("bench_x");
  for (const char* const key : {"schema_version", "date", "host_name", "num_cpus", "executable",
                                "collscale_version", "compiler", "library_build_type", "os"}) {
    EXPECT_TRUE(context.count(key)) << key;
    EXPECT_NE(context.at(key), "") << key;
  }
  EXPECT_EQ(context.at("executable"), "bench_x");
  EXPECT_THAT(context.at("date"), testing::MatchesRegex("....-..-..T..:..:..Z"));
}

TEST_F(ResultsFile, MatchesTheSchemaAndABrokenOneDoesNot) {
  const std::string tool = COLLSCALE_SOURCE_DIR "/tests/record_io/validate.py " COLLSCALE_SOURCE_DIR
                                                "/results/schema/record.schema.json ";
  Results results = example_results();
  results.records.push_back(Record{});
  results.records.back().scenario.ranks = 1;
  ASSERT_TRUE(write_results(path("runs.json"), results));
  const int status = python(tool + path("runs.json"));
  if (status == 77 || status == 127) GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(status, 0);

  std::string text = text_of(path("runs.json"));
  for (const auto& [part, replacement] :
       {std::pair{"\"busbw_Bps\"", "\"busbw\""},
        {"\"engine\":\"mpi\"", "\"engine\":\"smoke\""},
        {"\"time_s\":2.5e-05", "\"time_s\":\"fast\""},
        {"\"schema_version\": \"1.4\"", "\"schema_version\": \"2.0\""}}) {
    std::string broken = text;
    broken.replace(broken.find(part), std::string(part).size(), replacement);
    ASSERT_TRUE(write_text_file(path("broken.json"), broken));
    EXPECT_EQ(python(tool + path("broken.json") + " > /dev/null"), 1) << replacement;
  }
}

TEST_F(ResultsFile, IsReadByGoogleBenchmarksComparePy) {
  const std::string compare = "/usr/share/benchmark/compare.py";
  if (!fs::exists(compare)) GTEST_SKIP() << "libbenchmark-tools is not installed";
  if (python("-c 'import numpy, scipy' 2> /dev/null") != 0)
    GTEST_SKIP() << "compare.py needs numpy and scipy";
  Results faster = example_results();
  faster.records.front().time_s /= 2;
  set_bandwidths(faster.records.front());
  ASSERT_TRUE(write_results(path("before.json"), example_results()));
  ASSERT_TRUE(write_results(path("after.json"), faster));
  ASSERT_EQ(python(fmt::format("-B {} --no-color benchmarks {} {} > {}", compare,
                               path("before.json"), path("after.json"), path("table.txt"))),
            0);
  const std::string table = text_of(path("table.txt"));
  EXPECT_THAT(table, HasSubstr("all_reduce/ring/float/bytes:1048576/ranks:8"));
  EXPECT_THAT(table, HasSubstr("-0.5000"));
}

}  // namespace
}  // namespace collscale

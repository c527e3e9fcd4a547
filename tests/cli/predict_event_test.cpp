// SPDX-License-Identifier: Apache-2.0
// collscale predict --engine event: the built program.
#include <gtest/gtest.h>

#include <string>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

Outcome tool(const std::string& arguments) {
  const TemporaryFolder folder;
  return run_shell("collscale " + arguments, folder.path());
}

const std::string kRing =
    "predict -t dgx-h100-superpod -c all_reduce -s 1MiB -n 256 -a ring --engine event ";

TEST(PredictEvent, SaysWhatNoiseAndStragglersCost) {
  const auto run = tool(kRing + "--noise exponential:1us --slow-rank 17:1.3x");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("simulated by the event engine"), std::string::npos);
  EXPECT_NE(run.out.find("straggler"), std::string::npos);
  EXPECT_NE(run.out.find("noise"), std::string::npos);
  const auto again = tool(kRing + "--noise exponential:1us --slow-rank 17:1.3x --threads 1");
  EXPECT_EQ(run.out, again.out);
  const auto other = tool(kRing + "--noise exponential:1us --slow-rank 17:1.3x --seed 2");
  EXPECT_NE(run.out, other.out);
}

TEST(PredictEvent, DrawsDelaysAndStartsFromFiles) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "times.txt").string();
  write_file(path, "# measured\n1us\n0.000002\n");
  const auto run = tool(kRing + "--noise-samples " + path + " --late file:" + path);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("noise"), std::string::npos);
  write_file(path, "1us\nsoon\n");
  const auto bad = tool(kRing + "--noise-samples " + path);
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_NE(bad.err.find(":2: \"soon\", expected a time such as 1.2us, or seconds"),
            std::string::npos)
      << bad.err;
}

TEST(PredictEvent, RefusesWhatItCannotRead) {
  const auto fails = [](const std::string& options, const std::string& sentence) {
    const auto run = tool(options);
    EXPECT_EQ(run.exit_code, 2) << options;
    EXPECT_NE(run.err.find(sentence), std::string::npos) << run.err;
  };
  fails(kRing + "--slow-rank 17", "--slow-rank \"17\": expected a rank or a range and a factor");
  fails(kRing + "--slow-rank 24-17:2x", "expected a rank or a range");
  fails(kRing + "--slow-rank 250-256:2x", "slow ranks 250-256: expected ranks from 0 to 255");
  fails(kRing + "--late soon", "--late: unknown noise \"soon\"");
  fails(kRing + "--late file:/nowhere", "--late: /nowhere: cannot be read");
  fails("predict -t dgx-h100-superpod -c all_reduce -s 1MiB --slow-rank 17:2x",
        "add --engine event");
  fails("predict -t dgx-h100-superpod -c all_reduce -s 1MiB --engine events",
        "no engine \"events\" here");
}

}  // namespace
}  // namespace collscale::testing

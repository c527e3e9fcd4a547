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
  const auto other = tool(kRing + "--noise exponential:1us --slow-rank 17:1.3x --seed 3");
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

TEST(PredictEvent, TakesPlacementAndFailures) {
  const auto run = tool(kRing + "--degrade \"nic 17.3=0.5\" --placement strided:2 --json -");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("\"placement\":\"strided:2\""), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("\"failures\":\"degrade nic 17.3=0.5\""), std::string::npos) << run.out;
  EXPECT_EQ(tool(kRing + "--degrade \"nic 100.3=0.5\"").out, tool(kRing).out);  // not of the job
  EXPECT_NE(tool(kRing + "--degrade \"nic 17.7=0.1\"").out, tool(kRing).out);
  const auto cut = tool(kRing + "--fail \"node 3\"");
  EXPECT_EQ(cut.exit_code, 2);
  EXPECT_EQ(cut.err,
            "error: the failures cut the fabric: gpu 23 (node 2) cannot reach gpu 24 (node 3), "
            "node 3 has lost all its NICs\n");
  const auto trials = tool(kRing + "--trials 3");
  EXPECT_EQ(trials.exit_code, 2);
  EXPECT_NE(trials.err.find("--trials is for the engine that knows every link, not event: add "
                            "--engine flow"),
            std::string::npos)
      << trials.err;
}

TEST(PredictEvent, RunsOnFabricsWithoutLevels) {
  for (const char* system : {"torus:dims=4x4", "torus:dims=4x4,mesh=all", "dragonfly:groups=5",
                             "dragonfly+:groups=5,spines=2"}) {
    const auto run = tool("predict -t " + std::string(system) +
                          " -c all_reduce -s 1MiB -n 16 --engine event --noise exponential:1us");
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_NE(run.out.find("noise"), std::string::npos) << run.out;
  }
  const auto failed =
      tool("predict -t torus:dims=4x4 -c all_reduce -s 1MiB --engine event --fail x");
  EXPECT_EQ(failed.exit_code, 2);
  EXPECT_NE(failed.err.find("the failures cut the fabric"), std::string::npos) << failed.err;
  const auto slow =
      tool("predict -t torus:dims=4x4 -c all_reduce -s 1MiB --engine event --degrade x=0.5");
  EXPECT_EQ(slow.exit_code, 0) << slow.err;
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

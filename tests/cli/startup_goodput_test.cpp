// SPDX-License-Identifier: Apache-2.0
// `collscale startup` and `collscale goodput`: the numbers arrive, and what is doubtful is said.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

Outcome run(const std::string& command) {
  const TemporaryFolder folder;
  return run_shell("collscale " + command, folder.path());
}

nlohmann::json json_of(const std::string& command) {
  const Outcome outcome = run(command + " --json - 2>/dev/null");
  EXPECT_EQ(outcome.exit_code, 0) << command;
  return nlohmann::json::parse(outcome.out);
}

void expect_refused(const std::string& command, const std::string& says) {
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.exit_code, 2) << command;
  EXPECT_THAT(outcome.out, IsEmpty()) << command;
  EXPECT_THAT(outcome.err, StartsWith("error: ")) << command;
  EXPECT_THAT(outcome.err, HasSubstr(says)) << command;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST(StartupCommand, HasThePublishedTimes) {
  const nlohmann::json points = json_of("startup -n 8192,32768,98304").at("points");
  ASSERT_EQ(points.size(), 3U);
  EXPECT_NEAR(points[0].at("time_s").get<double>(), 14.5, 1e-6);
  EXPECT_NEAR(points[2].at("time_s").get<double>(), 265, 1e-6);
  double sum_s = 0;
  for (const nlohmann::json& part : points[2].at("parts")) sum_s += part.at("time_s").get<double>();
  EXPECT_NEAR(sum_s, 265, 1e-6);
  EXPECT_EQ(points[2].at("extrapolated"), false);
}

TEST(StartupCommand, SaysWhatIsExtrapolatedAndWhatIsDerived) {
  const Outcome published = run("startup -n 8192,131072");
  EXPECT_THAT(published.out, HasSubstr("131,072"));
  EXPECT_THAT(published.out, HasSubstr("extrapolated\n"));
  EXPECT_THAT(published.err, HasSubstr("arXiv 2510.20171"));
  EXPECT_THAT(published.err, Not(HasSubstr("nobody published")));
  EXPECT_THAT(run("startup -n 8192 --nccl-version 2.28").err, HasSubstr("nobody published"));
}

TEST(StartupCommand, TakesTheWholeSystemByDefault) {
  EXPECT_EQ(json_of("startup -t colossus-100k").at("points").at(0).at("ranks"), 100000);
  EXPECT_EQ(json_of("startup -t colossus-100k -n 64").at("points").at(0).at("ranks"), 64);
}

TEST(StartupCommand, RefusesBadInput) {
  expect_refused("startup", "needs -n, --ranks RANKS or -t");
  expect_refused("startup -n 8192 --library nclx", "did you mean \"ncclx\"?");
  expect_refused("startup -n 8192 --nccl-version 3", "not a version of NCCL");
  expect_refused("startup -n 8192 --nccl-version 2.22 --roots 4", "several roots came with 2.23");
  expect_refused("startup -n 8 --roots 9", "--roots: 9 roots for 8 ranks");
  expect_refused("startup -n 8192 --library ncclx --nccl-version 2.28", "--nccl-version");
  expect_refused("startup -t dgx-h100-superpod -n 100000",
                 "more than dgx-h100-superpod has, 1,024");
}

TEST(GoodputCommand, HasTheProjectedMtbf) {
  const nlohmann::json points = json_of("goodput -n 16384,131072").at("points");
  EXPECT_NEAR(points[0].at("mtbf_s").get<double>() / 3600, 1.8, 0.05);
  EXPECT_NEAR(points[1].at("mtbf_s").get<double>() / 3600, 0.23, 0.005);
  double sum = 0;
  for (const char* const share :
       {"goodput", "lost_to_writing", "lost_to_rework", "lost_to_restarts"})
    sum += points[0].at(share).get<double>();
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(GoodputCommand, TakesRatesByNameAndByNumber) {
  const auto mtbf_s = [](const std::string& rate) {
    return json_of("goodput -n 32768 --failures " + rate)
        .at("points")
        .at(0)
        .at("mtbf_s")
        .get<double>();
  };
  EXPECT_DOUBLE_EQ(mtbf_s("meta-32k"), mtbf_s("2.3"));
  EXPECT_NEAR(mtbf_s("rsc-2") / mtbf_s("rsc-1"), 6.5 / 2.34, 1e-9);
}

TEST(GoodputCommand, TakesNodesAndNicsFromTheSystem) {
  const nlohmann::json point = json_of("goodput -t colossus-100k").at("points").at(0);
  EXPECT_EQ(point.at("nodes"), 12500);
  EXPECT_NEAR(point.at("dead_nic_links_per_month").get<double>(), 57, 1e-9);
  EXPECT_EQ(json_of("goodput -n 64 --ranks-per-node 4").at("points").at(0).at("nodes"), 16);
  // 64 GPUs of each of 20 racks, where 18 would hold them.
  EXPECT_EQ(json_of("goodput -t gb300-azure-4608 -n 1280").at("points").at(0).at("nodes"), 20);
}

TEST(GoodputCommand, AddsTheStartUpToEachRestart) {
  const nlohmann::json point =
      json_of("goodput -n 98304 --restart 5min --startup nccl").at("points").at(0);
  EXPECT_NEAR(point.at("restart_s").get<double>(), 300 + 265, 1e-6);
}

TEST(GoodputCommand, SaysThatSmallJobsFailMoreOften) {
  EXPECT_THAT(run("goodput -n 1024").err, HasSubstr("7.9 h"));
  EXPECT_THAT(run("goodput -n 8192").err, Not(HasSubstr("7.9 h")));
}

TEST(GoodputCommand, RefusesBadInput) {
  expect_refused("goodput", "needs -n, --ranks RANKS or -t");
  expect_refused("goodput -n 8192 --failures rsc1", "did you mean \"rsc-1\"?");
  expect_refused("goodput -n 8192 --failures 0", "expected more than 0");
  expect_refused("goodput -n 8192 --restart 10", "expected a time such as 60s, 10min or 4h");
  expect_refused("goodput -n 8192 --restart -1min", "--restart");
  expect_refused("goodput -n 1", "at least 2");
}

}  // namespace
}  // namespace collscale::testing

// SPDX-License-Identifier: Apache-2.0
// The choices of `collscale extrapolate`: which algorithm, and whether the machine is the measured
// one.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

nlohmann::json extrapolated(const std::vector<std::string>& more) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments{
      "extrapolate",
      std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json",
      "-t",
      "fat-tree:nodes=512,gpus=4,nic=200Gbps",
      "-c",
      "all_reduce",
      "-s",
      "1MiB",
      "-n",
      "256",
      "--json",
      "-"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome outcome = run_collscale(arguments, folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return nlohmann::json::parse(outcome.out).at("benchmarks").at(0);
}

/// High ÷ low of the 95 % interval.
double width(const nlohmann::json& record) {
  const nlohmann::json& widest = record.at("intervals").back();
  EXPECT_EQ(widest.at("level"), 0.95);
  return widest.at("high_s").get<double>() / widest.at("low_s").get<double>();
}

TEST(Extrapolate, AllowsForAnotherMachineUnlessToldThatItIsTheSame) {
  EXPECT_LT(width(extrapolated({"--same-system"})), 0.8 * width(extrapolated({})));
}

TEST(Extrapolate, TakesTheAlgorithmThatIsAskedFor) {
  EXPECT_EQ(extrapolated({"-a", "ring"}).at("scenario").at("algorithm"), "ring");
  EXPECT_EQ(extrapolated({}).at("scenario").at("algorithm"), "auto");
}

TEST(Extrapolate, TakesSystemsOfEveryKindOfFabric) {
  for (const std::string topology :
       {"torus:dims=16x16x16", "torus:dims=16x16x16,mesh=x", "dragonfly", "dragonfly:spines=8"}) {
    const TemporaryFolder folder;
    const Outcome outcome = run_collscale(
        {"extrapolate",
         std::string(COLLSCALE_SOURCE_DIR) + "/results/published/marenostrum5-h100.json", "-t",
         topology, "-c", "all_reduce", "-s", "1MiB", "-n", "64", "--json", "out.json"},
        folder.path());
    EXPECT_EQ(outcome.exit_code, 0) << topology << ": " << outcome.err;
    EXPECT_FALSE(folder.names().empty());
  }
}

}  // namespace
}  // namespace collscale::testing

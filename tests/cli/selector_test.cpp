// SPDX-License-Identifier: Apache-2.0
// The libraries' choice on the command line: NCCL's variables, its logged estimate, what is said
// about how far to trust it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

const std::vector<std::string> kAllReduce = {"predict",    "-t", "colossus-100k", "-c",
                                             "all_reduce", "-s", "1MiB"};

Outcome with(std::vector<std::string> more, const Environment& environment = {}) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = kAllReduce;
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_collscale(arguments, folder.path(), environment);
}

TEST(Selector, HeedsNcclsVariablesAndSaysSo) {
  const Outcome free = with({"-n", "64", "--selector", "nccl"});
  const Outcome forced =
      with({"-n", "64", "--selector", "nccl"}, {"NCCL_ALGO=allreduce:ring", "NCCL_PROTO=Simple"});
  ASSERT_EQ(forced.exit_code, 0) << forced.err;
  EXPECT_THAT(forced.out, HasSubstr("ring       Simple"));
  EXPECT_NE(free.out, forced.out);
  EXPECT_THAT(forced.err, HasSubstr("NCCL_ALGO=allreduce:ring is set"));
  EXPECT_THAT(forced.err, HasSubstr("NCCL_PROTO=Simple is set"));
  EXPECT_EQ(free.err.find("NCCL_ALGO"), std::string::npos);
}

// AWS' plug-in leaves NCCL the protocol Simple between nodes of P4d, unless the user says
// otherwise.
TEST(Selector, TheTransportLeavesSomeProtocolsOut) {
  const TemporaryFolder folder;
  const auto chosen = [&folder](const char* ranks, const Environment& environment) {
    return run_collscale({"predict", "-t", "aws-p4d", "-c", "all_reduce", "-s", "1KiB", "-n", ranks,
                          "--selector", "nccl", "--profile", "none"},
                         folder.path(), environment)
        .out;
  };
  EXPECT_THAT(chosen("16", {}), HasSubstr("Simple"));
  EXPECT_THAT(chosen("16", {"NCCL_PROTO=LL"}), HasSubstr("LL "));
  EXPECT_THAT(chosen("8", {}), HasSubstr("LL "));
}

TEST(Selector, AnAlgorithmThatNcclLacksIsPricedOnItsProtocolsOfAnyCollective) {
  const TemporaryFolder folder;
  for (const auto& [collective, algorithm] : std::vector<std::pair<std::string, std::string>>{
           {"all_reduce", "recursive_doubling"},
           {"all_gather", "bruck"},
           {"all_to_all", "two_phase"},
           {"broadcast", "binomial"},  // NCCL's is a chain
           {"reduce", "binomial"}}) {
    const Outcome run = run_collscale({"predict", "-t", "fat-tree:nodes=8,gpus=1", "-c", collective,
                                       "-a", algorithm, "-s", "1MiB", "-n", "8"},
                                      folder.path());
    EXPECT_EQ(run.exit_code, 0) << collective << ": " << run.err;
    EXPECT_THAT(run.out, HasSubstr(algorithm)) << collective;
  }
}

TEST(Selector, ContradictoryVariablesEndWith2AndOneSentence) {
  for (const auto& [variable, message] : std::vector<std::pair<std::string, std::string>>{
           {"NCCL_ALGO=NVLSTree", "leaves NCCL 2.28 nothing for all_reduce on 8 ranks of 1 node"},
           {"NCCL_ALGO=Rign", "did you mean \"Ring\"?"},
           {"NCCL_PROTO=^LL,^LL128,^Simple", "NCCL_PROTO"},
           {"NCCL_ALGO=ring;allreduce", "NCCL_ALGO"}}) {
    const Outcome run = with({"-n", "8", "--selector", "nccl:2.28"}, {variable});
    EXPECT_EQ(run.exit_code, 2) << variable;
    EXPECT_EQ(run.out, "") << variable;
    EXPECT_THAT(run.err, StartsWith("error: ")) << variable;
    EXPECT_THAT(run.err, HasSubstr(message)) << variable;
  }
}

TEST(Selector, OlderVersionsSayThatNothingWasThereToCheckThem) {
  EXPECT_THAT(with({"--selector", "nccl:2.25"}).err,
              HasSubstr("nothing that this version logged was found"));
  EXPECT_THAT(with({"--selector", "openmpi:4.1", "-n", "64"}).err, HasSubstr("observed on 4.1.4"));
}

// NVIDIA/nccl issue 1453 logs "8589934592 Bytes -> Algo 1 proto 2 time 86069.968750" on 3 nodes of
// 8 H100, rings of 8 channels x 24 GB/s, NCCL 2.22. NCCL computes in single precision.
TEST(Selector, TheTableHasTheLoggedEstimateOfNccl222) {
  const TemporaryFolder folder;
  const Outcome run = run_collscale(
      {"predict", "-t", "fat-tree:nodes=3", "-c", "all_reduce", "-s", "8GiB", "--selector",
       "nccl:2.22", "--table", "--nccl-graph", "ring=8x24/24:same,tree=8x24/24", "--json", "-"},
      folder.path());
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json point = Json::parse(run.out)["points"][0];
  EXPECT_EQ(point["choice"]["library_algorithm"], "Ring");
  EXPECT_EQ(point["choice"]["protocol"], "Simple");
  EXPECT_NEAR(point["choice"]["estimate_s"].get<double>() * 1e6, 86069.97, 0.01);
  EXPECT_GT(point["fabric"]["time_s"].get<double>(), 0);
  double exposed_s = 0;
  for (const Json& part : point["fabric"]["breakdown"])
    exposed_s += part["exposed_s"].get<double>();
  EXPECT_NEAR(exposed_s, point["fabric"]["time_s"].get<double>(), 1e-12);
}

TEST(Selector, RecordsNameSelectorAndProtocol) {
  const Outcome run = with({"-n", "64", "--selector", "nccl", "--json", "-"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json scenario = Json::parse(run.out)["benchmarks"][0]["scenario"];
  EXPECT_EQ(scenario["selector"], "nccl:2.28");
  EXPECT_NE(scenario["protocol"], "");
}

}  // namespace
}  // namespace collscale::testing

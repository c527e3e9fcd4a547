// SPDX-License-Identifier: Apache-2.0
// Profiles as `collscale calibrate` makes them and `collscale predict` takes them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kSource = COLLSCALE_SOURCE_DIR;

Outcome predict(const std::vector<std::string>& more, const TemporaryFolder& folder) {
  std::vector<std::string> arguments{"predict", "-c", "all_reduce", "-s", "1MiB"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_collscale(arguments, folder.path(),
                       {"COLLSCALE_TOPOLOGIES=" + kSource + "/topologies"});
}

TEST(Profile, PredictTakesTheReadyOneOfTheNodeDesign) {
  const TemporaryFolder folder;
  const Outcome with = predict({"-t", "dgx-h100-superpod", "-n", "8"}, folder);
  EXPECT_EQ(with.exit_code, 0);
  EXPECT_THAT(with.err, HasSubstr("ready profile hgx-h100.json"));
  EXPECT_THAT(with.out, HasSubstr("95 % interval"));
  const Outcome without =
      predict({"-t", "dgx-h100-superpod", "-n", "8", "--profile", "none"}, folder);
  EXPECT_THAT(without.err, HasSubstr("not calibrated on measurements"));
  EXPECT_THAT(without.out, Not(HasSubstr("95 % interval")));
  EXPECT_NE(with.out, without.out);
}

TEST(Profile, FamiliesHaveNone) {
  const TemporaryFolder folder;
  EXPECT_THAT(predict({"-t", "fat-tree:nodes=64", "-n", "8"}, folder).err,
              HasSubstr("not calibrated on measurements"));
}

TEST(Profile, AnotherNodeDesignIsRefusedUnlessItMayBeAny) {
  const TemporaryFolder folder;
  const std::string profile = kSource + "/topologies/profiles/hgx-h100.json";
  const Outcome refused = predict({"-t", "sophia", "-n", "8", "--profile", profile}, folder);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.err, "error: --profile: " + profile +
                             " was measured on nodes hgx-h100, and those of sophia are dgx-a100\n");
  EXPECT_EQ(
      predict({"-t", "sophia", "-n", "8", "--profile", profile, "--any-system"}, folder).exit_code,
      0);
  EXPECT_EQ(predict({"-t", "sophia", "-n", "8", "--profile", "nowhere.json"}, folder).exit_code, 2);
}

TEST(Profile, JsonCarriesWhatItIsWorth) {
  const TemporaryFolder folder;
  const auto json = nlohmann::json::parse(
      predict({"-t", "dgx-h100-superpod", "-n", "8", "--json", "-"}, folder).out);
  EXPECT_THAT(json.at("context").at("profile").get<std::string>(), HasSubstr("hgx-h100.json"));
  EXPECT_THAT(json.at("context").at("calibrated_node").get<std::string>(),
              HasSubstr("measurements of"));
  const auto& record = json.at("benchmarks").at(0);
  EXPECT_EQ(record.at("validated_to_ranks"), 8);
  ASSERT_EQ(record.at("intervals").size(), 2U);
  EXPECT_LT(record.at("intervals").at(1).at("low_s"), record.at("time_s"));
  EXPECT_GT(record.at("intervals").at(1).at("high_s"), record.at("time_s"));
}

// Of every system some collectives: what no schedule can do on its links, no answer may say.
TEST(Profile, NoTimeAndNoEndOfAnIntervalLiesBelowTheLowerBound) {
  const TemporaryFolder folder;
  const std::vector<std::string> collectives = {"all_reduce", "all_gather", "reduce_scatter",
                                                "broadcast",  "reduce",     "all_to_all",
                                                "gather",     "scatter",    "send_recv"};
  std::size_t at = 0;
  std::size_t ends = 0;
  for (const auto& file : std::filesystem::directory_iterator(kSource + "/topologies")) {
    if (file.path().extension() != ".yaml") continue;
    for (int i = 0; i < 2; ++i) {
      const std::string& collective = collectives[at++ % collectives.size()];
      const Outcome outcome =
          run_collscale({"predict", "-t", file.path().stem().string(), "-c", collective, "-s",
                         "8B,256KiB,64MiB,1GiB", "-n", "2,8,64,144", "--json", "-"},
                        folder.path(), {"COLLSCALE_TOPOLOGIES=" + kSource + "/topologies"});
      ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
      const auto answers = nlohmann::json::parse(outcome.out);
      for (const auto& record : answers.at("benchmarks")) {
        const double least_s = 0.999999 * record.at("bound_s").get<double>();
        EXPECT_GE(record.at("time_s").get<double>(), least_s) << record.dump();
        for (const auto& interval : record.at("intervals")) {
          EXPECT_GE(interval.at("low_s").get<double>(), least_s) << record.dump();
          EXPECT_LE(interval.at("low_s").get<double>(), record.at("time_s").get<double>());
          ++ends;
        }
      }
    }
  }
  EXPECT_GT(ends, 1000U);
}

// On two nodes of A3 the times tell a ring at 128 MiB and a tree at 256; on 512 a ring would take
// 30 times as long as what the library has besides.
TEST(Profile, WhatWasSeenOnFewRanksIsNotFollowedWhereItCostsFarMore) {
  const TemporaryFolder folder;
  for (const std::vector<std::string>& selector :
       std::vector<std::vector<std::string>>{{}, {"--selector", "nccl"}}) {
    const auto time_of = [&](const std::string& size, const std::string& ranks) {
      std::vector<std::string> asked{"-t", "gcp-a3-mega", "-s", size, "-n", ranks, "--json", "-"};
      asked.insert(asked.end(), selector.begin(), selector.end());
      const auto records = nlohmann::json::parse(predict(asked, folder).out);
      return records["benchmarks"][0];
    };
    EXPECT_EQ(time_of("128MiB", "16")["scenario"]["algorithm"], "ring");
    EXPECT_LT(time_of("128MiB", "4096")["time_s"], time_of("256MiB", "4096")["time_s"]);
  }
}

// Nobody measured Leonardo's nodes with NCCL: its constants stand, and other systems tell how far
// they may be off. What RCCL would do, nothing tells.
TEST(Profile, WhereNothingWasMeasuredOtherSystemsGiveTheInterval) {
  const TemporaryFolder folder;
  const Outcome none = predict({"-t", "leonardo", "-n", "4,64", "-c", "all_reduce"}, folder);
  EXPECT_THAT(none.out, HasSubstr("inside a node"));
  EXPECT_THAT(none.out, HasSubstr("across nodes"));
  EXPECT_EQ(none.out.find("unknown"), std::string::npos);
  EXPECT_EQ(predict({"-t", "leonardo", "-n", "64", "--profile", "none"}, folder).out.find("95 %"),
            std::string::npos);
  EXPECT_EQ(predict({"-t", "lumi-g", "-n", "64"}, folder).out.find("95 %"), std::string::npos);
}

TEST(Profile, CalibrateFitsFiguresThatPredictTakes) {
  const TemporaryFolder folder;
  const Outcome made =
      run_collscale({"calibrate", kSource + "/results/published/marenostrum5-h100.json", "-t",
                     "marenostrum5-acc", "-o", "p.json"},
                    folder.path(), {"COLLSCALE_TOPOLOGIES=" + kSource + "/topologies"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("figures across nodes, from "));
  EXPECT_THAT(made.out, HasSubstr("held out 64 ranks: median error"));
  EXPECT_THAT(made.err, HasSubstr("nothing was measured inside a node"));
  const Outcome used =
      predict({"-t", "marenostrum5-acc", "-n", "256", "--profile", "p.json"}, folder);
  EXPECT_EQ(used.exit_code, 0);
  EXPECT_THAT(used.err, HasSubstr("profile p.json"));
  EXPECT_THAT(used.out, HasSubstr("x4.0"));  // beyond 64 ranks
}

/// Records of an all_reduce on two DGX A100, 8 B and 1 MiB.
nlohmann::json on_sophia(const std::vector<std::string>& more, const TemporaryFolder& folder) {
  std::vector<std::string> arguments{"predict",    "-t", "sophia",  "-n",     "16", "-c",
                                     "all_reduce", "-s", "8B,1MiB", "--json", "-"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome outcome =
      run_collscale(arguments, folder.path(), {"COLLSCALE_TOPOLOGIES=" + kSource + "/topologies"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return nlohmann::json::parse(outcome.out).at("benchmarks");
}

// The library's choice, an algorithm that is named and the fastest are priced by the same figures.
/// A table of `rows` (collective, algorithm, ranks, nodes, size, time_us), calibrated.
Outcome calibrated(const std::string& rows, const TemporaryFolder& folder) {
  write_file(folder.path() / "table.csv",
             "collective,algorithm,ranks,nodes,size,time_us,library\n" + rows);
  run_collscale({"import", "table.csv", "-o", "table.json"}, folder.path());
  return run_collscale({"calibrate", "table.json", "-t", "dgx-h100-superpod", "-o", "profile.json"},
                       folder.path());
}

TEST(Profile, LawsAloneAreForExtrapolate) {
  const TemporaryFolder folder;
  std::string rows;
  for (const int nodes : {2, 4})
    for (int size = 64; size < 1 << 24; size *= 4)
      rows += fmt::format("all_reduce,allreduce_nccl_x,{},{},{},{},NCCL\n", 8 * nodes, nodes, size,
                          20 * nodes + size / 1e5);
  const Outcome made = calibrated(rows, folder);
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("none of 18 points across nodes ran what the engine prices"));
  const Outcome refused =
      predict({"-t", "dgx-h100-superpod", "-n", "64", "--profile", "profile.json"}, folder);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("profile.json has growth laws, but no figures of the topology "
                                     "(dgx-h100-superpod: inside a node"));
  EXPECT_THAT(refused.err, HasSubstr("`collscale extrapolate --profile profile.json` answers"));
}

TEST(Profile, ACollectiveThatCannotBeOneSeriesDoesNotTakeTheOthersAlong) {
  const TemporaryFolder folder;
  std::string rows;
  for (int size = 64; size < 1 << 24; size *= 4) {
    rows += fmt::format("all_reduce,,16,2,{},{},NCCL\n", size, 30 + size / 1e5);
    rows += fmt::format("all_gather,,16,2,{},{},NCCL\n", size, 30 + size / 1e5);
    rows += fmt::format("all_gather,,4,4,{},{},NCCL\n", size, 30 + size / 1e5);
  }
  const Outcome made = calibrated(rows, folder);
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("note: without all_gather: the records have 8 and 1 ranks per"));
  EXPECT_THAT(made.out, HasSubstr("all_reduce, algorithm auto"));
}

TEST(Profile, OneSetOfFiguresServesThreeQuestions) {
  const TemporaryFolder folder;
  const auto plain = on_sophia({}, folder);
  const auto chosen = on_sophia({"--selector", "nccl:2.28"}, folder);
  const auto tree = on_sophia({"-a", "tree"}, folder);
  const auto ring = on_sophia({"-a", "ring"}, folder);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(chosen[i].at("scenario").at("algorithm"), "tree");
    EXPECT_EQ(chosen[i].at("time_s"), tree[i].at("time_s"));
    EXPECT_LE(plain[i].at("time_s"), tree[i].at("time_s"));
    EXPECT_LE(plain[i].at("time_s"), ring[i].at("time_s"));
    EXPECT_EQ(ring[i].at("intervals").size(), 2U);
    EXPECT_LE(ring[i].at("bound_s"), ring[i].at("time_s"));
  }
  EXPECT_EQ(ring[0].at("scenario").at("protocol"), "LL");
  EXPECT_LT(ring[0].at("time_s").get<double>(), 93e-6);  // once 233 us
}

TEST(Profile, WhatTheLibraryLacksRunsOnItsProtocolsAndHasNoInterval) {
  const TemporaryFolder folder;
  const auto swing = on_sophia({"-a", "swing"}, folder);
  EXPECT_EQ(swing[0].at("scenario").at("protocol"), "LL");
  EXPECT_TRUE(swing[0].at("intervals").empty());
  EXPECT_TRUE(on_sophia({"-a", "ring", "--engine", "event"}, folder)[0].at("intervals").empty());
}

TEST(Profile, WhatLiesOutsideOfTheMeasurementsIsSaid) {
  const TemporaryFolder folder;
  const Outcome table = run_collscale(
      {"predict", "-t", "dgx-h100-superpod", "-n", "64,256", "-c", "all_gather", "-s", "64GiB"},
      folder.path(), {"COLLSCALE_TOPOLOGIES=" + kSource + "/topologies"});
  EXPECT_THAT(table.out, HasSubstr("x4.0, all_gather"));
  const Outcome large =
      predict({"-t", "dgx-h100-superpod", "-n", "8", "-s", "64GiB", "--json", "-"}, folder);
  EXPECT_THAT(large.out, HasSubstr("above 512 MiB"));
}

TEST(Profile, WithoutOneNcclsOwnConstantsStand) {
  const TemporaryFolder folder;
  const Outcome usual = predict({"-t", "hpn7", "-n", "64"}, folder);
  EXPECT_THAT(usual.err, HasSubstr("nccl:2.28's own constants stand"));
  EXPECT_THAT(usual.out, HasSubstr("LL128"));
  EXPECT_THAT(predict({"-t", "hpn7", "-n", "64", "--profile", "none"}, folder).out,
              Not(HasSubstr("LL128")));
}

}  // namespace
}  // namespace collscale::testing

// SPDX-License-Identifier: Apache-2.0
// What `collscale predict` does with the options of the flow engine.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

Outcome predict(std::vector<std::string> more, const TemporaryFolder& folder,
                const std::string& engine = "flow") {
  std::vector<std::string> arguments = {
      "predict", "-t",         "fat-tree:nodes=16,routing=ecmp,radix=16",
      "-c",      "all_reduce", "-s",
      "64MiB",   "--engine",   engine};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_collscale(arguments, folder.path());
}

Json record_of(std::vector<std::string> more, const TemporaryFolder& folder) {
  more.insert(more.end(), {"--json", "-"});
  const Outcome outcome = predict(std::move(more), folder);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return Json::parse(outcome.out)["benchmarks"][0];
}

TEST(PredictFlow, TrialsGiveTheirTimesAndQuantiles) {
  const TemporaryFolder folder;
  const Json record = record_of({"-a", "ring", "--trials", "7", "--seed", "3"}, folder);
  ASSERT_EQ(record["samples_s"].size(), 7U);
  std::vector<double> samples = record["samples_s"];
  EXPECT_EQ(record_of({"-a", "ring", "--seed", "3"}, folder)["time_s"], samples[0]);
  std::sort(samples.begin(), samples.end());
  EXPECT_EQ(record["time_s"], samples[3]);
  EXPECT_EQ(record["iterations"], 7);
  EXPECT_EQ(record["quantiles"][4]["which"], "max");
  EXPECT_EQ(record["quantiles"][4]["value_s"], samples[6]);
  EXPECT_EQ(record_of({"-a", "ring", "--trials", "7", "--seed", "3", "--threads", "3"}, folder),
            record);
}

TEST(PredictFlow, RecordsSayWhereAndWhatIsBroken) {
  const TemporaryFolder folder;
  const Json record = record_of({"-a", "ring", "--placement", "strided:3", "--fail", "leaf 1 up 0",
                                 "--degrade", "nic 2.1=0.5", "--fail", "1 of leaf up"},
                                folder);
  EXPECT_EQ(record["scenario"]["placement"], "strided:3");
  EXPECT_EQ(record["scenario"]["failures"],
            "fail leaf 1 up 0; fail 1 of leaf up; degrade nic 2.1=0.5");
}

TEST(PredictFlow, BadNamesAreRefusedWithTheNearest) {
  const TemporaryFolder folder;
  const auto error = [&](std::vector<std::string> more) {
    const Outcome outcome = predict(std::move(more), folder);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_THAT(
      error({"--fail", "spien 0"}),
      HasSubstr("--fail: \"spien 0\": \"spien\" is not known here, did you mean \"spine\"?"));
  EXPECT_THAT(error({"--degrade", "leaf 0 up"}), HasSubstr("--degrade: \"leaf 0 up\": expected"));
  EXPECT_THAT(error({"--placement", "strid:2"}), HasSubstr("did you mean \"strided\"?"));
  EXPECT_THAT(error({"--placement", "file:nodes.txt"}), HasSubstr("nodes.txt: cannot be read"));
  EXPECT_THAT(error({"--trials", "0"}), HasSubstr("--trials: "));
  EXPECT_THAT(error({"--fail", "leaf 1 up", "-a", "ring"}),
              HasSubstr("leaf 1 has lost all its uplinks"));
  EXPECT_THAT(error({"--memory-limit", "1kB"}), HasSubstr("of memory, more than the limit of"));
}

TEST(PredictFlow, ExplainNamesTheBusiestLinksAndTheirFlows) {
  const TemporaryFolder folder;
  const Outcome text = predict({"-a", "ring", "--explain"}, folder);
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("The longest: "));
  EXPECT_THAT(text.out, HasSubstr("busiest links"));
  const Outcome outcome = predict({"-a", "ring", "--explain", "--json", "-"}, folder);
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["tiers"].back()["tier"], "leaf");
  EXPECT_EQ(json["tiers"].back()["deciles"].size(), 9U);
  ASSERT_EQ(json["links"].size(), 10U);
  EXPECT_FALSE(json["links"][0]["examples"].empty());
  double sum_s = 0;
  for (const Json& stage : json["stages"])
    if (stage["row"] == 0) sum_s += stage["duration_s"].get<double>();
  EXPECT_NEAR(sum_s, json["time_s"].get<double>(), 1e-12);
}

TEST(PredictFlow, ATraceIsWhatTraceViewersRead) {
  const TemporaryFolder folder;
  const Outcome outcome =
      predict({"-a", "hierarchical", "--trials", "3", "--trace", "trace.json"}, folder);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json trace = Json::parse(read_file(folder.path() / "trace.json"));
  double end_us = 0;
  int counters = 0;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "X")
      end_us = std::max(end_us, event["ts"].get<double>() + event["dur"].get<double>());
    counters += event["ph"] == "C" ? 1 : 0;
  }
  EXPECT_GT(counters, 1);
  const Json record = record_of({"-a", "hierarchical", "--trials", "3"}, folder);
  EXPECT_NEAR(end_us, 1e6 * record["time_s"].get<double>(), 1e-6 * end_us);
  EXPECT_THAT(folder.names(), ::testing::ElementsAre("trace.json"));  // nothing half-written
}

TEST(PredictFlow, ExplainAndTraceAreOfOneAnswer) {
  const TemporaryFolder folder;
  for (const char* flag : {"--explain", "--trace=trace.json"}) {
    const Outcome outcome = predict({flag, "-n", "16,32"}, folder);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("is of one answer: one size and one number of ranks"));
  }
  EXPECT_TRUE(folder.names().empty());
  const Outcome several = predict({"--explain", "--concurrent", "all_gather:1MiB"}, folder);
  EXPECT_EQ(several.exit_code, 2);
  EXPECT_THAT(several.err, HasSubstr("are of one communicator: leave out --concurrent"));
}

TEST(PredictFlow, OtherEnginesSayWhichOneCan) {
  const TemporaryFolder folder;
  for (const auto& [flag, value] :
       {std::pair{"--fail", "leaf 1"}, std::pair{"--degrade", "leaf 1=0.5"},
        std::pair{"--placement", "random"}, std::pair{"--trials", "3"}}) {
    const Outcome outcome = predict({flag, value}, folder, "analytic");
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(std::string(flag) + " is for the engine"));
    EXPECT_THAT(outcome.err, HasSubstr("add --engine flow"));
  }
}

}  // namespace
}  // namespace collscale::testing

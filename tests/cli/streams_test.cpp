// SPDX-License-Identifier: Apache-2.0
// What goes to stdout, what to stderr, and who gets colours.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<std::string> kPredict{
    "predict", "-t", "dgx-h100-superpod", "-c", "all_reduce", "-s", "8B:1GiB:x1024", "-n", "8,256"};

bool has_escapes(const Outcome& outcome) {
  return (outcome.out + outcome.err).find('\033') != std::string::npos;
}

TEST(Colours, AreForTerminalsOnly) {
  const TemporaryFolder folder;
  const Environment capable{"TERM=xterm", "NO_COLOR="};
  EXPECT_FALSE(has_escapes(run_collscale(kPredict, folder.path(), capable)));
  EXPECT_TRUE(has_escapes(run_collscale_on_terminal(kPredict, folder.path(), capable)));
  EXPECT_TRUE(has_escapes(run_collscale_on_terminal({"predcit"}, folder.path(), capable)));
}

TEST(Colours, YieldToNoColorAndToDumbTerminals) {
  const TemporaryFolder folder;
  for (const Environment& environment :
       {Environment{"TERM=xterm", "NO_COLOR=1"}, Environment{"TERM=dumb", "NO_COLOR="}}) {
    for (const std::vector<std::string>& arguments :
         {kPredict, std::vector<std::string>{"topo", "show", "colossus-100k"},
          std::vector<std::string>{"predcit"}}) {
      EXPECT_FALSE(has_escapes(run_collscale_on_terminal(arguments, folder.path(), environment)))
          << environment.front() << " " << arguments.front();
    }
  }
}

/// All that the schema promises of a prediction and that a reader may rely on.
TEST(JsonOnStdout, IsPureAndItsBreakdownSumsToTheTime) {
  const TemporaryFolder folder;
  for (const char* engine : {"analytic", "flow"}) {
    std::vector<std::string> arguments = kPredict;
    arguments.insert(arguments.end(), {"--engine", engine, "--json", "-"});
    const Outcome outcome = run_collscale(arguments, folder.path());
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const nlohmann::json document = nlohmann::json::parse(outcome.out);
    EXPECT_TRUE(document.at("context").contains("schema_version"));
    EXPECT_EQ(document.at("context").at("topology"), "dgx-h100-superpod");
    ASSERT_EQ(document.at("benchmarks").size(), 8U);
    for (const nlohmann::json& record : document.at("benchmarks")) {
      const double time_s = record.at("time_s");
      double exposed_s = 0;
      for (const nlohmann::json& part : record.at("breakdown"))
        exposed_s += part.at("exposed_s").get<double>();
      EXPECT_NEAR(exposed_s / time_s, 1, 1e-12);
      EXPECT_EQ(record.at("engine"), engine);
      EXPECT_EQ(record.at("trust"), std::string(engine) == "flow" ? "simulated" : "predicted");
      EXPECT_LE(record.at("bound_s").get<double>(), time_s * (1 + 1e-12));
      EXPECT_EQ(record.at("scenario").at("nodes").get<int>(),
                record.at("scenario").at("ranks").get<int>() / 8);
    }
  }
}

TEST(JsonInAFile, ComesBesideTheTableAndHoldsTheSameRecords) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = kPredict;
  arguments.insert(arguments.end(), {"--json", "x.json"});
  const Outcome outcome = run_collscale(arguments, folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("busbw"));
  EXPECT_THAT(folder.names(), ::testing::ElementsAre("x.json"));
  const auto in_file = nlohmann::json::parse(read_file(folder.path() / "x.json"));
  arguments.back() = std::string("-");
  const auto on_stdout = nlohmann::json::parse(run_collscale(arguments, folder.path()).out);
  EXPECT_EQ(in_file.at("benchmarks"), on_stdout.at("benchmarks"));
}

TEST(JsonOnStdout, IsPureForTheOtherCommandsToo) {
  const TemporaryFolder folder;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"topo", "list", "--json", "-"},
        std::vector<std::string>{"topo", "show", "colossus-100k", "--json", "-"},
        std::vector<std::string>{"doctor", "--json", "-"}}) {
    const Outcome outcome = run_collscale(arguments, folder.path());
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_TRUE(nlohmann::json::accept(outcome.out)) << outcome.out;
  }
}

TEST(Notes, GoToStderr) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(kPredict, folder.path());
  EXPECT_THAT(outcome.err, HasSubstr("are assumed or recalled"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("recalled")));
}

TEST(RepeatedOptions, TheLastOneCounts) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = kPredict;
  arguments.insert(arguments.end(), {"-n", "16", "-s", "2MiB", "--json", "-"});
  const auto document = nlohmann::json::parse(run_collscale(arguments, folder.path()).out);
  ASSERT_EQ(document.at("benchmarks").size(), 1U);
  EXPECT_EQ(document.at("benchmarks").at(0).at("scenario").at("ranks"), 16);
}

TEST(Predict, AllAlgorithmsComeFastestFirst) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale({"predict", "-t", "dgx-h100-superpod", "-c", "all_reduce",
                                         "-s", "1KiB,1GiB", "-n", "64", "-a", "all", "--json", "-"},
                                        folder.path());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto records = nlohmann::json::parse(outcome.out).at("benchmarks");
  ASSERT_GE(records.size(), 4U);
  for (std::size_t i = 1; i < records.size(); ++i) {
    const auto size = [&](std::size_t at) { return records[at].at("scenario").at("size_bytes"); };
    if (size(i) == size(i - 1)) {
      EXPECT_GE(records[i].at("time_s"), records[i - 1].at("time_s"));
    }
  }
}

TEST(Predict, TheSameSeedGivesTheSameRecords) {
  const TemporaryFolder folder;
  const std::vector<std::string> arguments{"predict", "-t",         "fat-tree:nodes=64",
                                           "-c",      "all_to_all", "-s",
                                           "16MiB",   "--engine",   "flow",
                                           "--seed",  "7",          "--json",
                                           "-"};
  const auto records = [&] {
    return nlohmann::json::parse(run_collscale(arguments, folder.path()).out).at("benchmarks");
  };
  EXPECT_EQ(records(), records());
}

}  // namespace
}  // namespace collscale::testing

// SPDX-License-Identifier: Apache-2.0
// Help: every command has one, it starts with examples, and every example runs.
#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<std::string> kCommands{
    "topo",          "topo list",     "topo show", "topo check", "topo compare",
    "topo draw",     "topo export",   "predict",   "import",     "calibrate",
    "extrapolate",   "priors",        "doctor",    "schedule",   "schedule list",
    "schedule show", "schedule draw", "startup",   "goodput",    "compare"};

/// The indented lines after "Examples:", or of the bare tool.
std::vector<std::string> examples_in(const std::string& help) {
  std::vector<std::string> examples;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line) && line != "Usage:";) {
    if (line.rfind("  collscale ", 0) == 0) examples.push_back(line.substr(2));
  }
  return examples;
}

class HelpTest : public ::testing::TestWithParam<std::string> {};

TEST_P(HelpTest, StartsWithExamplesAndEveryExampleRuns) {
  const TemporaryFolder folder;
  const Outcome help = run_shell("collscale " + GetParam() + " --help", folder.path());
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.err, IsEmpty());
  const std::vector<std::string> examples = examples_in(help.out);
  ASSERT_THAT(examples, Not(IsEmpty())) << help.out;
  EXPECT_THAT(examples, Contains(HasSubstr(("collscale " + GetParam()).c_str())));
  const TemporaryFolder work;
  add_example_files(work.path());
  for (const std::string& example : examples) {
    const Outcome outcome = run_shell(example, work.path());
    EXPECT_EQ(outcome.exit_code, 0) << example << "\n" << outcome.err;
  }
}

TEST_P(HelpTest, FitsOnAPage) {
  const TemporaryFolder folder;
  std::istringstream lines(run_shell("collscale " + GetParam() + " --help", folder.path()).out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 105U) << line;
}

INSTANTIATE_TEST_SUITE_P(Commands, HelpTest, ::testing::ValuesIn([] {
                           std::vector<std::string> all = kCommands;
                           all.emplace_back("");  // the tool itself
                           return all;
                         }()),
                         [](const auto& test) {
                           std::string name = test.param.empty() ? "tool" : test.param;
                           for (char& c : name) c = c == ' ' ? '_' : c;
                           return name;
                         });

TEST(Help, IsTheSameAsHelpCommand) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_collscale({"help", "predict"}, folder.path()).out,
            run_collscale({"predict", "--help"}, folder.path()).out);
  EXPECT_EQ(run_collscale({"help"}, folder.path()).out, run_collscale({}, folder.path()).out);
}

TEST(Help, OfTheBareToolIsTenLinesOrLess) {
  const TemporaryFolder folder;
  const Outcome bare = run_collscale({}, folder.path());
  EXPECT_EQ(bare.exit_code, 0);
  EXPECT_LE(std::count(bare.out.begin(), bare.out.end(), '\n'), 10) << bare.out;
}

TEST(Help, ComesEvenWhereAValueIsBad) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_collscale({"predict", "-s", "8M", "--help"}, folder.path()).exit_code, 0);
}

TEST(Version, SaysWhatIsBuiltIn) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale({"--version"}, folder.path());
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("collscale 0."));
  EXPECT_THAT(outcome.out, HasSubstr("MPI benchmarks"));
  EXPECT_THAT(outcome.out, HasSubstr("NCCL benchmarks"));
}

}  // namespace
}  // namespace collscale::testing

// SPDX-License-Identifier: Apache-2.0
// A label is a promise about the source.
#include <gmock/gmock.h>

#include <string>

#include "topology/check.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using testing::clos_of;
using testing::make_system;

std::string problem_with(Label label, const std::string& source) {
  System system = make_system({});
  system.node.nics.bandwidth_Bps = {50e9, label, source};
  const std::vector<Problem> problems = check_system(system);
  if (problems.empty()) return "";
  EXPECT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems.front().is_error);
  return problems.front().field + ": " + problems.front().message;
}

TEST(CheckSources, RefusesAStatedFigureThatNobodyStates) {
  EXPECT_EQ(problem_with(Label::stated, ""),
            "node.nics.bandwidth: found label \"stated\" without a source, expected who states it");
  for (const char* placeholder : {"...", "…", "TODO", "todo: look it up", "tbd.", "?", "n/a", "-",
                                  "unknown", " source ", "<source>", "FIXME later"})
    EXPECT_EQ(problem_with(Label::stated, placeholder),
              std::string("node.nics.bandwidth: found label \"stated\" with the source \"") +
                  placeholder + "\", expected who states it");
  EXPECT_EQ(problem_with(Label::stated, "data sheet of the maker"), "");
}

TEST(CheckSources, RefusesADerivedFigureWithoutItsArithmetic) {
  EXPECT_EQ(problem_with(Label::derived, "from the data sheet"),
            "node.nics.bandwidth: found label \"derived\" with the source \"from the data sheet\", "
            "expected the arithmetic, with its numbers");
  EXPECT_EQ(problem_with(Label::derived, ""),
            "node.nics.bandwidth: found label \"derived\" without a source, expected the "
            "arithmetic, with its numbers");
  EXPECT_EQ(problem_with(Label::derived, "400 Gb/s / 8"), "");
}

TEST(CheckSources, LeavesAssumptionsAlone) {
  EXPECT_EQ(problem_with(Label::assumed, ""), "");
  EXPECT_EQ(problem_with(Label::recalled, ""), "");
}

TEST(CheckSystem, WarnsOfGroupsThatHoldNoNode) {
  System system = make_system({.nodes = 16, .children = {4, 6}});
  const std::vector<Problem> problems = check_system(system);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_FALSE(problems[0].is_error);
  EXPECT_EQ(problems[0].field, "fabric.tiers[1].children");
  EXPECT_EQ(problems[0].message, "6 leaf groups, but the 16 nodes fill 4");
  // The last group of a tier may be partly filled.
  EXPECT_TRUE(check_system(make_system({.nodes = 15, .children = {4, 4}})).empty());
  EXPECT_TRUE(check_system(make_system({.nodes = 18, .children = {2, 4, 3}})).empty());
  EXPECT_TRUE(check_system(make_system({.nodes = 6, .children = {2, 4, 1}})).empty());
}

}  // namespace
}  // namespace collscale

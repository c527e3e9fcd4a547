// SPDX-License-Identifier: Apache-2.0
// `collscale topo check|compare|draw|list` as a user runs them.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace collscale::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// The example file with a change that breaks one rule.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = read_file(COLLSCALE_SOURCE_DIR "/tests/fixtures/topologies/small.yaml");
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

struct BrokenRule {
  std::string rule;
  std::string from;
  std::string to;
  std::string says;  ///< after "error: my.yaml:"
};

std::ostream& operator<<(std::ostream& out, const BrokenRule& rule) { return out << rule.rule; }

class TopoCheckRule : public ::testing::TestWithParam<BrokenRule> {};

TEST_P(TopoCheckRule, IsToldInOneSentenceWithItsPlace) {
  const TemporaryFolder folder;
  write_file(folder.path() / "my.yaml", changed(GetParam().from, GetParam().to));
  const Outcome outcome = run_collscale({"topo", "check", "my.yaml"}, folder.path());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, StartsWith("error: ./my.yaml:"));
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().says));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, TopoCheckRule,
    ::testing::Values(
        BrokenRule{"Ports", "radix: {value: 64", "radix: {value: 5",
                   "fabric.tiers[0].radix: a leaf switch needs 4 ports down and 2 up, more than "
                   "its 5"},
        BrokenRule{"Counts", "nodes: {value: 16", "nodes: {value: 17",
                   "fabric.tiers[1].children: the groups of 2 tiers hold 16 nodes, fewer than the "
                   "17 of the system"},
        BrokenRule{"Rails", "rails: 4", "rails: 3", "fabric.rails: found 3, expected a divisor"},
        BrokenRule{
            "Paths",
            "kind: nvswitch\n    bandwidth: {value: 450GB/s, label: stated, source: a "
            "data sheet}",
            "kind: links\n    link: {value: 50GB/s, label: assumed}\n    links: {pairs: [[0, 1], "
            "[2, 3]], label: assumed}",
            "node.scale_up.links: no links lead from rank 0 to rank 2 of the node"},
        BrokenRule{"StatedByNobody", "label: stated, source: a data sheet",
                   "label: stated, source: \"TODO\"",
                   "found label \"stated\" with the source \"TODO\", expected who states it"},
        BrokenRule{"DerivedFromNothing", "label: stated, source: a data sheet",
                   "label: derived, source: \"as one would think\"",
                   "expected the arithmetic, with its numbers"}),
    [](const auto& test) { return test.param.rule; });

TEST(TopoCheck, TellsEveryProblemOfAFile) {
  const TemporaryFolder folder;
  std::string text =
      changed("label: stated, source: a data sheet", "label: stated, source: \"...\"");
  const std::string radix = "radix: {value: 64";
  text.replace(text.find(radix), radix.size(), "radix: {value: 5");
  write_file(folder.path() / "my.yaml", text);
  const Outcome outcome = run_collscale({"topo", "check", "my.yaml"}, folder.path());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 2) << outcome.out;
  EXPECT_THAT(outcome.out, StartsWith("bad  ./my.yaml:"));
  EXPECT_EQ(outcome.err, "error: my.yaml has 2 problems\n");
}

TEST(TopoCheck, WarnsOfUplinksThatMissTheOversubscription) {
  const TemporaryFolder folder;
  write_file(folder.path() / "my.yaml",
             changed("oversubscription: {value: 2", "oversubscription: {value: 3"));
  const Outcome outcome = run_collscale({"topo", "check", "my.yaml"}, folder.path());
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("     warning: ./my.yaml:"));
  EXPECT_THAT(outcome.out, HasSubstr("3 asks for 1.333 uplinks of a leaf switch; 1 are taken"));
  EXPECT_THAT(outcome.out, HasSubstr("leaf: 1 of 50.0 GB/s up from a switch, 4:1 for 3:1"));
}

TEST(TopoCheck, TakesNamesAndFamiliesAsWell) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(
      {"topo", "check", "colossus-100k", "torus:dims=4x4", "dragonfly"}, folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              StartsWith("ok   colossus-100k: 100,000 accelerators, 3 tiers, every pair of ranks "
                         "connected, 29 figures (12 stated, 8 derived, 6 assumed, 3 recalled)\n"
                         "ok   torus:dims=4x4: 16 accelerators, 2 dimensions, "));
}

TEST(TopoCheck, IsJsonAsWell) {
  const TemporaryFolder folder;
  add_example_files(folder.path());
  write_file(folder.path() / "bad.yaml", "name: x\n");
  const Outcome outcome =
      run_collscale({"topo", "check", "my-cluster.yaml", "bad.yaml", "--json", "-"}, folder.path());
  EXPECT_EQ(outcome.exit_code, 2);
  const json systems = json::parse(outcome.out).at("systems");
  ASSERT_EQ(systems.size(), 2U);
  EXPECT_TRUE(systems[0].at("sound"));
  EXPECT_TRUE(systems[0].at("exhaustive"));
  EXPECT_EQ(systems[0].at("walked_pairs"), 64 * 63);
  EXPECT_EQ(systems[0].at("accelerators"), 64);
  EXPECT_THAT(systems[0].at("proved").at("ports"), HasSubstr("leaf: 4 down + 2 up of 64 ports"));
  EXPECT_FALSE(systems[1].at("sound"));
  EXPECT_THAT(systems[1].at("errors")[0], HasSubstr("bad.yaml:1:1: missing key"));
}

TEST(TopoCompare, SaysWhatDiffersAndCountsTheRest) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(
      {"topo", "compare", "fat-tree:nodes=512", "fat-tree:nodes=512,oversubscription=2"},
      folder.path());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("bisection per accelerator +50.0 GB/s +25.0 "
                                                    "GB/s +× 0.5\n"));
  EXPECT_THAT(outcome.out,
              ::testing::ContainsRegex("fabric.tiers\\[0\\].oversubscription +1 +assumed +2 +"
                                       "assumed +× 2\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("network per accelerator")));
  EXPECT_THAT(outcome.out, HasSubstr("figures; --all shows them\n"));
}

TEST(TopoCompare, OfASystemWithItselfFindsNothing) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_collscale({"topo", "compare", "colossus-100k", "colossus-100k", "--all"}, folder.path());
  EXPECT_THAT(outcome.out, HasSubstr("\n\nnothing differs\n\nequal: "));
  EXPECT_THAT(outcome.out, HasSubstr("29 figures\n"));
  EXPECT_THAT(outcome.out, HasSubstr("network per accelerator"));
}

TEST(TopoCompare, TakesFabricsOfDifferentKinds) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale(
      {"topo", "compare", "colossus-100k", "torus:dims=8x8", "--json", "-"}, folder.path());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json document = json::parse(outcome.out);
  bool tiers_only_in_a = false;
  bool dimensions_only_in_b = false;
  for (const json& figure : document.at("different").at("figures")) {
    if (figure.at("name") == "fabric.tiers[0].link")
      tiers_only_in_a = figure.at("b").is_null() && figure.at("a").at("label") == "assumed";
    if (figure.at("name") == "fabric.dimensions[0].link")
      dimensions_only_in_b = figure.at("a").is_null() && figure.at("unit") == "B/s";
  }
  EXPECT_TRUE(tiers_only_in_a);
  EXPECT_TRUE(dimensions_only_in_b);
}

TEST(TopoDraw, WritesTheSameSvgToAFileAndToStdout) {
  const TemporaryFolder folder;
  const Outcome to_stdout = run_collscale({"topo", "draw", "colossus-100k"}, folder.path());
  EXPECT_EQ(to_stdout.exit_code, 0) << to_stdout.err;
  EXPECT_THAT(to_stdout.out, StartsWith("<svg xmlns="));
  const Outcome to_file =
      run_collscale({"topo", "draw", "colossus-100k", "-o", "x.svg"}, folder.path());
  EXPECT_THAT(to_file.out, IsEmpty());
  EXPECT_EQ(read_file(folder.path() / "x.svg"), to_stdout.out);
}

TEST(TopoDraw, FoldsOnRequest) {
  const TemporaryFolder folder;
  const std::string full = run_collscale({"topo", "draw", "dragonfly"}, folder.path()).out;
  const std::string folded =
      run_collscale({"topo", "draw", "dragonfly", "--folded"}, folder.path()).out;
  EXPECT_THAT(full, HasSubstr(">group 8</text>"));
  EXPECT_THAT(folded, Not(HasSubstr(">group 8</text>")));
  EXPECT_LT(folded.size(), full.size());
}

TEST(TopoList, HasWhatTheTableOfTheReadmeIsMadeOf) {
  const TemporaryFolder folder;
  const Outcome outcome = run_collscale({"topo", "list", "--json", "-"}, folder.path());
  const json document = json::parse(outcome.out);
  for (const json& system : document.at("systems")) {
    const json& quantities = system.at("quantities");
    for (const char* name : {"accelerators", "scale_up_domain", "scale_up_per_rank",
                             "network_per_accelerator", "bisection_per_accelerator"})
      EXPECT_GT(quantities.at(name).at("value").get<double>(), 0) << system.at("name") << name;
    int figures = 0;
    for (const auto& [label, count] : system.at("labels").items()) figures += count.get<int>();
    EXPECT_EQ(system.at("figures").get<int>(), figures);
  }
}

}  // namespace
}  // namespace collscale::testing

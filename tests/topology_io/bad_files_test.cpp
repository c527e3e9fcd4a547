// SPDX-License-Identifier: Apache-2.0
// What a user reads when a file is wrong: each fixture has one fault, each message is golden.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "topology_io/load.hpp"
#include "topology_io/yaml_tree.hpp"

namespace collscale {
namespace {

const std::string kFixtures = COLLSCALE_SOURCE_DIR "/tests/fixtures/topologies/";

struct BadFile {
  const char* name;
  const char* message;  ///< after the path of the fixtures
};

/// How GoogleTest shows the parameter.
void PrintTo(const BadFile& bad, std::ostream* stream) { *stream << bad.name; }

const BadFile kBadFiles[] = {
    {"alias", "alias.yaml:27:17: found an alias (*name), expected the value itself"},
    {"bad-node-file",
     "nodes/broken.yaml:13:20: nics.latency: \"4\" has no unit: write 4us, 4ms or 4s"},
    {"bare-figure",
     "bare-figure.yaml:5:8: nodes: found \"16\", expected {value: ..., label: ..., source: ...}"},
    {"cpu-unknown",
     "cpu-unknown.yaml:8:8: node.cpu: unknown value \"sparc\"; valid: intel, amd, arm"},
    {"duplicate-key",
     "duplicate-key.yaml:5:1: found the key \"name\" a second time, the first is on line 2"},
    {"efficiency-above-one",
     "efficiency-above-one.yaml:13:25: node.scale_up.efficiency: found \"1.2\", expected a number "
     "in "
     "(0, 1]"},
    {"empty", "empty.yaml:1:1: found nothing in the file, expected a mapping"},
    {"huge-count", "huge-count.yaml:5:16: nodes: found \"99999999\", expected at most 16777216"},
    {"in-network-incomplete",
     "in-network-incomplete.yaml:25:15: missing key \"latency\" in fabric.in_network"},
    {"just-a-word", "just-a-word.yaml:2:1: found \"nonsense\", expected a mapping"},
    {"link-above-the-top",
     "link-above-the-top.yaml:35:13: fabric.tiers[1].link: found a figure for the top tier, which "
     "has no links upwards; expected none"},
    {"link-of-a-switch",
     "link-of-a-switch.yaml:12:5: unknown key \"link\"; valid: kind, efficiency, latency, "
     "message_gap, in_network, bandwidth"},
    {"links-apart",
     "links-apart.yaml:14:7: node.scale_up.links: no links lead from rank 0 to rank 2 of the node"},
    {"links-not-a-pair",
     "links-not-a-pair.yaml:14:26: node.scale_up.links.pairs[1]: expected [rank, rank, links "
     "between them], such as [0, 1, 4]"},
    {"list-for-mapping",
     "list-for-mapping.yaml:11:5: node.scale_up: found a list, expected a mapping"},
    {"missing-key", "missing-key.yaml:11:5: missing key \"latency\" in node.scale_up"},
    {"missing-label", "missing-label.yaml:5:8: missing key \"label\" in nodes"},
    {"missing-root-key", "missing-root-key.yaml:2:1: missing key \"name\""},
    {"no-such-node-file",
     "no-such-node-file.yaml:6:7: node: no file \"nodes/gb200.yaml\" beside this file or in the "
     "topology directories"},
    {"no-unit",
     "no-unit.yaml:12:24: node.scale_up.bandwidth: \"450\" has no unit: write 450Gb/s (bits) or "
     "450GB/s (bytes)"},
    {"dragonfly-too-few-links",
     "dragonfly-too-few-links.yaml:28:17: fabric.global_links: 4 routers of 3 global links reach "
     "12 "
     "other groups, expected the 13 that there are"},
    {"dragonfly-with-spines",
     "dragonfly-with-spines.yaml:33:11: fabric.spines: found in kind \"dragonfly\", expected kind "
     "\"dragonfly+\""},
    {"dragonfly-plus-without-spines",
     "dragonfly-plus-without-spines.yaml:20:3: missing key \"spines\" in fabric"},
    {"nodes-not-covered",
     "nodes-not-covered.yaml:33:17: fabric.tiers[1].children: the groups of 2 tiers hold 16 nodes, "
     "fewer than the 17 of the system"},
    {"not-a-number", "not-a-number.yaml:5:16: nodes: found \"abc\", expected a whole number ≥ 1"},
    {"not-whole", "not-whole.yaml:5:16: nodes: found \"2.5\", expected a whole number ≥ 1"},
    {"oversubscription-zero",
     "oversubscription-zero.yaml:29:33: fabric.tiers[0].oversubscription: found \"0\", expected a "
     "number > 0"},
    {"parts-differ",
     "parts-differ.yaml:8:5: parts[1].node: slower differs from older in node.scale_up.link, "
     "expected designs that the network cannot tell apart"},
    {"parts-too-few",
     "parts-too-few.yaml:7:3: parts: the parts have 5 nodes, expected the 6 of the system"},
    {"pcie-switches",
     "pcie-switches.yaml:13:19: node.scale_up.switch_ranks: found 3, expected a divisor of the 4 "
     "ranks of a node"},
    {"planes-too-many",
     "planes-too-many.yaml:22:11: fabric.planes: found 100, expected a whole number from 1 to 64"},
    {"radix-too-small",
     "radix-too-small.yaml:31:14: fabric.tiers[0].radix: a leaf switch needs 4 ports down and 2 "
     "up, "
     "more than its 5"},
    {"rails-do-not-divide",
     "rails-do-not-divide.yaml:21:10: fabric.rails: found 3, expected a divisor of the 4 ranks of "
     "a "
     "node"},
    {"stated-without-source",
     "stated-without-source.yaml:8:17: node.accelerators: found label \"stated\" without a source, "
     "expected who states it"},
    {"tab",
     "tab.yaml:21:1: found something that is not YAML: illegal tab when looking for indentation"},
    {"torus-does-not-hold",
     "torus-does-not-hold.yaml:5:8: nodes: found 13, expected the 12 that the sizes of the "
     "dimensions multiply to"},
    {"torus-tiers",
     "torus-tiers.yaml:23:3: unknown key \"tiers\"; valid: kind, efficiency, "
     "hop_latency, dimensions"},
    {"torus-unknown-wrap",
     "torus-unknown-wrap.yaml:28:13: fabric.dimensions[1].wrap: unknown value \"mash\", did you "
     "mean \"mesh\"?"},
    {"two-documents",
     "two-documents.yaml:36:1: found a second YAML document, expected one in a file"},
    {"unclosed-brace",
     "unclosed-brace.yaml:6:5: found something that is not YAML: end of map flow not found"},
    {"unknown-fabric",
     "unknown-fabric.yaml:20:9: fabric.kind: unknown value \"hypercube\"; valid: clos, torus, "
     "dragonfly, dragonfly+"},
    {"unknown-key", "unknown-key.yaml:12:5: unknown key \"bandwith\", did you mean \"bandwidth\"?"},
    {"unknown-label",
     "unknown-label.yaml:5:27: nodes: unknown label \"recaled\", did you mean \"recalled\"?"},
    {"unknown-root-key",
     "unknown-root-key.yaml:4:1: unknown key \"date\"; valid: name, description, as_of, nodes, "
     "node, "
     "parts, fabric"},
    {"unknown-routing",
     "unknown-routing.yaml:22:12: fabric.routing: unknown value \"ecpm\", did you mean \"ecmp\"?"},
    {"window-without-unit",
     "window-without-unit.yaml:19:21: node.nics.window: \"4\" has no unit: write 4B for bytes, or "
     "4KiB, 4MB"},
    {"wrong-time-unit",
     "wrong-time-unit.yaml:14:22: node.scale_up.latency: \"1.5GB/s\" has the unknown unit "
     "\"GB/s\": "
     "expected a time such as 1.5us, 350ns or 2ms"},
    {"wrong-unit",
     "wrong-unit.yaml:17:24: node.nics.bandwidth: \"400us\" has the unknown unit \"us\": expected "
     "a "
     "bandwidth such as 400Gb/s or 50GB/s"},
    {"zero-count",
     "zero-count.yaml:8:25: node.accelerators: found \"0\", expected a whole number ≥ 1"},
};

class BadFileTest : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadFileTest, SaysWhereWhatAndWhatWasExpected) {
  const std::string directory = kFixtures + "bad/";
  const Expected<System> system = load_system(directory + GetParam().name + ".yaml");
  ASSERT_FALSE(system);
  EXPECT_EQ(system.error().message, directory + GetParam().message);
  EXPECT_EQ(system.error().code, ExitCode::bad_input);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, BadFileTest, ::testing::ValuesIn(kBadFiles),
                         [](const ::testing::TestParamInfo<BadFile>& bad) {
                           std::string name = bad.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(BadFiles, AreAllTested) {
  std::set<std::string> tested;
  for (const BadFile& bad : kBadFiles) tested.insert(bad.name);
  for (const auto& file : std::filesystem::directory_iterator(kFixtures + "bad")) {
    if (file.path().extension() != ".yaml") continue;
    EXPECT_EQ(tested.count(file.path().stem().string()), 1U) << file.path();
  }
}

std::string read(const std::string& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// A damaged file is refused with a sentence that begins with its place, or still is a tree.
RC_GTEST_PROP(YamlTree, SurvivesAnyDamage, ()) {
  static const std::string kGood = read(kFixtures + "small.yaml");
  std::string text = kGood;
  const int edits = *rc::gen::inRange(1, 6);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto length = *rc::gen::inRange<std::size_t>(0, 12);
    const auto junk = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("{}[]:,-*&!|>'\"%@#?\t\n \\a0\x01\xff")));
    text.replace(at, length, junk);
  }
  const Expected<YamlValue> tree = parse_yaml(text, "damaged.yaml");
  if (tree) return;
  RC_ASSERT(tree.error().message.rfind("damaged.yaml:", 0) == 0U);
  RC_ASSERT(tree.error().message.find('\n') == std::string::npos);
}

TEST(YamlTree, RefusesNestingThatWouldExhaustTheStack) {
  const Expected<YamlValue> tree = parse_yaml(std::string(100000, '['), "deep.yaml");
  ASSERT_FALSE(tree);
  EXPECT_THAT(tree.error().message, ::testing::StartsWith("deep.yaml:"));
}

TEST(YamlTree, RefusesKeysThatAreNotWords) {
  const Expected<YamlValue> tree = parse_yaml("a: 1\n[b, c]: 2\n", "keys.yaml");
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().message, "keys.yaml:2:1: found a key that is not a word");
}

}  // namespace
}  // namespace collscale

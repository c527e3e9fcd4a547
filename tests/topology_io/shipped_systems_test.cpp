// SPDX-License-Identifier: Apache-2.0
// The systems that come with the tool: they load, nothing is wrong with them, their sizes are those
// of the sources, and topologies/README.md lists them.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/temporary_folder.hpp"
#include "topology/clos_shape.hpp"
#include "topology/fabric.hpp"
#include "topology_io/family.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

namespace fs = std::filesystem;
using Kind = LinkClass::Kind;

const fs::path kShipped = COLLSCALE_SOURCE_DIR "/topologies";

std::vector<std::string> shipped_names() {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(kShipped)) {
    if (file.path().extension() == ".yaml") names.push_back(file.path().stem().string());
  }
  return names;
}

std::string readme() {
  std::ifstream stream(kShipped / "README.md");
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

class ShippedSystem : public ::testing::TestWithParam<std::string> {};

TEST_P(ShippedSystem, LoadsAndChecksWithoutAnyWarning) {
  const Expected<System> system = load_system(GetParam(), {kShipped});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(system->name, GetParam());
  for (const Problem& problem : check_system(*system)) {
    ADD_FAILURE() << problem.field << ": " << problem.message;
  }
}

TEST_P(ShippedSystem, SaysWhereEveryFigureComesFrom) {
  const Expected<System> system = load_system(GetParam(), {kShipped});
  ASSERT_TRUE(system);
  for_each_figure(*system, [](std::string_view path, const Figure& figure) {
    EXPECT_FALSE(figure.source.empty()) << path;
  });
}

INSTANTIATE_TEST_SUITE_P(Topologies, ShippedSystem, ::testing::ValuesIn(shipped_names()),
                         [](const ::testing::TestParamInfo<std::string>& name) {
                           std::string text = name.param;
                           std::replace(text.begin(), text.end(), '-', '_');
                           return text;
                         });

/// Also those that no system here has: two of them under one switch.
TEST(NodeDesigns, LoadInASystemOfTwo) {
  const test::TemporaryFolder folder;
  for (const auto& file : fs::directory_iterator(kShipped / "nodes")) {
    const std::string two = folder.file("two.yaml", R"(name: two
description: two nodes under one switch
as_of: 2026-01
nodes: {value: 2, label: assumed, source: "this test"}
node: nodes/)" + file.path().filename().string() + R"(
fabric:
  kind: clos
  rails: 1
  routing: adaptive
  cross_rail: forward
  efficiency: {value: 1, label: assumed, source: "this test"}
  tiers:
    - name: leaf
      children: {value: 2, label: assumed, source: "this test"}
      hop_latency: {value: 600ns, label: assumed, source: "this test"}
)");
    const Expected<System> system = load_system(two, {kShipped});
    ASSERT_TRUE(system) << system.error().message;
    EXPECT_EQ(system->node.name, file.path().stem().string());
    for (const Problem& problem : check_system(*system))
      ADD_FAILURE() << file.path() << ": " << problem.field << ": " << problem.message;
    for_each_figure(*system, [&file](std::string_view path, const Figure& figure) {
      EXPECT_FALSE(figure.source.empty()) << file.path() << ": " << path;
    });
  }
}

TEST(TopologiesReadme, ShowsAFileThatLoads) {
  const std::string text = readme();
  const std::string fence = "```yaml\n";
  const std::size_t begin = text.find(fence);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t first = begin + fence.size();
  const test::TemporaryFolder folder;
  const std::string file =
      folder.file("example.yaml", text.substr(first, text.find("```\n", first) - first));
  const Expected<System> system = load_system(file, {kShipped});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_TRUE(system_warnings(*system).empty());
}

TEST(TopologiesReadme, ExplainsEveryParameterOfTheFamilies) {
  for (const Family& family : families()) {
    for (const Parameters::Spec& parameter : family.parameters()) {
      EXPECT_THAT(readme(), ::testing::HasSubstr("| `" + std::string(parameter.name) + "` |"));
    }
  }
}

/// What a file claims: its accelerators, and the switches of each tier in all planes. Counts that a
/// source states (or gives the arithmetic of) are marked; the rest follows from the assumed design.
struct Claim {
  const char* system;
  std::int64_t accelerators;
  std::vector<std::int64_t> switches;
};

const Claim kClaims[] = {
    {"colossus-1k", 1000, {16, 8}},
    {"colossus-100k", 100000, {1568, 1600, 820}},
    {"colossus-200k", 200000, {3128, 3136, 2048}},
    {"colossus-1m", 1000008, {8 * 3972, 8 * 4032, 8 * 2016}},
    {"colossus-1m-campus", 1000008, {8 * 3972, 8 * 2268, 8 * 288}},
    {"oracle-24k", 24000, {750, 768, 512}},
    {"eagle", 14400, {456, 480, 256}},
    {"cortex-50k", 50000, {784, 832, 456}},
    {"meta-24k", 24576, {1536, 64, 448}},  // stated: 1,536 racks with a switch each
    {"meta-24k-ib", 24576, {768, 768, 512}},
    {"meta-129k", 129000, {8063, 336, 175, 87}},
    {"mrc-131k", 131072, {8 * 512, 8 * 256}},  // stated: 512 ports, two tiers; 6,144 switches
    {"dgx-h100-superpod", 1024, {32, 16}},     // stated
    {"dgx-b200-superpod", 1024, {32, 16}},     // stated
    {"gb200-nvl72-superpod", 576, {32, 9}},    // stated
    {"hpn7", 15360, {240, 120}},               // stated
    {"aws-p5", 20000, {625, 20 * 128, 4096}},
    {"aws-p4d", 4000, {125, 4 * 16, 512}},
    {"azure-ndv5", 4096, {128, 128, 64}},
    {"azure-ndv4", 4096, {208, 260, 107}},
    {"gcp-a3-mega", 4096, {32, 2 * 128, 2048}},
    {"gb300-azure-4608", 4608, {64, 36}},
    {"abci2", 960, {24, 20}},
    {"coreweave-h100", 3584, {112, 128, 64}},
    {"coreweave-gb200", 2808, {20, 11}},
    {"together-b200", 512, {16, 8}},
    {"marenostrum5-acc", 4480, {70, 77, 36}},
    {"sophia", 192, {16, 5}},  // stated: 20 in all
};

TEST(ShippedSystems, HaveTheCountsThatTheirFilesClaim) {
  for (const Claim& claim : kClaims) {
    const Expected<System> system = load_system(claim.system, {kShipped});
    ASSERT_TRUE(system) << system.error().message;
    EXPECT_EQ(system->nodes.value * system->node.accelerators.value, claim.accelerators)
        << claim.system;
    EXPECT_EQ(hardware_switches(*system), claim.switches) << claim.system;
  }
}

TEST(Colossus100k, HasTheCountsOfItsDesign) {
  const Expected<System> system = load_system("colossus-100k", {kShipped});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(max_ranks(*system), 100000);
  const std::vector<TierShape> shape = clos_shape(*system);
  ASSERT_EQ(shape.size(), 3U);
  EXPECT_EQ(shape[0].groups, 196);  // arrays of 512 GPUs
  EXPECT_EQ(shape[1].groups, 25);   // pods of 4,096 GPUs
  EXPECT_EQ(shape[2].groups, 1);
  EXPECT_EQ(shape[0].groups * shape[0].switches, 1568);  // leaves
  EXPECT_EQ(shape[0].uplinks, 64);
  EXPECT_EQ(shape[1].switches, 64);  // spines of a pod, one for each uplink of a leaf
  EXPECT_EQ(shape[1].uplinks, 64);
  const Fabric fabric(*system);
  EXPECT_EQ(fabric.group_ranks(0), 512);
  EXPECT_EQ(fabric.group_ranks(1), 4096);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::nic_out)->capacity_Bps, 0.95 * 50e9);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::up, 0)->capacity_Bps, 0.95 * 64 * 50e9);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::up, 1)->capacity_Bps, 0.95 * 4096 * 50e9);
  EXPECT_DOUBLE_EQ(fabric.find_class(Kind::scale_up_out)->capacity_Bps, 370.8e9);
  EXPECT_EQ(fabric.turning_level(0, 99999), 3);
  EXPECT_DOUBLE_EQ(fabric.latency_s(3), 4e-6 + 5 * 0.6e-6);
  // Both directions of a scale-up port and a NIC per GPU, of 196 × 8 leaf bundles, of 25 pod
  // bundles.
  EXPECT_EQ(fabric.link_count(), 4 * 100000 + 2 * 196 * 8 + 2 * 25);
}

TEST(DgxH100Superpod, HasTheCountsOfItsDesign) {
  const Expected<System> system = load_system("dgx-h100-superpod", {kShipped});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(max_ranks(*system), 1024);
  const std::vector<TierShape> shape = clos_shape(*system);
  ASSERT_EQ(shape.size(), 2U);
  EXPECT_EQ(shape[0].groups, 4);                       // scalable units
  EXPECT_EQ(shape[0].groups * shape[0].switches, 32);  // leaves
  EXPECT_EQ(shape[0].uplinks, 32);
  const Fabric fabric(*system);
  EXPECT_EQ(fabric.group_ranks(0), 256);
  EXPECT_EQ(fabric.turning_level(0, 255), 1);
  EXPECT_EQ(fabric.turning_level(0, 256), 2);
}

}  // namespace
}  // namespace collscale

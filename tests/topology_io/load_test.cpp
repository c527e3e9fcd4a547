// SPDX-License-Identifier: Apache-2.0
#include "topology_io/load.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/temporary_folder.hpp"

namespace collscale {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kFixtures = COLLSCALE_SOURCE_DIR "/tests/fixtures/topologies";
const std::string kShipped = COLLSCALE_SOURCE_DIR "/topologies";

std::string error_of(const Expected<System>& system) {
  return system ? "loaded " + system->name : system.error().message;
}

TEST(LoadSystem, ReadsEveryLimitAndAbilityThatASystemMayHave) {
  const Expected<System> loaded = load_system(kFixtures + "/every-key.yaml");
  ASSERT_TRUE(loaded) << loaded.error().message;
  System system = *loaded;
  int given = 0;
  for (const OptionalFigure& optional : optional_figures(system)) {
    EXPECT_TRUE(optional.figure->has_value()) << optional.path;
    ++given;
  }
  int listed = 0;
  for_each_figure(system, [&listed](std::string_view, const Figure&) { ++listed; });
  int without = 0;
  for_each_figure(*load_system(kFixtures + "/small.yaml"),
                  [&without](std::string_view, const Figure&) { ++without; });
  EXPECT_EQ(listed, without + given + 4);  // two of each reduction in the network
  EXPECT_EQ(system.node.cpu, CpuVendor::amd);
  EXPECT_DOUBLE_EQ(system.node.nics.window_bytes->value, 4 << 20);
  EXPECT_DOUBLE_EQ(system.node.nics.transport_latency_s->value, 20e-6);
  EXPECT_EQ(system.node.nics.protocols, NicProtocols::simple_and_ll128);
  EXPECT_DOUBLE_EQ(system.node.scale_up.in_network->latency_s.value, 5e-6);
  const Clos& clos = std::get<Clos>(system.fabric);
  EXPECT_EQ(clos.planes, 2);
  EXPECT_DOUBLE_EQ(clos.imbalance->value, 0.05);
  EXPECT_DOUBLE_EQ(clos.in_network->efficiency.value, 0.9);
}

TEST(LoadSystem, ReadsEveryFieldOfAFile) {
  const Expected<System> system = load_system(kFixtures + "/small.yaml");
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(system->name, "small");
  EXPECT_EQ(system->description, "two tiers, the node in the same file");
  EXPECT_EQ(system->as_of, "2026-01");
  EXPECT_EQ(system->origin, kFixtures + "/small.yaml");
  EXPECT_EQ(system->nodes.value, 16);
  EXPECT_EQ(system->node.name, "small-node");
  EXPECT_EQ(system->node.accelerators.value, 4);
  EXPECT_EQ(system->node.accelerators.label, Label::stated);
  EXPECT_EQ(system->node.accelerators.source, "a data sheet");
  EXPECT_EQ(system->node.scale_up.bandwidth_Bps.value, 450e9);
  EXPECT_EQ(system->node.scale_up.efficiency.value, 0.8);
  EXPECT_DOUBLE_EQ(system->node.scale_up.latency_s.value, 1.5e-6);
  EXPECT_EQ(system->node.nics.per_node.value, 4);
  EXPECT_EQ(system->node.nics.bandwidth_Bps.value, 50e9);
  EXPECT_DOUBLE_EQ(system->node.nics.latency_s.value, 4e-6);
  EXPECT_EQ(system->node.nics.latency_s.label, Label::recalled);
  const Clos& clos = std::get<Clos>(system->fabric);
  EXPECT_EQ(clos.rails, 4);
  EXPECT_EQ(clos.routing, Routing::ecmp);
  EXPECT_EQ(clos.cross_rail, CrossRail::forward);
  EXPECT_EQ(clos.efficiency.value, 1);
  ASSERT_EQ(clos.tiers.size(), 2U);
  EXPECT_EQ(clos.tiers[0].name, "leaf");
  EXPECT_EQ(clos.tiers[0].children.value, 4);
  EXPECT_EQ(clos.tiers[0].link_Bps.value, 50e9);
  EXPECT_EQ(clos.tiers[0].oversubscription.value, 2);
  EXPECT_DOUBLE_EQ(clos.tiers[0].hop_latency_s.value, 5e-7);
  EXPECT_EQ(clos.tiers[0].switch_radix.value, 64);
  EXPECT_EQ(clos.tiers[1].switch_radix.value, 0);  // not given: unknown
}

std::vector<std::string> figures_of(const System& system, std::string_view beginning) {
  std::vector<std::string> paths;
  for_each_figure(system, [&](std::string_view path, const Figure&) {
    if (path.starts_with(beginning)) paths.emplace_back(path);
  });
  return paths;
}

TEST(LoadSystem, ReadsEachKindOfScaleUp) {
  const auto mesh = load_system(kFixtures + "/small-full-mesh.yaml");
  ASSERT_TRUE(mesh) << mesh.error().message;
  EXPECT_EQ(mesh->node.scale_up.kind, ScaleUpKind::full_mesh);
  EXPECT_EQ(mesh->node.scale_up.link_Bps.value, 64e9);
  EXPECT_EQ(mesh->node.scale_up.message_gap_s->value, 100e-9);
  EXPECT_THAT(figures_of(*mesh, "node.scale_up."),
              ElementsAre("node.scale_up.link", "node.scale_up.efficiency", "node.scale_up.latency",
                          "node.scale_up.message_gap"));

  const auto links = load_system(kFixtures + "/small-links.yaml");
  ASSERT_TRUE(links) << links.error().message;
  const std::vector<LinkPair> pairs = {{0, 1, 2}, {1, 2, 1}, {2, 3, 2.5}, {3, 0, 1}};
  EXPECT_EQ(links->node.scale_up.pairs, pairs);
  EXPECT_EQ(links->node.scale_up.wiring.value, 6.5);  // all links
  EXPECT_EQ(links->node.scale_up.wiring.label, Label::stated);
  EXPECT_EQ(links->node.scale_up.wiring.source, "the wiring diagram of the node");

  const auto pcie = load_system(kFixtures + "/small-pcie.yaml");
  ASSERT_TRUE(pcie) << pcie.error().message;
  EXPECT_THAT(figures_of(*pcie, "node.scale_up."),
              ElementsAre("node.scale_up.bandwidth", "node.scale_up.switch_ranks",
                          "node.scale_up.uplink", "node.scale_up.efficiency",
                          "node.scale_up.latency", "node.scale_up.message_gap"));
  EXPECT_EQ(pcie->node.scale_up.uplink_Bps.value, 20e9);
}

TEST(LoadSystem, ReadsNodesOfSeveralDesigns) {
  const auto system = load_system(kFixtures + "/small-parts.yaml");
  ASSERT_TRUE(system) << system.error().message;
  ASSERT_EQ(system->parts.size(), 2U);
  EXPECT_EQ(system->node.name, "older");
  EXPECT_EQ(system->parts[1].name, "newer");
  EXPECT_EQ(system->parts[1].nodes.value, 2);
  EXPECT_EQ(system->parts[1].nodes.source, "our inventory");
  EXPECT_THAT(figures_of(*system, "parts"), ElementsAre("parts[0].nodes", "parts[1].nodes"));
}

TEST(LoadSystem, ReadsEveryShippedNodeDesign) {
  int designs = 0;
  for (const auto& file : fs::directory_iterator(kShipped + "/nodes")) {
    const test::TemporaryFolder folder;
    const fs::path path = folder.path() / "one.yaml";
    std::ofstream(path) << "name: one\ndescription: one node\nas_of: 2026-01\n"
                           "nodes: {value: 1, label: assumed, source: one}\n"
                           "node: nodes/"
                        << file.path().filename().string()
                        << "\nfabric:\n  kind: clos\n  rails: 1\n  routing: spray\n"
                           "  cross_rail: forward\n"
                           "  efficiency: {value: 1, label: assumed, source: one}\n  tiers: []\n";
    const auto system = load_system(path.string(), {kShipped});
    EXPECT_TRUE(system) << system.error().message;
    if (!system) continue;
    EXPECT_EQ(system->node.name, file.path().stem().string());
    ++designs;
  }
  EXPECT_GE(designs, 10);
}

TEST(LoadSystem, FindsANameInTheFirstDirectoryThatHasIt) {
  const Expected<System> system = load_system("small", {kShipped, kFixtures});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(system->origin, kFixtures + "/small.yaml");
}

TEST(LoadSystem, FindsNodeDesignsOfTheDirectoriesForAFileElsewhere) {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "mine.yaml";
  fs::copy_file(kShipped + "/dgx-h100-superpod.yaml", file, fs::copy_options::overwrite_existing);
  const Expected<System> system = load_system(file.string(), {kShipped});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(system->node.name, "hgx-h100");
  EXPECT_THAT(error_of(load_system(file.string(), {})),
              HasSubstr("mine.yaml:14:7: node: no file \"nodes/hgx-h100.yaml\""));
}

TEST(LoadSystem, GivesOneReasonForANameItCannotResolve) {
  const std::vector<fs::path> directories = {kShipped};
  EXPECT_EQ(error_of(load_system("colosus", directories)),
            "unknown topology \"colosus\", did you mean \"colossus-100k\"?");
  EXPECT_EQ(error_of(load_system("dgx-h10-superpod", directories)),
            "unknown topology \"dgx-h10-superpod\", did you mean \"dgx-h100-superpod\"?");
  EXPECT_EQ(error_of(load_system("nonsense", directories)),
            "unknown topology \"nonsense\", see `collscale topo list`");
  EXPECT_EQ(error_of(load_system("", directories)),
            "found no topology, expected a name, a file or a family");
  EXPECT_EQ(error_of(load_system("nowhere/mine.yaml", directories)),
            "topology file \"nowhere/mine.yaml\" does not exist");
  EXPECT_EQ(error_of(load_system(kShipped + "/", directories)),
            kShipped + "/: is a directory, expected a file");
  EXPECT_EQ(error_of(load_system("fat-tre:nodes=8", directories)),
            "unknown topology family \"fat-tre\", did you mean \"fat-tree\"?");
}

TEST(LoadSystem, RefusesANodeDesignInPlaceOfASystem) {
  EXPECT_THAT(error_of(load_system(kShipped + "/nodes/hgx-h100.yaml")),
              HasSubstr("hgx-h100.yaml:5:1: unknown key \"accelerators\""));
}

TEST(SystemWarnings, TellOfUplinksThatAreNotWhole) {
  const Expected<System> system = load_system("fat-tree:oversubscription=1.7,routing=ecmp");
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_THAT(system_warnings(*system),
              Contains(HasSubstr("routing=ecmp: fabric.tiers[0].oversubscription: 1.7 asks for "
                                 "23.53 uplinks of a leaf switch; 24 are taken")));
  EXPECT_THAT(system_warnings(*load_system(kFixtures + "/small.yaml")), ElementsAre());
}

TEST(ListSystems, ListsFilesByNameThenFamiliesAndSaysWhatIsBroken) {
  const std::vector<SystemEntry> entries = list_systems({kFixtures + "/bad", kFixtures});
  ASSERT_GT(entries.size(), 2U);
  EXPECT_EQ(entries.front().name, "alias");
  EXPECT_THAT(entries.front().problem, HasSubstr("found an alias"));
  EXPECT_EQ(entries.back().name, "dragonfly+");
  EXPECT_TRUE(entries.back().path.empty());
  for (const SystemEntry& entry : entries) {
    const bool good =
        entry.path.empty() || entry.name == "every-key" || entry.name.substr(0, 5) == "small";
    EXPECT_EQ(entry.problem.empty(), good) << entry.name;
    EXPECT_EQ(entry.description.empty(), !entry.problem.empty());
  }
}

class TopologyDirectories : public ::testing::Test {
 protected:
  void TearDown() override { unsetenv("COLLSCALE_TOPOLOGIES"); }
};

TEST_F(TopologyDirectories, BeginWithThoseOfTheEnvironmentThatExist) {
  const std::string value = kFixtures + ":/nonexistent:" + kFixtures + "/bad";
  setenv("COLLSCALE_TOPOLOGIES", value.c_str(), 1);
  const std::vector<fs::path> directories = topology_directories();
  ASSERT_GE(directories.size(), 2U);
  EXPECT_EQ(directories[0], kFixtures);
  EXPECT_EQ(directories[1], kFixtures + "/bad");
  const Expected<System> system = load_system("small");
  EXPECT_TRUE(system);
}

TEST_F(TopologyDirectories, EndWithTheSourceTree) {
  unsetenv("COLLSCALE_TOPOLOGIES");
  const std::vector<fs::path> directories = topology_directories();
  ASSERT_FALSE(directories.empty());
  EXPECT_TRUE(fs::equivalent(directories.back(), kShipped));
}

}  // namespace
}  // namespace collscale

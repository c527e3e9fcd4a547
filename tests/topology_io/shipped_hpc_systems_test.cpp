// SPDX-License-Identifier: Apache-2.0
// The dragonflies, tori and reference clusters that come with the tool: their counts are those of
// the sources, and so is the share of injection that leaves a group.
#include <gtest/gtest.h>

#include <chrono>

#include "topology/check.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/fabric.hpp"
#include "topology/torus_routes.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

const std::filesystem::path kShipped = COLLSCALE_SOURCE_DIR "/topologies";

System shipped(const std::string& name) {
  const Expected<System> system = load_system(name, {kShipped});
  EXPECT_TRUE(system) << system.error().message;
  return system ? *system : System{};
}

struct Flies {
  const char* name;
  std::int64_t nodes;
  std::int64_t accelerators;
  std::int64_t ranks;
  std::int64_t groups;
  std::int64_t routers;  ///< of all groups
  std::int64_t nodes_of_group;
};

TEST(ShippedDragonflies, HaveTheCountsOfTheirSources) {
  for (const Flies& expected : {
           Flies{"frontier", 9472, 37888, 75776, 74, 2368, 128},
           Flies{"frontier-launch", 9408, 37632, 75264, 74, 2368, 128},
           Flies{"frontier-2026", 9856, 39424, 78848, 77, 2464, 128},
           Flies{"aurora", 10624, 63744, 127488, 166, 5312, 64},
           Flies{"lumi-g", 2978, 11912, 23824, 24, 768, 128},
           Flies{"alps", 2688, 10752, 10752, 24, 768, 112},
           Flies{"leonardo", 3456, 13824, 13824, 20, 360, 180},
           Flies{"polaris", 560, 2240, 2240, 10, 80, 56},
       }) {
    const System system = shipped(expected.name);
    const DragonflyRoutes routes(std::get<Dragonfly>(system.fabric));
    EXPECT_EQ(system.nodes.value, static_cast<double>(expected.nodes)) << expected.name;
    EXPECT_EQ(system.nodes.value * system.node.accelerators.value,
              static_cast<double>(expected.accelerators))
        << expected.name;
    EXPECT_EQ(max_ranks(system), expected.ranks) << expected.name;
    EXPECT_EQ(routes.groups(), expected.groups) << expected.name;
    EXPECT_EQ(routes.groups() * routes.routers(), expected.routers) << expected.name;
    EXPECT_EQ(routes.nodes_of_group(), expected.nodes_of_group) << expected.name;
  }
}

/// All global links ÷ all NICs, by line rate.
double taper(const System& system) {
  const auto& dragonfly = std::get<Dragonfly>(system.fabric);
  return static_cast<double>(DragonflyRoutes(dragonfly).global_links()) *
         dragonfly.global_link_Bps.value /
         (system.nodes.value * system.node.nics.per_node.value *
          system.node.nics.bandwidth_Bps.value);
}

TEST(ShippedDragonflies, AreTaperedAsTheirOperatorsSay) {
  EXPECT_NEAR(taper(shipped("frontier")), 0.57, 0.005);
  EXPECT_NEAR(taper(shipped("aurora")), 0.645, 0.0005);
  // 540 TB/s on Frontier, 276 TB/s on LUMI-G.
  EXPECT_NEAR(taper(shipped("frontier")) * 9472 * 100e9, 540e12, 1e12);
  EXPECT_DOUBLE_EQ(taper(shipped("lumi-g")) * 2978 * 100e9, 276e12);
}

TEST(ShippedDragonflies, JoinEachSwitchOfAChassisToEachNode) {
  const System system = shipped("frontier");
  const Fabric fabric(system);
  for (std::int64_t nic = 0; nic < 4; ++nic) {
    const std::int64_t first = fabric.find_class(LinkClass::Kind::nic_out)->first;
    EXPECT_EQ(fabric.vertex_name(fabric.ends(first + 4 * 17 + nic).to),
              "group 0 router " + std::to_string(4 + nic));
  }
  // The same GCD of two nodes of a chassis: one switch; of two chassis: a link more.
  EXPECT_EQ(fabric.path(0, 8, 1).length, 2);
  EXPECT_EQ(fabric.path(0, 8 * 16, 1).length, 3);
}

TEST(ShippedTori, HaveTheCountsOfTheirSources) {
  const System fugaku = shipped("fugaku");
  EXPECT_EQ(max_ranks(fugaku), 158976);
  EXPECT_EQ(std::get<Torus>(fugaku.fabric).dimensions.size(), 6U);
  EXPECT_EQ(TorusRoutes(std::get<Torus>(fugaku.fabric)).diameter(), 12 + 11 + 12 + 1 + 1 + 1);
  EXPECT_EQ(max_ranks(shipped("tpu-v4")), 4096);
  EXPECT_EQ(max_ranks(shipped("tpu-v5p")), 8960);
  EXPECT_EQ(max_ranks(shipped("dojo-exapod")), 3000);
}

TEST(ShippedClusters, OfMI300HaveAThousandGpus) {
  for (const char* name : {"mi300x-cluster", "mi325x-cluster", "mi355x-cluster"}) {
    const System system = shipped(name);
    EXPECT_EQ(max_ranks(system), 1024) << name;
    EXPECT_EQ(system.node.nics.per_node.value * system.node.nics.bandwidth_Bps.value, 8 * 50e9);
  }
}

TEST(ShippedHpcSystems, LoadAndCheckInAFewMilliseconds) {
  for (const char* name : {"frontier", "aurora", "fugaku", "dojo-exapod"}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(check_system(shipped(name)).empty());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took.count(), 0.05) << name;
  }
}

}  // namespace
}  // namespace collscale

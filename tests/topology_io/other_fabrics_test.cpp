// SPDX-License-Identifier: Apache-2.0
// Torus and dragonfly: from files, from parameters, and written out for other programs.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "topology/fabric.hpp"
#include "topology/flow_hash.hpp"
#include "topology_io/export.hpp"
#include "topology_io/load.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kFixtures = COLLSCALE_SOURCE_DIR "/tests/fixtures/topologies";

std::string error_of(std::string_view text) {
  const Expected<System> system = load_system(text, {});
  return system ? "loaded" : system.error().message;
}

TEST(TorusFile, ReadsEveryField) {
  const Expected<System> system = load_system(kFixtures + "/small-torus.yaml");
  ASSERT_TRUE(system) << system.error().message;
  const Torus& torus = std::get<Torus>(system->fabric);
  EXPECT_EQ(torus.efficiency.value, 0.9);
  EXPECT_DOUBLE_EQ(torus.hop_latency_s.value, 250e-9);
  EXPECT_EQ(torus.hop_latency_s.label, Label::recalled);
  ASSERT_EQ(torus.dimensions.size(), 2U);
  EXPECT_EQ(torus.dimensions[0].size.value, 4);
  EXPECT_EQ(torus.dimensions[1].wrap, Wrap::mesh);
  EXPECT_EQ(torus.dimensions[1].link_Bps.value, 25e9);
  int figures = 0;
  for_each_figure(*system, [&figures](std::string_view, const Figure&) { ++figures; });
  EXPECT_EQ(figures, 9 + 1 + 1 + 2 * 2);
}

TEST(DragonflyFile, ReadsEveryField) {
  const Expected<System> system = load_system(kFixtures + "/small-dragonfly.yaml");
  ASSERT_TRUE(system) << system.error().message;
  const Dragonfly& dragonfly = std::get<Dragonfly>(system->fabric);
  EXPECT_EQ(dragonfly.routing, DragonflyRouting::valiant);
  EXPECT_EQ(dragonfly.groups.value, 5);
  EXPECT_EQ(dragonfly.routers.value, 4);
  EXPECT_EQ(dragonfly.nodes.value, 2);
  EXPECT_EQ(dragonfly.local_links.value, 2);
  EXPECT_EQ(dragonfly.local_link_Bps.value, 25e9);
  EXPECT_EQ(dragonfly.global_links.value, 3);
  EXPECT_EQ(dragonfly.global_link_Bps.value, 50e9);
  EXPECT_DOUBLE_EQ(dragonfly.global_latency_s.value, 500e-9);
  EXPECT_FALSE(dragonfly.spines);
  EXPECT_EQ(dragonfly.router_radix->value, 20);
}

TEST(TorusFamily, TakesSizesAndOpenEnds) {
  const Expected<System> system = load_system("torus:dims=4x2x6,mesh=yz,link=50GB/s,gpus=2", {});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(max_ranks(*system), 96);
  const Torus& torus = std::get<Torus>(system->fabric);
  EXPECT_EQ(torus.dimensions[0].wrap, Wrap::ring);
  EXPECT_EQ(torus.dimensions[1].wrap, Wrap::mesh);
  EXPECT_EQ(torus.dimensions[2].size.value, 6);
  EXPECT_EQ(system->node.nics.bandwidth_Bps.value, 150e9);  // six links for two NICs
}

TEST(TorusFamily, RefusesWhatIsNoGrid) {
  EXPECT_EQ(error_of("torus:dims=4xx4"), "torus: dims: found \"4xx4\", expected sizes as in 4x4x4");
  EXPECT_EQ(error_of("torus:dims=4x"), "torus: dims: found \"4x\", expected sizes as in 4x4x4");
  EXPECT_EQ(error_of("torus:dims=2x2x2x2x2x2x2"),
            "torus: dims: found \"2x2x2x2x2x2x2\", expected at most 6 dimensions");
  EXPECT_EQ(error_of("torus:dims=4x4,mesh=z"),
            "torus: mesh: found \"z\", expected letters of xy or all");
}

TEST(DragonflyFamily, TakesItsCounts) {
  const Expected<System> system =
      load_system("dragonfly:groups=5,routers=4,nodes=3,global=2,routing=adaptive", {});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(max_ranks(*system), 5 * 4 * 3 * 4);
  const auto& dragonfly = std::get<Dragonfly>(system->fabric);
  EXPECT_EQ(dragonfly.global_links.value, 2);
  EXPECT_EQ(dragonfly.routing, DragonflyRouting::adaptive);
  EXPECT_FALSE(dragonfly.spines);
  EXPECT_EQ(error_of("dragonfly:routing=minimum"),
            "dragonfly: routing: unknown value \"minimum\", did you mean \"minimal\"?");
  EXPECT_THAT(error_of("dragonfly:groups=99"), HasSubstr("reach 32 other groups, expected the 98"));
}

TEST(DragonflyPlusFamily, HasSpinesUnlessToldOtherwise) {
  const Expected<System> system = load_system("dragonfly+", {});
  ASSERT_TRUE(system) << system.error().message;
  EXPECT_EQ(system->name, "dragonfly+");
  EXPECT_EQ(max_ranks(*system), 9 * 8 * 4);
  EXPECT_EQ(std::get<Dragonfly>(system->fabric).spines->value, 8);
  EXPECT_TRUE(system_warnings(*system).empty());
  const Expected<System> two = load_system("dragonfly+:groups=3,routers=4,nodes=3,spines=2", {});
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(max_ranks(*two), 3 * 4 * 3 * 4);
  EXPECT_EQ(std::get<Dragonfly>(two->fabric).spines->value, 2);
  EXPECT_EQ(error_of("dragonfly+:spine=2"),
            "dragonfly+: unknown parameter \"spine\", did you mean \"spines\"?");
  EXPECT_THAT(error_of("dragonfly:spines=8"),
              StartsWith("dragonfly: unknown parameter \"spines\", a parameter of dragonfly+; "
                         "valid: groups, "));
}

// The platform is read back with patterns: ids, capacities and the routes are what a Fabric says.
TEST(SimgridPlatform, HasTheRoutesOfTheFabric) {
  for (const char* text : {"torus:dims=3x3,gpus=2", "dragonfly:groups=3,routers=2,nodes=1,gpus=2",
                           "fat-tree:nodes=8,gpus=4,radix=8,rails=4,routing=ecmp"}) {
    const Expected<System> system = load_system(text, {});
    ASSERT_TRUE(system) << system.error().message;
    const auto platform = simgrid_platform(*system, {.ranks = 12});
    ASSERT_TRUE(platform) << platform.error().message;
    std::map<std::string, std::pair<double, double>> links;
    const std::regex link("<link id=\"([^\"]*)\" bandwidth=\"([^\"]*)Bps\" latency=\"([^\"]*)s\"");
    for (std::sregex_iterator at(platform->begin(), platform->end(), link), end; at != end; ++at)
      links[(*at)[1]] = {std::stod((*at)[2]), std::stod((*at)[3])};
    const Fabric fabric(*system);
    const std::regex route("<route src=\"rank-(\\d+)\" dst=\"rank-(\\d+)\"[^>]*>(.*)</route>");
    const std::regex part("link_ctn id=\"([^\"]*)\"");
    int routes = 0;
    for (std::sregex_iterator at(platform->begin(), platform->end(), route), end; at != end; ++at) {
      const std::int64_t a = std::stoll((*at)[1]);
      const std::int64_t b = std::stoll((*at)[2]);
      const std::uint64_t hash = flow_hash(a, b, 1, 0);
      const std::string inside = (*at)[3];
      std::vector<std::string> ids;
      double latency_s = 0;
      for (std::sregex_iterator one(inside.begin(), inside.end(), part); one != end; ++one) {
        ASSERT_EQ(links.count((*one)[1]), 1U) << (*one)[1];
        latency_s += links[(*one)[1]].second;
        if ((*one)[1] != "scale-up_latency") ids.push_back((*one)[1]);
      }
      std::vector<std::string> expected;
      for (const std::int64_t each : fabric.path(a, b, hash).view()) {
        std::string name = fabric.link_name(each);
        std::replace(name.begin(), name.end(), ' ', '_');
        EXPECT_DOUBLE_EQ(links[name].first, fabric.class_of(each).capacity_Bps);
        expected.push_back(name);
      }
      EXPECT_EQ(ids, expected);
      EXPECT_NEAR(latency_s, fabric.latency_s(fabric.turning_level(a, b, hash)), 1e-15);
      ++routes;
    }
    EXPECT_EQ(routes, 12 * 11);
  }
}

TEST(SimgridPlatform, RefusesWhatIsTooLarge) {
  const Expected<System> system = load_system("torus:dims=16x16x16", {});
  EXPECT_EQ(simgrid_platform(*system, {.ranks = 5000}).error().message,
            "--ranks: found 5000, more than the 4096 of torus");
  EXPECT_THAT(simgrid_platform(*system, {.ranks = 4096}).error().message,
              HasSubstr("the links and routes of 4,096 ranks of torus would take about"));
}

TEST(LinksJson, HasEveryLinkWithItsEnds) {
  const Expected<System> system = load_system("torus:dims=3x3", {});
  const auto text = links_json(*system, {.ranks = 2});
  ASSERT_TRUE(text);
  const auto json = nlohmann::json::parse(*text);
  const Fabric fabric(*system);
  EXPECT_EQ(json["links"].size(), static_cast<std::size_t>(fabric.link_count()));
  const auto& link =
      json["links"][static_cast<std::size_t>(fabric.find_class(LinkClass::Kind::plus, 1)->first)];
  EXPECT_EQ(link["name"], "node 0 +y");
  EXPECT_EQ(link["from"], "node 0");
  EXPECT_EQ(link["to"], "node 3");
  EXPECT_EQ(link["capacity_Bps"], 50e9);
  ASSERT_EQ(json["routes"].size(), 2U);
  EXPECT_EQ(json["routes"][0]["links"].size(), 3U);
}

}  // namespace
}  // namespace collscale

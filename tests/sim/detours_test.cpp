// SPDX-License-Identifier: Apache-2.0
// Ways around what is broken: of bundles against links apart, of torus, mesh and dragonfly against
// a search of the whole fabric that knows nothing but where links begin and end.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "sim/flow.hpp"
#include "sim/routes.hpp"
#include "support/faults.hpp"
#include "support/systems.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;
using Kind = LinkClass::Kind;
using test::faults_of;
using testing::make_dragonfly;
using testing::make_torus;

std::vector<std::string> names(const System& system, const std::vector<std::string>& failed,
                               std::int64_t from, std::int64_t to) {
  const Routes routes(system, JobPlacement(), faults_of(system, failed));
  std::vector<std::string> all;
  for (const std::int64_t link : routes.path(from, to, 7))
    all.push_back(routes.fabric().link_name(link));
  return all;
}

std::string message_of(const System& system, const std::vector<std::string>& failed,
                       const char* algorithm = "ring") {
  FlowOptions flow;
  flow.faults = faults_of(system, failed);
  const std::vector<double> sizes = {1e6};
  const auto answer =
      simulate_flow(system, Collective::all_reduce, algorithm, max_ranks(system), sizes, flow);
  return answer ? "no error" : answer.error().message;
}

/// Two leaves of 4 nodes with 4 uplinks and more of them, one or four planes.
test::ClosOptions leaves(Routing routing, std::int64_t planes = 1) {
  test::ClosOptions options;
  options.per_node = 1;
  options.nics = 1;
  options.routing = routing;
  options.planes = planes;
  return options;
}

TEST(Detours, LeavesWhoseSpinesAreDisjointAreCutWhateverTheRouting) {
  for (const Routing routing : {Routing::ecmp, Routing::adaptive, Routing::spray}) {
    const System system = test::clos_system(leaves(routing));
    EXPECT_THAT(
        message_of(system, {"leaf 0 up 0-1", "leaf 1 up 2-3"}),
        HasSubstr("the failures cut the fabric: gpu 3 (node 3) cannot reach gpu 4 (node 4), "
                  "no way between them is whole"));
    EXPECT_EQ(message_of(system, {"leaf 0 up 0-1", "leaf 1 up 2"}), "no error");
    // Degraded is not dead.
    FlowOptions flow;
    flow.faults = faults_of(system, {"leaf 0 up 0-1"});
    ASSERT_TRUE(add_fault(system, "leaf 1 up 2-3=0.1", true, 1, flow.faults).has_value());
    const std::vector<double> sizes = {1e6};
    EXPECT_TRUE(simulate_flow(system, Collective::all_reduce, "ring", 16, sizes, flow).has_value());
  }
}

// Bundles stand for links: what has no way link by link has none in bundles.
RC_GTEST_PROP(Detours, BundlesAreCutWhereTheirLinksAre, ()) {
  test::ClosOptions options = leaves(Routing::ecmp, *rc::gen::element<std::int64_t>(1, 2));
  options.per_node = 2;
  options.nics = 2;
  options.rails = *rc::gen::element<std::int64_t>(1, 2);
  options.children = {4, 2, 2};
  options.oversubscription = {1, 1, 1};
  const System apart = test::clos_system(options);
  options.routing = *rc::gen::element(Routing::adaptive, Routing::spray);
  const System bundled = test::clos_system(options);
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  const Faults faults =
      faults_of(apart, {"25% of leaf up", "20% of spine up", "10% of nic"}, {}, seed);
  const Routes one(apart, JobPlacement(), faults);
  const Routes other(bundled, JobPlacement(), faults);
  int cut = 0;
  for (std::int64_t a = 0; a < 32; ++a)
    for (std::int64_t b = 0; b < 32; ++b) {
      RC_ASSERT((one.path(a, b, 5).length == 0) == (other.path(a, b, 5).length == 0));
      cut += a != b && one.path(a, b, 5).length == 0 ? 1 : 0;
    }
  RC_CLASSIFY(cut > 0, "cut");
}

TEST(Detours, ATorusTurnsIntoAnotherDimensionFirstOrGoesRoundTheOtherWay) {
  const System system = make_torus({5, 4});
  EXPECT_EQ(names(system, {}, 0, 6), (std::vector<std::string>{"node 0 nic 0 out", "node 0 +x",
                                                               "node 1 +y", "node 6 nic 0 in"}));
  EXPECT_EQ(
      names(system, {"node 0 +x"}, 0, 6),
      (std::vector<std::string>{"node 0 nic 0 out", "node 0 +y", "node 5 +x", "node 6 nic 0 in"}));
  // A cable is dead both ways; along one ring only the long way is left without a turn, and a
  // detour of one row is shorter.
  EXPECT_EQ(names(system, {"node 0 +x"}, 1, 0),
            (std::vector<std::string>{"node 1 nic 0 out", "node 1 +y", "node 6 -x", "node 5 -y",
                                      "node 0 nic 0 in"}));
  EXPECT_EQ(names(make_torus({5}), {"node 0 +x"}, 1, 0),
            (std::vector<std::string>{"node 1 nic 0 out", "node 1 +x", "node 2 +x", "node 3 +x",
                                      "node 4 +x", "node 0 nic 0 in"}));
  EXPECT_THAT(message_of(make_torus({5}, Wrap::mesh), {"node 2 +x"}),
              HasSubstr("cannot reach gpu 3 (node 3), no way between them is whole"));
  EXPECT_THAT(message_of(system, {"router 7"}), HasSubstr("node 7 has lost all its NICs"));
  EXPECT_EQ(message_of(system, {"2 of x", "2 of y"}), "no error");
}

TEST(Detours, ADragonflyTakesAnotherLinkBeforeAnotherGroup) {
  // Three groups of four routers with two global ports: four links between each two groups.
  const System many = make_dragonfly({.groups = 3});
  const Routes around(many, JobPlacement(), faults_of(many, {"group 0 router 0 global"}));
  for (std::uint64_t hash = 0; hash < 200; ++hash) {
    const Path path = around.path(0, 16, hash);
    EXPECT_EQ(around.fabric().link_name(path.links[1]).substr(0, 23), "group 0 router 0 to rou");
    EXPECT_LE(path.length, 5);
  }
  // Nine groups: one link between two of them, and then seven groups to go over.
  const System single = make_dragonfly({});
  const auto direct = names(single, {}, 0, 8);
  const auto global = std::find_if(direct.begin(), direct.end(), [](const std::string& name) {
    return name.find("global") != std::string::npos;
  });
  ASSERT_NE(global, direct.end());
  const auto detour = names(single, {*global}, 0, 8);
  EXPECT_EQ(std::count(detour.begin(), detour.end(), *global), 0);
  EXPECT_EQ(std::count_if(
                detour.begin(), detour.end(),
                [](const std::string& name) { return name.find("global") != std::string::npos; }),
            2);
  EXPECT_EQ(message_of(single, {*global}), "no error");
  EXPECT_THAT(message_of(single, {"group 0 global"}),
              HasSubstr("the failures cut the fabric: gpu 7 (node 7) cannot reach gpu 8 (node 8)"));
}

/// Links of the shortest whole way between two nodes by breadth-first search over link ends, -1
/// where there is none.
class BruteForce {
 public:
  BruteForce(const Fabric& fabric, const Faults& faults) {
    std::set<std::int64_t> dead;
    for (const LinkFault& fault : faults.links) dead.insert(fault.link);
    for (std::int64_t link = 0; link < fabric.link_count(); ++link) {
      const LinkClass& of = fabric.class_of(link);
      if (dead.count(link) > 0 || of.kind == Kind::scale_up_out || of.kind == Kind::scale_up_in)
        continue;
      const LinkEnds ends = fabric.ends(link);
      next_[key(ends.from)].push_back(key(ends.to));
    }
  }
  int links(std::int64_t source_node, std::int64_t destination_node) {
    const Place from = key({Vertex::Kind::node, 0, source_node});
    const Place to = key({Vertex::Kind::node, 0, destination_node});
    std::map<Place, int> far = {{from, 0}};
    std::deque<Place> queue = {from};
    while (!queue.empty()) {
      const Place here = queue.front();
      queue.pop_front();
      if (here == to) return far[here];
      // No way leads through a node.
      if (here != from && here.first == 0) continue;
      for (const Place& place : next_[here])
        if (far.emplace(place, far[here] + 1).second) queue.push_back(place);
    }
    return -1;
  }

 private:
  using Place = std::pair<int, std::int64_t>;
  static Place key(const Vertex& vertex) {
    return {vertex.kind == Vertex::Kind::node ? 0 : 1, vertex.index};
  }
  std::map<Place, std::vector<Place>> next_;
};

/// Whole, from end to end, and as the search says.
void check_ways(const System& system, const Faults& faults, bool shortest) {
  const Fabric fabric(system);
  const Routes routes(system, JobPlacement(), faults);
  BruteForce brute(fabric, faults);
  std::set<std::int64_t> dead;
  for (const LinkFault& fault : faults.links) dead.insert(fault.link);
  const auto is_whole = [&](const Path& path) {
    return std::none_of(path.begin(), path.end(),
                        [&](std::int64_t link) { return dead.count(link) > 0; });
  };
  const std::int64_t nodes = max_ranks(system);
  for (std::int64_t a = 0; a < nodes; ++a) {
    for (std::int64_t b = 0; b < nodes; ++b) {
      if (a == b) continue;
      const std::uint64_t hash = static_cast<std::uint64_t>(a * nodes + b) * 7919;
      const Path path = routes.path(a, b, hash);
      const int least = brute.links(a, b);
      RC_ASSERT((path.length == 0) == (least < 0));
      if (path.length == 0) continue;
      RC_ASSERT(is_whole(path));
      RC_ASSERT(path.length >= least);
      RC_ASSERT(routes.turning_level(path) < fabric.levels());
      const Path first = fabric.path(a, b, hash);
      if (is_whole(first))
        RC_ASSERT(std::equal(path.begin(), path.end(), first.begin(), first.end()));
      else if (shortest)
        RC_ASSERT(path.length == least);
      Vertex at{Vertex::Kind::node, 0, a};
      double latency_s = 0;
      for (const std::int64_t link : path) {
        const LinkEnds ends = fabric.ends(link);
        RC_ASSERT(ends.from == at);
        at = ends.to;
        latency_s += fabric.link_latency_s(link);
      }
      RC_ASSERT(at == (Vertex{Vertex::Kind::node, 0, b}));
      RC_ASSERT(std::abs(latency_s - fabric.latency_s(routes.turning_level(path))) < 1e-15);
    }
  }
}

RC_GTEST_PROP(Detours, OfATorusAreTheShortestWholeWays, ()) {
  const auto side = rc::gen::inRange<std::int64_t>(1, 5);
  System system = make_torus({*side, *side, *side});
  for (Dimension& dimension : std::get<Torus>(system.fabric).dimensions)
    dimension.wrap = *rc::gen::element(Wrap::ring, Wrap::mesh);
  if (max_ranks(system) == 1) return;
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  Faults faults;
  const int percent = *rc::gen::element(5, 15, 40);
  for (const char* dimension : {"x", "y", "z"})
    RC_ASSERT(add_fault(system, std::to_string(percent) + "% of " + dimension, false, seed, faults)
                  .has_value());
  check_ways(system, faults, true);
}

RC_GTEST_PROP(Detours, OfADragonflyAreWholeWaysWhereThereIsOne, ()) {
  testing::SmallDragonfly small;
  small.groups = *rc::gen::inRange<std::int64_t>(1, 6);
  small.routers = *rc::gen::inRange<std::int64_t>(2, 5);
  small.nodes = *rc::gen::inRange<std::int64_t>(1, 3);
  small.spines = *rc::gen::element<std::int64_t>(0, 2);
  small.global = 4;
  small.local = *rc::gen::element<std::int64_t>(1, 2);
  small.routing = *rc::gen::element(DragonflyRouting::minimal, DragonflyRouting::valiant,
                                    DragonflyRouting::adaptive);
  const System system = make_dragonfly(small);
  if (max_ranks(system) == 1) return;
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  Faults faults;
  RC_ASSERT(add_fault(system, "20% of local", false, seed, faults).has_value());
  RC_ASSERT(add_fault(system, "30% of global", false, seed, faults).has_value());
  check_ways(system, faults, false);
}

TEST(Detours, WhatIsDegradedIsSlowInTheDirectionNamed) {
  const System system = make_torus({4, 4});
  Faults faults;
  ASSERT_TRUE(add_fault(system, "node 5 -y=0.25", true, 1, faults).has_value());
  ASSERT_EQ(faults.links.size(), 1U);
  const Routes routes(system, JobPlacement(), faults);
  EXPECT_EQ(routes.fabric().link_name(faults.links[0].link), "node 5 -y");
  EXPECT_EQ(routes.capacity_Bps(faults.links[0].link), 0.25 * 25e9);
  EXPECT_EQ(names(system, {}, 5, 1)[1], "node 5 -y");
  // A ring over all nodes of a row: its slowest link decides.
  const System ring = make_torus({4});
  const std::vector<double> sizes = {1e9};
  const auto time = [&](const char* degraded) {
    FlowOptions flow;
    EXPECT_TRUE(add_fault(ring, degraded, true, 1, flow.faults).has_value());
    return simulate_flow(ring, Collective::all_reduce, "ring", 4, sizes, flow)->front().time_s;
  };
  const double whole_s = time("node 2 +x=1");
  const double latency_s = 6 * (3e-6 + 0.25e-6);
  EXPECT_NEAR(time("node 2 +x=0.25") - latency_s, 4 * (whole_s - latency_s), 1e-9);
  EXPECT_NEAR(time("x=0.5") - latency_s, 2 * (whole_s - latency_s), 1e-9);
}

TEST(FaultNames, OfTorusAndDragonfly) {
  const auto count = [](const System& system, const char* text) {
    return faults_of(system, {text}).links.size();
  };
  const System torus = make_torus({4, 4, 4}, Wrap::ring, 2);
  EXPECT_EQ(count(torus, "node 5 +x"), 2U);
  EXPECT_EQ(count(torus, "node 5 x"), 4U);
  EXPECT_EQ(count(torus, "y"), 128U);
  EXPECT_EQ(count(torus, "50% of y"), 64U);
  EXPECT_EQ(count(torus, "router 5"), 12U + 4U);
  EXPECT_EQ(count(torus, "node 5"), 4U);
  EXPECT_EQ(count(torus, "nic 5.1"), 2U);
  EXPECT_EQ(count(torus, "node 5 nic 1"), 2U);
  EXPECT_EQ(count(make_torus({4, 4}, Wrap::mesh), "node 0 x"), 2U);
  const System dragonfly = make_dragonfly({.groups = 5, .local = 2});  // 4 routers, 2 global ports
  EXPECT_EQ(count(dragonfly, "group 1 router 2 to router 3"), 4U);
  EXPECT_EQ(count(dragonfly, "group 1 router 2 to 3 1"), 2U);
  EXPECT_EQ(count(dragonfly, "group 1 router 2 local"), 12U);
  EXPECT_EQ(count(dragonfly, "group 1 router 2 global 1"), 2U);
  EXPECT_EQ(count(dragonfly, "group 1 router 2"), 12U + 4U + 4U);  // and two NICs
  EXPECT_EQ(count(dragonfly, "group 1"), 24U + 16U + 16U);
  EXPECT_EQ(count(dragonfly, "global"), 40U);
  EXPECT_EQ(count(dragonfly, "25% of global"), 10U);
  const System plus = make_dragonfly({.groups = 3, .spines = 4});
  EXPECT_EQ(count(plus, "group 1 leaf 2 to spine 3"), 2U);
  EXPECT_EQ(count(plus, "group 1 spine 3"), 8U + 4U);
  const auto message = [](const System& system, const char* text) {
    Faults faults;
    const auto added = add_fault(system, text, false, 1, faults);
    return added ? std::string("no error") : added.error().message;
  };
  EXPECT_THAT(message(torus, "node 64 x"), HasSubstr("no node 64, they are 0 to 63"));
  EXPECT_THAT(message(torus, "nodde 4 x"), HasSubstr("did you mean \"node\""));
  EXPECT_THAT(message(torus, "node 4 +x 3"), HasSubstr("\"3\" is not known here"));
  EXPECT_THAT(message(torus, ""), HasSubstr("names nothing"));
  EXPECT_THAT(message(dragonfly, "gruop 4"), HasSubstr("did you mean \"group\""));
  EXPECT_THAT(message(dragonfly, "group 1 spine 2"), HasSubstr("\"spine\" is not known here"));
  EXPECT_THAT(message(dragonfly, "group 1 router 2 global 2"), HasSubstr("no port 2"));
  EXPECT_THAT(message(dragonfly, "1000 of local"), HasSubstr("there are only"));
  // Every name that a link has stands for it.
  for (const System& system : {torus, dragonfly, plus}) {
    const Fabric fabric(system);
    const std::int64_t first = fabric.find_class(Kind::nic_out)->first;
    for (std::int64_t link = first; link < fabric.link_count(); ++link) {
      const Faults faults = faults_of(system, {fabric.link_name(link)});
      const std::string name = fabric.link_name(link);
      const bool of_parallel = name.find(" to ") != std::string::npos;  // no number is all of them
      EXPECT_LE(faults.links.size(), of_parallel ? 4U : 2U) << name;
      EXPECT_TRUE(std::any_of(faults.links.begin(), faults.links.end(),
                              [&](const LinkFault& fault) { return fault.link == link; }))
          << name;
    }
  }
}

}  // namespace
}  // namespace collscale

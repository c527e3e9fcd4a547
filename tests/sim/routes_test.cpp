// SPDX-License-Identifier: Apache-2.0
// What failures do to the ways of flows, by hand and by exhaustion on small fabrics.
#include "sim/routes.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/all_pairs.hpp"
#include "sim/flow.hpp"
#include "sim/link_loads.hpp"
#include "support/faults.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;
using Kind = LinkClass::Kind;
using test::clos_system;
using test::ClosOptions;
using test::faults_of;

Routes broken(const System& system, const std::vector<std::string>& failed,
              const std::vector<std::string>& degraded = {}) {
  return Routes(system, JobPlacement(), faults_of(system, failed, degraded));
}

/// 4 leaves of 4 nodes of one rank, 4 uplinks each, one spine group.
ClosOptions two_tiers(Routing routing) {
  ClosOptions options;
  options.per_node = 1;
  options.nics = 1;
  options.routing = routing;
  return options;
}
/// 2 × 2 leaves of 4 nodes, 4 uplinks; 4 spines a pod with 4 uplinks each.
ClosOptions three_tiers(Routing routing) {
  ClosOptions options = two_tiers(routing);
  options.children = {4, 2, 2};
  options.oversubscription = {1, 0.5, 1};
  return options;
}

double share_of_flows(const Routes& routes, std::int64_t source, std::int64_t destination,
                      const std::string& link) {
  int on_it = 0;
  constexpr int kFlows = 20000;
  for (std::uint64_t flow = 0; flow < kFlows; ++flow)
    for (const std::int64_t each : routes.path_of_ranks(source, destination, flow * 7919))
      on_it += routes.fabric().link_name(each) == link ? 1 : 0;
  return static_cast<double>(on_it) / kFlows;
}

TEST(FlowFaults, ADeadCableTakesNothingEitherWay) {
  const Routes routes = broken(clos_system(two_tiers(Routing::ecmp)), {"leaf 1 up 2"});
  EXPECT_EQ(share_of_flows(routes, 4, 8, "leaf 1 up 2"), 0);
  EXPECT_EQ(share_of_flows(routes, 8, 4, "leaf 1 down 2"), 0);
  for (const char* other : {"leaf 1 up 0", "leaf 1 up 1", "leaf 1 up 3"})
    EXPECT_NEAR(share_of_flows(routes, 4, 8, other), 1.0 / 3, 0.02);
  // Leaving another leaf for leaf 1, the spine that cannot reach it is not taken.
  EXPECT_EQ(share_of_flows(routes, 8, 4, "leaf 2 up 2"), 0);
  EXPECT_NEAR(share_of_flows(routes, 8, 12, "leaf 2 up 2"), 0.25, 0.02);
}

TEST(FlowFaults, ReroutesAroundADeadSpine) {
  const Routes routes = broken(clos_system(two_tiers(Routing::ecmp)), {"spine 2"});
  for (std::int64_t a = 0; a < 16; ++a)
    for (std::int64_t b = 0; b < 16; ++b)
      for (std::uint64_t flow = 0; flow < 50; ++flow)
        for (const std::int64_t link : routes.path_of_ranks(a, b, flow)) {
          const std::string name = routes.fabric().link_name(link);
          EXPECT_THAT(name, ::testing::Not(::testing::AnyOf(::testing::EndsWith("up 2"),
                                                            ::testing::EndsWith("down 2"))));
        }
}

// Switches hash by themselves: half of what is left above a spine does not make it less likely.
TEST(FlowFaults, ASwitchDoesNotWeighWhatLiesFurtherUp) {
  const Routes routes =
      broken(clos_system(three_tiers(Routing::ecmp)), {"spine 0 switch 1 up 0-2"});
  EXPECT_NEAR(share_of_flows(routes, 0, 8, "leaf 0 up 1"), 0.25, 0.02);
  EXPECT_NEAR(share_of_flows(routes, 0, 8, "spine 0 switch 1 up 3"), 0.25, 0.02);
  EXPECT_EQ(share_of_flows(routes, 0, 8, "spine 0 switch 1 up 1"), 0);
}

TEST(FlowFaults, ASpineWithoutAWayUpIsAvoidedByWhatMustGoUp) {
  const Routes routes = broken(clos_system(three_tiers(Routing::ecmp)), {"spine 0 switch 1 up"});
  EXPECT_EQ(share_of_flows(routes, 0, 8, "leaf 0 up 1"), 0);
  EXPECT_NEAR(share_of_flows(routes, 0, 4, "leaf 0 up 1"), 0.25, 0.02);
}

TEST(FlowFaults, ACoreTakesItsCableFromEveryPod) {
  const System system = clos_system(three_tiers(Routing::ecmp));
  const Routes routes = broken(system, {"core 6"});  // spine 1, uplink 2
  EXPECT_EQ(share_of_flows(routes, 0, 8, "spine 0 switch 1 up 2"), 0);
  EXPECT_EQ(share_of_flows(routes, 8, 0, "spine 1 switch 1 up 2"), 0);
  EXPECT_EQ(faults_of(system, {"core 6"}).links.size(), 4U);  // two pods, both ways
}

// Any way is one of those that hashing could have taken, without a dead link; flows whose first
// choice lives keep it; where no way is whole there is none at all.
RC_GTEST_PROP(FlowFaults, EveryWayIsWholeAndOneOfTheFabrics, ()) {
  ClosOptions options = three_tiers(Routing::ecmp);
  options.per_node = 2;
  options.nics = 2;
  options.rails = *rc::gen::element<std::int64_t>(1, 2);
  options.cross_rail = *rc::gen::element(CrossRail::forward, CrossRail::spine);
  options.planes = *rc::gen::element<std::int64_t>(1, 2);
  options.oversubscription = {1, 1, 1};
  const System system = clos_system(options);
  Faults faults;
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  RC_ASSERT(add_fault(system, "30% of leaf up", false, seed, faults).has_value());
  RC_ASSERT(add_fault(system, "20% of spine up", false, seed, faults).has_value());
  const Routes routes(system, JobPlacement(), faults);
  const Fabric& fabric = routes.fabric();
  const auto is_dead = [&](std::int64_t link) {
    return std::any_of(faults.links.begin(), faults.links.end(),
                       [&](const LinkFault& fault) { return fault.link == link; });
  };
  const auto whole = [&](const Path& path) {
    return std::none_of(path.begin(), path.end(), is_dead);
  };
  const auto source = *rc::gen::inRange<std::int64_t>(0, 32);
  const auto destination = *rc::gen::inRange<std::int64_t>(0, 32);
  RC_PRE(source != destination);
  std::set<std::vector<std::int64_t>> possible;
  for (std::uint64_t hash = 0; hash < 3000; ++hash) {
    const Path path = fabric.path(source, destination, hash);
    if (whole(path)) possible.emplace(path.begin(), path.end());
  }
  for (std::uint64_t hash = 0; hash < 40; ++hash) {
    const Path path = routes.path_of_ranks(source, destination, hash);
    const std::vector<std::int64_t> links(path.begin(), path.end());
    if (possible.empty()) {
      RC_ASSERT(links.empty());
      continue;
    }
    RC_ASSERT(possible.count(links) == 1U);
    const Path first = fabric.path(source, destination, hash);
    if (whole(first)) RC_ASSERT(links == std::vector<std::int64_t>(first.begin(), first.end()));
  }
}

// Shift by one leaf: every rank sends one byte up. With k of m members gone the bundle of leaf 1
// takes m/(m−k) as long, and the others as long as before.
TEST(FlowFaults, AnEvenPatternTakesMOverMMinusKAsLong) {
  const System system = clos_system(two_tiers(Routing::adaptive));
  const auto seconds = [&](const std::vector<std::string>& failed) {
    const Routes routes = broken(system, failed);
    LinkLoads loads(routes);
    for (std::int64_t rank = 0; rank < 16; ++rank)
      loads.add(routes.path_of_ranks(rank, (rank + 4) % 16, 0), 1.0);
    return loads.fullest()[kFirstTierResource];
  };
  const double whole = seconds({});
  EXPECT_EQ(seconds({"leaf 1 up 0"}), whole * 4 / 3);
  EXPECT_EQ(seconds({"leaf 1 up 0-1"}), whole * 4 / 2);
  EXPECT_EQ(seconds({"leaf 1 up 0,1,3"}), whole * 4);
  EXPECT_EQ(seconds({"spine 3"}), whole * 4 / 3);
}

TEST(FlowFaults, ADegradedLinkCarriesItsFlowsMoreSlowly) {
  const System system = clos_system(two_tiers(Routing::ecmp));
  const Routes whole = broken(system, {});
  const Routes slow = broken(system, {}, {"leaf 1 up=0.25"});
  LinkLoads before(whole);
  LinkLoads after(slow);
  for (std::int64_t rank = 0; rank < 16; ++rank) {
    before.add(whole.path_of_ranks(rank, (rank + 4) % 16, 0), 1.0);
    after.add(slow.path_of_ranks(rank, (rank + 4) % 16, 0), 1.0);
  }
  double leaf_1 = 0;
  for (std::int64_t link = 0; link < whole.fabric().link_count(); ++link) {
    EXPECT_EQ(before.bytes(link), after.bytes(link));
    const std::string name = whole.fabric().link_name(link);
    if (name.starts_with("leaf 1 up")) {
      leaf_1 = std::max(leaf_1, before.bytes(link) / (0.25 * 50e9));
      EXPECT_EQ(slow.capacity_Bps(link), 0.25 * 50e9);
    } else {
      EXPECT_EQ(slow.capacity_Bps(link), whole.capacity_Bps(link));
    }
  }
  EXPECT_EQ(after.fullest()[kFirstTierResource],
            std::max(leaf_1, before.fullest()[kFirstTierResource]));
}

TEST(FlowFaults, TheRanksOfADeadNicUseTheNextOfTheirNode) {
  ClosOptions options;
  options.rails = 8;
  options.routing = Routing::ecmp;
  const System system = clos_system(options);
  const Routes routes = broken(system, {"nic 1.3"});
  const auto names = [&](std::int64_t source, std::int64_t destination) {
    std::vector<std::string> all;
    for (const std::int64_t link : routes.path_of_ranks(source, destination, 5))
      all.push_back(routes.fabric().link_name(link));
    return all;
  };
  // Rank 11 is rank 3 of node 1. Its rail is lost: up from rail 4 and down to rail 3.
  const auto out = names(11, 19);
  ASSERT_EQ(out.size(), 4U);
  EXPECT_EQ(out.front(), "node 1 nic 4 out");
  EXPECT_THAT(out[1], ::testing::StartsWith("leaf 0 rail 4 up"));
  EXPECT_THAT(out[2], ::testing::StartsWith("leaf 0 rail 3 down"));
  EXPECT_EQ(out.back(), "node 2 nic 3 in");
  EXPECT_EQ(names(19, 11).back(), "node 1 nic 4 in");
  EXPECT_EQ(names(12, 20).size(), 2U);  // others as before, under one leaf
}

TEST(FlowFaults, ADeadPlaneIsLeftOut) {
  ClosOptions options = two_tiers(Routing::ecmp);
  options.planes = 4;
  const Routes routes = broken(clos_system(options), {"plane 1"});
  for (std::uint64_t flow = 0; flow < 500; ++flow)
    for (const std::int64_t link : routes.path_of_ranks(0, 9, flow))
      EXPECT_THAT(routes.fabric().link_name(link), ::testing::Not(HasSubstr("plane 1 ")));
  options.routing = Routing::spray;
  const Routes bundled = broken(clos_system(options), {"plane 1"});
  for (const std::int64_t link : bundled.path_of_ranks(0, 9, 0))
    EXPECT_NEAR(bundled.capacity_Bps(link), 0.75 * bundled.fabric().class_of(link).capacity_Bps,
                1e-3);
}

TEST(FlowFaults, ACutIsRefusedAndNamed) {
  const auto message = [](const ClosOptions& options, const std::vector<std::string>& failed) {
    const System system = clos_system(options);
    FlowOptions flow;
    flow.faults = faults_of(system, failed);
    const std::vector<double> sizes = {1e6};
    const auto answer = simulate_flow(system, Collective::all_reduce, "ring", 16, sizes, flow);
    return answer ? "no error" : answer.error().message;
  };
  for (const Routing routing : {Routing::ecmp, Routing::adaptive}) {
    EXPECT_THAT(message(two_tiers(routing), {"leaf 2 up"}),
                HasSubstr("leaf 2 has lost all its uplinks"));
    EXPECT_THAT(message(two_tiers(routing), {"node 5"}), HasSubstr("node 5 has lost all its NICs"));
    EXPECT_THAT(message(two_tiers(routing), {"spine *"}), HasSubstr("the failures cut the fabric"));
    EXPECT_EQ(message(two_tiers(routing), {"spine 0-2"}), "no error");
  }
}

// Bundles: what fails more is never faster.
RC_GTEST_PROP(FlowFaults, MoreFailuresAreNeverFasterUnderAdaptiveRouting, ()) {
  const System system = clos_system(three_tiers(Routing::adaptive));
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  const std::vector<double> sizes = {1e8};
  const std::string algorithm =
      *rc::gen::element<std::string>("ring", "halving_doubling", "recursive_doubling");
  double before_s = 0;
  Faults faults;
  for (const char* text : {"1 of leaf up", "2 of leaf up", "1 of spine up", "1 of core"}) {
    RC_ASSERT(add_fault(system, text, false, seed, faults).has_value());
    FlowOptions flow;
    flow.faults = faults;
    const auto answer = simulate_flow(system, Collective::all_reduce, algorithm, 16, sizes, flow);
    if (!answer) return;  // cut
    RC_ASSERT(answer->front().time_s >= before_s);
    before_s = answer->front().time_s;
  }
}

// Aggregated against one by one, of a job that is scattered over a fabric with dead NICs.
RC_GTEST_PROP(FlowFaults, AllPairsOfAScatteredJobEqualPairByPair, ()) {
  ClosOptions options;
  options.per_node = 4;
  options.nics = *rc::gen::element<std::int64_t>(2, 4);
  options.rails = *rc::gen::element<std::int64_t>(1, 2);
  options.cross_rail = *rc::gen::element(CrossRail::forward, CrossRail::spine);
  options.nodes = 16;
  options.children = {3, 2, 3};
  options.oversubscription = {1, 2, 1};
  const System system = clos_system(options);
  const auto ranks = *rc::gen::inRange<std::int64_t>(2, 65);
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  const auto spec = *parse_placement(
      *rc::gen::element<std::string>("packed", "random", "random-ranks", "strided:3"));
  Faults faults;
  if (*rc::gen::arbitrary<bool>()) {
    RC_ASSERT(add_fault(system, "3 of nic", false, seed, faults).has_value());
    RC_ASSERT(add_fault(system, "10% of leaf up", false, seed, faults).has_value());
  }
  const Routes routes(system, *JobPlacement::make(spec, ranks, 16, 4, seed), faults);
  // All ranks, or a group of them that lie apart.
  const auto hop = *rc::gen::element<std::int64_t>(1, 2, 4, 5);
  std::vector<std::int64_t> members;
  for (std::int64_t rank = hop - 1; rank < ranks; rank += hop) members.push_back(rank);
  LinkLoads aggregated(routes);
  bool cut = false;
  for_each_pair_load(
      routes, members, 1.0,
      [&](std::int64_t link, double bytes, std::int64_t, std::int64_t) {
        aggregated.add(link, bytes);
      },
      [&](std::int64_t, std::int64_t) { cut = true; });
  LinkLoads one_by_one(routes);
  bool cut_one_by_one = false;
  for (const std::int64_t a : members) {
    for (const std::int64_t b : members) {
      const Path path = routes.path(a, b, 0);
      cut_one_by_one = cut_one_by_one || (a != b && path.length == 0);
      one_by_one.add(path, 1.0);
    }
  }
  RC_ASSERT(cut == cut_one_by_one);
  for (std::int64_t link = 0; link < routes.fabric().link_count() && !cut; ++link) {
    if (aggregated.bytes(link) != one_by_one.bytes(link)) RC_FAIL(routes.fabric().link_name(link));
  }
}

TEST(FaultNames, WhatIsWrongIsNamed) {
  const System system = clos_system(three_tiers(Routing::ecmp));
  const auto message = [&](const char* text, bool degraded = false) {
    Faults faults;
    return add_fault(system, text, degraded, 1, faults).error().message;
  };
  EXPECT_THAT(message("laef 3"), HasSubstr("did you mean \"leaf\""));
  EXPECT_THAT(message("leaf 4"), HasSubstr("no leaf 4, they are 0 to 3"));
  EXPECT_THAT(message("leaf 1 lnik 3"), HasSubstr("did you mean \"link\""));
  EXPECT_THAT(message("leaf 1 up 4"), HasSubstr("no uplink 4, they are 0 to 3"));
  EXPECT_THAT(message("leaf 3-1"), HasSubstr("0-7"));
  EXPECT_THAT(message("nic 99.0"), HasSubstr("no node 99, they are 0 to 15"));
  EXPECT_THAT(message("core 0 up"), HasSubstr("has no uplinks"));
  EXPECT_THAT(message("120% of leaf"), HasSubstr("\"120%\" is no share"));
  EXPECT_THAT(message("17 of node"), HasSubstr("there are only 16"));
  EXPECT_THAT(message("leaf 1 up", true), HasSubstr("share of the capacity that is left"));
  EXPECT_THAT(message("leaf 1 up=1.5", true), HasSubstr("at most 1"));
  EXPECT_THAT(message(""), HasSubstr("names nothing"));
}

TEST(FaultNames, AShareIsDrawnWithoutRepetition) {
  const System system = clos_system(two_tiers(Routing::ecmp));
  Faults quarter;
  ASSERT_TRUE(add_fault(system, "25% of leaf up", false, 3, quarter).has_value());
  EXPECT_EQ(quarter.links.size(), 8U);  // 4 of 16 cables, both ways
  Faults other;
  ASSERT_TRUE(add_fault(system, "25% of leaf up", false, 4, other).has_value());
  EXPECT_NE(quarter.links.front().link + quarter.links.back().link * 1000,
            other.links.front().link + other.links.back().link * 1000);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The analytic engine on dragonflies and tori against the flow engine, which looks at every message
// on every link: to 1e-9 where no hash decides, within some per cent of many seeds where one does.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "model/analytic.hpp"
#include "model/bounds.hpp"
#include "over_flow.hpp"
#include "scenario/candidates.hpp"
#include "sim/flow.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

const std::vector<double> kThreeSizes = {8, 65536, 1e9};

struct RanksAndNics {
  std::int64_t ranks = 1;
  std::int64_t nics = 1;
};

System nodes_of(double nodes, const RanksAndNics& node, const char* name) {
  test::ClosOptions options;
  options.nodes = static_cast<std::int64_t>(nodes);
  options.per_node = node.ranks;
  options.nics = node.nics;
  System system = test::clos_system(options);
  system.name = name;
  return system;
}

struct Flies {
  double groups = 5;
  double routers = 4;
  double nodes = 2;  ///< of a router
  double node_routers = 1;
  double spines = 0;
  double cables = 1;  ///< between two groups
  double parallel = 1;
  DragonflyRouting routing = DragonflyRouting::minimal;
  RanksAndNics node{2, 2};
  double queue_pairs = 1;
};

System dragonfly(const Flies& flies) {
  Dragonfly dragonfly;
  dragonfly.routing = flies.routing;
  dragonfly.efficiency = test::figure(1);
  dragonfly.groups = test::figure(flies.groups);
  dragonfly.routers = test::figure(flies.routers);
  dragonfly.nodes = test::figure(flies.nodes);
  if (flies.node_routers > 1) dragonfly.node_routers = test::figure(flies.node_routers);
  if (flies.spines > 0) dragonfly.spines = test::figure(flies.spines);
  dragonfly.local_links = test::figure(flies.parallel);
  dragonfly.global_links = test::figure(std::max(1.0, flies.cables * flies.groups));
  dragonfly.pair_links = test::figure(flies.cables);
  dragonfly.local_link_Bps = test::figure(40e9);
  dragonfly.global_link_Bps = test::figure(25e9);
  dragonfly.hop_latency_s = test::figure(0.3e-6);
  dragonfly.global_latency_s = test::figure(0.7e-6);
  System system = nodes_of(flies.groups * flies.routers / flies.node_routers * flies.nodes,
                           flies.node, "test-dragonfly");
  system.node.nics.queue_pairs = test::figure(flies.queue_pairs);
  system.fabric = dragonfly;
  return system;
}

System torus(const std::vector<double>& sizes, const std::vector<Wrap>& wraps,
             const RanksAndNics& node) {
  Torus torus;
  double nodes = 1;
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    torus.dimensions.push_back({test::figure(sizes[d]), wraps[d], test::figure(25e9)});
    nodes *= sizes[d];
  }
  torus.efficiency = test::figure(1);
  torus.hop_latency_s = test::figure(0.2e-6);
  System system = nodes_of(nodes, node, "test-torus");
  system.fabric = torus;
  return system;
}

Flies random_flies() {
  Flies flies;
  flies.groups = *rc::gen::element(1.0, 2.0, 3.0, 5.0, 8.0);
  flies.routers = *rc::gen::element(1.0, 2.0, 4.0, 6.0);
  flies.nodes = *rc::gen::element(1.0, 2.0, 3.0, 4.0);
  const auto ranks = *rc::gen::element<std::int64_t>(1, 2, 4);
  flies.node = {ranks, *rc::gen::element<std::int64_t>(1, ranks)};
  if (flies.node.nics % 2 == 0 && static_cast<int>(flies.routers) % 2 == 0)
    flies.node_routers = *rc::gen::element(1.0, 2.0);
  return flies;
}

System random_torus() {
  const auto dimensions = *rc::gen::inRange<std::size_t>(1, 4);
  std::vector<double> sizes;
  std::vector<Wrap> wraps;
  for (std::size_t d = 0; d < dimensions; ++d) {
    sizes.push_back(*rc::gen::element(1.0, 2.0, 3.0, 4.0, 5.0, 8.0));
    wraps.push_back(*rc::gen::element(Wrap::ring, Wrap::mesh));
  }
  return torus(sizes, wraps, {*rc::gen::element<std::int64_t>(1, 2, 4), 1});
}

std::string what_is(const Algorithm& algorithm, std::int64_t ranks, double size_bytes) {
  return std::string(name(algorithm.collective)) + "/" + std::string(algorithm.name) + " of " +
         std::to_string(ranks) + " ranks, " + std::to_string(size_bytes) + " B: ";
}

/// f(algorithm, size, by formula, by enumeration) for all that are priced.
template <class F>
int for_each_of_both(const System& system, std::int64_t ranks, const F& f) {
  int tested = 0;
  for (const Algorithm& algorithm : algorithms()) {
    const auto formula =
        predict_analytic(system, algorithm.collective, algorithm.name, ranks, kThreeSizes);
    const auto enumerated =
        simulate_flow(system, algorithm.collective, algorithm.name, ranks, kThreeSizes);
    RC_ASSERT(formula.has_value() == enumerated.has_value());
    if (!formula) continue;
    for (std::size_t i = 0; i < kThreeSizes.size(); ++i)
      f(algorithm, kThreeSizes[i], (*formula)[i], (*enumerated)[i]);
    ++tested;
  }
  return tested;
}

void expect_equal(const System& system, std::int64_t ranks) {
  const int tested = for_each_of_both(
      system, ranks,
      [&](const Algorithm& algorithm, double size, const Prediction& formula,
          const Prediction& enumerated) {
        const double ratio = formula.time_s / enumerated.time_s;
        if (std::abs(ratio - 1) > 1e-9)
          RC_FAIL(what_is(algorithm, ranks, size) + "analytic/flow = " + std::to_string(ratio) +
                  ", limits " + formula.bottleneck + " and " + enumerated.bottleneck);
      });
  RC_ASSERT(tested >= 20);
}

RC_GTEST_PROP(DirectFabrics, DragonfliesOfOneCableAgreeWithFlowToTheDigit, ()) {
  const System system = dragonfly(random_flies());
  const std::int64_t most = std::min<std::int64_t>(300, max_ranks(system));
  RC_PRE(most >= 2);
  expect_equal(system, *rc::gen::element(most, *rc::gen::inRange<std::int64_t>(2, most + 1)));
}

// Up to two groups there is no third, and within a group no packet is bound to one way: no hash.
RC_GTEST_PROP(DirectFabrics, AdaptiveWaysWithinGroupsAgreeWithFlowToTheDigit, ()) {
  Flies flies = random_flies();
  flies.groups = *rc::gen::element(1.0, 2.0);
  flies.routing = DragonflyRouting::adaptive;
  flies.parallel = *rc::gen::element(1.0, 2.0);
  const System system = dragonfly(flies);
  const std::int64_t most = std::min<std::int64_t>(300, max_ranks(system));
  RC_PRE(most >= 2);
  expect_equal(system, *rc::gen::element(most, *rc::gen::inRange<std::int64_t>(2, most + 1)));
}

// 14 nodes of 4 ranks below 4 of 32 routers, each rank's NIC at another: a ring that changes the
// rank from node to node sends all between routers of one set, whose links would hold it up 14/4
// times longer than the NICs; over the group's other routers they do not.
TEST(DirectFabrics, ARingThatChangesItsNicIsNotHeldUpWithinAGroup) {
  Flies flies;
  flies.groups = 1;
  flies.routers = 32;
  flies.node_routers = 4;
  flies.nodes = 14;
  flies.node = {4, 4};
  const std::vector<double> sizes = {1e9};
  const auto limit = [&](DragonflyRouting routing) {
    flies.routing = routing;
    System system = dragonfly(flies);
    auto& dragonfly = std::get<Dragonfly>(system.fabric);
    dragonfly.local_link_Bps = system.node.nics.bandwidth_Bps;
    return predict_analytic(system, Collective::all_gather, "ring", 56, sizes)->front().bottleneck;
  };
  EXPECT_EQ(limit(DragonflyRouting::minimal), "local");
  EXPECT_EQ(limit(DragonflyRouting::adaptive), "nic");
}

RC_GTEST_PROP(DirectFabrics, ToriAgreeWithFlowToTheDigit, ()) {
  const System system = random_torus();
  const std::int64_t most = std::min<std::int64_t>(300, max_ranks(system));
  RC_PRE(most >= 2);
  expect_equal(system, *rc::gen::element(most, *rc::gen::inRange<std::int64_t>(2, most + 1)));
}

// What a hash decides. The flow engine's times are means over seeds.
double mean_over_flow(const System& system, Collective collective, const char* algorithm,
                      std::int64_t ranks, double bytes) {
  return test::analytic_over_flow(system, collective, algorithm, ranks, bytes, 16);
}

Flies hashed_flies(DragonflyRouting routing, double spines) {
  Flies flies;
  flies.groups = flies.routers = 8;
  flies.nodes = flies.cables = 4;
  flies.routing = routing;
  flies.spines = spines;
  return flies;
}

TEST(DirectFabrics, HashedDragonfliesComeNearTheMeanOverSeeds) {
  for (const auto routing :
       {DragonflyRouting::minimal, DragonflyRouting::valiant, DragonflyRouting::adaptive})
    for (const double spines : {0.0, 4.0}) {
      const System system = dragonfly(hashed_flies(routing, spines));
      const auto ratio = [&](Collective collective, const char* algorithm) {
        return mean_over_flow(system, collective, algorithm, max_ranks(system), 1e9);
      };
      const std::string where = std::string(name(routing)) + ", spines " + std::to_string(spines);
      EXPECT_NEAR(ratio(Collective::all_gather, "recursive_doubling"), 1, 0.03) << where;
      EXPECT_NEAR(ratio(Collective::all_to_all, "pairwise"), 1, 0.02) << where;
      // Few messages a link, each of which takes links together: an upper estimate; and a lower one
      // of what third routers relieve, which is more where hashes leave links uneven.
      EXPECT_NEAR(ratio(Collective::all_gather, "ring"), 1.05, 0.21) << where;
    }
}

TEST(DirectFabrics, MoreFlowsComeNearerToTheEvenShare) {
  Flies flies = hashed_flies(DragonflyRouting::minimal, 0);
  const auto time_s = [&] {
    const std::vector<double> sizes = {1e9};
    return predict_analytic(dragonfly(flies), Collective::all_gather, "recursive_doubling", 512,
                            sizes)
        ->front()
        .time_s;
  };
  const double one_s = time_s();
  flies.queue_pairs = 64;
  const double many_s = time_s();
  EXPECT_LT(many_s, 0.95 * one_s);
  EXPECT_NEAR(
      mean_over_flow(dragonfly(flies), Collective::all_gather, "recursive_doubling", 512, 1e9), 1,
      0.02);
}

// A shift by a group sends all of a group to the next: their cables are the limit, not the group's.
TEST(DirectFabrics, AShiftByAGroupIsLimitedByThePairsCables) {
  Flies flies = hashed_flies(DragonflyRouting::minimal, 0);
  flies.node = {1, 1};
  flies.queue_pairs = 1 << 20;  // an even share of the cables
  const double of_group = 8 * 4;
  const std::vector<double> sizes = {1e9};
  // The step of recursive doubling that exchanges half of all: all of a group with one other.
  const auto found =
      predict_analytic(dragonfly(flies), Collective::all_gather, "recursive_doubling", 256, sizes);
  ASSERT_TRUE(found.has_value());
  double expected_s = 0;  // steps between groups: of 32, 64, 128 blocks
  for (const double blocks : {32.0, 64.0, 128.0})
    expected_s += of_group * blocks * 1e9 / 256 / (4 * 25e9);
  double global_s = 0;
  for (const auto& entry : found->front().breakdown)
    if (entry.tier == "global") global_s += entry.exposed_s;
  EXPECT_NEAR(global_s, expected_s, 0.01 * expected_s);
}

RC_GTEST_PROP(DirectFabrics, NoClosedFormBeatsABound, ()) {
  Flies flies = random_flies();
  flies.cables = *rc::gen::element(1.0, 2.0, 3.0);
  flies.parallel = *rc::gen::element(1.0, 2.0);
  flies.spines = *rc::gen::element(0.0, 2.0, 3.0);
  flies.queue_pairs = *rc::gen::element(1.0, 4.0);
  flies.routing = *rc::gen::element(DragonflyRouting::minimal, DragonflyRouting::valiant,
                                    DragonflyRouting::adaptive);
  const System system = *rc::gen::element(0, 1) == 0 ? dragonfly(flies) : random_torus();
  const std::int64_t most = std::min<std::int64_t>(600, max_ranks(system));
  RC_PRE(most >= 2);
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(2, most + 1);
  for (const Algorithm& algorithm : algorithms()) {
    const auto formula =
        predict_analytic(system, algorithm.collective, algorithm.name, ranks, kThreeSizes);
    if (!formula) continue;
    for (std::size_t i = 0; i < kThreeSizes.size(); ++i) {
      const double bound =
          lower_bounds(system, algorithm.collective, ranks, kThreeSizes[i], (*formula)[i].abilities)
              .time_s();
      if ((*formula)[i].time_s < bound * (1 - 1e-9))
        RC_FAIL(what_is(algorithm, ranks, kThreeSizes[i]) + std::to_string((*formula)[i].time_s) +
                " s beats the bound " + std::to_string(bound) + " s");
    }
  }
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The flow engine on fabrics that are no clos, against closed forms.
#include <gtest/gtest.h>

#include <numeric>

#include "model/analytic.hpp"
#include "model/bounds.hpp"
#include "scenario/candidates.hpp"
#include "sim/all_pairs.hpp"
#include "sim/flow.hpp"
#include "sim/link_loads.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

constexpr double kHop_s = 0.25e-6;
constexpr double kHost_s = 4e-6;
constexpr double kLink_Bps = 25e9;

System torus(const std::vector<double>& sizes, std::int64_t per_node = 1, Wrap wrap = Wrap::ring) {
  Torus torus;
  double nodes = 1;
  for (const double size : sizes) {
    torus.dimensions.push_back({test::figure(size), wrap, test::figure(kLink_Bps)});
    nodes *= size;
  }
  torus.efficiency = test::figure(1);
  torus.hop_latency_s = test::figure(kHop_s);
  test::ClosOptions options;
  options.nodes = static_cast<std::int64_t>(nodes);
  options.per_node = options.nics = per_node;
  options.nic_Bps = 1e12;
  System system = test::clos_system(options);
  system.name = "test-torus";
  system.fabric = torus;
  return system;
}

System dragonfly(DragonflyRouting routing, std::int64_t per_node = 1) {
  Dragonfly dragonfly;
  dragonfly.routing = routing;
  dragonfly.efficiency = dragonfly.nodes = dragonfly.local_links = test::figure(1);
  dragonfly.groups = test::figure(9);
  dragonfly.routers = test::figure(4);
  dragonfly.global_links = test::figure(2);
  dragonfly.local_link_Bps = dragonfly.global_link_Bps = test::figure(kLink_Bps);
  dragonfly.hop_latency_s = test::figure(kHop_s);
  dragonfly.global_latency_s = test::figure(2 * kHop_s);
  test::ClosOptions options;
  options.nodes = 36;
  options.per_node = options.nics = per_node;
  options.nic_Bps = 1e12;
  System system = test::clos_system(options);
  system.name = "test-dragonfly";
  system.fabric = dragonfly;
  return system;
}

Prediction simulated(const System& system, Collective collective, std::string_view algorithm,
                     double bytes) {
  const double sizes[] = {bytes};
  const auto found = simulate_flow(system, collective, algorithm, max_ranks(system), sizes);
  EXPECT_TRUE(found) << found.error().message;
  return found ? found->front() : Prediction{};
}

TEST(FlowOnATorus, AllToAllTakesWhatTheBisectionAllows) {
  // 8 × 8 nodes send s/64 to each other: n · k/8 messages on every link.
  const double bytes = 64e9;
  const double expected_s = 64.0 * 8 / 8 * (bytes / 64) / kLink_Bps;
  const Prediction prediction = simulated(torus({8, 8}), Collective::all_to_all, "pairwise", bytes);
  EXPECT_NEAR(prediction.time_s, expected_s, 1e-3 * expected_s);
  const Bounds bounds = lower_bounds(torus({8, 8}), Collective::all_to_all, 64, bytes);
  EXPECT_NEAR(bounds.cut_s, expected_s, 1e-12 * expected_s);
}

TEST(Bounds, CutATorusAMeshAndADragonflyWhereTheyAreNarrowest) {
  const double bytes = 1e9;
  const auto cut_s = [&](const System& system, Collective collective, std::int64_t ranks) {
    return lower_bounds(system, collective, ranks, bytes).cut_s * kLink_Bps / bytes;
  };
  // The long dimension, in two places, four lines wide; a mesh in one.
  EXPECT_NEAR(cut_s(torus({4, 16}), Collective::all_reduce, 64), 1.0 / 8, 1e-12);
  EXPECT_NEAR(cut_s(torus({4, 16}, 1, Wrap::mesh), Collective::all_reduce, 64), 1.0 / 4, 1e-12);
  EXPECT_NEAR(cut_s(torus({4, 16}), Collective::all_gather, 64), 60.0 / 64 / 8, 1e-12);
  // A job of half of it has 8 rows, which do not wrap: four against four.
  EXPECT_NEAR(cut_s(torus({4, 16}), Collective::all_to_all, 32), 16.0 * 16 / 32 / 4, 1e-12);
  // One group of four against eight others, over eight links.
  EXPECT_NEAR(cut_s(dragonfly(DragonflyRouting::minimal), Collective::all_to_all, 36),
              4.0 * 32 / 36 / 8, 1e-12);
}

TEST(FlowOnATorus, ARingOfOneDimensionIsAsWithoutAFabric) {
  // Every message goes one hop: n − 1 steps of host and hop, and of s/n bytes.
  const double bytes = 1e9;
  const Prediction prediction = simulated(torus({16}), Collective::all_gather, "ring", bytes);
  EXPECT_NEAR(prediction.time_s, 15 * (kHost_s + kHop_s + bytes / 16 / kLink_Bps), 1e-12);
  EXPECT_EQ(prediction.bottleneck, "x");
}

TEST(FlowOnATorus, LatencyIsRightToTheHop) {
  // One message, to the other end of the ring: 25 hops of 51 nodes, then of a 5 × 5 torus 2 + 2.
  const double sizes[] = {0.0};
  for (const auto& [sizes_of, ranks, hops] :
       {std::tuple{std::vector<double>{51}, 26, 25}, {std::vector<double>{5, 5}, 13, 4}}) {
    const System system = torus(sizes_of);
    const auto found = simulate_flow(system, Collective::send_recv, "auto", ranks, sizes);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_GE(found->front().time_s + 1e-15, kHost_s + kHop_s) << hops;
  }
  // Recursive doubling on 64 nodes in a ring: 1, 2, 4, 8, 16, 32 hops.
  const Prediction doubling =
      simulated(torus({64}), Collective::all_gather, "recursive_doubling", 0);
  EXPECT_NEAR(doubling.time_s, 6 * kHost_s + 63 * kHop_s, 1e-12);
  ASSERT_EQ(doubling.breakdown.size(), 1U);
  EXPECT_EQ(doubling.breakdown[0].tier, "network");
}

TEST(FlowOnATorus, AggregatedAllPairsEqualPairByPair) {
  for (const System& system : {torus({5, 4}, 2), torus({3, 3, 2}, 1)}) {
    const Routes routes(system);
    const Fabric& fabric = routes.fabric();
    for (const std::int64_t ranks : {std::int64_t{11}, max_ranks(system)}) {
      LinkLoads aggregated(routes);
      std::vector<std::int64_t> members(static_cast<std::size_t>(ranks));
      std::iota(members.begin(), members.end(), 0);
      for_each_pair_load(
          routes, members, 1.0,
          [&](std::int64_t link, double bytes, std::int64_t, std::int64_t) {
            aggregated.add(link, bytes);
          },
          [](std::int64_t, std::int64_t) { ADD_FAILURE(); });
      LinkLoads one_by_one(routes);
      for (std::int64_t a = 0; a < ranks; ++a)
        for (std::int64_t b = 0; b < ranks; ++b)
          for (const std::int64_t link : fabric.path(a, b, 0)) one_by_one.add(link, 1.0);
      for (std::int64_t link = 0; link < fabric.link_count(); ++link)
        ASSERT_EQ(aggregated.bytes(link), one_by_one.bytes(link)) << fabric.link_name(link);
    }
  }
}

TEST(FlowOnADragonfly, AllToAllIsBoundByTheGlobalLinks) {
  // 4 · 4 messages on the one cable between two groups; a local link carries 1 + 2·4 + 2·4 = 17.
  const double bytes = 36e9;
  const Prediction prediction =
      simulated(dragonfly(DragonflyRouting::minimal), Collective::all_to_all, "pairwise", bytes);
  EXPECT_NEAR(prediction.time_s, 17 * (bytes / 36) / kLink_Bps, 1e-3 * prediction.time_s);
}

TEST(OtherFabrics, TheFlowEnginePricesEveryAlgorithmAndNoneBeatsABound) {
  int priced = 0;
  std::vector<std::pair<System, std::int64_t>> jobs;
  for (const System& system :
       {torus({4, 3}, 2), torus({2, 3, 2}), torus({5, 3}, 1, Wrap::mesh),
        dragonfly(DragonflyRouting::adaptive, 2), dragonfly(DragonflyRouting::minimal)})
    for (const std::int64_t ranks : {max_ranks(system), max_ranks(system) / 2, std::int64_t{5}})
      jobs.emplace_back(system, ranks);
  for (const auto& [system, ranks] : jobs) {
    for (const Algorithm& algorithm : algorithms()) {
      const double sizes[] = {8.0, 1e8};
      const auto found = simulate_flow(system, algorithm.collective, algorithm.name, ranks, sizes);
      if (!found) {
        EXPECT_EQ(found.error().code, ExitCode::bad_input);
        continue;
      }
      ++priced;
      for (std::size_t i = 0; i < 2; ++i) {
        const Bounds bounds =
            lower_bounds(system, algorithm.collective, ranks, sizes[i], (*found)[i].abilities);
        EXPECT_GE((*found)[i].time_s, bounds.time_s() * (1 - 1e-9))
            << algorithm.name << " " << name(algorithm.collective) << " " << system.name << " "
            << ranks;
      }
    }
  }
  EXPECT_GT(priced, 500);
}

TEST(OtherFabrics, ATorusOfTooManyLinksIsRefused) {
  const double sizes[] = {1e6};
  const auto found =
      predict_analytic(torus({8192, 8192}), Collective::all_reduce, "ring", 16, sizes);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message,
            "the analytic engine counts at most 67108864 links of a torus, found 2.68e+08 "
            "(test-torus)");
}

}  // namespace
}  // namespace collscale

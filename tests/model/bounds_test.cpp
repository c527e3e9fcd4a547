// SPDX-License-Identifier: Apache-2.0
#include "model/bounds.hpp"

#include <gtest/gtest.h>

#include "support/systems.hpp"
#include "topology/bisection.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using test::clos_system;
using test::ClosOptions;

TEST(Bounds, OneNodeIsBoundByItsPorts) {
  const System system = clos_system({});
  const Bounds bounds = lower_bounds(system, Collective::all_reduce, 8, 1e9);
  // 2(n−1)/n · S / B and ⌈log2 8⌉ α
  EXPECT_DOUBLE_EQ(bounds.injection_s, 2.0 * 7 / 8 * 1e9 / 400e9);
  EXPECT_DOUBLE_EQ(bounds.latency_s, 3 * 2e-6);
  EXPECT_EQ(bounds.cut_s, 0);
}

TEST(Bounds, NodesAreBoundByTheirNics) {
  const System system = clos_system({});
  const Bounds bounds = lower_bounds(system, Collective::all_gather, 16, 1e9);
  // Half of the result must enter each of two nodes through 8 NICs of 50 GB/s.
  EXPECT_DOUBLE_EQ(bounds.cut_s, 0.5 * 1e9 / 400e9);
}

TEST(Bounds, AnOversubscribedTierIsACut) {
  ClosOptions options;
  options.oversubscription = {8, 1};
  const System system = clos_system(options);
  const Bounds bounds = lower_bounds(system, Collective::all_reduce, 128, 1e9);
  // 4 leaf groups of 32 ranks: 2·(3/4)·S leaves each over 32·50/8 GB/s.
  EXPECT_DOUBLE_EQ(bounds.cut_s, 1.5 * 1e9 / (32 * 50e9 / 8));
}

TEST(Bounds, AllToAllIsBoundByTheBisection) {
  ClosOptions options;
  options.oversubscription = {2, 1};
  const System system = clos_system(options);
  const Bounds bounds = lower_bounds(system, Collective::all_to_all, 128, 1e9);
  EXPECT_DOUBLE_EQ(bounds.cut_s, 32.0 * 96 / 128 * 1e9 / (32 * 50e9 / 2));
}

/// Half of what an all_to_all sends passes from one half to the other and as much comes back: the
/// cut that bounds it is the bisection, which is computed elsewhere.
TEST(Bounds, CutOfAllToAllIsTheBisection) {
  using namespace testing;
  constexpr double kSize = 1e9;
  for (const System& system :
       {make_system({.nodes = 8, .children = {4, 2}, .oversubscription = 2}),
        make_system({.nodes = 16, .children = {4, 2, 2}, .oversubscription = 4}),
        make_torus({4, 8, 2}), make_torus({8, 4}, Wrap::mesh, 2),
        make_dragonfly({.groups = 4, .routers = 4, .nodes = 4, .global = 3}),
        make_dragonfly({.groups = 2, .routers = 2, .nodes = 4, .global = 1, .spines = 4})}) {
    const Bounds bounds = lower_bounds(system, Collective::all_to_all, max_ranks(system), kSize);
    EXPECT_NEAR(bounds.cut_s * 2 * bisection_Bps(system) / kSize, 1, 1e-12);
  }
}

TEST(Bounds, LatencyGrowsWithTheLogarithmOfNodes) {
  const System system = clos_system({});
  // 16 nodes reached by 8 ranks of each at once: ⌈log9 16⌉ = 2 rounds of host 4 us + one hop 0.5
  // us.
  EXPECT_DOUBLE_EQ(lower_bounds(system, Collective::barrier, 128, 0).latency_s, 2 * 4.5e-6);
}

}  // namespace
}  // namespace collscale

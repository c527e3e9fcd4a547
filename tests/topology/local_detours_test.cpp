// SPDX-License-Identifier: Apache-2.0
// What goes over third routers: closed forms, conservation, and that no other share does better.
#include "topology/local_detours.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace collscale {
namespace {

double fullest(const std::vector<double>& loads) {
  return *std::max_element(loads.begin(), loads.end());
}

TEST(LocalDetours, OnePairAloneHasAllWays) {
  for (const std::int64_t routers : {3, 4, 32}) {
    std::vector<double> loads(static_cast<std::size_t>(routers * routers), 0.0);
    loads[1] = 1;
    const double share = spread_over_third_routers(loads, routers);
    EXPECT_NEAR(share, 1.0 / static_cast<double>(routers - 1), 1e-12);
    EXPECT_NEAR(fullest(loads), 1.0 / static_cast<double>(routers - 1), 1e-12);
  }
}

TEST(LocalDetours, WhereAllSendAlikeTheDirectWayIsBest) {
  std::vector<double> loads(25, 2.0);
  for (std::size_t i = 0; i < 5; ++i) loads[i * 6] = 0;
  EXPECT_EQ(spread_over_third_routers(loads, 5), 1);
  EXPECT_EQ(fullest(loads), 2);
}

// Every router sends all to its successor: directly one link of a − 1 would do all the work.
// Around, each link carries 2/(a − 2) of it but for those from and to the pair; the best share is
// between.
TEST(LocalDetours, AShiftUsesAllLinks) {
  constexpr std::int64_t kRouters = 16;
  std::vector<double> loads(kRouters * kRouters, 0.0);
  for (std::int64_t i = 0; i < kRouters; ++i)
    loads[static_cast<std::size_t>(i * kRouters + (i + 1) % kRouters)] = 1;
  const double share = spread_over_third_routers(loads, kRouters);
  EXPECT_NEAR(share, 2.0 / kRouters, 1e-12);  // d = (1 − d) · 2/(a − 2)
  EXPECT_NEAR(fullest(loads), 2.0 / kRouters, 1e-12);
}

TEST(LocalDetours, TwoRoutersHaveNoThird) {
  std::vector<double> loads = {0, 3, 1, 0};
  EXPECT_EQ(spread_over_third_routers(loads, 2), 1);
  EXPECT_EQ(loads[1], 3);
}

RC_GTEST_PROP(LocalDetours, NoShareLeavesTheFullestLinkLessFull, ()) {
  const auto routers = *rc::gen::inRange<std::size_t>(3, 9);
  std::vector<double> direct(routers * routers, 0.0);
  double sent = 0;
  for (std::size_t i = 0; i < routers; ++i)
    for (std::size_t j = 0; j < routers; ++j)
      if (i != j) sent += direct[i * routers + j] = *rc::gen::element(0.0, 1.0, 2.0, 7.0);
  RC_PRE(sent > 0);
  std::vector<double> loads = direct;
  const double share = spread_over_third_routers(loads, static_cast<std::int64_t>(routers));
  RC_ASSERT(share >= 0 && share <= 1);
  double carried = 0;
  for (const double load : loads) carried += load;
  RC_ASSERT(std::abs(carried - sent * (2 - share)) <= 1e-9 * sent);  // a detour takes two links
  for (const double other : {0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0}) {
    double most = 0;
    for (std::size_t i = 0; i < routers; ++i)
      for (std::size_t j = 0; j < routers; ++j) {
        if (i == j) continue;
        double around = 0;
        for (std::size_t k = 0; k < routers; ++k) {
          if (k != i && k != j) around += direct[i * routers + k] + direct[k * routers + j];
        }
        most = std::max(most, other * direct[i * routers + j] +
                                  (1 - other) * around / static_cast<double>(routers - 2));
      }
    RC_ASSERT(fullest(loads) <= most * (1 + 1e-9));
  }
}

}  // namespace
}  // namespace collscale

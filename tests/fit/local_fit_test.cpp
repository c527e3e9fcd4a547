// SPDX-License-Identifier: Apache-2.0
#include "fit/local_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace collscale {
namespace {

using Law = std::function<double(double ranks, double nodes, double size_bytes)>;

std::vector<LocalFit::Point> points_of(const Law& law, std::vector<double> nodes,
                                       double ranks_per_node = 16, double last_size = 1e8) {
  std::vector<LocalFit::Point> points;
  for (const double units : nodes)
    for (double size_bytes = 1024; size_bytes < last_size; size_bytes *= 2) {
      const Place place = {ranks_per_node * units, units};
      points.push_back(
          {place, std::log(size_bytes), std::log(law(place.ranks, place.units, size_bytes))});
    }
  return points;
}

double predicted_s(const LocalFit& fit, double nodes, double size_bytes,
                   double ranks_per_node = 16) {
  return std::exp(fit.log_time(std::log(size_bytes), {ranks_per_node * nodes, nodes}));
}

TEST(LocalFit, FindsTheLawsThatItHasTermsFor) {
  // Rabenseifner's all_reduce, Bruck's all_gather, pairwise all_to_all, with rounds inside a node.
  const Law all_reduce = [](double, double nodes, double size_bytes) {
    return 2e-6 * (0.7 + std::log2(nodes)) + size_bytes / 5e9;
  };
  const Law all_gather = [](double ranks, double nodes, double size_bytes) {
    return 5e-6 + 3e-6 * std::log2(nodes) + (1 - 1 / ranks) * size_bytes / 5e9;
  };
  const Law all_to_all = [](double, double nodes, double size_bytes) {
    return 8e-6 * (nodes - 1) + (1 - 1 / nodes) * size_bytes / 1e9;
  };
  for (const auto& [collective, law] : {std::pair(Collective::all_reduce, all_reduce),
                                        std::pair(Collective::all_gather, all_gather),
                                        std::pair(Collective::all_to_all, all_to_all)}) {
    const LocalFit fit(collective, 0, 0.7, points_of(law, {2, 4, 8, 16}));
    for (const double size_bytes : {4096.0, 1e6, 6e7})
      EXPECT_NEAR(predicted_s(fit, 128, size_bytes) / law(16 * 128, 128, size_bytes), 1, 0.03)
          << name(collective) << ' ' << size_bytes;
  }
}

TEST(LocalFit, AJumpAtTheLargestScaleCountsAsOnePointOfSeveral) {
  const Law smooth = [](double, double nodes, double size_bytes) {
    return 2e-6 * (0.7 + std::log2(nodes)) + size_bytes / 5e9;
  };
  const Law jumps = [&](double ranks, double nodes, double size_bytes) {
    return smooth(ranks, nodes, size_bytes) * (nodes == 16 && size_bytes == 65536 ? 3 : 1);
  };
  const LocalFit fit(Collective::all_reduce, 0, 0.7, points_of(jumps, {2, 4, 8, 16}));
  EXPECT_LT(predicted_s(fit, 32, 65536) / smooth(512, 32, 65536), 1.5);
  EXPECT_GT(predicted_s(fit, 32, 65536) / smooth(512, 32, 65536), 1.05) << "nor for nothing";
}

TEST(LocalFit, WhatItLeavesOverIsCarriedAlong) {
  // A dip over two octaves that no term explains, at all scales alike.
  const Law law = [](double, double nodes, double size_bytes) {
    const double smooth = 2e-6 * (0.7 + std::log2(nodes)) + size_bytes / 5e9;
    return smooth * (size_bytes >= 1 << 17 && size_bytes <= 1 << 20 ? 0.5 : 1);
  };
  const LocalFit fit(Collective::all_reduce, 0, 0.7, points_of(law, {2, 4, 8, 16}));
  EXPECT_LT(predicted_s(fit, 32, 1 << 19) / law(512, 32, 1 << 19), 1.25);
}

TEST(LocalFit, FromTwoScalesWhatDoesNotGrowIsDrawnToItsAssumedShare) {
  // Flat from 2 to 4 nodes: no level seems to cost anything, which nobody should believe of 256.
  const Law flat = [](double, double, double size_bytes) { return 20e-6 + size_bytes / 5e9; };
  const LocalFit fit(Collective::all_reduce, 0, 0.7, points_of(flat, {2, 4}));
  EXPECT_GT(predicted_s(fit, 256, 1024), 1.1 * 20e-6);
  EXPECT_LT(predicted_s(fit, 256, 1024), 8.7 / 2.7 * 20e-6);
}

TEST(LocalFit, OnATorusLevelsAreLonger) {
  const Law law = [](double, double nodes, double size_bytes) {
    return 2e-6 * (3 + tree_levels(nodes, 3)) + size_bytes / 5e9;
  };
  const LocalFit fit(Collective::all_reduce, 3, 3, points_of(law, {8, 64}, 1));
  EXPECT_NEAR(predicted_s(fit, 4096, 1024, 1) / law(4096, 4096, 1024), 1, 0.03);
  EXPECT_DOUBLE_EQ(tree_levels(64, 0), 6);
  EXPECT_DOUBLE_EQ(tree_levels(64, 3), 15);
}

TEST(LocalFit, IsFiniteForPiecesBelowAByteAndBeyondTheTableOfSizes) {
  const Law law = [](double, double nodes, double size_bytes) {
    return 1e-6 * std::log2(nodes) + size_bytes / 5e9;
  };
  for (const Collective collective : {Collective::all_reduce, Collective::all_gather,
                                      Collective::reduce_scatter, Collective::all_to_all})
    for (const double nodes : {2.0, 1024.0})
      for (const double last_size : {2e3, 1e16}) {
        const LocalFit fit(collective, 0, 1.5, points_of(law, {nodes, 2 * nodes}, 104, last_size));
        for (const double size_bytes : {1.0, 1e3, 1e9, 1e18}) {
          const double time_s = predicted_s(fit, 8 * nodes, size_bytes, 104);
          EXPECT_TRUE(time_s > 0 && std::isfinite(time_s))
              << name(collective) << ' ' << nodes << ' ' << last_size << ' ' << size_bytes;
        }
      }
}

TEST(LocalFit, ServesWhatMpiChoosesAmongSeveralAlgorithms) {
  EXPECT_TRUE(LocalFit::serves(Collective::all_to_all));
  EXPECT_FALSE(LocalFit::serves(Collective::barrier));
  EXPECT_TRUE(LocalFit().empty());
}

}  // namespace
}  // namespace collscale

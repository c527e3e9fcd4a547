// SPDX-License-Identifier: Apache-2.0
#include "model/collisions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace collscale {
namespace {

double monte_carlo(int flows, int links, int groups, int trials) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int> pick(0, links - 1);
  double sum = 0;
  for (int trial = 0; trial < trials; ++trial) {
    int most = 0;
    for (int group = 0; group < groups; ++group) {
      std::vector<int> load(static_cast<std::size_t>(links), 0);
      for (int i = 0; i < flows; ++i)
        most = std::max(most, ++load[static_cast<std::size_t>(pick(random))]);
    }
    sum += most;
  }
  return sum / trials / (static_cast<double>(flows) / links);
}

TEST(Collisions, OneFlowOrOneLinkNeverCollides) {
  EXPECT_DOUBLE_EQ(expected_max_over_mean(1, 1, 100), 1);
  EXPECT_DOUBLE_EQ(expected_max_over_mean(8, 1, 100), 1);
  EXPECT_DOUBLE_EQ(expected_max_over_mean(0, 64, 100), 1);
  // One flow on 64 links: the fullest link has it all, 64 times the mean, however many groups.
  EXPECT_NEAR(expected_max_over_mean(1, 64, 1000), 64, 1e-6);
}

TEST(Collisions, AgreesWithMonteCarlo) {
  struct Case {
    int flows, links, groups;
  };
  for (const Case c : {Case{32, 32, 1}, {64, 32, 4}, {256, 64, 1}, {512, 16, 8}, {64, 64, 16}}) {
    const double expected = monte_carlo(c.flows, c.links, c.groups, 400);
    EXPECT_NEAR(expected_max_over_mean(c.flows, c.links, c.groups) / expected, 1, 0.04)
        << c.flows << " flows on " << c.links << " links in " << c.groups << " groups";
  }
}

// Poisson loads: E[max] ÷ mean of `links` in all, for q flows per link. A Monte-Carlo of 200,000
// links and 16 flows each gave 2.31.
TEST(Collisions, AgreesWithTheTableForPoissonLoads) {
  const std::vector<double> flows_per_link{1, 2, 4, 8, 16, 32, 64, 128, 256};
  struct Row {
    double links;
    std::vector<double> ratio;
  };
  const std::vector<Row> rows{{32, {3.52, 2.70, 2.16, 1.80, 1.55, 1.38, 1.27, 1.19, 1.13}},
                              {512, {5.16, 3.74, 2.83, 2.23, 1.84, 1.58, 1.40, 1.28, 1.20}},
                              {4096, {6.25, 4.41, 3.26, 2.51, 2.02, 1.70, 1.48, 1.34, 1.23}},
                              {32768, {7.26, 5.04, 3.65, 2.76, 2.19, 1.81, 1.56, 1.39, 1.27}},
                              {200000, {8.10, 5.55, 3.97, 2.97, 2.32, 1.90, 1.62, 1.43, 1.30}},
                              {2000000, {9.12, 6.17, 4.35, 3.21, 2.48, 2.00, 1.68, 1.47, 1.33}}};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < flows_per_link.size(); ++i) {
      const double q = flows_per_link[i];
      const double ratio = expected_max_over_mean(q * row.links, row.links, 1);
      EXPECT_NEAR(ratio / row.ratio[i], 1, 0.03) << row.links << " links, " << q << " flows each";
    }
  }
}

/// The same sum from its first term, with nothing left out.
double whole_sum(double flows, double links, double groups) {
  const double p = 1 / links;
  double mass = std::exp(flows * std::log1p(-p));
  double below = 0;
  double sum = 0;
  for (double k = 1; k <= flows; ++k) {
    below = std::min(1.0, below + mass);
    mass *= (flows - k + 1) / k * p / (1 - p);
    sum += 1 - std::pow(below, links * groups);
  }
  return sum / (flows / links);
}

TEST(Collisions, IsTheWholeSum) {
  for (const double links : {2.0, 8.0, 32.0, 512.0}) {
    for (const double q : {0.25, 1.0, 3.0, 20.0, 63.0, 65.0, 200.0, 600.0}) {
      for (const double groups : {1.0, 4.0, 1000.0}) {
        if (q * links < 1) continue;
        if (q * links * std::log1p(-1 / links) < -700) continue;  // mass would be 0
        EXPECT_NEAR(expected_max_over_mean(q * links, links, groups),
                    whole_sum(q * links, links, groups), 1e-3)
            << q << " flows per link, " << links << " links, " << groups << " groups";
      }
    }
  }
}

// The sum and the expansion for many flows meet, and far beyond the factor tends to 1.
TEST(Collisions, BranchesMeetAtManyFlowsPerLink) {
  EXPECT_NEAR(expected_max_over_mean(63.99 * 32, 32, 1), expected_max_over_mean(64.01 * 32, 32, 1),
              5e-4);
  EXPECT_NEAR(expected_max_over_mean(1e12, 64, 1e5), 1, 1e-4);
  EXPECT_GT(expected_max_over_mean(1e12, 64, 1e5), 1);
  EXPECT_NEAR(expected_max_over_mean(16e9, 1e9, 1), 2.86, 0.01);  // a billion links
}

TEST(Collisions, GrowsWithGroupsAndFallsWithFlows) {
  double last = 1;
  for (double groups = 1; groups < 1e6; groups *= 4) {
    const double ratio = expected_max_over_mean(16 * 32, 32, groups);
    EXPECT_GT(ratio, last);
    last = ratio;
  }
  last = 1e9;
  for (double q = 1; q < 1e5; q *= 2) {
    const double ratio = expected_max_over_mean(q * 32, 32, 100);
    EXPECT_LT(ratio, last) << q;
    last = ratio;
  }
}

}  // namespace
}  // namespace collscale

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

// Raab and Steger's many-balls form is the limit: the two branches meet.
TEST(Collisions, BranchesMeetAtManyFlowsPerLink) {
  const double exact = expected_max_over_mean(599.0 * 32, 32, 1);
  const double limit = expected_max_over_mean(601.0 * 32, 32, 1);
  EXPECT_NEAR(exact, limit, 0.03);
}

}  // namespace
}  // namespace collscale

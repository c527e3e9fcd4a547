// SPDX-License-Identifier: Apache-2.0
// Published costs of algorithms in Hockney's α + β·bytes, on a fabric where every pair of ranks is
// the same: one rank per node, one switch. The formulas are those of the sources named at each row,
// not ours.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/analytic.hpp"
#include "support/published_costs.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

constexpr double kAlpha_s = 4.5e-6;  // host part 4 us, one switch 0.5 us
constexpr double kBeta = 1 / 50e9;   // seconds per byte

System flat(std::int64_t ranks) {
  test::ClosOptions options;
  options.per_node = options.nics = 1;
  options.nodes = ranks;
  options.children = {static_cast<double>(ranks)};
  options.oversubscription = {1};
  return test::clos_system(options);
}

TEST(PublishedCosts, AreThoseOfTheAnalyticEngineOnAFlatFabric) {
  for (const test::PublishedCost& row : test::published_costs(kAlpha_s, kBeta)) {
    for (const std::int64_t ranks : {2, 3, 8, 13, 64, 100, 256, 1000, 1024}) {
      if (row.powers_of_two && (ranks & (ranks - 1)) != 0) continue;
      const System system = flat(ranks);
      const std::vector<double> sizes = {8, 1e6, 1e9};
      const auto answers = predict_analytic(system, row.collective, row.algorithm, ranks, sizes);
      ASSERT_TRUE(answers.has_value()) << row.algorithm << ": " << answers.error().message;
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        const double expected = row.time_s(static_cast<double>(ranks), sizes[i]);
        EXPECT_NEAR((*answers)[i].time_s / expected, 1, 1e-9)
            << name(row.collective) << "/" << row.algorithm << ", " << ranks << " ranks, "
            << sizes[i] << " B";
      }
    }
  }
}

// A chain of p − 1 hops in K chunks: (p − 2 + K)(α + S/K·β) where every hop is a step of its own
// (J. Watts, R. van de Geijn, Parallel Processing Letters 5(2), 1995); here chunks follow one
// another without waiting for α again, so that only the first pays it.
TEST(PublishedCosts, APipelinedChainPaysLatencyOnce) {
  for (const std::int64_t ranks : {2, 8, 500}) {
    const System system = flat(ranks);
    for (const std::int32_t chunks : {1, 4, 64}) {
      PriceOptions options;
      options.chunks = chunks;
      const std::vector<double> sizes = {1e9};
      const auto answer =
          predict_analytic(system, Collective::broadcast, "chain", ranks, sizes, options);
      ASSERT_TRUE(answer.has_value());
      const double p = static_cast<double>(ranks);
      EXPECT_NEAR(answer->front().time_s,
                  (p - 1) * kAlpha_s + (p - 2 + chunks) * 1e9 / chunks * kBeta, 1e-9)
          << ranks << " ranks, " << chunks << " chunks";
    }
  }
}

// P. Sanders, J. Speck, J. L. Traeff, Parallel Computing 35(12), 2009: two trees with half of the
// data each send every byte twice at most, and so reach half of the bandwidth for an all_reduce.
TEST(PublishedCosts, TwoTreesReachHalfOfTheBandwidth) {
  const System system = flat(256);
  const std::vector<double> sizes = {64e9};
  const auto answer =
      predict_analytic(system, Collective::all_reduce, "double_binary_tree", 256, sizes);
  ASSERT_TRUE(answer.has_value());
  EXPECT_NEAR(answer->front().time_s / (2 * 64e9 * kBeta), 1, 0.02);
}

// M messages of A blocks each: ⌈log2 p⌉ latencies, all of the bytes, and between its messages a
// rank waits for the gap only (S. Jeaugey, arXiv:2506.20252).
TEST(PublishedCosts, PatPaysLogarithmicLatencyAndAllOfTheBytes) {
  for (const std::int64_t ranks : {64, 100, 1024}) {
    const System system = flat(ranks);
    const std::vector<double> sizes = {8, 1e9};
    const auto answers = predict_analytic(system, Collective::all_gather, "pat", ranks, sizes);
    ASSERT_TRUE(answers.has_value());
    const double p = static_cast<double>(ranks);
    EXPECT_NEAR((*answers)[0].time_s / (test::ceil_log2(p) * kAlpha_s), 1, 1e-3);
    EXPECT_NEAR((*answers)[1].time_s / (test::ceil_log2(p) * kAlpha_s + (p - 1) / p * 1e9 * kBeta),
                1, 1e-3);
  }
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Published costs of algorithms in Hockney's α + β·bytes, on a fabric where every pair of ranks is
// the same: one rank per node, one switch. The formulas are those of the sources named at each row,
// not ours.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "model/analytic.hpp"
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

struct Published {
  Collective collective;
  const char* algorithm;
  bool powers_of_two;
  /// Seconds, of p ranks and S bytes.
  std::function<double(double p, double S)> time_s;
};

double ceil_log2(double p) { return std::ceil(std::log2(p) - 1e-9); }

const std::vector<Published>& published() {
  using C = Collective;
  constexpr double a = kAlpha_s;
  constexpr double b = kBeta;
  static const std::vector<Published> all = {
      // P. Patarasuk, X. Yuan, J. Parallel Distrib. Comput. 69(2), 2009
      {C::all_reduce, "ring", false,
       [](double p, double S) { return 2 * (p - 1) * (a + S / p * b); }},
      // R. Thakur, R. Rabenseifner, W. Gropp, IJHPCA 19(1), 2005, sections 4.1 to 4.5
      {C::all_gather, "ring", false, [](double p, double S) { return (p - 1) * (a + S / p * b); }},
      {C::all_gather, "recursive_doubling", true,
       [](double p, double S) { return std::log2(p) * a + (p - 1) / p * S * b; }},
      {C::all_gather, "bruck", false,
       [](double p, double S) { return ceil_log2(p) * a + (p - 1) / p * S * b; }},
      {C::reduce_scatter, "recursive_halving", true,
       [](double p, double S) { return std::log2(p) * a + (p - 1) / p * S * b; }},
      {C::broadcast, "binomial", false,
       [](double p, double S) { return ceil_log2(p) * (a + S * b); }},
      {C::broadcast, "scatter_all_gather", true,
       [](double p, double S) { return (std::log2(p) + p - 1) * a + 2 * (p - 1) / p * S * b; }},
      {C::all_to_all, "bruck", true,
       [](double p, double S) { return std::log2(p) * (a + S / 2 * b); }},
      // the same, section 5: recursive doubling and Rabenseifner's all_reduce, binomial reduce
      {C::all_reduce, "recursive_doubling", true,
       [](double p, double S) { return std::log2(p) * (a + S * b); }},
      {C::all_reduce, "halving_doubling", true,
       [](double p, double S) { return 2 * std::log2(p) * a + 2 * (p - 1) / p * S * b; }},
      {C::reduce, "binomial", false, [](double p, double S) { return ceil_log2(p) * (a + S * b); }},
      {C::reduce, "reduce_scatter_gather", true,
       [](double p, double S) { return 2 * std::log2(p) * a + 2 * (p - 1) / p * S * b; }},
      // E. Chan et al., Concurrency and Computation 19(13), 2007
      {C::gather, "binomial", true,
       [](double p, double S) { return std::log2(p) * a + (p - 1) / p * S * b; }},
      {C::scatter, "binomial", true,
       [](double p, double S) { return std::log2(p) * a + (p - 1) / p * S * b; }},
      // J. Bruck et al., IEEE TPDS 8(11), 1997: all blocks under way at once
      {C::all_to_all, "pairwise", false,
       [](double p, double S) { return a + (p - 1) / p * S * b; }},
      // D. De Sensi et al., NSDI 2024: Swing's steps and bytes are Rabenseifner's
      {C::all_reduce, "swing", true,
       [](double p, double S) { return 2 * std::log2(p) * a + 2 * (p - 1) / p * S * b; }},
      // D. Hensgen, R. Finkel, U. Manber, Int. J. Parallel Programming 17(1), 1988
      {C::barrier, "dissemination", false, [](double p, double) { return ceil_log2(p) * a; }},
  };
  return all;
}

TEST(PublishedCosts, AreThoseOfTheAnalyticEngineOnAFlatFabric) {
  for (const Published& row : published()) {
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
    EXPECT_NEAR((*answers)[0].time_s / (ceil_log2(p) * kAlpha_s), 1, 1e-3);
    EXPECT_NEAR((*answers)[1].time_s / (ceil_log2(p) * kAlpha_s + (p - 1) / p * 1e9 * kBeta), 1,
                1e-3);
  }
}

}  // namespace
}  // namespace collscale

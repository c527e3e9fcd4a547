// SPDX-License-Identifier: Apache-2.0
#include "fit/ring_switch.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "fit/estimator.hpp"
#include "fit/tier_fit.hpp"
#include "synthetic.hpp"

namespace collscale {
namespace {

// One rank per node over TCP: 25 us a step, 1 GB/s.
double tree(double nodes, double size_bytes) {
  return std::log2(nodes) * (25e-6 + size_bytes / 1e9);
}
double ring(double nodes, double size_bytes) {
  return 2 * (nodes - 1) * (25e-6 + size_bytes / nodes / 1e9);
}
double tree_to_8_kib_then_ring(double, double nodes, double size_bytes) {
  return size_bytes <= 8192 ? tree(nodes, size_bytes) : ring(nodes, size_bytes);
}
double tree_alone(double, double nodes, double size_bytes) { return tree(nodes, size_bytes); }

Series series_of(std::int64_t largest_nodes, const synthetic::Law& law,
                 Engine engine = Engine::mpi) {
  std::vector<Record> records;
  for (std::int64_t nodes = 4; nodes <= largest_nodes; nodes *= 2)
    for (double size_bytes = 4; size_bytes <= 1048576; size_bytes *= 2) {
      records.push_back(synthetic::record(
          Collective::all_reduce, "auto", nodes, nodes, size_bytes,
          law(static_cast<double>(nodes), static_cast<double>(nodes), size_bytes)));
      records.back().engine = engine;
    }
  return make_series(records, synthetic::system(1)).value().front();
}

double predicted_s(const Series& series, double nodes, double size_bytes) {
  const Estimator estimator(series, cell_medians(series), true,
                            std::numeric_limits<std::int64_t>::max());
  return std::exp(estimator.at(std::log(size_bytes), {nodes, nodes}).log_time);
}

std::optional<double> found(std::span<const double> nodes, const synthetic::Law& law) {
  const std::vector<double> sizes = {2048, 4096, 8192, 16384, 32768, 65536, 131072};
  std::vector<SizeCurve> curves;
  std::vector<CurveAt> scales;
  curves.reserve(nodes.size());
  for (const double n : nodes) {
    std::vector<double> times;
    for (const double size_bytes : sizes) times.push_back(law(n, n, size_bytes));
    curves.emplace_back(sizes, times);
    scales.push_back({{n, n}, &curves.back()});
  }
  return ring_switch(scales);
}

TEST(RingSwitch, IsWhereTheTimesJumpByTheSteps) {
  const std::vector<double> two = {4, 8};
  const auto begin = found(two, tree_to_8_kib_then_ring);
  ASSERT_TRUE(begin);
  EXPECT_NEAR(std::exp(*begin), std::sqrt(8192.0 * 16384.0), 1e-6);
  EXPECT_FALSE(found(two, tree_alone));
}

TEST(RingSwitch, IsSeenAtOneScaleWhereTheJumpIsARings) {
  const std::vector<double> one = {8};
  EXPECT_TRUE(found(one, tree_to_8_kib_then_ring));
  const std::vector<double> pair = {2};
  EXPECT_FALSE(found(pair, tree_to_8_kib_then_ring)) << "two steps for one: so does a rendezvous";
}

TEST(RingSwitch, AJumpThatGrowsAsATreeIsAnotherProtocol) {
  const auto rendezvous = [](double, double nodes, double size_bytes) {
    return (size_bytes > 8192 ? 5 : 1) * tree(nodes, size_bytes);
  };
  const std::vector<double> two = {4, 8};
  EXPECT_FALSE(found(two, rendezvous));
}

TEST(Estimator, AnMpiThatLeavesItsTreeForARingIsFollowedOnBothSides) {
  for (const std::int64_t largest : {4, 8, 16}) {
    const Series series = series_of(largest, tree_to_8_kib_then_ring);
    for (const double size_bytes : {16384.0, 65536.0, 1048576.0}) {
      const double truth = ring(128, size_bytes);
      EXPECT_LT(std::fabs(std::log(predicted_s(series, 128, size_bytes) / truth)), 0.15)
          << largest << " nodes, " << size_bytes;
    }
    EXPECT_LT(predicted_s(series, 128, 4096), 0.2 * predicted_s(series, 128, 16384)) << largest;
  }
}

TEST(TierPrediction, SizesThatWereNotMeasuredAreTheRingsAtTheLargestScaleToo) {
  const Series series = series_of(64, tree_to_8_kib_then_ring);
  const Estimator estimator(series, cell_medians(series), true, 64);
  const double log_size = std::log(8 * 1048576.0);  // 512 KiB from each of 4 ranks are known
  const double at = TierPrediction(estimator, OwnRecord{}, {64, 64}).log_time(log_size);
  const double past = TierPrediction(estimator, OwnRecord{}, {65, 65}).log_time(log_size);
  EXPECT_NEAR(at, std::log(ring(64, 8 * 1048576.0)), 0.1);
  EXPECT_NEAR(past, at, 0.03);
}

TEST(Estimator, NcclIsNotSplit) {
  const Series series = series_of(16, tree_to_8_kib_then_ring, Engine::nccl);
  EXPECT_LT(predicted_s(series, 128, 16384), 0.5 * ring(128, 16384));
}

}  // namespace
}  // namespace collscale

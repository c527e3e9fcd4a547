// SPDX-License-Identifier: Apache-2.0
// The constants, read a second time, by a program, from NVIDIA/nccl v2.28.9-1,
// src/graph/tuning.cc:142-199 and 578-582, and by hand what other versions have instead.
#include "selector/nccl/tables.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace collscale {
namespace {

constexpr std::array kBase = {6.8, 14.0, 8.4, 6.6, 14.0, 8.4, 0.0, 0.0, 0.0, 0.0, 0.0,
                              0.0, 0.0,  0.0, 0.0, 0.0,  0.0, 0.0, 8.0, 8.0, 8.0};
constexpr std::array kLatencies = {
    0.6, 1.25, 4.0,  0.6, 1.9, 3.4,  0.0, 0.0, 3.7,  0.0, 0.0, 2.8,  0.0,  0.0, 25.0, 0.0,
    0.0, 25.0, 0.0,  0.0, 4.0, 1.0,  1.9, 4.0, 1.0,  2.5, 5.7, 0.0,  0.0,  3.7, 0.0,  0.0,
    2.8, 0.0,  0.0,  0.0, 0.0, 0.0,  0.0, 0.0, 0.0,  4.0, 5.0, 8.5,  14.0, 2.7, 4.0,  14.0,
    0.0, 0.0,  31.0, 0.0, 0.0, 30.0, 0.0, 0.0, 18.0, 0.0, 0.0, 20.9, 0.0,  0.0, 14.0};
constexpr std::array kLl = {39.0,  39.0, 20.4, 87.7,  22.5, 19.0,
                            141.0, 45.0, 35.0, 282.0, 90.0, 70.0};
constexpr std::array kRingLl128 = {20.0, 20.0, 20.0, 20.0, 20.0, 20.0,
                                   36.7, 36.7, 36.7, 73.4, 34.6, 73.4};
constexpr std::array kTreeLl128 = {20.0, 20.0, 20.0, 20.0, 20.0,  20.0,
                                   36.7, 36.7, 29.0, 55.6, 31.67, 20.0};
constexpr std::array kTree = {26.5, 18.5, 10.0, 24.0, 23.6, 17.8,
                              38.7, 41.4, 36.0, 70.0, 42.8, 24.0};
constexpr std::array kNvlsTree = {26.5, 18.5, 10.0, 24.0, 23.6, 17.8,
                                  0.0,  57.7, 45.5, 0.0,  96.0, 43.8};
constexpr std::array kCorrections = {
    1.0, 1.0, 1.0, 1.0, 0.9, 0.8, 0.7, 0.7, 0.7, 0.7, 0.6, 0.5, 0.4, 0.4, 0.5, 0.6, 0.7, 0.8,
    0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6,
    0.6, 0.6, 0.6, 0.8, 0.9, 0.9, 0.9, 0.9, 1.0, 1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8,
    0.7, 0.6, 0.6, 0.5, 0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 0.7, 0.7, 0.8, 0.9, 0.9};

template <class Rows>
void append(std::vector<double>& all, const Rows& rows) {
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
}

template <class Rows>
std::vector<double> flat(const Rows& rows) {
  std::vector<double> all;
  append(all, rows);
  return all;
}

template <std::size_t N>
void expect_equal(const std::vector<double>& ours, const std::array<double, N>& read) {
  ASSERT_EQ(ours.size(), N);
  for (std::size_t i = 0; i < N; ++i) EXPECT_DOUBLE_EQ(ours[i], read[i]) << "number " << i;
}

TEST(NcclTables, OfTheDefaultAreThoseOfItsSource) {
  const NcclTables& t = nccl_tables({28});
  expect_equal(flat(t.base_latency_us), kBase);
  std::vector<double> latencies;
  for (const NcclByAlgorithm& hardware : t.hardware_latency_us) append(latencies, hardware);
  expect_equal(latencies, kLatencies);
  expect_equal(flat(t.ll_max_GBps), kLl);
  expect_equal(flat(t.ring_ll128_max_GBps), kRingLl128);
  expect_equal(flat(t.tree_ll128_max_GBps), kTreeLl128);
  expect_equal(flat(t.tree_max_GBps), kTree);
  expect_equal(flat(t.nvls_tree_max_GBps), kNvlsTree);
  EXPECT_EQ(t.nvls_efficiency, (std::array{0.0, 0.0, 0.85, 0.74}));
}

TEST(NcclTables, CorrectionOfTreesIsThatOfItsSource) {
  for (std::size_t p = 0; p < kNcclProtocols; ++p) {
    for (std::size_t i = 0; i < 23; ++i)
      EXPECT_EQ(nccl_tree_correction(static_cast<NcclProtocol>(p), i), kCorrections[23 * p + i])
          << p << " " << i;
    // v2.29.7-1: at 512 MiB as at 256.
    EXPECT_EQ(nccl_tree_correction(static_cast<NcclProtocol>(p), 23), kCorrections[23 * p + 22]);
  }
}

/// v2.19.4-1 tuning.cc:56-90: what later versions replaced.
TEST(NcclTables, OfTheOldestVersion) {
  const NcclTables& t = nccl_tables({19});
  constexpr std::size_t simple = 2;
  const auto at = [&](std::size_t hardware, NcclAlgorithm a) {
    return t.hardware_latency_us[hardware][index(a)][simple];
  };
  EXPECT_EQ(t.base_latency_us[index(NcclAlgorithm::tree)][simple], 0);
  for (const std::size_t hardware : {0, 1, 2}) EXPECT_EQ(at(hardware, NcclAlgorithm::tree), 28);
  EXPECT_EQ(at(0, NcclAlgorithm::nvls), 23);
  EXPECT_EQ(at(0, NcclAlgorithm::nvls_tree), 23);
  EXPECT_EQ(at(2, NcclAlgorithm::nvls_tree), 14);
  EXPECT_EQ(t.ll_max_GBps[2], (std::array{87.7, 22.5, 19.0}));
  EXPECT_EQ(nccl_tables({20}).ll_max_GBps[2], (std::array{87.7, 22.5, 19.0}));
  EXPECT_EQ(nccl_tables({21}).ll_max_GBps[2], (std::array{141.0, 45.0, 35.0}));
}

/// v2.25.1-1 tuning.cc: twice Hopper's; v2.29.7-1 and v2.30.7-1.
TEST(NcclTables, OfBlackwell) {
  for (const int minor : {25, 26, 27}) {
    const NcclTables& t = nccl_tables({minor});
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(t.ll_max_GBps[3][i], 2 * t.ll_max_GBps[2][i]);
      EXPECT_EQ(t.ring_ll128_max_GBps[3][i], 2 * t.ring_ll128_max_GBps[2][i]);
      EXPECT_EQ(t.tree_ll128_max_GBps[3][i], 2 * t.tree_ll128_max_GBps[2][i]);
      EXPECT_EQ(t.tree_max_GBps[3][i], 2 * t.tree_max_GBps[2][i]);
    }
  }
  for (const int minor : {29, 30})
    EXPECT_EQ(nccl_tables({minor}).ring_ll128_max_GBps[3], (std::array{40.0, 40.0, 40.0}));
  EXPECT_EQ(nccl_tables({29}).nvls_tree_max_GBps[3], (std::array{0.0, 96.0, 43.8}));
  EXPECT_EQ(nccl_tables({30}).nvls_tree_max_GBps[3], (std::array{0.0, 96.0, 80.0}));
}

/// 1,024 bytes by the size of the structure of one collective; nine of them before 2.22.
TEST(NcclTables, CollectivesOfAGroupThatShareALatency) {
  const std::vector<std::int64_t> expected = {9, 9, 9, 16, 10, 10, 10, 10, 10, 10, 10, 8};
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(nccl_tables({kOldestNccl.minor + static_cast<int>(i)}).rules.operations_per_batch,
              expected[i])
        << i;
}

}  // namespace
}  // namespace collscale

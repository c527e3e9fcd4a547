// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "topology/check.hpp"
#include "topology/fabric.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using Kind = LinkClass::Kind;
using testing::make_torus;

std::vector<std::string> names(const Fabric& fabric, std::int64_t from, std::int64_t to) {
  std::vector<std::string> all;
  for (const std::int64_t link : fabric.path(from, to, 0).view())
    all.push_back(fabric.link_name(link));
  return all;
}

/// One byte from every node to every other: bytes on each link.
std::vector<double> all_pairs(const Fabric& fabric, std::int64_t ranks) {
  std::vector<double> loads(static_cast<std::size_t>(fabric.link_count()), 0.0);
  for (std::int64_t a = 0; a < ranks; ++a)
    for (std::int64_t b = 0; b < ranks; ++b)
      for (const std::int64_t link : fabric.path(a, b, 0).view())
        loads[static_cast<std::size_t>(link)] += 1;
  return loads;
}

double largest(const std::vector<double>& loads, const LinkClass& of) {
  return *std::max_element(loads.begin() + of.first, loads.begin() + of.first + of.count);
}

TEST(Torus, TurnsFromOneDimensionToTheNext) {
  // Node 0 is (0,0,0), node 4·(1 + 4·3) + 2 is (2,1,3): two along x, one along y, one back along z.
  const Fabric fabric(make_torus({4, 4, 4}));
  EXPECT_EQ(names(fabric, 0, 54),
            (std::vector<std::string>{"node 0 nic 0 out", "node 0 +x", "node 1 +x", "node 2 +y",
                                      "node 6 -z", "node 54 nic 0 in"}));
  EXPECT_EQ(fabric.turning_level(0, 54), 4);
  EXPECT_DOUBLE_EQ(fabric.latency_s(4), 3e-6 + 4 * 0.25e-6);
  EXPECT_DOUBLE_EQ(fabric.latency_s(0), 1e-6);
}

TEST(Torus, AMeshDoesNotGoRoundItsEnds) {
  const Fabric ring(make_torus({5}));
  const Fabric mesh(make_torus({5}, Wrap::mesh));
  EXPECT_EQ(ring.turning_level(0, 4), 1);
  EXPECT_EQ(mesh.turning_level(0, 4), 4);
  EXPECT_EQ(names(ring, 0, 4)[1], "node 0 -x");
  EXPECT_EQ(names(mesh, 4, 3)[1], "node 4 -x");
}

TEST(Torus, HasAsManyLinksAsTheTextbookSays) {
  // Dally and Towles, section 5.1: a k-ary n-cube has n·k^n cables, a mesh n·(k−1)·k^(n−1).
  const auto network_links = [](const Fabric& fabric) {
    return fabric.link_count() - fabric.find_class(Kind::nic_in)->first -
           fabric.find_class(Kind::nic_in)->count;
  };
  EXPECT_EQ(network_links(Fabric(make_torus({4, 4, 4}))), 2 * 3 * 64);
  EXPECT_EQ(network_links(Fabric(make_torus({5, 5}, Wrap::mesh))), 2 * 2 * 4 * 5);
  EXPECT_EQ(network_links(Fabric(make_torus({2, 3, 1}))), 2 * (6 + 6));
}

TEST(Torus, LevelsReachTheDiameter) {
  EXPECT_EQ(Fabric(make_torus({8, 8, 8})).diameter(), 3 * 4);
  EXPECT_GT(Fabric(make_torus({8, 8, 8})).levels(), 3 * 4);
  EXPECT_EQ(Fabric(make_torus({7, 7}, Wrap::mesh)).diameter(), 2 * 6);
}

TEST(Torus, AverageHopsOfARingAreTheTextbooks) {
  // Dally and Towles, section 5.2: k/4 along an even dimension, k/4 − 1/(4k) along an odd one,
  // counting a node's way to itself.
  for (const std::int64_t k : {2, 3, 4, 5, 8, 9}) {
    const Fabric fabric(make_torus({k, k}));
    double hops = 0;
    for (std::int64_t a = 0; a < k * k; ++a)
      for (std::int64_t b = 0; b < k * k; ++b) hops += fabric.turning_level(a, b);
    const auto size = static_cast<double>(k);
    const double average = k % 2 == 0 ? size / 4 : size / 4 - 1 / (4 * size);
    EXPECT_NEAR(hops / std::pow(size, 4), 2 * average, 1e-12) << k;
  }
}

TEST(Torus, AllPairsLoadAllLinksOfADimensionAlike) {
  // n nodes send n bytes over k/4 hops on average (8 along x, 6 along y), half of them each way:
  // n·(k/8) bytes a link, ties split evenly.
  const Fabric fabric(make_torus({8, 6, 4}));
  const std::vector<double> loads = all_pairs(fabric, 192);
  for (const auto& [dimension, size] : {std::pair{0, 8.0}, {1, 6.0}, {2, 4.0}}) {
    for (const Kind kind : {Kind::plus, Kind::minus}) {
      const LinkClass& links = *fabric.find_class(kind, dimension);
      EXPECT_DOUBLE_EQ(largest(loads, links), 192 * size / 8);
      EXPECT_DOUBLE_EQ(std::accumulate(loads.begin() + links.first,
                                       loads.begin() + links.first + links.count, 0.0),
                       192 * 192 * size / 8);
    }
  }
}

TEST(Torus, HalfWayRoundARingBothDirectionsAreUsed) {
  const Fabric fabric(make_torus({8}));
  std::vector<double> loads(static_cast<std::size_t>(fabric.link_count()), 0.0);
  for (std::int64_t a = 0; a < 8; ++a)
    for (const std::int64_t link : fabric.path(a, (a + 4) % 8, 0).view())
      loads[static_cast<std::size_t>(link)] += 1;
  EXPECT_DOUBLE_EQ(largest(loads, *fabric.find_class(Kind::plus, 0)), 2);
  EXPECT_DOUBLE_EQ(largest(loads, *fabric.find_class(Kind::minus, 0)), 2);
}

TEST(Torus, SizesMustHoldTheNodes) {
  System system = make_torus({4, 4});
  system.nodes.value = 15;
  const auto problems = check_system(system);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].message,
            "found 15, expected the 16 that the sizes of the dimensions multiply to");
}

TEST(Torus, WaysTooLongAreRefused) {
  EXPECT_TRUE(check_system(make_torus({500})).empty());
  const auto problems = check_system(make_torus({600}));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].field, "fabric.dimensions[0].size");
  EXPECT_TRUE(check_system(make_torus({1, 1, 1, 1, 1, 1})).empty());
  EXPECT_FALSE(check_system(make_torus({2, 2, 2, 2, 2, 2, 2})).empty());
  EXPECT_FALSE(check_system(make_torus({})).empty());
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Scatter and gather from every root, against their peer formulas. Place x is the rank
// (root + x) mod n.
#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

std::vector<Shape> with_every_root() { return with_roots(rank_counts(2, 33), 12); }

TEST(LinearScatter, IsOneMessageToEveryRank) {
  const auto peers = [](const Shape& s) {
    std::vector<Pairs> steps;
    for (std::int64_t x = 1; x < s.ranks; ++x) steps.push_back({{s.root, (s.root + x) % s.ranks}});
    return steps;
  };
  expect_peers(C::scatter, "linear", with_every_root(), peers);
  expect_peers(C::gather, "linear", with_every_root(),
               [&](const Shape& s) { return reversed(peers(s)); });
  expect_published(C::scatter, "linear", with_every_root(), [](const Shape& s) {
    const auto n = static_cast<double>(s.ranks);
    return Published{.depth = 1, .most_sent = (n - 1) / n, .messages = s.ranks - 1};
  });
  expect_published(C::gather, "linear", with_every_root(), [](const Shape& s) {
    return Published{
        .depth = 1, .most_sent = 1 / static_cast<double>(s.ranks), .messages = s.ranks - 1};
  });
}

/// MPICH's binomial tree (Thakur et al. 2005): the parent clears the lowest set bit of the place.
TEST(BinomialScatter, HandsTheBlocksOfASubtreeToItsRoot) {
  const auto peers = [](const Shape& s) {
    std::vector<Pairs> steps;
    for (std::int64_t bit = std::int64_t{1} << log2_ceil(s.ranks); bit > 0; bit >>= 1) {
      Pairs step;
      for (std::int64_t x = 1; x < s.ranks; ++x)
        if ((x & -x) == bit)
          step.insert({(s.root + (x & (x - 1))) % s.ranks, (s.root + x) % s.ranks});
      if (!step.empty()) steps.push_back(step);
    }
    return steps;
  };
  expect_peers(C::scatter, "binomial", with_every_root(), peers);
  expect_peers(C::gather, "binomial", with_every_root(),
               [&](const Shape& s) { return reversed(peers(s)); });
  expect_published(C::scatter, "binomial", with_every_root(), [](const Shape& s) {
    const auto n = static_cast<double>(s.ranks);
    return Published{
        .depth = log2_ceil(s.ranks), .most_sent = (n - 1) / n, .messages = s.ranks - 1};
  });
  expect_published(C::gather, "binomial", with_every_root(), [](const Shape& s) {
    std::int64_t subtree = 0;
    for (std::int64_t x = 1; x < s.ranks; ++x)
      subtree = std::max(subtree, std::min(x & -x, s.ranks - x));
    return Published{.depth = log2_ceil(s.ranks),
                     .most_sent = static_cast<double>(subtree) / static_cast<double>(s.ranks),
                     .messages = s.ranks - 1};
  });
}

}  // namespace
}  // namespace collscale::testing

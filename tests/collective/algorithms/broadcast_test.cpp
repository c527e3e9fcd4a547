// SPDX-License-Identifier: Apache-2.0
// Broadcast and reduce from every root, against the peer formulas of their publications. Place x is
// the rank (root + x) mod n.
#include "nccl_trees.hpp"
#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// Pairs of places, made ranks.
std::vector<Pairs> placed(const std::vector<Pairs>& steps, const Shape& s) {
  std::vector<Pairs> all;
  for (const Pairs& step : steps) {
    Pairs pairs;
    for (const auto& [from, to] : step)
      pairs.insert({(s.root + from) % s.ranks, (s.root + to) % s.ranks});
    if (!pairs.empty()) all.push_back(std::move(pairs));
  }
  return all;
}

std::vector<Pairs> repeated(const std::vector<Pairs>& steps, std::int64_t times) {
  std::vector<Pairs> all;
  for (std::int64_t i = 0; i < times; ++i) all.insert(all.end(), steps.begin(), steps.end());
  return all;
}

std::vector<Shape> with_every_root() { return with_roots(rank_counts(2, 33), 12); }

/// Step s: the rank at place s passes on to the next.
std::vector<Pairs> chain_peers(const Shape& s) {
  std::vector<Pairs> steps;
  for (std::int64_t x = 0; x + 1 < s.ranks; ++x) steps.push_back({{x, x + 1}});
  return placed(steps, s);
}

TEST(Chain, BroadcastsFromAnyRootInChunks) {
  const auto formula = [](const Shape& s) {
    return Published{.depth = s.ranks - 2 + s.options.chunks,
                     .most_sent = 1,
                     .messages = (s.ranks - 1) * s.options.chunks};
  };
  const auto shapes = with_chunks(with_roots(rank_counts(2, 20), 8));
  expect_published(C::broadcast, "chain", shapes, formula);
  expect_published(C::reduce, "chain", shapes, formula);
  expect_peers(C::broadcast, "chain", shapes,
               [](const Shape& s) { return repeated(chain_peers(s), s.options.chunks); });
  expect_peers(C::reduce, "chain", shapes,
               [](const Shape& s) { return repeated(reversed(chain_peers(s)), s.options.chunks); });
}

/// MPICH's binomial tree (Thakur et al. 2005): the parent clears the lowest set bit of the place;
/// the farthest child is served first.
std::vector<Pairs> binomial_peers(const Shape& s) {
  std::vector<Pairs> steps;
  for (std::int64_t bit = std::int64_t{1} << log2_ceil(s.ranks); bit > 0; bit >>= 1) {
    Pairs pairs;
    for (std::int64_t x = 1; x < s.ranks; ++x)
      if ((x & -x) == bit) pairs.insert({x & (x - 1), x});
    steps.push_back(pairs);
  }
  return placed(steps, s);
}

TEST(Binomial, HasMpichsPeersFromAnyRoot) {
  expect_peers(C::broadcast, "binomial", with_every_root(), binomial_peers);
  expect_peers(C::reduce, "binomial", with_every_root(),
               [](const Shape& s) { return reversed(binomial_peers(s)); });
}

TEST(Binomial, TakesLogarithmicStepsAndTheRootSendsInEach) {
  expect_published(C::broadcast, "binomial", with_every_root(), [](const Shape& s) {
    const std::int64_t k = log2_ceil(s.ranks);
    return Published{.depth = k, .most_sent = static_cast<double>(k), .messages = s.ranks - 1};
  });
  expect_published(C::reduce, "binomial", with_every_root(), [](const Shape& s) {
    return Published{.depth = log2_ceil(s.ranks), .most_sent = 1, .messages = s.ranks - 1};
  });
}

std::vector<Shape> with_radices(const std::vector<Shape>& shapes) {
  std::vector<Shape> all;
  for (Shape shape : shapes)
    for (const std::int64_t radix : {2, 3, 4}) {
      shape.options.bruck_radix = radix;
      all.push_back(shape);
    }
  return all;
}

/// Open MPI's k-nomial tree: the parent of a place clears its lowest digit that is not zero,
/// written with the radix; far children first.
std::vector<Pairs> knomial_peers(const Shape& s) {
  const std::int64_t radix = s.options.bruck_radix;
  std::vector<Pairs> steps;
  std::int64_t unit = 1;
  while (unit * radix < s.ranks) unit *= radix;
  for (; unit > 0; unit /= radix) {
    Pairs pairs;
    for (std::int64_t x = unit; x < s.ranks; x += unit)
      if (x / unit % radix != 0) pairs.insert({x / (unit * radix) * (unit * radix), x});
    steps.push_back(pairs);
  }
  return placed(steps, s);
}

TEST(Knomial, ClearsTheLowestDigitOfThePlace) {
  const auto shapes = with_radices(with_every_root());
  expect_peers(C::broadcast, "knomial", shapes, knomial_peers);
  expect_published(C::broadcast, "knomial", shapes, [](const Shape& s) {
    // The root serves every level; nobody serves more.
    std::int64_t children = 0;
    for (const Pairs& step : knomial_peers(s))
      for (const auto& [from, to] : step) children += from == s.root;
    return Published{.depth = static_cast<std::int64_t>(knomial_peers(s).size()),
                     .most_sent = static_cast<double>(children),
                     .messages = s.ranks - 1};
  });
  Shape five{.ranks = 8, .ranks_per_node = 8};
  five.options.bruck_radix = 5;
  EXPECT_NE(make_schedule(C::broadcast, "knomial", five).error().message.find("2, 3 or 4"),
            std::string::npos);
}

TEST(Linear, IsOneMessageBetweenTheRootAndEveryOther) {
  const auto peers = [](const Shape& s) {
    std::vector<Pairs> steps;
    for (std::int64_t x = 1; x < s.ranks; ++x) steps.push_back({{0, x}});
    return placed(steps, s);
  };
  expect_peers(C::broadcast, "linear", with_every_root(), peers);
  expect_peers(C::reduce, "linear", with_every_root(),
               [&](const Shape& s) { return reversed(peers(s)); });
  expect_published(C::broadcast, "linear", with_every_root(), [](const Shape& s) {
    return Published{
        .depth = 1, .most_sent = static_cast<double>(s.ranks - 1), .messages = s.ranks - 1};
  });
  expect_published(C::reduce, "linear", with_every_root(), [](const Shape& s) {
    return Published{.depth = 1, .most_sent = 1, .messages = s.ranks - 1};
  });
  expect_peers(C::all_reduce, "linear", rank_counts(2, 33),
               [&](const Shape& s) { return joined(reversed(peers(s)), peers(s)); });
  expect_published(C::all_reduce, "linear", rank_counts(2, 33), [](const Shape& s) {
    return Published{
        .depth = 2, .most_sent = static_cast<double>(s.ranks - 1), .messages = 2 * (s.ranks - 1)};
  });
}

TEST(ReduceBroadcast, IsABinomialTreeUpAndAKnomialTreeDown) {
  const auto shapes = with_radices(rank_counts(2, 33));
  const auto peers = [](const Shape& s) {
    return joined(reversed(binomial_peers(s)), knomial_peers(s));
  };
  expect_peers(C::all_reduce, "reduce_broadcast", shapes, peers);
  expect_published(C::all_reduce, "reduce_broadcast", shapes, [&](const Shape& s) {
    return Published{.depth = static_cast<std::int64_t>(peers(s).size()),
                     .messages = 2 * (s.ranks - 1)};
  });
}

/// Open MPI's complete binary tree: place x of the level of d = 2^k places, which begins at d - 1,
/// serves x + d and x + 2d.
std::vector<Pairs> level_order_peers(const Shape& s) {
  std::vector<Pairs> steps;
  for (std::int64_t d = 1; 2 * d - 1 < s.ranks; d *= 2) {
    Pairs pairs;
    for (std::int64_t x = d - 1; x < 2 * d - 1; ++x)
      for (const std::int64_t child : {x + d, x + 2 * d})
        if (child < s.ranks) pairs.insert({x, child});
    steps.push_back(pairs);
  }
  return placed(steps, s);
}

TEST(BinaryTree, HasOpenMpisLevelsAndNoRankSendsMoreThanTwice) {
  const auto shapes = with_chunks(with_roots(rank_counts(2, 33), 6));
  const auto formula = [](bool down) {
    return [down](const Shape& s) {
      const std::int64_t chunks = s.options.chunks;
      return Published{.depth = floor_log2(s.ranks) + chunks - 1,
                       .most_sent = down && s.ranks > 2 ? 2.0 : 1.0,
                       .messages = (s.ranks - 1) * chunks};
    };
  };
  expect_published(C::broadcast, "binary_tree", shapes, formula(true));
  expect_published(C::reduce, "binary_tree", shapes, formula(false));
  expect_peers(C::broadcast, "binary_tree", shapes,
               [](const Shape& s) { return repeated(level_order_peers(s), s.options.chunks); });
  expect_peers(C::reduce, "binary_tree", shapes, [](const Shape& s) {
    return repeated(reversed(level_order_peers(s)), s.options.chunks);
  });
}

/// The second tree: places counted backwards (odd counts), or all but the root moved on by one.
std::int64_t second_place(std::int64_t n, std::int64_t index) {
  if (index == 0) return 0;
  return n % 2 == 1 ? n - index : index % (n - 1) + 1;
}

std::vector<Pairs> double_tree_peers(const Shape& s) {
  std::vector<Pairs> trees(2);
  for (std::int64_t i = 1; i < s.ranks; ++i) {
    const std::int64_t up = btree_parent(s.ranks, i);
    trees[0].insert({up, i});
    trees[1].insert({second_place(s.ranks, up), second_place(s.ranks, i)});
  }
  return placed(trees, s);
}

TEST(DoubleTree, HasTwoTreesOfWhichNoOtherRankIsInnerInBoth) {
  for (const Shape& s : with_every_root()) {
    const auto trees = double_tree_peers(s);
    std::vector<std::set<std::int64_t>> inner(2);
    for (std::size_t t = 0; t < 2; ++t)
      for (const auto& [from, to] : trees[t])
        if (from != s.root) inner[t].insert(from);
    for (const std::int64_t rank : inner[0]) EXPECT_EQ(inner[1].count(rank), 0U) << s.ranks;
    const Shape& shape = s;
    for (const std::int64_t chunks : {1, 3}) {
      Shape chunked = shape;
      chunked.options.chunks = chunks;
      std::vector<Pairs> expected = repeated({trees[0]}, chunks);
      for (std::int64_t i = 0; i < chunks; ++i) expected.push_back(trees[1]);
      const auto down = make_schedule(C::broadcast, "double_tree", chunked);
      ASSERT_TRUE(down);
      EXPECT_EQ(executed_phases(*down), expected);
      std::vector<Pairs> up;
      for (const Pairs& phase : expected) up.push_back(reversed({phase}).front());
      EXPECT_EQ(executed_phases(*make_schedule(C::reduce, "double_tree", chunked)), up);
    }
  }
}

TEST(DoubleTree, CostsItsHeightAndNoRankSendsMoreThanTheData) {
  const auto shapes = with_chunks(with_roots(rank_counts(2, 33), 6));
  const auto formula = [](const Shape& s) {
    const std::int64_t chunks = s.options.chunks;
    return Published{.depth = btree_height(s.ranks) + chunks - 1,
                     .most_sent = 1,
                     .messages = 2 * (s.ranks - 1) * chunks};
  };
  expect_published(C::broadcast, "double_tree", shapes, formula);
  expect_published(C::reduce, "double_tree", shapes, formula);
}

/// De Sensi et al. 2025: at step i of s = log2 p, who has the data sends to the rank Σ_{j<s−i}
/// (−2)^j ahead (even places) or behind (odd ones). Beyond the power of two: place M + x hears from
/// x.
std::vector<Pairs> bine_peers(const Shape& s) {
  std::int64_t steps = 0;
  while ((std::int64_t{2} << steps) <= s.ranks) ++steps;
  const std::int64_t p = std::int64_t{1} << steps;
  std::set<std::int64_t> have{0};
  std::vector<Pairs> all;
  for (std::int64_t i = 0; i < steps; ++i) {
    std::int64_t hop = 0;
    std::int64_t power = 1;
    for (std::int64_t j = 0; j < steps - i; ++j, power *= -2) hop += power;
    Pairs pairs;
    for (const std::int64_t x : have)
      pairs.insert({x, ((x % 2 == 0 ? x + hop : x - hop) % p + p) % p});
    for (const auto& [from, to] : pairs) have.insert(to);
    all.push_back(pairs);
  }
  Pairs beyond;
  for (std::int64_t x = p; x < s.ranks; ++x) beyond.insert({x - p, x});
  all.push_back(beyond);
  return placed(all, s);
}

TEST(BineTree, HasThePeersOfItsPublicationFromAnyRoot) {
  expect_peers(C::broadcast, "bine_tree", with_every_root(), bine_peers);
  expect_peers(C::reduce, "bine_tree", with_every_root(),
               [](const Shape& s) { return reversed(bine_peers(s)); });
}

TEST(BineTree, CostsWhatABinomialTreeDoes) {
  const auto steps = [](const Shape& s) { return static_cast<std::int64_t>(bine_peers(s).size()); };
  expect_published(C::broadcast, "bine_tree", with_every_root(), [&](const Shape& s) {
    return Published{
        .depth = steps(s), .most_sent = static_cast<double>(steps(s)), .messages = s.ranks - 1};
  });
  expect_published(C::reduce, "bine_tree", with_every_root(), [&](const Shape& s) {
    return Published{.depth = steps(s), .most_sent = 1, .messages = s.ranks - 1};
  });
}

/// MPICH's: the binomial tree, then round the ring.
TEST(ScatterAllGather, IsABinomialScatterAndARing) {
  expect_peers(C::broadcast, "scatter_all_gather", with_every_root(), [](const Shape& s) {
    std::vector<Pairs> steps = binomial_peers(s);
    Pairs ring;
    for (std::int64_t r = 0; r < s.ranks; ++r) ring.insert({r, (r + 1) % s.ranks});
    for (std::int64_t i = 0; i + 1 < s.ranks; ++i) steps.push_back(ring);
    return steps;
  });
  expect_published(C::broadcast, "scatter_all_gather", with_every_root(), [](const Shape& s) {
    const auto n = static_cast<double>(s.ranks);
    return Published{.depth = log2_ceil(s.ranks) + s.ranks - 1,
                     .most_sent = 2 * (n - 1) / n,
                     .messages = (s.ranks + 1) * (s.ranks - 1)};
  });
}

/// Thakur et al. 2005: recursive doubling in place of the ring; Bruck's rounds where the count is
/// no power of two.
TEST(ScatterDoubling, IsABinomialScatterAndAnAllGatherInLogarithmicSteps) {
  expect_peers(C::broadcast, "scatter_doubling", with_every_root(), [](const Shape& s) {
    std::vector<Pairs> steps = binomial_peers(s);
    const bool power = power_below(s.ranks) == s.ranks;
    for (std::int64_t d = 1; d < s.ranks; d *= 2)
      steps.push_back(
          each_sends(s.ranks, [&](std::int64_t r) { return power ? (r ^ d) : (r + d) % s.ranks; }));
    return steps;
  });
  expect_published(C::broadcast, "scatter_doubling", with_every_root(), [](const Shape& s) {
    const std::int64_t k = log2_ceil(s.ranks);
    return Published{
        .depth = 2 * k, .most_sent = 2 * share(s.ranks), .messages = s.ranks - 1 + k * s.ranks};
  });
}

TEST(ReduceScatterGather, DoublesItsDistanceThenGathersUpTheBinomialTree) {
  expect_peers(C::reduce, "reduce_scatter_gather", with_every_root(), [](const Shape& s) {
    std::vector<Pairs> steps;
    for (std::int64_t u = 1; u < s.ranks; u *= 2) {
      Pairs step;
      for (std::int64_t r = 0; r < s.ranks; ++r) step.insert({r, (r - u + s.ranks) % s.ranks});
      steps.push_back(step);
    }
    for (const Pairs& up : reversed(binomial_peers(s))) steps.push_back(up);
    return steps;
  });
  expect_published(C::reduce, "reduce_scatter_gather", with_every_root(), [](const Shape& s) {
    const auto n = static_cast<double>(s.ranks);
    std::int64_t subtree = 0;  // the largest below the root: blocks it hands up
    for (std::int64_t x = 1; x < s.ranks; ++x)
      subtree = std::max(subtree, std::min(x & -x, s.ranks - x));
    const std::int64_t k = log2_ceil(s.ranks);
    return Published{.depth = 2 * k,
                     .most_sent = (n - 1 + static_cast<double>(subtree)) / n,
                     .messages = s.ranks * k + s.ranks - 1};
  });
}

}  // namespace
}  // namespace collscale::testing

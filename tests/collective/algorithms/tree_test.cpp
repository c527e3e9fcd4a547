// SPDX-License-Identifier: Apache-2.0
// Double binary trees against NCCL's functions of parents and children, and the costs of Sanders,
// Speck, Traeff 2009.
#include "nccl_trees.hpp"
#include "published.hpp"

namespace collscale::testing {
namespace {

Pairs upwards(std::int64_t n, int tree) {
  Pairs pairs;
  for (std::int64_t r = 0; r < n; ++r)
    if (const std::int64_t up = dtree_parent(n, tree, r); up != kNobody) pairs.insert({r, up});
  return pairs;
}

/// From the functions of children: NCCL computes them on their own.
Pairs downwards(std::int64_t n, int tree) {
  Pairs pairs;
  for (std::int64_t r = 0; r < n; ++r)
    for (const std::int64_t child : dtree_children(n, tree, r)) pairs.insert({r, child});
  return pairs;
}

TEST(DoubleBinaryTree, HasThePeersOfNcclsParentAndChildFunctions) {
  for (Shape& shape : rank_counts(2, 64)) {
    shape.options.chunks = 1;
    const std::int64_t n = shape.ranks;
    const auto schedule = make_schedule(Collective::all_reduce, "double_binary_tree", shape);
    ASSERT_TRUE(schedule);
    EXPECT_EQ(executed_phases(*schedule),
              (std::vector<Pairs>{upwards(n, 0), downwards(n, 0), upwards(n, 1), downwards(n, 1)}))
        << n;
  }
}

TEST(DoubleBinaryTree, HasThemForManyRanksToo) {
  for (const std::int64_t n : {65, 100, 127, 250, 333, 512, 1000, 1023, 1024, 99999, 100000}) {
    const auto schedule =
        make_schedule(Collective::all_reduce, "double_binary_tree", {.ranks = n, .channels = 1});
    ASSERT_TRUE(schedule);
    const auto lanes = flows_by_lane(*schedule);  // the congruent trees run side by side
    EXPECT_EQ(lanes,
              (std::vector<Pairs>{upwards(n, 0), upwards(n, 1), downwards(n, 0), downwards(n, 1)}))
        << n;
  }
}

TEST(DoubleBinaryTree, CostsTwiceTheHeightAndAtMostTwiceTheData) {
  const auto most_edges = [](std::int64_t n) {  // that a rank sends along, up and down
    std::size_t most = 0;
    for (std::int64_t r = 0; r < n; ++r) {
      std::size_t edges = 0;
      for (const int tree : {0, 1})
        edges += dtree_children(n, tree, r).size() + (dtree_parent(n, tree, r) == kNobody ? 0 : 1);
      most = std::max(most, edges);
    }
    return static_cast<std::int64_t>(most);
  };
  for (std::int64_t n = 2; n < 1000; ++n) ASSERT_LE(most_edges(n), 4) << n;  // 2 S
  expect_published(Collective::all_reduce, "double_binary_tree", with_chunks(rank_counts(2, 33)),
                   [&](const Shape& s) {
                     const std::int64_t chunks = s.options.chunks;
                     return Published{.depth = 2 * btree_height(s.ranks) + chunks - 1,
                                      .most_sent = 0.5 * static_cast<double>(most_edges(s.ranks)),
                                      .messages = 4 * (s.ranks - 1) * chunks};
                   });
}

/// Nodes of the shape, as (first rank, ranks).
std::vector<std::pair<std::int64_t, std::int64_t>> nodes_of(const Shape& shape) {
  std::vector<std::pair<std::int64_t, std::int64_t>> nodes;
  std::int64_t at = 0;
  for (const NodeRun& run : shape.nodes)
    for (std::int64_t i = 0; i < run.nodes; ++i, at += run.ranks) nodes.push_back({at, run.ranks});
  while (at < shape.ranks) {
    nodes.push_back({at, std::min(shape.ranks_per_node, shape.ranks - at)});
    at += nodes.back().second;
  }
  return nodes;
}

/// Channel c: chains to the local rank c, trees between those, chains back.
Pairs tree_peers(const Shape& shape, std::int64_t channel, int tree) {
  const auto nodes = nodes_of(shape);
  const auto count = static_cast<std::int64_t>(nodes.size());
  Pairs pairs;
  const auto both_ways = [&](std::int64_t a, std::int64_t b) {
    pairs.insert({a, b});
    pairs.insert({b, a});
  };
  const auto local = [&](std::int64_t node, std::int64_t i) {
    const auto& [first, size] = nodes[static_cast<std::size_t>(node)];
    return first + (channel + i) % size;
  };
  for (std::int64_t node = 0; node < count; ++node) {
    for (std::int64_t i = 1; i < nodes[static_cast<std::size_t>(node)].second; ++i)
      both_ways(local(node, i), local(node, i - 1));
    const std::int64_t up = dtree_parent(count, tree, node);
    if (up != kNobody) both_ways(local(node, 0), local(up, 0));
  }
  return pairs;
}

void expect_tree(Shape shape) {
  const Algorithm* a = find_algorithm(Collective::all_reduce, "tree");
  ASSERT_NE(a, nullptr);
  SCOPED_TRACE(describe(*a, shape));
  const auto nodes = nodes_of(shape);
  std::int64_t largest = 0;
  for (const auto& [first, size] : nodes) largest = std::max(largest, size);
  const std::int64_t channels = std::min(shape.channels, largest);
  const auto count = static_cast<std::int64_t>(nodes.size());

  shape.options.chunks = 1;
  const auto schedule = make_schedule(Collective::all_reduce, "tree", shape);
  ASSERT_TRUE(schedule) << schedule.error().message;
  const std::vector<Pairs> phases = executed_phases(*schedule);
  const std::size_t per_copy = phases.size() / static_cast<std::size_t>(2 * channels);
  std::vector<Pairs> executed(static_cast<std::size_t>(2 * channels));
  for (std::size_t i = 0; i < per_copy * executed.size(); ++i)
    executed[i / per_copy].insert(phases[i].begin(), phases[i].end());
  std::vector<Pairs> published;
  for (const int tree : {0, 1})
    for (std::int64_t c = 0; c < channels; ++c) published.push_back(tree_peers(shape, c, tree));
  EXPECT_EQ(executed, published);

  for (const std::int64_t chunks : {1, 3}) {
    shape.options.chunks = chunks;
    const auto report = execute(*make_schedule(Collective::all_reduce, "tree", shape));
    ASSERT_TRUE(report) << report.error().message;
    const std::int64_t depth = 2 * (largest - 1 + btree_height(count)) + chunks - 1;
    if (shape.ranks == largest * count) {
      EXPECT_EQ(report->depth, depth);
    } else {
      EXPECT_LE(report->depth, depth);  // the largest node may lie high up in the trees
    }
    EXPECT_EQ(report->messages, 2 * channels * 2 * (shape.ranks - 1) * chunks);
    const double most =
        *std::max_element(report->sent_fraction.begin(), report->sent_fraction.end());
    EXPECT_LE(most, shape.ranks == channels * count ? 2 + 1e-9 : 3 + 1e-9);
  }
}

TEST(NcclTree, IsChainsInNodesAndTreesBetweenThem) {
  for (std::int64_t n = 2; n <= 24; ++n)
    for (std::int64_t g = 1; g <= std::min<std::int64_t>(n, 8); ++g)
      for (const std::int64_t channels : {1, 2, 9})
        if (n % g == 0) expect_tree({.ranks = n, .ranks_per_node = g, .channels = channels});
  expect_tree({.ranks = 33, .ranks_per_node = 1, .channels = 1});
  expect_tree({.ranks = 64, .ranks_per_node = 4, .channels = 2});
}

TEST(NcclTree, ServesUnevenNodes) {
  for (std::int64_t n = 3; n <= 24; ++n)
    for (std::int64_t g = 2; g < n; ++g)
      for (const std::int64_t channels : {1, 2, 9})
        if (n % g != 0) expect_tree({.ranks = n, .ranks_per_node = g, .channels = channels});
  for (const std::int64_t channels : {1, 3, 8}) {
    Shape three_sizes{.ranks = 19, .ranks_per_node = 5, .channels = channels};
    three_sizes.nodes = {{1, 5}, {2, 4}, {3, 2}};
    expect_tree(three_sizes);
    Shape rising{.ranks = 12, .ranks_per_node = 6, .channels = channels};
    rising.nodes = {{1, 1}, {1, 5}, {1, 6}};
    expect_tree(rising);
  }
}

}  // namespace
}  // namespace collscale::testing

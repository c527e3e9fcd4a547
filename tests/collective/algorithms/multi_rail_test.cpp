// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const std::int64_t channels : {1, 2, 3, 8})
    for (const std::int64_t chunks : {1, 3}) {
      const auto add = [&](std::int64_t ranks, std::int64_t per_node, std::vector<NodeRun> nodes) {
        Shape s{.ranks = ranks, .ranks_per_node = per_node, .channels = channels};
        s.nodes = std::move(nodes);
        s.options.chunks = chunks;
        all.push_back(std::move(s));
      };
      for (const std::int64_t g : {1, 2, 3, 4})
        for (const std::int64_t nodes : {1, 2, 3, 4}) add(g * nodes, g, {});
      for (const std::int64_t ranks : {5, 7, 9, 13, 17}) add(ranks, 4, {});
      add(13, 1, {{1, 2}, {2, 4}, {3, 1}});
      add(11, 8, {{1, 1}, {1, 7}, {1, 3}});
    }
  return all;
}

std::int64_t rails(const Shape& s) {
  std::int64_t largest = 0;
  for (const auto& node : nodes_of(s))
    largest = std::max(largest, static_cast<std::int64_t>(node.size()));
  return std::min(s.channels, largest);
}

/// M. Bayatpour et al. 2017: part c is reduced to leader c of every node, reduced among leaders c
/// and handed out again.
TEST(MultiRail, EachPartGoesThroughItsOwnLeaders) {
  expect_peers(C::all_reduce, "multi_rail", shapes(), [](const Shape& s) {
    const Nodes nodes = nodes_of(s);
    std::vector<Pairs> all;
    for (std::int64_t c = 0; c < rails(s); ++c) {
      const std::vector<Pairs> down = chains_from(nodes, c);
      for (std::int64_t chunk = 0; chunk < s.options.chunks; ++chunk) {
        all = joined(std::move(all), backwards(down));
        all.insert(all.end(), 2 * (nodes.size() - 1), leaders_send(nodes, c, 1));
        all = joined(std::move(all), down);
      }
    }
    return all;
  });
}

TEST(MultiRail, CostsTwoChainsAndARing) {
  expect_published(C::all_reduce, "multi_rail", shapes(), [](const Shape& s) {
    const Nodes nodes = nodes_of(s);
    const auto count = static_cast<std::int64_t>(nodes.size());
    const double part = 1.0 / static_cast<double>(rails(s));
    std::int64_t longest = 0;
    std::int64_t chain_messages = 0;
    double most = 0;
    for (const auto& node : nodes) {
      const auto size = static_cast<std::int64_t>(node.size());
      longest = std::max(longest, size - 1);
      chain_messages += 2 * (size - 1);
      for (std::int64_t r = 0; r < size; ++r) {
        double sent = 0;
        for (std::int64_t c = 0; c < rails(s); ++c) {
          const std::int64_t place = (r + size - c % size) % size;
          if (place > 0) sent += part;         // towards the leader
          if (place < size - 1) sent += part;  // away from it
          if (place == 0) sent += 2 * share(count) * part;
        }
        most = std::max(most, sent);
      }
    }
    Published cost;
    cost.most_sent = most;
    cost.messages = rails(s) * s.options.chunks * (chain_messages + 2 * count * (count - 1));
    // Chunks follow each other at the pace of the slowest stage, a half of the ring.
    const bool even = s.nodes.empty() && s.ranks % s.ranks_per_node == 0;
    if (even)
      cost.depth = 2 * longest + 2 * (count - 1) +
                   (s.options.chunks - 1) * std::max(count - 1, std::int64_t{longest > 0 ? 1 : 0});
    else if (s.options.chunks == 1)
      cost.depth = 2 * longest + 2 * (count - 1);
    return cost;
  });
}

TEST(MultiRail, ChunksThatAreNoneAreRefused) {
  Shape s{.ranks = 8, .ranks_per_node = 4};
  s.options.chunks = 0;
  EXPECT_THAT(make_schedule(C::all_reduce, "multi_rail", s).error().message,
              ::testing::HasSubstr("0 chunks: expected 1 to"));
}

}  // namespace
}  // namespace collscale::testing

// SPDX-License-Identifier: Apache-2.0
#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// P. Patarasuk, X. Yuan 2009: every step to the next rank; n - 1 steps for either half.
TEST(Ring, CostsAndPeersArePublished) {
  for (const C collective : {C::all_reduce, C::all_gather, C::reduce_scatter}) {
    const std::int64_t halves = collective == C::all_reduce ? 2 : 1;
    expect_published(collective, "ring", rank_counts(), [&](const Shape& s) {
      return Published{halves * (s.ranks - 1), static_cast<double>(halves) * share(s.ranks),
                       halves * s.ranks * (s.ranks - 1)};
    });
    expect_peers(collective, "ring", rank_counts({}), [&](const Shape& s) {
      const std::int64_t n = s.ranks;
      const Pairs next = each_sends(n, [&](std::int64_t r) { return (r + 1) % n; });
      return std::vector<Pairs>(static_cast<std::size_t>(halves * (n - 1)), next);
    });
  }
}

/// Channel c passes through the local ranks of each node beginning at c.
TEST(Ring, ChannelsEnterEachNodeAtAnotherRank) {
  std::vector<Shape> shapes;
  for (const std::int64_t g : {2, 3, 4})
    for (const std::int64_t nodes : {2, 3})
      for (const std::int64_t channels : {2, 4})
        shapes.push_back({.ranks = g * nodes, .ranks_per_node = g, .channels = channels});
  expect_peers(C::all_reduce, "ring", shapes, [](const Shape& s) {
    std::vector<Pairs> all;
    const std::int64_t g = s.ranks_per_node;
    for (std::int64_t c = 0; c < s.channels; ++c) {
      const auto place = [&](std::int64_t i) { return i / g * g + (i % g + c) % g; };
      Pairs next;
      for (std::int64_t i = 0; i < s.ranks; ++i) next.insert({place(i), place((i + 1) % s.ranks)});
      all.insert(all.end(), static_cast<std::size_t>(2 * (s.ranks - 1)), next);
    }
    return all;
  });
}

/// Step s sends both ways, except that opposite ranks of an even ring need one of them only.
std::vector<Pairs> both_ways(const Shape& s) {
  const std::int64_t n = s.ranks;
  std::vector<Pairs> steps;
  for (std::int64_t step = 1; step <= n / 2; ++step) {
    Pairs pairs = each_sends(n, [&](std::int64_t r) { return wrap(r + 1, n); });
    if (2 * step != n) pairs.merge(each_sends(n, [&](std::int64_t r) { return wrap(r - 1, n); }));
    steps.push_back(std::move(pairs));
  }
  return steps;
}

TEST(BidirectionalRing, HalvesTheStepsAndKeepsTheBytes) {
  for (const C collective : {C::all_reduce, C::all_gather, C::reduce_scatter}) {
    const std::int64_t halves = collective == C::all_reduce ? 2 : 1;
    expect_published(collective, "bidirectional_ring", rank_counts(), [&](const Shape& s) {
      return Published{halves * (s.ranks / 2), static_cast<double>(halves) * share(s.ranks),
                       halves * s.ranks * (s.ranks - 1)};
    });
    expect_peers(collective, "bidirectional_ring", rank_counts({}), [&](const Shape& s) {
      if (collective == C::all_gather) return both_ways(s);
      if (collective == C::reduce_scatter) return backwards(both_ways(s));
      return joined(backwards(both_ways(s)), both_ways(s));
    });
  }
}

TEST(TwoWayRing, RunsHalfOfTheDataEachWay) {
  expect_published(C::all_reduce, "two_way_ring", rank_counts(), [](const Shape& s) {
    return Published{2 * (s.ranks - 1), 2 * share(s.ranks), 4 * s.ranks * (s.ranks - 1)};
  });
  expect_peers(C::all_reduce, "two_way_ring", rank_counts({}), [](const Shape& s) {
    const std::int64_t n = s.ranks;
    const auto steps = static_cast<std::size_t>(2 * (n - 1));
    return joined(
        std::vector<Pairs>(steps, each_sends(n, [&](std::int64_t r) { return wrap(r + 1, n); })),
        std::vector<Pairs>(steps, each_sends(n, [&](std::int64_t r) { return wrap(r - 1, n); })));
  });
}

}  // namespace
}  // namespace collscale::testing

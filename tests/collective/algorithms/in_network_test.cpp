// SPDX-License-Identifier: Apache-2.0
// Phases through switches: costs of NVLS and CollNet as NCCL states them (src/graph/tuning.cc), and
// who sends to which switch. Switches count from the number of ranks on.
#include <gmock/gmock.h>

#include "nccl_trees.hpp"
#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;
using ::testing::HasSubstr;

/// Everyone up to the switch, and down from it.
Pairs star(const std::vector<std::int64_t>& ranks, std::int64_t hub) {
  Pairs pairs;
  for (const std::int64_t r : ranks) {
    pairs.insert({r, hub});
    pairs.insert({hub, r});
  }
  return pairs;
}

std::vector<std::int64_t> range(std::int64_t first, std::int64_t count, std::int64_t stride = 1) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(first + i * stride);
  return all;
}

void add(Pairs& to, const Pairs& more) { to.insert(more.begin(), more.end()); }

/// The switch is one for the group, whatever its number.
Pairs with_one_switch(const Pairs& pairs, std::int64_t ranks) {
  Pairs all;
  for (const auto& [from, to] : pairs) all.insert({std::min(from, ranks), std::min(to, ranks)});
  return all;
}

TEST(Nvls, PassesEveryLinkAboutOnce) {
  const auto shapes = rank_counts(2, 33);
  for (const Shape& s : shapes) {
    const Pairs all = star(range(0, s.ranks), s.ranks);
    Shape whole = s;
    whole.options.chunks = 1;
    const auto phases = [&](C collective) {
      std::vector<Pairs> executed = executed_phases(*make_schedule(collective, "nvls", whole));
      for (Pairs& pairs : executed) pairs = with_one_switch(pairs, s.ranks);
      return executed;
    };
    EXPECT_EQ(phases(C::all_reduce), (std::vector<Pairs>{all, all})) << s.ranks;
    EXPECT_EQ(phases(C::all_gather), (std::vector<Pairs>{all}));
    EXPECT_EQ(phases(C::reduce_scatter), (std::vector<Pairs>{all}));
  }
  const auto share = [](const Shape& s) { return 1 / static_cast<double>(s.ranks); };
  expect_published(C::all_reduce, "nvls", shapes, [&](const Shape& s) {
    const auto chunks = static_cast<std::int64_t>(s.options.chunks);
    return Published{
        .depth = 4 + chunks - 1, .most_sent = 1 + share(s), .messages = 4 * s.ranks * chunks};
  });
  expect_published(C::all_gather, "nvls", shapes, [&](const Shape& s) {
    return Published{.depth = 2, .most_sent = share(s), .messages = 2 * s.ranks};
  });
  expect_published(C::reduce_scatter, "nvls", shapes, [&](const Shape& s) {
    return Published{.depth = 2, .most_sent = 1, .messages = 2 * s.ranks};
  });
}

TEST(Nvls, GathersRefuseASecondNode) {
  const Shape two{.ranks = 16, .ranks_per_node = 8};
  for (const C collective : {C::all_gather, C::reduce_scatter}) {
    const auto gather = make_schedule(collective, "nvls", two);
    ASSERT_FALSE(gather);
    EXPECT_THAT(gather.error().message, HasSubstr("up to 8 ranks"));
  }
}

std::vector<Shape> grids(std::int64_t most) {
  std::vector<Shape> all;
  for (std::int64_t n = 2; n <= most; ++n)
    for (std::int64_t g = 1; g <= n; ++g)
      if (n % g == 0) all.push_back({.ranks = n, .ranks_per_node = g});
  return all;
}

Pairs both_ways(Pairs pairs) {
  Pairs back;
  for (const auto& [from, to] : pairs) back.insert({to, from});
  add(pairs, back);
  return pairs;
}

// Up and down in the node as in one node alone, and between them S/g up the network's switches and
// down again from every rank.
TEST(Nvls, BetweenNodesTheNetworksSwitchesAddUp) {
  for (const Shape& s : grids(24)) {
    const std::int64_t g = s.ranks_per_node;
    if (g < 2 || g == s.ranks) continue;
    Shape whole = s;
    whole.options.chunks = 1;
    const auto schedule = make_schedule(C::all_reduce, "nvls", whole);
    ASSERT_TRUE(schedule) << schedule.error().message;
    EXPECT_EQ(executed_phases(*schedule).size(), 3U) << s.ranks << " in nodes of " << g;
  }
  expect_published(
      C::all_reduce, "nvls",
      [] {
        std::vector<Shape> several;
        for (const Shape& s : grids(24))
          if (s.ranks_per_node > 1 && s.ranks_per_node < s.ranks) several.push_back(s);
        return several;
      }(),
      [](const Shape& s) {
        const auto chunks = static_cast<std::int64_t>(s.options.chunks);
        const auto g = static_cast<double>(s.ranks_per_node);
        return Published{
            .depth = 6 + chunks - 1, .most_sent = 1 + 2 / g, .messages = 6 * s.ranks * chunks};
      });
}

/// Tree `tree` among the ranks of local rank `local`.
Pairs tree_edges(std::int64_t nodes, std::int64_t g, int tree, std::int64_t local) {
  Pairs pairs;
  for (std::int64_t node = 0; node < nodes; ++node)
    if (const std::int64_t up = dtree_parent(nodes, tree, node); up != kNobody)
      pairs.insert({node * g + local, up * g + local});
  return both_ways(pairs);
}

Pairs everything(const Schedule& schedule) {
  Pairs all;
  for (const Pairs& phase : executed_phases(schedule)) add(all, phase);
  return all;
}

/// Without switches: those are compared by their number and members.
Pairs between_ranks(const Pairs& pairs, std::int64_t ranks) {
  Pairs all;
  for (const auto& [from, to] : pairs)
    if (from < ranks && to < ranks) all.insert({from, to});
  return all;
}

/// Who shares a switch, as sets of ranks.
std::set<std::set<std::int64_t>> stars(const Pairs& pairs, std::int64_t ranks) {
  std::map<std::int64_t, std::set<std::int64_t>> members;
  for (const auto& [from, to] : pairs)
    if (to >= ranks) {
      EXPECT_EQ(pairs.count({to, from}), 1U);
      members[to].insert(from);
    }
  std::set<std::set<std::int64_t>> all;
  for (const auto& [hub, set] : members) all.insert(set);
  return all;
}

std::set<std::int64_t> as_set(const std::vector<std::int64_t>& list) {
  return {list.begin(), list.end()};
}

TEST(NvlsTree, IsNvlsInTheNodeAndTwoTreesOnEveryRail) {
  for (const Shape& s : grids(24)) {
    const std::int64_t g = s.ranks_per_node;
    const std::int64_t nodes = s.ranks / g;
    const Pairs executed = everything(*make_schedule(C::all_reduce, "nvls_tree", s));
    Pairs trees;
    std::set<std::set<std::int64_t>> switches;
    for (std::int64_t local = 0; local < g; ++local)
      for (const int tree : {0, 1}) add(trees, tree_edges(nodes, g, tree, local));
    for (std::int64_t node = 0; node < nodes && g > 1; ++node)
      switches.insert(as_set(range(node * g, g)));
    EXPECT_EQ(between_ranks(executed, s.ranks), trees) << s.ranks << " " << g;
    EXPECT_EQ(stars(executed, s.ranks), switches) << s.ranks << " " << g;
  }
  expect_published(C::all_reduce, "nvls_tree", with_chunks(grids(16)), [](const Shape& s) {
    const std::int64_t g = s.ranks_per_node;
    const std::int64_t nodes = s.ranks / g;
    std::size_t edges = 0;
    for (std::int64_t r = 0; r < nodes; ++r) {
      std::size_t of_rank = 0;
      for (const int tree : {0, 1})
        of_rank += dtree_children(nodes, tree, r).size() +
                   (dtree_parent(nodes, tree, r) == kNobody ? 0 : 1);
      edges = std::max(edges, of_rank);
    }
    const auto share = 1 / static_cast<double>(g);
    const std::int64_t between = nodes > 1 ? 2 * btree_height(nodes) : 0;
    return Published{
        .depth = (g > 1 ? 4 : 0) + between + s.options.chunks - 1,
        .most_sent = (g > 1 ? 1 + share : 0) + 0.5 * static_cast<double>(edges) * share,
        .messages = ((g > 1 ? 4 * s.ranks : 0) + 4 * (nodes - 1) * g) * s.options.chunks};
  });
}

TEST(CollnetChain, IsChainsInTheNodeAndASumInTheNetwork) {
  for (Shape s : grids(24)) {
    const std::int64_t g = s.ranks_per_node;
    const std::int64_t nodes = s.ranks / g;
    for (const std::int64_t channels : {std::int64_t{1}, std::int64_t{2}, g + 1}) {
      s.channels = channels;
      const Pairs executed = everything(*make_schedule(C::all_reduce, "collnet_chain", s));
      Pairs chains;
      std::set<std::set<std::int64_t>> switches;
      for (std::int64_t c = 0; c < std::min(channels, g); ++c) {
        for (std::int64_t node = 0; node < nodes; ++node)
          for (std::int64_t i = 1; i < g; ++i)
            chains.insert({node * g + (c + i) % g, node * g + (c + i - 1) % g});
        if (nodes > 1) switches.insert(as_set(range(c, nodes, g)));
      }
      EXPECT_EQ(between_ranks(executed, s.ranks), both_ways(chains)) << s.ranks << " " << g;
      EXPECT_EQ(stars(executed, s.ranks), switches) << s.ranks << " " << g;
    }
  }
  expect_published(C::all_reduce, "collnet_chain", with_chunks(grids(16)), [](const Shape& s) {
    const std::int64_t g = s.ranks_per_node;
    const std::int64_t nodes = s.ranks / g;
    const std::int64_t hops = 2 * (g - 1) + (nodes > 1 ? 2 : 0);
    const double sent = (nodes > 1 ? 1 : 0) + (g > 1 ? 1 : 0);  // of the rank that enters
    return Published{
        .depth = hops + s.options.chunks - 1,
        .most_sent = g > 2 ? 2 : std::max(sent, 1.0),
        .messages = (2 * nodes * (g - 1) + (nodes > 1 ? 2 * nodes : 0)) * s.options.chunks};
  });
}

TEST(CollnetChain, ServesUnevenNodes) {
  for (const std::int64_t channels : {1, 2, 4}) {
    Shape s{.ranks = 11, .ranks_per_node = 4, .channels = channels};  // nodes of 4, 4 and 3
    const Pairs executed = everything(*make_schedule(C::all_reduce, "collnet_chain", s));
    Pairs chains;
    std::set<std::set<std::int64_t>> switches;
    for (std::int64_t c = 0; c < channels; ++c) {
      for (const auto& [first, size] :
           std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 4}, {4, 4}, {8, 3}})
        for (std::int64_t i = 1; i < size; ++i)
          chains.insert({first + (c + i) % size, first + (c + i - 1) % size});
      switches.insert({c, 4 + c, 8 + c % 3});
    }
    EXPECT_EQ(between_ranks(executed, s.ranks), both_ways(chains)) << channels;
    EXPECT_EQ(stars(executed, s.ranks), switches) << channels;
  }
}

TEST(CollnetDirect, IsDirectInTheNodeAndASumOnEveryRail) {
  for (const Shape& s : grids(24)) {
    const std::int64_t g = s.ranks_per_node;
    const std::int64_t nodes = s.ranks / g;
    const Pairs executed = everything(*make_schedule(C::all_reduce, "collnet_direct", s));
    Pairs direct;
    std::set<std::set<std::int64_t>> switches;
    for (std::int64_t r = 0; r < s.ranks; ++r)
      for (std::int64_t local = 0; local < g; ++local)
        if (r % g != local) direct.insert({r, r / g * g + local});
    for (std::int64_t local = 0; local < g && nodes > 1; ++local)
      switches.insert(as_set(range(local, nodes, g)));
    EXPECT_EQ(between_ranks(executed, s.ranks), direct) << s.ranks << " " << g;
    EXPECT_EQ(stars(executed, s.ranks), switches) << s.ranks << " " << g;
  }
  expect_published(C::all_reduce, "collnet_direct", grids(24), [](const Shape& s) {
    const std::int64_t g = s.ranks_per_node;
    const std::int64_t nodes = s.ranks / g;
    const auto share = 1 / static_cast<double>(g);
    const auto chunks = nodes > 1 ? static_cast<std::int64_t>(s.options.chunks) : 1;
    return Published{.depth = (g > 1 ? 2 : 0) + (nodes > 1 ? 2 : 0) + chunks - 1,
                     .most_sent = 2 * (1 - share) + (nodes > 1 ? share : 0),
                     .messages = (2 * s.ranks * (g - 1) + (nodes > 1 ? 2 * s.ranks : 0)) * chunks};
  });
}

TEST(InNetwork, SaysWhichRankCountsFillTheNodes) {
  for (const char* name : {"nvls_tree", "collnet_direct"}) {
    const auto s = make_schedule(C::all_reduce, name, {.ranks = 20, .ranks_per_node = 8});
    ASSERT_FALSE(s);
    EXPECT_THAT(s.error().message, HasSubstr("16 or 24 ranks"));
  }
}

}  // namespace
}  // namespace collscale::testing

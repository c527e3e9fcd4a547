// SPDX-License-Identifier: Apache-2.0
#include "published.hpp"

namespace collscale::testing {
namespace {

using C = Collective;

/// Sizes of the levels, and the next rank on one of them.
struct Levels {
  std::vector<std::int64_t> sizes;
  [[nodiscard]] std::int64_t neighbour(std::int64_t r, std::size_t level, std::int64_t by) const {
    std::int64_t stride = 1;
    for (std::size_t i = 0; i < level; ++i) stride *= sizes[i];
    const std::int64_t x = r / stride % sizes[level];
    return r + (wrap(x + by, sizes[level]) - x) * stride;
  }
};

Levels levels_of(const Shape& s) {
  const std::int64_t g = std::min(s.ranks, s.ranks_per_node);
  const std::int64_t nodes = s.ranks / g;
  std::int64_t group = std::min(s.nodes_per_group, nodes);
  while (nodes % group != 0) --group;
  return {{g, group, nodes / group}};
}

std::vector<Shape> even_shapes() {
  std::vector<Shape> all;
  for (const std::int64_t g : {1, 2, 3, 4, 8})
    for (const std::int64_t nodes : {1, 2, 3, 4, 6, 8})
      for (const std::int64_t group : {1, 2, 3, 4, 100})
        if (g * nodes > 1 && g * nodes <= 48)
          all.push_back({.ranks = g * nodes, .ranks_per_node = g, .nodes_per_group = group});
  return all;
}

/// M. Cho et al. 2019, level by level: rings to the next rank of the level, reduce_scatter from the
/// nodes up, all_gather down again.
TEST(Hierarchical, ThreeLevelsCostTheSumOfTheirRings) {
  for (const C collective : {C::all_reduce, C::all_gather, C::reduce_scatter}) {
    const std::int64_t halves = collective == C::all_reduce ? 2 : 1;
    expect_published(collective, "hierarchical_3level", even_shapes(), [&](const Shape& s) {
      std::int64_t steps = 0;
      for (const std::int64_t size : levels_of(s).sizes) steps += size - 1;
      return Published{halves * steps, static_cast<double>(halves) * share(s.ranks),
                       halves * steps * s.ranks};
    });
    expect_peers(collective, "hierarchical_3level", even_shapes(), [&](const Shape& s) {
      const Levels levels = levels_of(s);
      std::vector<Pairs> up;
      for (std::size_t d = 0; d < 3; ++d)
        up.insert(up.end(), static_cast<std::size_t>(levels.sizes[d] - 1),
                  each_sends(s.ranks, [&](std::int64_t r) { return levels.neighbour(r, d, 1); }));
      const std::vector<Pairs> down(up.rbegin(), up.rend());
      if (collective == C::all_gather) return down;
      return collective == C::reduce_scatter ? up : joined(up, down);
    });
  }
}

TEST(Hierarchical, TwoLevelsHaveThePeersOfTheirRings) {
  for (const C collective : {C::all_reduce, C::all_gather, C::reduce_scatter})
    expect_peers(collective, "hierarchical", even_shapes(), [&](const Shape& s) {
      const std::int64_t g = std::min(s.ranks, s.ranks_per_node);
      const Levels levels{{g, s.ranks / g}};
      std::vector<Pairs> up;
      for (std::size_t d = 0; d < 2; ++d)
        up.insert(up.end(), static_cast<std::size_t>(levels.sizes[d] - 1),
                  each_sends(s.ranks, [&](std::int64_t r) { return levels.neighbour(r, d, 1); }));
      const std::vector<Pairs> down(up.rbegin(), up.rend());
      if (collective == C::all_gather) return down;
      return collective == C::reduce_scatter ? up : joined(up, down);
    });
}

TEST(Hierarchical, HalvesAndDoublesBetweenNodesWithRabenseifnersPeers) {
  std::vector<Shape> shapes;
  for (const std::int64_t g : {1, 2, 3, 4})
    for (const std::int64_t nodes : {2, 4, 8})
      shapes.push_back({.ranks = g * nodes, .ranks_per_node = g});
  const auto rings = [](const Shape& s) {
    return std::vector<Pairs>(static_cast<std::size_t>(s.ranks_per_node - 1),
                              each_sends(s.ranks, [&](std::int64_t r) {
                                const std::int64_t g = s.ranks_per_node;
                                return r / g * g + (r + 1) % g;
                              }));
  };
  const auto doubling = [](const Shape& s) {
    std::vector<Pairs> steps;
    const std::int64_t g = s.ranks_per_node;
    for (std::int64_t d = 1; d < s.ranks / g; d *= 2)
      steps.push_back(each_sends(s.ranks, [&](std::int64_t r) { return (r / g ^ d) * g + r % g; }));
    return steps;
  };
  const char* algorithm = "hierarchical_halving_doubling";
  expect_peers(C::all_reduce, algorithm, shapes, [&](const Shape& s) {
    const std::vector<Pairs> up = joined(rings(s), doubling(s));
    return joined(up, joined(backwards(doubling(s)), rings(s)));
  });
  expect_peers(C::all_gather, algorithm, shapes,
               [&](const Shape& s) { return joined(doubling(s), rings(s)); });
  expect_peers(C::reduce_scatter, algorithm, shapes,
               [&](const Shape& s) { return joined(rings(s), backwards(doubling(s))); });
}

std::vector<Shape> uneven_shapes() {
  std::vector<Shape> all;
  for (std::int64_t n = 3; n <= 33; ++n)
    for (const std::int64_t g : {2, 3, 4, 8})
      if (n > g && n % g != 0) all.push_back({.ranks = n, .ranks_per_node = g});
  const auto add = [&](std::vector<NodeRun> nodes) {
    Shape s;
    for (const NodeRun& run : nodes) s.ranks += run.nodes * run.ranks;
    s.nodes = std::move(nodes);
    all.push_back(std::move(s));
  };
  add({{1, 1}, {1, 2}});
  add({{2, 3}, {1, 1}, {1, 3}});
  add({{1, 7}, {4, 2}});
  add({{3, 1}, {1, 5}, {2, 4}, {1, 1}});
  return all;
}

std::int64_t largest(const Nodes& nodes) {
  std::int64_t size = 0;
  for (const auto& node : nodes) size = std::max(size, static_cast<std::int64_t>(node.size()));
  return size;
}

/// On uneven nodes: as many parts as the largest node has ranks, each through its own leaders (M.
/// Bayatpour et al. 2017).
TEST(Hierarchical, UnevenNodesGoThroughALeaderForEachPart) {
  for (const char* algorithm : {"hierarchical", "hierarchical_3level"}) {
    expect_published(C::all_reduce, algorithm, uneven_shapes(), [](const Shape& s) {
      const Nodes nodes = nodes_of(s);
      const auto count = static_cast<std::int64_t>(nodes.size());
      return Published{2 * (largest(nodes) - 1) + 2 * (count - 1), -1,
                       largest(nodes) * 2 * (s.ranks - count + count * (count - 1))};
    });
    expect_peers(C::all_reduce, algorithm, uneven_shapes(), [](const Shape& s) {
      const Nodes nodes = nodes_of(s);
      std::vector<Pairs> all;
      for (std::int64_t c = 0; c < largest(nodes); ++c) {
        all = joined(std::move(all), backwards(chains_from(nodes, c)));
        all.insert(all.end(), 2 * (nodes.size() - 1), leaders_send(nodes, c, 1));
        all = joined(std::move(all), chains_from(nodes, c));
      }
      return all;
    });
  }
}

/// Every member of a node hands its block to the leader.
std::vector<Pairs> collected(const Nodes& nodes, std::int64_t c) {
  return in_every_node(
      nodes, [](std::int64_t size) { return size - 1; },
      [&](const std::vector<std::int64_t>& node, std::int64_t s, Pairs& pairs) {
        pairs.insert({member(node, c, s + 1), member(node, c, 0)});
      });
}

TEST(Hierarchical, UnevenNodesGatherAtALeaderForEachPart) {
  for (const char* algorithm :
       {"hierarchical", "hierarchical_3level", "hierarchical_halving_doubling"}) {
    const bool doubles = std::string_view(algorithm).ends_with("halving_doubling");
    const auto rounds = [=](std::int64_t count) { return doubles ? ceil_log2(count) : count - 1; };
    const auto formula = [=](const Shape& s) {
      const Nodes nodes = nodes_of(s);
      const auto count = static_cast<std::int64_t>(nodes.size());
      return Published{1 + rounds(count) + largest(nodes) - 1, -1,
                       largest(nodes) * (2 * (s.ranks - count) + count * rounds(count))};
    };
    expect_published(C::all_gather, algorithm, uneven_shapes(), formula);
    expect_published(C::reduce_scatter, algorithm, uneven_shapes(), formula);
    const auto gather = [=](const Shape& s, bool scatters) {
      const Nodes nodes = nodes_of(s);
      const auto count = static_cast<std::int64_t>(nodes.size());
      std::vector<Pairs> all;
      for (std::int64_t c = 0; c < largest(nodes); ++c) {
        std::vector<Pairs> part = collected(nodes, c);
        for (std::int64_t i = 0; i < rounds(count); ++i) {
          // A ring (whose partial sums go the other way round), or distances 1, 2, 4, ... to
          // partners at 2^k nodes and round the ring otherwise.
          const std::int64_t d = doubles ? std::int64_t{1} << i : (scatters ? count - 1 : 1);
          Pairs pairs;
          if (doubles && power_below(count) == count) {
            for (std::int64_t k = 0; k < count; ++k)
              pairs.insert({member(nodes[static_cast<std::size_t>(k)], c, 0),
                            member(nodes[static_cast<std::size_t>(k ^ d)], c, 0)});
          } else {
            pairs = leaders_send(nodes, c, d);
          }
          part.push_back(std::move(pairs));
        }
        part = joined(std::move(part), chains_from(nodes, c));
        all = joined(std::move(all), scatters ? backwards(part) : part);
      }
      return all;
    };
    expect_peers(C::all_gather, algorithm, uneven_shapes(),
                 [&](const Shape& s) { return gather(s, false); });
    expect_peers(C::reduce_scatter, algorithm, uneven_shapes(),
                 [&](const Shape& s) { return gather(s, true); });
  }
}

TEST(Hierarchical, HalvesAndDoublesAmongTheLeadersOfUnevenNodes) {
  expect_published(
      C::all_reduce, "hierarchical_halving_doubling", uneven_shapes(), [](const Shape& s) {
        const Nodes nodes = nodes_of(s);
        const auto count = static_cast<std::int64_t>(nodes.size());
        const std::int64_t core = power_below(count);
        const std::int64_t extra = core == count ? 0 : 2;
        const std::int64_t between = 2 * floor_log2(core) * core + extra * (count - core);
        // The ranks of a smaller node may be done with their chain before a fold.
        return Published{extra > 0 ? -1 : 2 * (largest(nodes) - 1) + 2 * floor_log2(core), -1,
                         largest(nodes) * (2 * (s.ranks - count) + between)};
      });
  expect_peers(C::all_reduce, "hierarchical_halving_doubling", uneven_shapes(), [](const Shape& s) {
    const Nodes nodes = nodes_of(s);
    const auto count = static_cast<std::int64_t>(nodes.size());
    const std::int64_t core = power_below(count);
    std::vector<Pairs> all;
    for (std::int64_t c = 0; c < largest(nodes); ++c) {
      const auto leader = [&](std::int64_t k) {
        return member(nodes[static_cast<std::size_t>(k)], c, 0);
      };
      std::vector<Pairs> down;
      for (std::int64_t d = core / 2; d > 0; d /= 2) {
        Pairs pairs;
        for (std::int64_t k = 0; k < core; ++k) pairs.insert({leader(k), leader(k ^ d)});
        down.push_back(std::move(pairs));
      }
      Pairs back;
      for (std::int64_t k = core; k < count; ++k) back.insert({leader(k - core), leader(k)});
      if (count > core) down.push_back(std::move(back));
      down = joined(std::move(down), chains_from(nodes, c));
      all = joined(joined(std::move(all), backwards(down)), down);
    }
    return all;
  });
}

}  // namespace
}  // namespace collscale::testing

// SPDX-License-Identifier: Apache-2.0
// What publications say of an algorithm (steps, bytes, messages, peers), against what the executor
// counts when it runs the registry's schedule.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/executor.hpp"
#include "collective/flows.hpp"
#include "collective/program.hpp"

namespace collscale::testing {

/// Negative: the publication does not say.
struct Published {
  std::int64_t depth = -1;     ///< longest chain of messages
  double most_sent = -1;       ///< by any rank, of size_bytes
  std::int64_t messages = -1;  ///< of all ranks together
};

inline std::string describe(const Algorithm& a, const Shape& s) {
  return std::string(name(a.collective)) + "/" + std::string(a.name) +
         " ranks=" + std::to_string(s.ranks) + " per_node=" + std::to_string(s.ranks_per_node) +
         " channels=" + std::to_string(s.channels) + " root=" + std::to_string(s.root) +
         " chunks=" + std::to_string(s.options.chunks);
}

/// Executes the algorithm on every shape and compares.
inline void expect_published(Collective collective, std::string_view algorithm,
                             const std::vector<Shape>& shapes,
                             const std::function<Published(const Shape&)>& formula) {
  const Algorithm* a = find_algorithm(collective, algorithm);
  ASSERT_NE(a, nullptr) << algorithm;
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(describe(*a, shape));
    const auto schedule = make_schedule(collective, algorithm, shape);
    ASSERT_TRUE(schedule) << schedule.error().message;
    const auto report = execute(*schedule);
    ASSERT_TRUE(report) << report.error().message;
    const Published expected = formula(shape);
    if (expected.depth >= 0) {
      EXPECT_EQ(report->depth, expected.depth);
    }
    if (expected.most_sent >= 0) {
      EXPECT_NEAR(*std::max_element(report->sent_fraction.begin(), report->sent_fraction.end()),
                  expected.most_sent, 1e-9);
    }
    if (expected.messages >= 0) {
      EXPECT_EQ(report->messages, expected.messages);
    }
  }
}

using Pairs = std::set<std::pair<std::int64_t, std::int64_t>>;  ///< (sender, receiver)

/// The (sender, receiver) pairs of each step of each phase that sends anything, in order.
inline std::vector<Pairs> executed_pairs(const Schedule& schedule) {
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  const auto report = execute(schedule, options);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  std::map<std::pair<std::int64_t, std::int64_t>, Pairs> steps;
  for (const ExecutedMessage& m : trace.messages)
    steps[{m.phase, m.step}].insert({m.source, m.destination});
  std::vector<Pairs> all;
  for (auto& [at, pairs] : steps) all.push_back(std::move(pairs));
  return all;
}

/// Rank counts 2 to 33, and `more`.
inline std::vector<Shape> rank_counts(const std::vector<std::int64_t>& more = {48, 64, 97}) {
  std::vector<Shape> all;
  for (std::int64_t n = 2; n <= 33; ++n) all.push_back({.ranks = n, .ranks_per_node = n});
  for (const std::int64_t n : more) all.push_back({.ranks = n, .ranks_per_node = n});
  return all;
}

/// 2^⌊log2 n⌋, and the exponent.
inline std::int64_t power_below(std::int64_t n) {
  std::int64_t power = 1;
  while (2 * power <= n) power *= 2;
  return power;
}
inline std::int64_t floor_log2(std::int64_t n) { return n < 2 ? 0 : 1 + floor_log2(n / 2); }
inline std::int64_t ceil_log2(std::int64_t n) { return floor_log2(n) + (power_below(n) < n); }
/// r mod n in [0, n)
inline std::int64_t wrap(std::int64_t r, std::int64_t n) { return ((r % n) + n) % n; }
inline double share(std::int64_t n) { return static_cast<double>(n - 1) / static_cast<double>(n); }

/// Ranks 0 to n − 1 each send to to(r).
template <class To>
Pairs each_sends(std::int64_t n, To to) {
  Pairs pairs;
  for (std::int64_t r = 0; r < n; ++r) pairs.insert({r, to(r)});
  return pairs;
}

/// Two phases' steps, one after the other.
inline std::vector<Pairs> joined(std::vector<Pairs> a, const std::vector<Pairs>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline std::vector<Pairs> backwards(std::vector<Pairs> steps) {
  std::reverse(steps.begin(), steps.end());
  for (Pairs& pairs : steps) {
    Pairs turned;
    for (const auto& [from, to] : pairs) turned.insert({to, from});
    pairs = std::move(turned);
  }
  return steps;
}

/// The ranks of each node of a shape, in order.
using Nodes = std::vector<std::vector<std::int64_t>>;
inline Nodes nodes_of(const Shape& s) {
  Nodes nodes;
  std::int64_t next = 0;
  const auto add = [&](std::int64_t ranks) {
    nodes.emplace_back();
    for (std::int64_t i = 0; i < ranks; ++i) nodes.back().push_back(next++);
  };
  for (const NodeRun& run : s.nodes)
    for (std::int64_t i = 0; i < run.nodes; ++i) add(run.ranks);
  while (next < s.ranks) add(std::min(s.ranks_per_node, s.ranks - next));
  return nodes;
}

/// Member i of a node when counting begins at local rank c.
inline std::int64_t member(const std::vector<std::int64_t>& node, std::int64_t c, std::int64_t i) {
  return node[static_cast<std::size_t>((c + i) % static_cast<std::int64_t>(node.size()))];
}

/// Steps that nodes of one size do at the same time, nodes of the next size after them.
/// step(node, s) adds what a node sends in step s of `steps(size)`.
template <class Steps, class Step>
std::vector<Pairs> in_every_node(const Nodes& nodes, Steps steps, Step step) {
  std::vector<Pairs> all;
  for (std::size_t first = 0; first < nodes.size();) {
    std::size_t last = first;
    while (last < nodes.size() && nodes[last].size() == nodes[first].size()) ++last;
    const auto size = static_cast<std::int64_t>(nodes[first].size());
    for (std::int64_t s = 0; s < steps(size); ++s) {
      Pairs pairs;
      for (std::size_t i = first; i < last; ++i) step(nodes[i], s, pairs);
      all.push_back(std::move(pairs));
    }
    first = last;
  }
  return all;
}

/// From the leader, local rank c, down a chain, in every node.
inline std::vector<Pairs> chains_from(const Nodes& nodes, std::int64_t c) {
  return in_every_node(
      nodes, [](std::int64_t size) { return size - 1; },
      [&](const std::vector<std::int64_t>& node, std::int64_t s, Pairs& pairs) {
        pairs.insert({member(node, c, s), member(node, c, s + 1)});
      });
}

/// Every leader to the one `distance` nodes on.
inline Pairs leaders_send(const Nodes& nodes, std::int64_t c, std::int64_t distance) {
  Pairs pairs;
  for (std::size_t k = 0; k < nodes.size(); ++k)
    pairs.insert({member(nodes[k], c, 0),
                  member(nodes[(k + static_cast<std::size_t>(distance)) % nodes.size()], c, 0)});
  return pairs;
}

/// Right answers do not pin an algorithm down: the pairs are compared with the published formula.
inline void expect_peers(Collective collective, std::string_view algorithm,
                         const std::vector<Shape>& shapes,
                         const std::function<std::vector<Pairs>(const Shape&)>& formula) {
  const Algorithm* a = find_algorithm(collective, algorithm);
  ASSERT_NE(a, nullptr) << algorithm;
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(describe(*a, shape));
    const auto schedule = make_schedule(collective, algorithm, shape);
    ASSERT_TRUE(schedule) << schedule.error().message;
    EXPECT_EQ(executed_pairs(*schedule), formula(shape));
  }
}

/// Where the steps of a phase do not matter (trees): the pairs of each phase, in order.
inline std::vector<Pairs> executed_phases(const Schedule& schedule) {
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  const auto report = execute(schedule, options);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  std::map<std::int64_t, Pairs> phases;
  for (const ExecutedMessage& m : trace.messages) phases[m.phase].insert({m.source, m.destination});
  std::vector<Pairs> all;
  for (auto& [at, pairs] : phases) all.push_back(std::move(pairs));
  return all;
}

/// The pairs of every lane, in the order of the program, as the engines enumerate them: quick
/// enough for many ranks.
inline std::vector<Pairs> flows_by_lane(const Schedule& schedule) {
  std::vector<Pairs> all;
  const std::function<void(const Program&)> visit = [&](const Program& program) {
    for (const Lane& lane : program.lanes) {
      Pairs pairs;
      for (std::int64_t step = 0; step < lane.phase.steps; ++step)
        for (int a = 0; a < arc_count(lane); ++a)
          for_each_flow(lane, step, a, [&](std::int64_t from, std::int64_t to) {
            pairs.insert({from, to});
          });
      all.push_back(std::move(pairs));
    }
    for (const Program& part : program.parts) visit(part);
  };
  const auto program = make_program(schedule);
  EXPECT_TRUE(program) << (program ? "" : program.error().message);
  if (program) visit(*program);
  return all;
}

/// `low` to `high` ranks on one node.
inline std::vector<Shape> rank_counts(std::int64_t low, std::int64_t high) {
  std::vector<Shape> all;
  for (std::int64_t n = low; n <= high; ++n) all.push_back({.ranks = n, .ranks_per_node = n});
  return all;
}

/// All roots up to `all_roots` ranks, beyond that the first, the last and one in between.
inline std::vector<Shape> with_roots(const std::vector<Shape>& shapes, std::int64_t all_roots) {
  std::vector<Shape> all;
  for (Shape shape : shapes)
    for (std::int64_t root = 0; root < shape.ranks; ++root) {
      const bool some = root == 0 || root == shape.ranks / 3 || root == shape.ranks - 1;
      shape.root = root;
      if (some || shape.ranks <= all_roots) all.push_back(shape);
    }
  return all;
}

inline std::vector<Shape> with_chunks(const std::vector<Shape>& shapes) {
  std::vector<Shape> all;
  for (Shape shape : shapes)
    for (const std::int64_t chunks : {1, 2, 3, 4}) {
      shape.options.chunks = chunks;
      all.push_back(shape);
    }
  return all;
}

/// The arrows the other way round and the steps in the opposite order: what a dual must do.
inline std::vector<Pairs> reversed(const std::vector<Pairs>& steps) {
  std::vector<Pairs> all;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    Pairs pairs;
    for (const auto& [from, to] : *step) pairs.insert({to, from});
    all.push_back(std::move(pairs));
  }
  return all;
}

inline std::int64_t log2_ceil(std::int64_t n) {
  std::int64_t k = 0;
  while ((std::int64_t{1} << k) < n) ++k;
  return k;
}

}  // namespace collscale::testing

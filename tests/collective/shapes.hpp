// SPDX-License-Identifier: Apache-2.0
// Shapes to try an algorithm on, by what it says that it looks at (Algorithm::uses): no algorithm
// is named here, so that a new one is tried by being in the registry.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "collective/algorithms.hpp"

namespace collscale::testing {

// Under sanitizers everything is ten times slower: the same tests on fewer counts of ranks.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
/// Every rank count from 2 to this is tried,
inline constexpr std::int64_t kEveryCountTo = kSanitized ? 33 : 64;
/// and to this in every shape.
inline constexpr std::int64_t kEveryShapeTo = kSanitized ? 9 : 17;

namespace shapes_detail {

/// Every shape so far, changed in every way.
template <class Alternatives>
void multiply(std::vector<Shape>& shapes, const Alternatives& alternatives) {
  std::vector<Shape> product;
  for (const Shape& shape : shapes)
    for (Shape& changed : alternatives(shape)) product.push_back(std::move(changed));
  shapes = std::move(product);
}

template <class Value, class Set>
std::vector<Shape> each(const Shape& shape, std::vector<Value> values, const Set& set) {
  std::vector<Shape> changed;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) !=
        values.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    changed.push_back(shape);
    set(changed.back(), values[i]);
  }
  return changed;
}

/// Nodes of 3, 1, 4, 3, 1, 4, ... ranks; the last one as it comes. A schedule grows with every
/// change of size: many ranks have few.
inline std::vector<NodeRun> uneven_nodes(std::int64_t ranks) {
  if (ranks > kEveryCountTo) {
    const std::int64_t third = ranks / 3;
    std::vector<NodeRun> few = {{third / 3, 3}, {third / 4, 1}, {third / 4, 4}};
    for (const NodeRun& run : few) ranks -= run.nodes * run.ranks;
    few.push_back({ranks / 8, 8});
    if (ranks % 8 != 0) few.push_back({1, ranks % 8});
    return few;
  }
  std::vector<NodeRun> nodes;
  const std::int64_t sizes[] = {3, 1, 4};
  for (std::size_t i = 0; ranks > 0; ++i) {
    nodes.push_back({1, std::min(sizes[i % 3], ranks)});
    ranks -= nodes.back().ranks;
  }
  return nodes;
}

inline std::vector<Shape> with_nodes(const Shape& shape) {
  const std::int64_t n = shape.ranks;
  std::vector<std::int64_t> per_node;
  for (std::int64_t g = 1; g <= n; ++g)
    if (n % g == 0 && (n <= kEveryCountTo || g == 1 || g == 4 || g == 8 || g == 100 || g == n))
      per_node.push_back(g);
  for (const std::int64_t ragged : {3, 5, 8})
    if (ragged < n) per_node.push_back(ragged);
  std::vector<Shape> changed =
      each(shape, per_node, [](Shape& s, std::int64_t g) { s.ranks_per_node = g; });
  if (n < 4) return changed;
  std::vector<std::vector<NodeRun>> lists = {uneven_nodes(n)};
  if (n <= kEveryShapeTo) lists.push_back({{1, 1}, {1, n - 1}});
  lists.push_back({{2, (n - 1) / 2}, {1, n - 2 * ((n - 1) / 2)}});
  for (std::vector<NodeRun>& nodes : lists) {
    changed.push_back(shape);
    for (const NodeRun& run : nodes)
      changed.back().ranks_per_node = std::max(changed.back().ranks_per_node, run.ranks);
    changed.back().nodes = std::move(nodes);
  }
  return changed;
}

inline std::vector<std::vector<std::int64_t>> dimensions_of(std::int64_t n) {
  std::vector<std::vector<std::int64_t>> all = {{}};
  for (std::int64_t x = 2; x < n; ++x) {
    if (n % x != 0) continue;
    all.push_back({x, n / x});
    for (std::int64_t y = 2; y < n / x; ++y)
      if (n / x % y == 0) all.push_back({x, y, n / x / y});
  }
  all.push_back({n, 1});
  all.push_back({2, n});  // too many
  return all;
}

inline std::vector<std::int64_t> roots_of(std::int64_t n) {
  std::vector<std::int64_t> roots;
  for (std::int64_t root = 0; root < n; ++root)
    if (n <= kEveryShapeTo || root == 0 || root == n - 1 || root == n / 2 || root == n / 3)
      roots.push_back(root);
  return roots;
}

}  // namespace shapes_detail

/// All shapes of so many ranks that the algorithm should be tried on, those that it has to refuse
/// among them.
inline std::vector<Shape> shapes_for(const Algorithm& algorithm, std::int64_t n) {
  using namespace shapes_detail;
  using Values = std::vector<std::int64_t>;
  const Algorithm::Uses& uses = algorithm.uses;
  std::vector<Shape> shapes = {{.ranks = n}};
  const auto vary = [&](bool used, const auto& values_for, const auto& set) {
    if (used) multiply(shapes, [&](const Shape& s) { return each(s, values_for(s), set); });
  };
  if (uses.nodes) multiply(shapes, with_nodes);
  vary(
      uses.groups,
      [](const Shape&) {
        return Values{1, 2, 3};
      },
      [](Shape& s, std::int64_t v) { s.nodes_per_group = v; });
  vary(
      uses.channels,
      [](const Shape& s) {
        return Values{1, 3, std::min<std::int64_t>(s.ranks_per_node, 8)};
      },
      [](Shape& s, std::int64_t v) { s.channels = v; });
  vary(
      uses.root, [](const Shape& s) { return roots_of(s.ranks); },
      [](Shape& s, std::int64_t v) { s.root = v; });
  vary(
      uses.chunks,
      [](const Shape&) {
        return Values{1, 3};
      },
      [](Shape& s, std::int64_t v) { s.options.chunks = v; });
  vary(
      uses.radix,
      [](const Shape&) {
        return Values{2, 3, 5};
      },
      [](Shape& s, std::int64_t v) { s.options.bruck_radix = v; });
  vary(
      uses.aggregation,
      [](const Shape& s) {
        Values values{0, 3};
        for (std::int64_t a = 1; a <= s.ranks; a *= 2) values.push_back(a);
        return values;
      },
      [](Shape& s, std::int64_t v) { s.options.aggregation = v; });
  vary(
      uses.dimensions, [](const Shape& s) { return dimensions_of(s.ranks); },
      [](Shape& s, const Values& v) { s.options.dimensions = v; });
  vary(
      uses.experts,
      [](const Shape&) {
        return std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {2, 1}, {2, 2},
                                                                  {4, 2}, {6, 3}, {8, 4}};
      },
      [](Shape& s, const std::pair<std::int64_t, std::int64_t>& v) {
        s.options.experts_per_token = v.first;
        s.options.nodes_per_token = v.second;
      });
  return shapes;
}

/// At most `most` shapes, spread over the list, others for other numbers of ranks.
inline std::vector<Shape> some_of(const std::vector<Shape>& all, std::size_t most, std::int64_t n) {
  const std::size_t count = std::min(most, all.size());
  // Steps that have no factor in common with the list's length meet every shape once.
  std::size_t step = std::max<std::size_t>(all.size() / std::max<std::size_t>(count, 1), 1);
  while (std::gcd(step, all.size()) != 1) ++step;
  std::vector<Shape> some;
  for (std::size_t i = 0; i < count; ++i)
    some.push_back(all[(i * step + static_cast<std::size_t>(n)) % all.size()]);
  return some;
}

inline std::string label(const Algorithm& algorithm, const Shape& shape) {
  const Algorithm::Uses& uses = algorithm.uses;
  std::string text = std::string(name(algorithm.collective)) + "/" + std::string(algorithm.name) +
                     " ranks=" + std::to_string(shape.ranks);
  const auto add = [&](bool used, const char* what, std::int64_t value) {
    if (used) text.append(" ").append(what).append("=").append(std::to_string(value));
  };
  add(uses.nodes, "per_node", shape.ranks_per_node);
  for (const NodeRun& run : shape.nodes)
    text += " " + std::to_string(run.nodes) + "x" + std::to_string(run.ranks);
  add(uses.groups, "nodes_per_group", shape.nodes_per_group);
  add(uses.channels, "channels", shape.channels);
  add(uses.root, "root", shape.root);
  add(uses.chunks, "chunks", shape.options.chunks);
  add(uses.radix, "radix", shape.options.bruck_radix);
  add(uses.aggregation, "aggregation", shape.options.aggregation);
  for (const std::int64_t d : shape.options.dimensions) add(uses.dimensions, "dimension", d);
  add(uses.experts, "experts", shape.options.experts_per_token);
  add(uses.experts, "nodes_per_token", shape.options.nodes_per_token);
  return text;
}

}  // namespace collscale::testing

namespace collscale {
/// How a test names the algorithm it is about.
inline void PrintTo(const Algorithm& algorithm, std::ostream* out) {
  *out << name(algorithm.collective) << "/" << algorithm.name;
}
}  // namespace collscale

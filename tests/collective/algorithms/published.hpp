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

}  // namespace collscale::testing

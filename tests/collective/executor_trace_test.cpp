// SPDX-License-Identifier: Apache-2.0
// A trace says everything: replayed by its waits alone it takes as long, and written out as
// explicit messages it gives the same result, without knowledge of any algorithm.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "collective/executor.hpp"
#include "reference_results.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

struct Traced {
  ExecutionReport report;
  ExecutionTrace trace;
};

Traced traced(const Schedule& s) {
  Traced t;
  ExecuteOptions options;
  options.trace = &t.trace;
  const auto report = execute(s, options);
  EXPECT_TRUE(report) << report.error().message;
  if (report) t.report = *report;
  return t;
}

std::vector<Schedule> schedules(std::int64_t n) {
  std::vector<Schedule> all;
  for (const testing::CatalogueEntry& entry : testing::catalogue(n)) all.push_back(entry.schedule);
  const std::int64_t per_node = n % 4 == 0 ? 4 : n % 3 == 0 ? 3 : n;
  testing::for_each_schedule({{n, n, 1, 0}, {n, per_node, 2, 0}},
                             [&](const Schedule& s, const Shape&) { all.push_back(s); });
  return all;
}

std::string label(const Schedule& s) {
  return std::string(name(s.collective)) + "/" + s.algorithm + " n=" + std::to_string(s.ranks);
}

TEST(Trace, ReplayedByItsWaitsAloneTakesAsLong) {
  for (const std::int64_t n : {2, 3, 5, 8, 12, 16}) {
    for (const Schedule& s : schedules(n)) {
      SCOPED_TRACE(label(s));
      const Traced t = traced(s);
      ASSERT_EQ(static_cast<std::int64_t>(t.trace.messages.size()), t.report.messages);
      std::vector<std::int64_t> start;
      std::int64_t depth = 0;
      for (const ExecutedMessage& m : t.trace.messages) {
        std::int64_t ready = -1;
        for (const auto* waits : {&m.source_waits_for, &m.destination_waits_for})
          for (const std::int32_t other : *waits) {
            ASSERT_LT(static_cast<std::size_t>(other), start.size());
            ready = std::max(ready, start[static_cast<std::size_t>(other)]);
          }
        start.push_back(ready + 1);
        ASSERT_EQ(start.back(), m.start);
        depth = std::max(depth, start.back() + 1);
      }
      EXPECT_EQ(depth, t.report.depth);
    }
  }
}

TEST(Trace, WaitsAreMessagesOfTheSameEnd) {
  for (const Schedule& s : schedules(12)) {
    SCOPED_TRACE(label(s));
    const Traced t = traced(s);
    const auto takes_part = [&](std::int64_t rank, std::int32_t number) {
      const ExecutedMessage& other = t.trace.messages[static_cast<std::size_t>(number)];
      return other.source == rank || other.destination == rank;
    };
    for (const ExecutedMessage& m : t.trace.messages) {
      for (const std::int32_t other : m.source_waits_for) ASSERT_TRUE(takes_part(m.source, other));
      for (const std::int32_t other : m.destination_waits_for)
        ASSERT_TRUE(takes_part(m.destination, other));
    }
  }
}

/// Messages of successive blocks; steps are the starting times, so that a rank keeps its order.
std::vector<Message> as_list(const ExecutionTrace& trace) {
  std::vector<Message> messages;
  for (const ExecutedMessage& m : trace.messages) {
    std::vector<std::int64_t> blocks;
    for (const CellName& cell : m.cells) blocks.push_back(cell.block);
    std::sort(blocks.begin(), blocks.end());
    for (std::size_t i = 0; i < blocks.size();) {
      Message out;
      out.source = static_cast<std::int32_t>(m.source);
      out.destination = static_cast<std::int32_t>(m.destination);
      out.source_step = out.destination_step = static_cast<std::int32_t>(m.start);
      out.first_block = static_cast<std::int32_t>(blocks[i]);
      out.transfer = m.transfer;
      std::size_t next = i + 1;
      while (next < blocks.size() && blocks[next] == blocks[next - 1] + 1) ++next;
      out.blocks = static_cast<std::int32_t>(next - i);
      messages.push_back(out);
      i = next;
    }
  }
  return messages;
}

TEST(Trace, WrittenOutAsAListGivesTheSameResult) {
  int lists = 0;
  for (const std::int64_t n : {2, 3, 5, 8, 12, 16}) {
    for (const Schedule& s : schedules(n)) {
      SCOPED_TRACE(label(s));
      const Traced t = traced(s);
      if (t.trace.atom_edges.size() != 2) continue;
      Schedule explicit_one = s;
      explicit_one.term = list(as_list(t.trace));
      const auto report = execute(explicit_one);
      ASSERT_TRUE(report) << report.error().message;
      EXPECT_EQ(report->depth, t.report.depth);
      for (std::size_t r = 0; r < report->sent_fraction.size(); ++r)
        EXPECT_NEAR(report->sent_fraction[r], t.report.sent_fraction[r], 1e-9);
      const std::int64_t elements = 2 * n + 1;
      const auto input = testing::inputs<std::int64_t>(s, elements);
      const auto run = execute_on<std::int64_t>(explicit_one, elements, input);
      ASSERT_TRUE(run) << run.error().message;
      EXPECT_EQ(run->output, testing::expected_output(s, elements, input));
      ++lists;
    }
  }
  EXPECT_GT(lists, 100);
}

}  // namespace
}  // namespace collscale

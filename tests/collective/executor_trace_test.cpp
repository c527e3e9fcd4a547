// SPDX-License-Identifier: Apache-2.0
// A trace says everything: replayed by its waits alone it takes as long, and written out as
// explicit messages it gives the same result, without knowledge of any algorithm.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

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

void expect_replays(const Traced& t) {
  ASSERT_EQ(static_cast<std::int64_t>(t.trace.messages.size()), t.report.messages);
  std::vector<std::int64_t> start;
  std::int64_t depth = 0;
  for (const ExecutedMessage& m : t.trace.messages) {
    std::int64_t ready = -1;
    for (const auto* waits : {&m.source_waits_for, &m.destination_waits_for})
      for (const std::int32_t other : *waits) {
        ASSERT_LT(static_cast<std::size_t>(other), start.size()) << "waits for a later one";
        ready = std::max(ready, start[static_cast<std::size_t>(other)]);
      }
    start.push_back(ready + 1);
    ASSERT_EQ(start.back(), m.start);
    depth = std::max(depth, start.back() + 1);
  }
  EXPECT_EQ(depth, t.report.depth);
}

TEST(Trace, ReplayedByItsWaitsAloneTakesAsLong) {
  for (const std::int64_t n : {2, 3, 5, 8, 12, 16}) {
    for (const Schedule& s : schedules(n)) {
      SCOPED_TRACE(label(s));
      expect_replays(traced(s));
    }
  }
}

TEST(Trace, WaitsForTheStepBeforeNotForAllOfThem) {
  const auto ring = make_schedule(Collective::all_reduce, "ring", {6, 6, 1, 0});
  const Traced t = traced(*ring);
  for (const ExecutedMessage& m : t.trace.messages) {
    const std::size_t before = m.start == 0 ? 0 : 2;  // one sent, one received
    EXPECT_EQ(m.source_waits_for.size(), before);
    EXPECT_EQ(m.destination_waits_for.size(), before);
  }
}

TEST(Trace, OfALaterSendThatAnEarlierOneWaitsForKeepsTheOrder) {
  // Rank 0 comes to its send at once, but rank 1 first wants to hear from 2, and 2 from 3.
  std::vector<Message> messages(3);
  messages[0].source = 0;
  messages[0].destination = 1;
  messages[0].destination_step = 1;
  messages[1].source = 2;
  messages[1].destination = 1;
  messages[1].source_step = 1;
  messages[1].first_block = 2;
  messages[2].source = 3;
  messages[2].destination = 2;
  messages[2].first_block = 3;
  Schedule s = testing::schedule_of(Collective::send_recv, "three of four", {4}, list(messages));
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  EXPECT_FALSE(execute(s, options));  // not a send_recv, but it runs to its end
  ASSERT_EQ(trace.messages.size(), 3U);
  EXPECT_EQ(trace.messages[0].source, 3);
  EXPECT_EQ(trace.messages[1].source, 2);
  EXPECT_EQ(trace.messages[2].source, 0);
  EXPECT_EQ(trace.messages[2].start, 2);
  EXPECT_EQ(trace.messages[2].destination_waits_for, std::vector<std::int32_t>{1});
}

/// Without a trace, blocks that a term never tells apart are kept as one.
TEST(Trace, DoesNotChangeWhatIsReported) {
  for (const std::int64_t n : {2, 3, 8, 12}) {
    for (const Schedule& s : schedules(n)) {
      SCOPED_TRACE(label(s));
      const Traced t = traced(s);
      const auto plain = execute(s);
      ASSERT_TRUE(plain) << plain.error().message;
      EXPECT_EQ(plain->messages, t.report.messages);
      EXPECT_EQ(plain->depth, t.report.depth);
      EXPECT_NEAR(plain->redundant_fraction, t.report.redundant_fraction, 1e-9);
      for (std::size_t r = 0; r < plain->sent_fraction.size(); ++r)
        EXPECT_NEAR(plain->sent_fraction[r], t.report.sent_fraction[r], 1e-9);
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
      if (t.trace.switches > 0) continue;  // a list is of messages between ranks
      Schedule explicit_one = s;
      explicit_one.term = list(as_list(t.trace));
      const auto report = execute(explicit_one);
      ASSERT_TRUE(report) << report.error().message;
      EXPECT_EQ(report->depth, t.report.depth);
      expect_replays(traced(explicit_one));
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

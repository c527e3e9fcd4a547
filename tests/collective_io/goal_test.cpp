// SPDX-License-Identifier: Apache-2.0
// GOAL: read back with a reader of its own and run with messages of duration one.
#include "collective_io/goal.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "schedules.hpp"

namespace collscale::testing {
namespace {

struct Operation {
  std::string kind;  ///< "send", "recv", "calc"
  std::int64_t bytes = 0;
  std::int64_t peer = -1;
  std::int64_t tag = -1;
  std::vector<std::string> requirements;  ///< labels
};

using Rank = std::map<std::string, Operation>;

/// The lines that txt2bin of LogGOPSim takes; anything else fails the test.
std::vector<Rank> read_goal(const std::string& text) {
  std::vector<Rank> ranks;
  std::istringstream lines(text);
  std::int64_t announced = -1;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    if (!(words >> first) || first.rfind("//", 0) == 0) continue;
    if (first == "num_ranks") {
      words >> announced;
    } else if (first == "rank") {
      std::int64_t number = -1;
      words >> number;
      EXPECT_EQ(number, static_cast<std::int64_t>(ranks.size())) << line;
      ranks.emplace_back();
      inside = true;
    } else if (first == "}") {
      inside = false;
    } else {
      EXPECT_TRUE(inside) << line;
      std::string second;
      words >> second;
      if (second == "requires") {
        std::string other;
        words >> other;
        EXPECT_EQ(ranks.back().count(other), 1U) << line;
        ranks.back().at(first).requirements.push_back(other);
        continue;
      }
      Operation operation{second, 0, -1, -1, {}};
      words >> operation.bytes;
      if (second != "calc") {
        std::string unit;
        std::string direction;
        std::string tag;
        words >> unit >> direction >> operation.peer >> tag >> operation.tag;
        EXPECT_EQ(unit + " " + direction + " " + tag, second == "send" ? "b to tag" : "b from tag")
            << line;
      }
      EXPECT_FALSE(words.fail()) << line;
      first.pop_back();
      EXPECT_TRUE(ranks.back().emplace(first, operation).second) << line;
    }
  }
  EXPECT_EQ(announced, static_cast<std::int64_t>(ranks.size()));
  return ranks;
}

/// When the last operation ends: a message starts when both of its ends may, and takes 1.
std::int64_t finish_time(const std::vector<Rank>& ranks) {
  std::map<std::pair<std::size_t, std::string>, std::int64_t> ends;
  const std::function<std::int64_t(std::size_t, const std::string&)> end_of =
      [&](std::size_t rank, const std::string& label) -> std::int64_t {
    const auto known = ends.find({rank, label});
    if (known != ends.end()) return known->second;
    const Operation& operation = ranks[rank].at(label);
    std::int64_t start = 0;
    const auto join = [&](std::size_t r, const Operation& o) {
      for (const std::string& other : o.requirements) start = std::max(start, end_of(r, other));
    };
    join(rank, operation);
    std::int64_t duration = 0;
    if (operation.kind != "calc") {
      duration = 1;
      const auto peer = static_cast<std::size_t>(operation.peer);
      int partners = 0;
      for (const auto& [name, other] : ranks[peer]) {
        if (other.kind == operation.kind || other.kind == "calc" || other.tag != operation.tag ||
            other.peer != static_cast<std::int64_t>(rank))
          continue;
        ++partners;
        EXPECT_EQ(other.bytes, operation.bytes);
        join(peer, other);
      }
      EXPECT_EQ(partners, 1) << label << " of rank " << rank;
    }
    return ends[{rank, label}] = start + duration;
  };
  std::int64_t last = 0;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    for (const auto& [label, operation] : ranks[rank]) last = std::max(last, end_of(rank, label));
  return last;
}

std::int64_t count(const std::vector<Rank>& ranks, const std::string& kind) {
  std::int64_t found = 0;
  for (const Rank& rank : ranks)
    for (const auto& [label, operation] : rank) found += operation.kind == kind ? 1 : 0;
  return found;
}

TEST(Goal, EveryAlgorithmRunsInItsDepth) {
  const std::vector<Executed> all = all_of_eight_ranks();
  ASSERT_GE(all.size(), 13U);
  for (const Executed& e : all) {
    SCOPED_TRACE(fmt::format("{}/{}", name(e.schedule.collective), e.schedule.algorithm));
    const std::vector<Rank> ranks = read_goal(goal_text(e.schedule, e.trace));
    EXPECT_EQ(finish_time(ranks), e.report.depth);
    EXPECT_EQ(count(ranks, "send"), e.report.messages);
    EXPECT_EQ(count(ranks, "recv"), e.report.messages);
  }
}

TEST(Goal, BytesAreTheFractionOfTheSizeAndAtLeastOne) {
  const auto e = executed(Collective::all_gather, "ring", shape_of(4));
  GoalOptions options;
  options.size_bytes = 1000;
  EXPECT_THAT(goal_text(e->schedule, e->trace, options),
              ::testing::HasSubstr(": send 250b to 0 tag 0\n"));
  options.size_bytes = 1;
  EXPECT_THAT(goal_text(e->schedule, e->trace, options), ::testing::HasSubstr("send 1b to 0"));
}

TEST(Goal, AdditionsAreCalculationsThatCostWhatIsAsked) {
  const auto e = executed(Collective::reduce_scatter, "ring", shape_of(4));
  GoalOptions options;
  options.size_bytes = 4000;
  options.reduce_ns_per_byte = 0.05;
  const std::string text = goal_text(e->schedule, e->trace, options);
  EXPECT_THAT(text, ::testing::HasSubstr(": calc 50\n"));
  EXPECT_EQ(count(read_goal(text), "calc"), 12);
  const auto gather = executed(Collective::all_gather, "ring", shape_of(4));
  EXPECT_EQ(count(read_goal(goal_text(gather->schedule, gather->trace)), "calc"), 0);
}

TEST(Goal, ALostDependencyShowsInTheDepth) {
  auto e = executed(Collective::all_gather, "ring", shape_of(4));
  for (ExecutedMessage& message : e->trace.messages) message.source_waits_for.clear();
  for (ExecutedMessage& message : e->trace.messages) message.destination_waits_for.clear();
  EXPECT_LT(finish_time(read_goal(goal_text(e->schedule, e->trace))), e->report.depth);
}

}  // namespace
}  // namespace collscale::testing

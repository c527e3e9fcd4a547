// SPDX-License-Identifier: Apache-2.0
// The engines' enumeration of flows against the executor's messages: two independent readings of a
// term.
#include "collective/flows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "collective/executor.hpp"
#include "collective/walk.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using Pair = std::pair<std::int64_t, std::int64_t>;

void expect_flows_are_the_executed_messages(const Schedule& schedule) {
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  ASSERT_TRUE(execute(schedule, options));
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Pair>> executed;
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<double, double>> fractions;  // max, sum
  for (const ExecutedMessage& m : trace.messages) {
    executed[{m.phase, m.step}].push_back({m.source, m.destination});
    auto& [most, sum] = fractions[{m.phase, m.step}];
    most = std::max(most, m.fraction);
    sum += m.fraction;
  }
  WalkOptions walk_options;
  walk_options.zip = false;
  walk_options.expand_pipes = true;
  const auto program = walk(schedule, walk_options);
  ASSERT_TRUE(program);
  std::vector<Lane> lanes;
  testing::collect_lanes(*program, lanes);
  std::size_t steps_with_messages = 0;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const Lane& lane = lanes[i];
    for (std::int64_t step = 0; step < lane.phase.steps; ++step) {
      std::vector<Pair> flows;
      double most = 0;
      double sum = 0;
      for (int a = 0; a < lane.phase.arc_count; ++a) {
        std::size_t before = flows.size();
        for_each_flow(lane, step, a, [&](std::int64_t from, std::int64_t to) {
          flows.push_back({from, to});
        });
        if (flows.size() > before) most = std::max(most, message_fraction(lane, step, a));
        sum += mean_message_fraction(lane, step, a) * static_cast<double>(flows.size() - before);
      }
      const std::pair<std::int64_t, std::int64_t> key{static_cast<std::int64_t>(i) + 1, step};
      std::vector<Pair> wanted = executed[key];
      std::sort(flows.begin(), flows.end());
      std::sort(wanted.begin(), wanted.end());
      ASSERT_EQ(flows, wanted) << "lane " << i << " step " << step;
      EXPECT_NEAR(sum, fractions[key].second, 1e-9) << "lane " << i << " step " << step;
      if (lane.phase.frame == Frame::dihedral && lane.gathers_for_others) {
        EXPECT_GE(most, fractions[key].first - 1e-9);
      } else {
        EXPECT_NEAR(most, fractions[key].first, 1e-9) << "lane " << i << " step " << step;
      }
      steps_with_messages += wanted.empty() ? 0 : 1;
    }
  }
  EXPECT_EQ(steps_with_messages, static_cast<std::size_t>(std::count_if(
                                     executed.begin(), executed.end(),
                                     [](const auto& e) { return !e.second.empty(); })));
}

TEST(Flows, AreTheMessagesTheExecutorSends) {
  testing::for_each_schedule(testing::shapes(20, 3), [](const Schedule& s, const Shape&) {
    expect_flows_are_the_executed_messages(s);
  });
}

TEST(Flows, AreTheMessagesTheExecutorSendsForTheWholeCatalogue) {
  for (const std::int64_t n : {2, 3, 5, 6, 8, 11, 12, 16, 18, 24}) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      SCOPED_TRACE(entry.schedule.algorithm + " n=" + std::to_string(n));
      expect_flows_are_the_executed_messages(entry.schedule);
    }
  }
}

TEST(Flows, StepClassesCountEveryStepOnceAndHoldLikeSteps) {
  for (const std::int64_t n : {2, 7, 16, 23}) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      const auto program = make_program(entry.schedule);
      ASSERT_TRUE(program);
      std::vector<Lane> lanes;
      testing::collect_lanes(*program, lanes);
      for (const Lane& lane : lanes) {
        std::int64_t steps = 0;
        double bytes = 0;
        for (const StepClass& c : step_classes(lane)) {
          steps += c.count;
          for (int a = 0; a < lane.phase.arc_count; ++a)
            bytes += static_cast<double>(c.count) * mean_message_fraction(lane, c.first, a);
        }
        EXPECT_EQ(steps, lane.phase.steps) << entry.schedule.algorithm;
        double each = 0;
        for (std::int64_t s = 0; s < lane.phase.steps; ++s)
          for (int a = 0; a < lane.phase.arc_count; ++a) each += mean_message_fraction(lane, s, a);
        EXPECT_NEAR(bytes, each, 1e-9) << entry.schedule.algorithm << " n=" << n;
      }
    }
  }
}

TEST(Flows, ARingHasOneStepClassWhateverItsLength) {
  const auto s = make_schedule(Collective::all_reduce, "ring", {1'000'000, 8, 8, 0});
  const auto program = make_program(*s);
  ASSERT_TRUE(program);
  const auto classes = step_classes(program->parts[0].lanes[0]);
  ASSERT_EQ(classes.size(), 1U);
  EXPECT_EQ(classes[0].count, 999'999);
}

}  // namespace
}  // namespace collscale

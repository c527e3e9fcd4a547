// SPDX-License-Identifier: Apache-2.0
// The reference executor on terms beyond the registry (proof_test.cpp has the registry), and what
// it says of wrong ones.
#include "collective/executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collective/invariants.hpp"
#include "reference_results.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using testing::expected_output;
using testing::inputs;
using testing::schedule_of;

TEST(Execution, EveryTermBeyondTheRegistryIsRight) {
  int executed = 0;
  for (std::int64_t n = 2; n <= 33; ++n) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      const auto report = execute(entry.schedule);
      ASSERT_TRUE(report) << entry.schedule.algorithm << " n=" << n
                          << " root=" << entry.schedule.root << ": " << report.error().message;
      if (entry.depth >= 0) {
        EXPECT_EQ(report->depth, entry.depth) << entry.schedule.algorithm << " n=" << n;
      }
      if (n <= 17) {
        const auto input = inputs<std::int64_t>(entry.schedule, 3 * n + 2);
        const auto run = execute_on<std::int64_t>(entry.schedule, 3 * n + 2, input);
        ASSERT_TRUE(run) << entry.schedule.algorithm << " n=" << n << ": " << run.error().message;
        ASSERT_EQ(run->output, expected_output(entry.schedule, 3 * n + 2, input))
            << entry.schedule.algorithm << " n=" << n;
      }
      const auto proved = prove(entry.schedule);
      EXPECT_TRUE(proved) << entry.schedule.algorithm << " n=" << n << ": "
                          << proved.error().message;
      ++executed;
    }
  }
  EXPECT_GT(executed, 700);
}

TEST(Execution, SentElementsOfARingWithoutRemainderAreTheFormula) {
  const auto s = make_schedule(Collective::all_reduce, "ring", {6, 6, 1, 0});
  ASSERT_TRUE(s);
  const auto run = execute_on<std::int64_t>(*s, 60, inputs<std::int64_t>(*s, 60));
  ASSERT_TRUE(run);
  EXPECT_THAT(run->report.sent_elements, ::testing::Each(2 * 5 * 10));
  EXPECT_EQ(run->report.messages, 2 * 5 * 6);
}

TEST(Execution, ChannelsEnterANodeAtTheirOwnLocalRank) {
  const auto s = make_schedule(Collective::all_gather, "ring", {12, 4, 4, 0});
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  ASSERT_TRUE(execute(*s, options));
  for (const ExecutedMessage& m : trace.messages) {
    if (m.source / 4 != m.destination / 4) {
      EXPECT_EQ(m.destination % 4, m.phase - 1);
    }
  }
}

TEST(Execution, TheOneWithALostContributionSaysSo) {
  Schedule s = schedule_of(Collective::all_reduce, "half a ring", {4}, dual(ring_gather(4, -1)));
  ExecuteOptions options;
  EXPECT_THAT(execute(s, options).error().message, ::testing::HasSubstr("V5: digit 0"));
  options.check_states = false;
  EXPECT_THAT(execute(s, options).error().message, ::testing::HasSubstr("lost"));
  EXPECT_EQ(execute(s, options).error().code, ExitCode::failed);
}

TEST(Execution, ADoubledContributionIsFound) {
  Phase keep = std::get<Phase>(testing::recursive_doubling(4).node);
  keep.arcs[0].distance = constant(1);  // the same partner twice
  const Schedule s = schedule_of(Collective::all_reduce, "doubled", {4}, Term{keep});
  EXPECT_THAT(execute(s).error().message, ::testing::HasSubstr("another's"));
  const Schedule twice =
      schedule_of(Collective::all_reduce, "twice", {4},
                  seq({testing::recursive_doubling(4), testing::recursive_doubling(4)}));
  EXPECT_THAT(execute(twice).error().message, ::testing::HasSubstr("counted twice"));
}

TEST(Execution, LagNoneMayNotRelayWithinThePhase) {
  Phase ring = std::get<Phase>(ring_gather(5, 1).node);
  ring.lag = Lag::none;
  const Schedule s = schedule_of(Collective::all_gather, "hasty ring", {5}, Term{ring});
  EXPECT_THAT(execute(s).error().message, ::testing::HasSubstr("does not hold"));
  EXPECT_THAT(prove(s).error().message, ::testing::HasSubstr("V1"));
}

TEST(Execution, ARulerPhaseMayNotUseWhatItDoesNotWaitFor) {
  Term pat = testing::pat(16, 1);
  auto& near = std::get<Phase>(std::get<Seq>(pat.node).terms[1].node);
  near.arcs[0].distance = constant(1);  // a ring's peers under the tree's waits
  const Schedule s = schedule_of(Collective::all_gather, "ring in disguise", {16}, pat);
  EXPECT_THAT(execute(s).error().message, ::testing::HasSubstr("does not wait for"));
  EXPECT_THAT(prove(s).error().message, ::testing::HasSubstr("lacks it"));
}

TEST(Execution, WrongInputsAreRefused) {
  const auto s = make_schedule(Collective::all_reduce, "ring", {4, 4, 1, 0});
  EXPECT_FALSE(execute_on<double>(*s, 8, {{1.0}, {1.0}}));
  EXPECT_FALSE(execute_on<double>(*s, 8, std::vector<std::vector<double>>(4, {1.0})));
  const auto large = make_schedule(Collective::all_to_all, "pairwise", {100000, 8, 1, 0});
  EXPECT_THAT(execute(*large).error().message, ::testing::HasSubstr("too many"));
}

}  // namespace
}  // namespace collscale

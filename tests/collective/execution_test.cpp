// SPDX-License-Identifier: Apache-2.0
// The reference executor on every algorithm: right results on every rank, published depth and
// bytes.
#include "collective/executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "collective/invariants.hpp"
#include "reference_results.hpp"
#include "schedules.hpp"

namespace collscale {
namespace {

using testing::expected_output;
using testing::for_each_schedule;
using testing::inputs;
using testing::schedule_of;
using testing::shapes;

double most_sent(const ExecutionReport& report) {
  return *std::max_element(report.sent_fraction.begin(), report.sent_fraction.end());
}

struct Published {
  std::int64_t depth;
  double bytes;  ///< the most any rank sends, of size_bytes
};

/// Patarasuk & Yuan 2009 (ring), Thakur et al. 2005 (halving and doubling; two more rounds, and the
/// whole vector once more, when folded), sums over the levels for hierarchical.
Published published(const Schedule& s, const Shape& shape) {
  const std::int64_t n = shape.ranks;
  const double share = static_cast<double>(n - 1) / static_cast<double>(n);
  const std::int64_t g = std::min(shape.ranks_per_node, n);
  if (!s.nodes.empty()) return {-1, -1};
  const std::int64_t nodes = n / g;
  const std::int64_t halves = s.collective == Collective::all_reduce ? 2 : 1;
  if (s.collective == Collective::barrier) return {-1, -1};  // no bytes
  if (s.algorithm == "pairwise") return {1, share};
  if (s.algorithm == "ring") return {halves * (n - 1), static_cast<double>(halves) * share};
  if (s.algorithm == "hierarchical")
    return {halves * (g - 1 + nodes - 1), static_cast<double>(halves) * share};
  const bool gathers = s.algorithm == "recursive_doubling" || s.algorithm == "recursive_halving";
  if (!s.algorithm.ends_with("halving_doubling") && !(gathers && halves == 1))
    return {-1, -1};  // tests/collective/algorithms/ compare the other families
  // The hypercube runs among all ranks, or among nodes with 1/g of the data each.
  const bool two_levels = s.algorithm == "hierarchical_halving_doubling";
  const std::int64_t members = two_levels ? nodes : n;
  const std::int64_t core = core_size(members);
  const auto log = static_cast<std::int64_t>(std::log2(static_cast<double>(core)) + 0.5);
  const std::int64_t extra = core == members ? 0 : 2;
  const double in_node = two_levels ? static_cast<double>(g - 1) / static_cast<double>(g) : 0;
  const double part = two_levels ? 1.0 / static_cast<double>(g) : 1;
  const std::int64_t depth = halves * log + extra + (two_levels ? halves * (g - 1) : 0);
  if (s.collective == Collective::all_reduce) {
    const double cube =
        2.0 * static_cast<double>(core - 1) / static_cast<double>(core) + (extra ? 1 : 0);
    return {depth, 2 * in_node + part * cube};
  }
  return {depth, core == members ? share : -1};
}

TEST(Execution, EveryAlgorithmIsRightAndCostsWhatIsPublished) {
  int executed = 0;
  for_each_schedule(shapes(33, 4), [&](const Schedule& s, const Shape& shape) {
    const auto report = execute(s);
    ASSERT_TRUE(report) << report.error().message;
    const Published expected = published(s, shape);
    ++executed;
    if (expected.depth < 0) return;
    EXPECT_EQ(report->depth, expected.depth);
    if (expected.bytes >= 0) {
      EXPECT_NEAR(most_sent(*report), expected.bytes, 1e-9);
    }
    // The last step of a folded all_gather hands back everything, the rank's own block included.
    const bool two_levels = s.algorithm == "hierarchical_halving_doubling";
    const bool folded_gather = s.collective == Collective::all_gather &&
                               (s.algorithm == "recursive_doubling" || two_levels);
    const std::int64_t members =
        two_levels ? shape.ranks / std::min(shape.ranks, shape.ranks_per_node) : shape.ranks;
    const std::int64_t beyond = folded_gather ? members - core_size(members) : 0;
    EXPECT_NEAR(report->redundant_fraction,
                static_cast<double>(beyond) / static_cast<double>(members), 1e-9);
  });
  EXPECT_GT(executed, 1500);
}

TEST(Execution, EveryTermOfTheCatalogueIsRight) {
  int executed = 0;
  for (std::int64_t n = 2; n <= 33; ++n) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      const auto report = execute(entry.schedule);
      ASSERT_TRUE(report) << entry.schedule.algorithm << " n=" << n
                          << " root=" << entry.schedule.root << ": " << report.error().message;
      if (entry.depth >= 0) {
        EXPECT_EQ(report->depth, entry.depth) << entry.schedule.algorithm << " n=" << n;
      }
      const auto proved = prove(entry.schedule);
      EXPECT_TRUE(proved) << entry.schedule.algorithm << " n=" << n << ": "
                          << proved.error().message;
      ++executed;
    }
  }
  EXPECT_GT(executed, 1000);
}

TEST(Execution, RealArraysOfSizesThatDoNotDivideComeOutRight) {
  for_each_schedule(shapes(17, 3), [&](const Schedule& s, const Shape& shape) {
    for (const std::int64_t elements :
         {std::int64_t{0}, std::int64_t{1}, shape.ranks - 1, 3 * shape.ranks, 3 * shape.ranks + 1,
          5 * shape.ranks - 1}) {
      const auto input = inputs<std::int64_t>(s, elements);
      const auto run = execute_on<std::int64_t>(s, elements, input);
      ASSERT_TRUE(run) << run.error().message;
      ASSERT_EQ(run->output, expected_output(s, elements, input)) << elements << " elements";
    }
    const auto input = inputs<double>(s, 41);
    const auto run = execute_on<double>(s, 41, input);
    ASSERT_TRUE(run) << run.error().message;
    ASSERT_EQ(run->output, expected_output(s, 41, input));
  });
}

TEST(Execution, CatalogueAllReducesGiveTrueSumsOnRealArrays) {
  for (const std::int64_t n : {2, 5, 8, 12, 17}) {
    for (const testing::CatalogueEntry& entry : testing::catalogue(n)) {
      const Schedule& s = entry.schedule;
      if (s.collective == Collective::broadcast || s.collective == Collective::reduce) continue;
      const auto input = inputs<std::int64_t>(s, 3 * n + 2);
      const auto run = execute_on<std::int64_t>(s, 3 * n + 2, input);
      ASSERT_TRUE(run) << s.algorithm << ": " << run.error().message;
      ASSERT_EQ(run->output, expected_output(s, 3 * n + 2, input)) << s.algorithm << " n=" << n;
    }
  }
}

TEST(Execution, SentElementsOfARingWithoutRemainderAreTheFormula) {
  const auto s = make_schedule(Collective::all_reduce, "ring", {6, 6, 1, 0});
  ASSERT_TRUE(s);
  const auto run = execute_on<std::int64_t>(*s, 60, inputs<std::int64_t>(*s, 60));
  ASSERT_TRUE(run);
  EXPECT_THAT(run->report.sent_elements, ::testing::Each(2 * 5 * 10));
  EXPECT_EQ(run->report.messages, 2 * 5 * 6);
}

/// (sender, receiver) per step against the published peers, so that a right but different schedule
/// shows.
TEST(Execution, RingPeersAreNeighbours) {
  const auto s = make_schedule(Collective::all_reduce, "ring", {7, 7, 1, 0});
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  ASSERT_TRUE(execute(*s, options));
  for (const ExecutedMessage& m : trace.messages) EXPECT_EQ((m.source + 1) % 7, m.destination);
}

TEST(Execution, RabenseifnerPeersDoubleTheirDistanceThenHalveIt) {
  const auto s = make_schedule(Collective::all_reduce, "halving_doubling", {16, 8, 1, 0});
  ExecutionTrace trace;
  ExecuteOptions options;
  options.trace = &trace;
  ASSERT_TRUE(execute(*s, options));
  ASSERT_EQ(trace.messages.size(), 2U * 4U * 16U);
  for (const ExecutedMessage& m : trace.messages) {
    const std::int64_t s_up = m.phase == 1 ? m.step : 3 - m.step;
    EXPECT_EQ(m.source ^ m.destination, std::int64_t{1} << s_up);
    EXPECT_NEAR(m.fraction, 0.5 / static_cast<double>(std::int64_t{1} << s_up), 1e-12);
  }
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

TEST(Proof, HoldsForThousandsOfRanks) {
  for (const std::int64_t n : {1000, 2048, 4096, 4097}) {
    for (const Algorithm& a : algorithms()) {
      const auto s = make_schedule(a.collective, a.name, {n, n % 8 == 0 ? 8 : 1, 1, 0});
      if (a.name == "nvls") continue;  // one node only
      ASSERT_TRUE(s) << s.error().message;
      const auto proved = prove(*s);
      ASSERT_TRUE(proved) << a.name << ": " << proved.error().message;
      // Exchanges of everything, trees and chains name no offsets to prove.
      const bool gathers = a.collective == Collective::all_gather ||
                           a.collective == Collective::reduce_scatter ||
                           a.collective == Collective::all_to_all;
      if (gathers) {
        EXPECT_GT(*proved, 0) << a.name;
      }
    }
    for (const Term& term : {testing::bruck(n), testing::biring(n), testing::pat(n, 8)})
      EXPECT_TRUE(prove(schedule_of(Collective::all_gather, "more", {n}, term)));
  }
}

}  // namespace
}  // namespace collscale

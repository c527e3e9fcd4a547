// SPDX-License-Identifier: Apache-2.0
// Each test states the expectation in words and as a closed form from the literature.
#include "model/analytic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "scenario/candidates.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

using test::clos_system;
using test::ClosOptions;

constexpr double kPort_Bps = 400e9;
constexpr double kNic_Bps = 50e9;
constexpr double kAlphaNode_s = 2e-6;
constexpr double kAlphaLeaf_s = 4.5e-6;  // host part 4 us, one switch 0.5 us

double time_of(const System& system, Collective collective, const char* algorithm,
               std::int64_t ranks, double size_bytes) {
  const std::vector<double> sizes = {size_bytes};
  const auto answer = predict_analytic(system, collective, algorithm, ranks, sizes);
  EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().message);
  return answer ? answer->front().time_s : 0;
}

// Patarasuk & Yuan 2009: 2(p−1) steps of one message of S/p each.
TEST(Analytic, RingAllReduceInANodeIsTwoTimesNMinusOneSteps) {
  const double size = 1e8;
  EXPECT_NEAR(time_of(clos_system({}), Collective::all_reduce, "ring", 8, size),
              14 * (kAlphaNode_s + size / 8 / kPort_Bps), 1e-15);
}

// Thakur, Rabenseifner, Gropp 2005: log2 p steps each way, 2(p−1)/p·S in all.
TEST(Analytic, HalvingDoublingInANodeTakesLogarithmicSteps) {
  const double size = 1e8;
  EXPECT_NEAR(time_of(clos_system({}), Collective::all_reduce, "halving_doubling", 8, size),
              6 * kAlphaNode_s + 2.0 * 7 / 8 * size / kPort_Bps, 1e-15);
}

// A ring over 2 nodes of 8: 15 steps. Along a whole round it crosses between nodes twice and 14
// times within them; 15 steps leave out one of the quick edges. All 8 NICs carry one channel each.
TEST(Analytic, RingOverNodesUsesEveryNicAndPaysTheNetworkOncePerNode) {
  const double size = 1e9;
  const double bytes = size / 16 / 8;
  const double step_s = std::max(bytes / kNic_Bps, 8 * bytes / kPort_Bps);
  EXPECT_NEAR(time_of(clos_system({}), Collective::all_gather, "ring", 16, size),
              13 * kAlphaNode_s + 2 * kAlphaLeaf_s + 15 * step_s, 1e-12);
}

// Reduce-scatter in the node, ring over the nodes with S/g on every rail, all-gather in the node.
TEST(Analytic, HierarchicalAllReduceSendsOneGthOverTheNetwork) {
  const double size = 1e9;
  ClosOptions options;
  options.rails = 8;
  const double inside = 2 * 7 * (kAlphaNode_s + size / 8 / kPort_Bps);
  const double between = 2 * 3 * (kAlphaLeaf_s + size / 8 / 4 / kNic_Bps);
  EXPECT_NEAR(time_of(clos_system(options), Collective::all_reduce, "hierarchical", 32, size),
              inside + between, 1e-12);
}

// Pairwise all-to-all: nothing waits, so the NICs' bytes decide: 8 ranks send 24/32 of S each
// through 8 NICs.
TEST(Analytic, AllToAllIsBoundByTheNics) {
  const double size = 1e9;
  EXPECT_NEAR(time_of(clos_system({}), Collective::all_to_all, "pairwise", 32, size),
              kAlphaLeaf_s + size * 24 / 32 / kNic_Bps, 1e-12);
}

// A tier with oversubscription 4 carries a quarter: all-to-all over 4 leaf groups of 32.
TEST(Analytic, OversubscriptionScalesWhatCrossesTheTier) {
  ClosOptions options;
  options.oversubscription = {4, 1};
  const double size = 1e9;
  const double alpha_spine_s = 4e-6 + 3 * 0.5e-6;
  EXPECT_NEAR(time_of(clos_system(options), Collective::all_to_all, "pairwise", 128, size),
              alpha_spine_s + 32.0 * 96 / 128 * size / (32 * kNic_Bps / 4), 1e-12);
}

TEST(Analytic, AutoIsTheFastestOfTheAlgorithms) {
  const System system = clos_system({});
  for (const double size : {8.0, 1e4, 1e6, 1e9}) {
    double fastest = std::numeric_limits<double>::infinity();
    for (const std::string& name :
         candidate_names(system, Collective::all_reduce, shape_of(system, 64)))
      fastest = std::min(fastest, time_of(system, Collective::all_reduce, name.c_str(), 64, size));
    EXPECT_DOUBLE_EQ(time_of(system, Collective::all_reduce, "auto", 64, size), fastest);
  }
}

// A mixture of experts sends each token to some ranks only: quicker, but no all_to_all.
TEST(Analytic, AutoLeavesOutWhatRoutesByToken) {
  const System system = clos_system({});
  const Shape shape = shape_of(system, 64);
  ASSERT_TRUE(candidate(system, Collective::all_to_all, "moe_dispatch", shape).has_value());
  const auto names = candidate_names(system, Collective::all_to_all, shape);
  EXPECT_THAT(names, testing::Not(testing::Contains(testing::StartsWith("moe_"))));
  const auto found = candidates(system, Collective::all_to_all, "auto", shape);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->size(), names.size());
}

TEST(Analytic, BreakdownSumsToTheTime) {
  const System system = clos_system({});
  const std::vector<double> sizes = {8, 1e6, 1e9};
  const auto answers = predict_analytic(system, Collective::all_reduce, "auto", 128, sizes);
  ASSERT_TRUE(answers.has_value());
  for (const Prediction& answer : *answers) {
    const double sum = std::accumulate(
        answer.breakdown.begin(), answer.breakdown.end(), 0.0,
        [](double total, const ExposedTime& part) { return total + part.exposed_s; });
    EXPECT_NEAR(sum, answer.time_s, 1e-12 * answer.time_s);
  }
}

// What a pricer keeps from one schedule (the same tree with fewer channels, the way up) must not
// show in the next.
TEST(Analytic, APricerThatHasPricedOthersSaysTheSame) {
  int compared = 0;
  for (const std::int64_t nodes : {5, 16, 96}) {
    for (const std::int64_t rails : {1, 4}) {
      for (const std::int64_t nics : {2, 4}) {
        ClosOptions options;
        options.per_node = 4;
        options.nics = nics;
        options.rails = rails;
        options.nodes = nodes;
        options.children = {4, 3, 8};
        options.oversubscription = {2, 3, 1};
        options.adds_up_in_network = true;
        options.routing = Routing::ecmp;
        const System system = clos_system(options);
        const std::int64_t ranks = 4 * nodes;
        AnalyticPricer used(system, ranks);
        for (const Algorithm& algorithm : algorithms()) {
          for (const std::int64_t channels : {1, 4, 2, 3}) {
            Shape shape = shape_of(system, ranks);
            shape.channels = channels;
            const auto found = candidate(system, algorithm.collective, algorithm.name, shape);
            if (!found) continue;
            const CostRates rates(system, {});
            const double fresh_s =
                evaluate(AnalyticPricer(system, ranks).price(found->program), rates, 1e8).time_s;
            EXPECT_NEAR(evaluate(used.price(found->program), rates, 1e8).time_s, fresh_s,
                        1e-12 * fresh_s)
                << algorithm.name << " nodes " << nodes << " rails " << rails << " nics " << nics
                << " channels " << channels;
            ++compared;
          }
        }
      }
    }
  }
  EXPECT_GT(compared, 1000);
}

TEST(Analytic, RefusesWhatCannotRun) {
  const System system = clos_system({});
  const std::vector<double> sizes = {8};
  const auto refusal = [&](const char* algorithm, std::int64_t ranks) {
    const auto answer = predict_analytic(system, Collective::all_reduce, algorithm, ranks, sizes);
    return answer ? std::string("no error") : answer.error().message;
  };
  EXPECT_EQ(refusal("ring", 129), "129 ranks: test-clos has 128 (16 nodes of 8)");
  EXPECT_EQ(refusal("ring", 1), "1 rank: a collective needs at least 2");
  EXPECT_THAT(refusal("rign", 16), ::testing::HasSubstr("did you mean \"ring\""));
}

}  // namespace
}  // namespace collscale

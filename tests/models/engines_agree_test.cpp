// SPDX-License-Identifier: Apache-2.0
// The analytic engine knows formulas, the flow engine sums what it enumerates; they share neither.
// Where their assumptions coincide (no hashing, whole groups) they must give the same time to 1e-9,
// and neither may beat a lower bound, anywhere.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "model/analytic.hpp"
#include "model/bounds.hpp"
#include "over_flow.hpp"
#include "scenario/candidates.hpp"
#include "sim/flow.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

using test::clos_system;
using test::ClosOptions;

const std::vector<double> kSizes = {8, 65536, 1e9};

ClosOptions random_options() {
  ClosOptions options;
  options.per_node = *rc::gen::element<std::int64_t>(1, 2, 4, 8);
  options.nics = options.per_node;
  options.rails = *rc::gen::element<std::int64_t>(1, options.per_node);
  const int tiers = *rc::gen::inRange(1, 4);
  options.children.clear();
  options.oversubscription.clear();
  double nodes = 1;
  for (int t = 0; t < tiers; ++t) {
    options.children.push_back(*rc::gen::element(2.0, 3.0, 4.0, 8.0));
    options.oversubscription.push_back(*rc::gen::element(1.0, 2.0, 7.0));
    nodes *= options.children.back();
  }
  options.nodes = static_cast<std::int64_t>(nodes);
  options.scale_up_Bps = *rc::gen::element(100e9, 400e9, 900e9);
  options.adds_up_in_network = *rc::gen::arbitrary<bool>();
  options.kind = *rc::gen::element(ScaleUpKind::nvswitch, ScaleUpKind::full_mesh,
                                   ScaleUpKind::links, ScaleUpKind::pcie);
  return options;
}

bool is_power_of_two(std::int64_t value) { return (value & (value - 1)) == 0; }

bool has_power_of_two_groups(const ClosOptions& options) {
  return is_power_of_two(options.per_node) &&
         std::all_of(options.children.begin(), options.children.end(), [](double children) {
           return is_power_of_two(static_cast<std::int64_t>(children));
         });
}

/// Some groups of ranks are loaded unlike others where a cube or a fold meets sizes that are no
/// powers of two.
bool needs_powers_of_two(const Program& program) {
  const auto lane_does = [](const Lane& lane) {
    return lane.phase.frame == Frame::exclusive_or || lane.phase.arcs[0].has_receivers;
  };
  return std::any_of(program.lanes.begin(), program.lanes.end(), lane_does) ||
         std::any_of(program.parts.begin(), program.parts.end(), needs_powers_of_two);
}

/// On systems of more nodes or groups than the analytic engine looks at (model/run_loads.hpp), the
/// busiest of trees and other irregular phases may not be among those: by so much it may be too
/// low.
double missed_at_most(const ClosOptions& options) {
  bool all_looked_at = options.nodes <= 64;
  double groups = static_cast<double>(options.nodes);
  for (const double children : options.children) {
    groups /= children;
    all_looked_at = all_looked_at && groups <= 32;
  }
  return all_looked_at ? 1e-9 : 0.02;
}

/// Calls f(algorithm, program, by formula, by enumeration) for every algorithm of the registry that
/// serves so many ranks of the system and is priced: a new algorithm is tested by being there.
template <class F>
int for_each_priced(const System& system, std::int64_t ranks, const F& f) {
  int tested = 0;
  for (const Algorithm& algorithm : algorithms()) {
    const auto schedules =
        candidates(system, algorithm.collective, algorithm.name, shape_of(system, ranks));
    const auto formula =
        predict_analytic(system, algorithm.collective, algorithm.name, ranks, kSizes);
    const auto enumerated =
        simulate_flow(system, algorithm.collective, algorithm.name, ranks, kSizes);
    RC_ASSERT(schedules.has_value() == formula.has_value());
    RC_ASSERT(schedules.has_value() == enumerated.has_value());
    if (!schedules) continue;
    f(algorithm, schedules->front().program, *formula, *enumerated);
    ++tested;
  }
  return tested;
}

std::string label(const Algorithm& algorithm, std::int64_t ranks, double size_bytes) {
  return std::string(name(algorithm.collective)) + "/" + std::string(algorithm.name) + " of " +
         std::to_string(ranks) + " ranks, " + std::to_string(size_bytes) + " B: ";
}

RC_GTEST_PROP(EnginesAgree, OnWholeSystemsWithoutHashing, ()) {
  const ClosOptions options = random_options();
  const System system = clos_system(options);
  const std::int64_t ranks = max_ranks(system);
  RC_PRE(ranks >= 2 && ranks <= 2048);
  const int tested = for_each_priced(
      system, ranks,
      [&](const Algorithm& algorithm, const Program& program, const auto& formula,
          const auto& enumerated) {
        // A cube over groups that are no powers of two is unlike in each group: the closed form is
        // the worst group's in every step, so it may only be slower.
        const bool exact = !needs_powers_of_two(program) ||
                           (is_power_of_two(ranks) && has_power_of_two_groups(options));
        for (std::size_t i = 0; i < kSizes.size(); ++i) {
          const double ratio = formula[i].time_s / enumerated[i].time_s;
          const double low = 1 - missed_at_most(options);
          if (exact && low > 0.9999 ? std::abs(ratio - 1) > 1e-9 : (ratio < low || ratio > 2)) {
            RC_FAIL(label(algorithm, ranks, kSizes[i]) +
                    "analytic/flow = " + std::to_string(ratio));
          }
        }
      });
  RC_ASSERT(tested >= 40);
}

RC_GTEST_PROP(Bounds, AreNeverBeaten, ()) {
  ClosOptions options = random_options();
  options.routing = *rc::gen::element(Routing::ecmp, Routing::spray, Routing::adaptive);
  options.cross_rail = *rc::gen::element(CrossRail::forward, CrossRail::spine);
  const System system = clos_system(options);
  const std::int64_t most = std::min<std::int64_t>(1024, max_ranks(system));
  RC_PRE(most >= 2);
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(2, most + 1);
  for_each_priced(
      system, ranks,
      [&](const Algorithm& algorithm, const Program&, const auto& formula, const auto& enumerated) {
        for (std::size_t i = 0; i < kSizes.size(); ++i) {
          const double bound =
              lower_bounds(system, algorithm.collective, ranks, kSizes[i], formula[i].abilities)
                  .time_s();
          for (const double time_s : {formula[i].time_s, enumerated[i].time_s}) {
            if (time_s >= bound * (1 - 1e-9)) continue;
            RC_FAIL(label(algorithm, ranks, kSizes[i]) + std::to_string(time_s) +
                    " s beats the bound " + std::to_string(bound) + " s");
          }
        }
      });
}

// Ranks that fill neither nodes nor groups: the formula may be too slow, never too fast.
RC_GTEST_PROP(EnginesAgree, PartlyFilledNodesAreNeverPricedTooLow, ()) {
  const ClosOptions options = random_options();
  const System system = clos_system(options);
  const std::int64_t most = std::min<std::int64_t>(600, max_ranks(system));
  RC_PRE(most >= 2);
  const std::int64_t ranks = *rc::gen::inRange<std::int64_t>(2, most + 1);
  for_each_priced(
      system, ranks,
      [&](const Algorithm& algorithm, const Program&, const auto& formula, const auto& enumerated) {
        for (std::size_t i = 0; i < kSizes.size(); ++i) {
          const double ratio = formula[i].time_s / enumerated[i].time_s;
          if (ratio >= 1 - missed_at_most(options)) continue;
          RC_FAIL(label(algorithm, ranks, kSizes[i]) + "analytic/flow = " + std::to_string(ratio));
        }
      });
}

// Hashing: the expected maximum in closed form against many seeds of the explicit hash.
double analytic_over_flow(const ClosOptions& options, Collective collective, const char* algorithm,
                          std::int64_t ranks) {
  return test::analytic_over_flow(clos_system(options), collective, algorithm, ranks, 1e9, 40);
}

ClosOptions hashed_clos() {
  ClosOptions options;
  options.nodes = 64;
  options.rails = 8;
  options.children = {16, 4};
  options.routing = Routing::ecmp;
  return options;
}

TEST(EnginesAgree, WithinSomePercentUnderEcmp) {
  EXPECT_NEAR(analytic_over_flow(hashed_clos(), Collective::all_gather, "recursive_doubling", 512),
              1, 0.08);
}

// A message in q flows: q times as many, of a qth each.
TEST(EnginesAgree, WithinSomePercentWithQueuePairs) {
  ClosOptions options = hashed_clos();
  options.queue_pairs = 8;
  EXPECT_NEAR(analytic_over_flow(options, Collective::all_gather, "recursive_doubling", 512), 1,
              0.08);
}

// Planes: a flow has a part of the NIC only, and hashing is over planes and their links.
TEST(EnginesAgree, WithinSomePercentWithPlanes) {
  ClosOptions options = hashed_clos();
  options.planes = 4;
  EXPECT_NEAR(analytic_over_flow(options, Collective::all_gather, "recursive_doubling", 512), 1,
              0.08);
  options.queue_pairs = 16;
  EXPECT_NEAR(analytic_over_flow(options, Collective::all_gather, "recursive_doubling", 512), 1,
              0.08);
}

// Sprayed over the planes, it is as if there were one.
TEST(EnginesAgree, PlanesMakeNoDifferenceToSprayedTraffic) {
  ClosOptions options = hashed_clos();
  options.routing = Routing::spray;
  const std::vector<double> sizes = {1e9};
  const auto time_s = [&](std::int64_t planes) {
    options.planes = planes;
    return simulate_flow(clos_system(options), Collective::all_reduce, "ring", 512, sizes)
        ->front()
        .time_s;
  };
  EXPECT_DOUBLE_EQ(time_s(8), time_s(1));
}

// Oversubscription that nothing crosses costs nothing; what crosses, in proportion.
TEST(EnginesAgree, TheCrossRailPolicyMattersOnlyWithRails) {
  ClosOptions options;
  options.nodes = 16;
  options.rails = 8;
  options.cross_rail = CrossRail::spine;
  const System spine = clos_system(options);
  const std::vector<double> sizes = {1e9};
  const auto formula = predict_analytic(spine, Collective::all_to_all, "pairwise", 128, sizes);
  const auto enumerated = simulate_flow(spine, Collective::all_to_all, "pairwise", 128, sizes);
  ASSERT_TRUE(formula.has_value() && enumerated.has_value());
  EXPECT_NEAR(formula->front().time_s / enumerated->front().time_s, 1, 1e-9);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Steps in which all ranks exchange messages in pairs: the vector loop gives the bits of the plain
// one, for near and far partners, ranks that are slow, and delays.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "scenario/candidates.hpp"
#include "sim/event/clocks.hpp"
#include "sim/flow_engine.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kRanks = 256;

System system_of_nodes_of_four() {
  test::ClosOptions options;
  options.nodes = 64;
  options.per_node = 4;
  options.nics = 4;
  options.children = {4, 4, 4};
  options.oversubscription = {1, 1, 1};
  return test::clos_system(options);
}

void add_butterflies(const Program& program, std::vector<const Lane*>& found) {
  for (const Lane& lane : program.lanes)
    if (is_butterfly(lane, kRanks)) found.push_back(&lane);
  for (const Program& part : program.parts) add_butterflies(part, found);
}

TEST(EventButterfly, GivesTheBitsOfThePlainLoop) {
  const System system = system_of_nodes_of_four();
  const auto network = FlowNetwork::make(system, kRanks, {});
  ASSERT_TRUE(network);
  const Fabric& fabric = network->routes().fabric();
  Noise noise;
  noise.kind = NoiseKind::exponential;
  noise.mean_s = 1e-6;
  const DelayLaw law(noise);
  std::vector<float> slow(kRanks, 1.0F);
  slow[77] = 1.5F;
  int checked = 0;
  for (const char* algorithm :
       {"recursive_doubling", "halving_doubling", "hierarchical_halving_doubling"}) {
    const auto one = candidate(system, Collective::all_reduce, algorithm, shape_of(system, kRanks));
    ASSERT_TRUE(one);
    std::vector<const Lane*> butterflies;
    add_butterflies(one->program, butterflies);
    for (const Lane* butterfly : butterflies) {
      const std::vector<Lane> lanes{*butterfly};
      Plan plan;
      plan.lanes = &lanes;
      plan.classes.resize(1);
      Plan::Class& steps = plan.classes[0];
      steps.count = lanes[0].phase.steps;
      steps.durations = {{1e-6, 2e-6, 3e-6, 5e-6}, {0.5e-6, 1.5e-6, 2.5e-6, 3.5e-6}};
      const Disturbance disturbance{&law, &slow, 9};
      std::vector<double> t(kRanks);
      for (std::size_t r = 0; r < t.size(); ++r) t[r] = 1e-7 * static_cast<double>(r * 37 % 101);
      std::vector<double> expected = t;
      Clocks(network->routes(), kRanks, disturbance, 1).run(plan, t);

      for (std::int64_t step = 0; step < steps.count; ++step) {
        const std::int64_t mask =
            distance(lanes[0], step, 0) * (lanes[0].map.rank(0, 1) - lanes[0].map.rank(0, 0));
        const StepKeys keys = step_keys(9, 1, static_cast<std::uint64_t>(step / kDelaySteps));
        std::vector<double> next(expected.size());
        for (std::int64_t r = 0; r < kRanks; ++r) {
          const std::int64_t other = r ^ mask;
          const auto level = static_cast<std::size_t>(fabric.turning_level(r, other));
          const double factor = r == 77 || other == 77 ? 1.5 : 1.0;
          const auto at = static_cast<std::size_t>(r);
          const float delay = delay_of(law, rank_key(9, static_cast<std::uint64_t>(r)), keys,
                                       static_cast<int>(step % kDelaySteps));
          next[at] = std::max(expected[at] + factor * steps.durations.busy_s[level],
                              expected[static_cast<std::size_t>(other)] +
                                  factor * steps.durations.arrive_s[level]) +
                     static_cast<double>(delay);
        }
        expected = next;
      }
      EXPECT_TRUE(std::equal(t.begin(), t.end(), expected.begin(), [](double x, double y) {
        return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
      })) << algorithm;
      ++checked;
    }
  }
  EXPECT_GE(checked, 4);  // one, two, and the two stages between nodes
}

}  // namespace
}  // namespace collscale

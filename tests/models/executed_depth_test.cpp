// SPDX-License-Identifier: Apache-2.0
// Where every message takes one α and bytes cost nothing, a predicted time is the depth of the
// schedule: the longest chain of messages that the reference executor finds by running it. No
// algorithm is named but those that start many messages of one content at once, which are charged
// as if those who have it passed it on (docs/models.md).
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "collective/executor.hpp"
#include "model/analytic.hpp"
#include "scenario/candidates.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

constexpr double kAlpha_s = 1e-6;

System one_alpha_everywhere(std::int64_t per_node, std::int64_t nodes) {
  test::ClosOptions options;
  options.per_node = options.nics = per_node;
  options.nodes = nodes;
  options.children = {static_cast<double>(nodes)};
  options.oversubscription = {1};
  options.scale_up_Bps = options.nic_Bps = 1e18;
  System system = test::clos_system(options);
  system.node.scale_up.latency_s = test::figure(kAlpha_s);
  system.node.nics.latency_s = test::figure(kAlpha_s);
  auto& clos = std::get<Clos>(system.fabric);
  clos.tiers[0].hop_latency_s = test::figure(0);
  // Up to the switch is a message, down from it is one.
  system.node.scale_up.in_network = {test::figure(1), test::figure(2 * kAlpha_s)};
  clos.in_network = {test::figure(1), test::figure(2 * kAlpha_s)};
  return system;
}

bool spreads_one_content_at_once(std::string_view algorithm) {
  return algorithm == "linear" || algorithm == "collnet_direct";
}

TEST(Analytic, LatencyIsTheDepthThatTheExecutorFinds) {
  int compared = 0;
  for (const auto& [per_node, nodes] :
       {std::pair<int, int>{4, 4}, {1, 16}, {8, 1}, {4, 6}, {1, 13}, {2, 5}}) {
    const System system = one_alpha_everywhere(per_node, nodes);
    const std::int64_t ranks = per_node * nodes;
    for (const Algorithm& algorithm : algorithms()) {
      for (const std::int64_t chunks : {1, 3}) {
        if (chunks > 1 && !algorithm.uses.chunks) continue;
        Shape shape = shape_of(system, ranks);
        shape.options.chunks = chunks;
        const auto found = candidate(system, algorithm.collective, algorithm.name, shape);
        if (!found) continue;
        const auto executed = execute(found->schedule);
        ASSERT_TRUE(executed.has_value()) << executed.error().message;
        PriceOptions options;
        options.chunks = 1;  // of a pipeline, what one chunk takes: K − 1 more follow
        const double time_s = evaluate(AnalyticPricer(system, ranks).price(found->program),
                                       CostRates(system, options), 8)
                                  .time_s;
        const double depth = time_s / kAlpha_s + static_cast<double>(chunks - 1);
        const std::string what = std::string(name(algorithm.collective)) + "/" +
                                 std::string(algorithm.name) + " " + std::to_string(per_node) +
                                 "x" + std::to_string(nodes) + " in " + std::to_string(chunks);
        if (spreads_one_content_at_once(algorithm.name)) {
          EXPECT_GE(depth, static_cast<double>(executed->depth) - 1e-6) << what;
          continue;
        }
        if (chunks == 1) {
          EXPECT_NEAR(depth, static_cast<double>(executed->depth), 1e-6) << what;
          ++compared;
        } else if (algorithm.name != "multi_rail") {  // whose chunks also wait in the ring
          EXPECT_NEAR(depth, static_cast<double>(executed->depth), 1e-6) << what;
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 300);
}

}  // namespace
}  // namespace collscale

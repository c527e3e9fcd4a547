// SPDX-License-Identifier: Apache-2.0
#include "sim/flow.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "sim/all_pairs.hpp"
#include "sim/link_loads.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

using test::clos_system;
using test::ClosOptions;

// Aggregated all pairs against the same pairs one by one, on whole and partly filled groups.
TEST(LinkLoads, AggregatedAllPairsEqualPairByPair) {
  for (const CrossRail policy : {CrossRail::forward, CrossRail::spine}) {
    for (const std::int64_t rails : {1, 4}) {
      for (const std::int64_t ranks : {4, 12, 32, 37, 61, 64}) {
        ClosOptions options;
        options.per_node = 4;
        options.nics = 4;
        options.rails = rails;
        options.cross_rail = policy;
        options.nodes = 16;
        options.children = {3, 2, 3};
        options.oversubscription = {1, 2, 1};
        const System system = clos_system(options);
        const Routes routes(system);
        const Fabric& fabric = routes.fabric();
        LinkLoads aggregated(routes);
        std::vector<std::int64_t> all(static_cast<std::size_t>(ranks));
        std::iota(all.begin(), all.end(), std::int64_t{0});
        for_each_pair_load(
            routes, all, 1.0,
            [&](std::int64_t link, double bytes, std::int64_t, std::int64_t) {
              aggregated.add(link, bytes);
            },
            [](std::int64_t, std::int64_t) { FAIL() << "cut"; });
        LinkLoads one_by_one(routes);
        for (std::int64_t a = 0; a < ranks; ++a) {
          for (std::int64_t b = 0; b < ranks; ++b) one_by_one.add(fabric.path(a, b, 0), 1.0);
        }
        for (std::int64_t link = 0; link < fabric.link_count(); ++link) {
          ASSERT_EQ(aggregated.bytes(link), one_by_one.bytes(link))
              << fabric.link_name(link) << ", " << ranks << " ranks, " << rails << " rails, "
              << name(policy);
        }
      }
    }
  }
}

TEST(Flow, SameSeedSameAnswerAnotherSeedAnother) {
  ClosOptions options;
  options.nodes = 64;
  options.children = {16, 4};
  options.routing = Routing::ecmp;
  const System system = clos_system(options);
  const std::vector<double> sizes = {1e9};
  const auto time = [&](std::uint64_t seed) {
    return simulate_flow(system, Collective::all_gather, "recursive_doubling", 512, sizes, {seed})
        ->front()
        .time_s;
  };
  EXPECT_EQ(time(1), time(1));
  EXPECT_NE(time(1), time(2));
}

TEST(Flow, HashingIsNeverFasterThanAnEvenShare) {
  ClosOptions options;
  options.nodes = 64;
  options.children = {16, 4};
  const std::vector<double> sizes = {1e9};
  const auto even =
      simulate_flow(clos_system(options), Collective::all_reduce, "halving_doubling", 512, sizes);
  options.routing = Routing::ecmp;
  const auto hashed =
      simulate_flow(clos_system(options), Collective::all_reduce, "halving_doubling", 512, sizes);
  ASSERT_TRUE(even.has_value() && hashed.has_value());
  EXPECT_GE(hashed->front().time_s, even->front().time_s);
}

}  // namespace
}  // namespace collscale

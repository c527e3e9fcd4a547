// SPDX-License-Identifier: Apache-2.0
#include "sim/concurrent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/concurrent_loads.hpp"
#include "sim/flow.hpp"
#include "support/systems.hpp"

namespace collscale {
namespace {

using test::clos_system;
using test::ClosOptions;

/// Rails: every local rank's traffic stays on leaves of its own. No latency, so that bandwidth is
/// all there is.
System railed(Routing routing = Routing::spray, double oversubscription = 1) {
  ClosOptions options;
  options.rails = 8;
  options.oversubscription = {oversubscription, 1};
  options.routing = routing;
  System system = clos_system(options);
  system.node.scale_up.latency_s.value = 0;
  system.node.nics.latency_s.value = 0;
  for (Tier& tier : std::get_if<Clos>(&system.fabric)->tiers) tier.hop_latency_s.value = 0;
  return system;
}

std::vector<CommunicatorTimes> run(const System& system, const std::vector<std::string>& texts,
                                   double background = 0) {
  std::vector<Communicator> communicators;
  for (const std::string& text : texts) communicators.push_back(*parse_communicator(text));
  ConcurrentOptions options;
  options.background = background;
  const auto times = simulate_concurrent(system, max_ranks(system), communicators, options);
  EXPECT_TRUE(times.has_value()) << (times ? "" : times.error().message);
  return times ? times->of : std::vector<CommunicatorTimes>(texts.size());
}

TEST(Concurrent, OnDisjointLinksNeitherSlowsTheOther) {
  // Within nodes: scale-up only. Along rails: NICs and leaves only.
  const auto times = run(railed(), {"all_gather/ring:64MiB:node", "all_reduce/ring:1GiB:rail"});
  for (const CommunicatorTimes& of : times) {
    EXPECT_NEAR(of.together_s, of.alone.time_s, 1e-12 * of.alone.time_s);
    EXPECT_EQ(of.limited_by, "");
  }
}

TEST(Concurrent, TheSameTwiceTakesTwiceAsLong) {
  for (const std::string one : {"all_reduce/ring:1GiB:rail", "all_gather/ring:64MiB:node",
                                "all_reduce/halving_doubling:1GiB", "all_to_all/pairwise:1MiB"}) {
    const auto times = run(railed(), {one, one});
    for (const CommunicatorTimes& of : times)
      EXPECT_NEAR(of.together_s / of.alone.time_s, 2, 1e-6) << one;
    EXPECT_EQ(times[0].limited_by, one.find("node") == std::string::npos ? "nic" : "scale-up");
  }
}

TEST(Concurrent, EightRailsTogetherTakeAsLongAsOneAlone) {
  const auto together = run(railed(), {"all_reduce/ring:1GiB:rail"});
  const auto one = run(railed(), {"all_reduce/ring:1GiB:rail:3"});
  EXPECT_EQ(together[0].layout.last - together[0].layout.first, 8);
  EXPECT_EQ(one[0].layout.last - one[0].layout.first, 1);
  EXPECT_NEAR(together[0].together_s, one[0].together_s, 1e-12 * one[0].together_s);
  // One by one beside each other as well.
  const auto apart = run(railed(), {"all_reduce/ring:1GiB:rail:0", "all_reduce/ring:1GiB:rail:1"});
  EXPECT_NEAR(apart[0].together_s, one[0].together_s, 1e-12 * one[0].together_s);
}

TEST(Concurrent, OneCommunicatorGetsTheFlowEnginesAnswer) {
  ClosOptions options;
  options.nodes = 24;
  options.children = {4, 8};
  options.oversubscription = {2, 1};
  options.adds_up_in_network = true;
  for (const Routing routing : {Routing::spray, Routing::ecmp}) {
    options.routing = routing;
    options.queue_pairs = 2;
    const System system = clos_system(options);
    const std::int64_t ranks = max_ranks(system);
    for (const Collective collective :
         {Collective::all_reduce, Collective::all_gather, Collective::all_to_all,
          Collective::broadcast, Collective::reduce, Collective::gather}) {
      for (const std::string& algorithm : algorithm_names(collective)) {
        for (const double bytes : {4096.0, 256e6}) {
          const std::vector<double> sizes = {bytes};
          const auto flow = simulate_flow(system, collective, algorithm, ranks, sizes);
          const std::vector<Communicator> one = {{collective, algorithm, bytes, "all"}};
          const auto times = simulate_concurrent(system, ranks, one);
          ASSERT_EQ(flow.has_value(), times.has_value()) << algorithm;
          if (!flow) continue;
          const double expected = flow->front().time_s;
          EXPECT_NEAR(times->of[0].alone.time_s, expected, 1e-9 * expected) << algorithm;
          EXPECT_NEAR(times->of[0].together_s, expected, 1e-9 * expected) << algorithm;
          EXPECT_FALSE(times->shared) << algorithm;
        }
      }
    }
  }
}

TEST(Concurrent, OneThatEndsGivesItsShareBack) {
  // Both at half speed until the small one is done; the large one then has the NIC to itself.
  const auto times = run(railed(), {"all_reduce/ring:3GiB:rail", "all_reduce/ring:1GiB:rail"});
  const double unit = times[1].alone.time_s;
  EXPECT_NEAR(times[1].together_s, 2 * unit, 1e-6 * unit);
  EXPECT_NEAR(times[0].together_s, 4 * unit, 1e-6 * unit);
}

TEST(Concurrent, TheSlowFlowsUnusedShareIsTheOthers) {
  // Between leaf groups, 4:1 tapered uplinks hold a ring over all ranks to less than its NICs
  // have: what it cannot use goes to the rings within leaf groups, which then lose less than half.
  const System system = railed(Routing::spray, 4);
  const auto times = run(system, {"all_to_all/pairwise:64MiB", "all_reduce/ring:1GiB:split:32"});
  EXPECT_LT(times[1].together_s, 2 * times[1].alone.time_s);
  EXPECT_GT(times[1].together_s, times[1].alone.time_s);
}

TEST(Concurrent, BackgroundTakesItsShareOfLinksBetweenSwitches) {
  const System system = railed(Routing::spray, 4);
  const auto times = run(system, {"all_to_all/pairwise:64MiB"}, 0.2);
  EXPECT_EQ(times[0].alone.bottleneck, "leaf");
  EXPECT_NEAR(times[0].together_s, times[0].alone.time_s / 0.8, 1e-6 * times[0].together_s);
  EXPECT_EQ(times[0].limited_by, "leaf");
  EXPECT_NEAR(run(railed(), {"all_gather/ring:64MiB:node"}, 0.5)[0].together_s,
              run(railed(), {"all_gather/ring:64MiB:node"})[0].alone.time_s, 1e-12);
}

/// Bytes on every link by all that a communicator sends. Not of pipelines.
std::vector<double> bytes_of(const System& system, const Communicator& one,
                             const std::vector<double>& capacity_Bps) {
  const auto layout = parse_layout(one.layout, system, max_ranks(system));
  const auto found = candidate(system, one.collective, one.algorithm, shape_of(system, *layout));
  const auto network = FlowNetwork::make(system, max_ranks(system), {});
  GroupsEngine engine(*network, *layout, 1, capacity_Bps);
  std::vector<const Lane*> lanes;
  price_detail::collect_lanes(found->program, lanes);
  ArcEdges edges{};
  engine.add_all_steps(lanes, edges);
  std::vector<double> bytes = engine.bytes();
  for (double& of_link : bytes) of_link *= one.size_bytes;
  return bytes;
}

// Rates never sum to more than a link has: all that crosses the fullest takes its time.
TEST(Concurrent, NoLinkCarriesMoreThanItCan) {
  const std::vector<std::string> texts = {
      "all_reduce/ring:1GiB:rail", "all_reduce/hierarchical:256MiB",
      "all_to_all/pairwise:32MiB:split:64", "all_gather/ring:64MiB:node",
      "all_reduce/halving_doubling:64MiB:split:16"};
  for (const Routing routing : {Routing::spray, Routing::ecmp}) {
    const System system = railed(routing, 2);
    const Fabric fabric(system);
    std::vector<double> capacity_Bps;
    for (const LinkClass& of : fabric.classes())
      capacity_Bps.insert(capacity_Bps.end(), static_cast<std::size_t>(of.count), of.capacity_Bps);
    for (const std::string& a : texts) {
      for (const std::string& b : texts) {
        const auto times = run(system, {a, b});
        const auto of_a = bytes_of(system, *parse_communicator(a), capacity_Bps);
        const auto of_b = bytes_of(system, *parse_communicator(b), capacity_Bps);
        const double end_s = std::max(times[0].together_s, times[1].together_s);
        for (std::size_t l = 0; l < capacity_Bps.size(); ++l)
          ASSERT_LE((of_a[l] + of_b[l]) / capacity_Bps[l], end_s * (1 + 1e-9)) << a << " " << b;
      }
    }
  }
}

TEST(Concurrent, NeverFasterThanAloneNorSlowerThanOneAfterAnother) {
  const std::vector<std::string> texts = {
      "all_reduce/ring:1GiB:rail",           "all_reduce/hierarchical:256MiB",
      "all_to_all/pairwise:32MiB:split:64",  "all_gather/ring:64MiB:node",
      "broadcast/binary_tree:1GiB:stride:4", "all_reduce/halving_doubling:64MiB:split:16"};
  for (const Routing routing : {Routing::spray, Routing::ecmp}) {
    const System system = railed(routing, 2);
    for (const std::string& a : texts) {
      for (const std::string& b : texts) {
        const auto times = run(system, {a, b});
        double sum = 0;
        for (const CommunicatorTimes& of : times) sum += of.alone.time_s;
        for (const CommunicatorTimes& of : times) {
          EXPECT_GE(of.together_s, of.alone.time_s * (1 - 1e-9)) << a << " " << b;
          EXPECT_LE(of.together_s, sum * (1 + 1e-9)) << a << " " << b;
        }
      }
    }
  }
}

TEST(Concurrent, SaysInOneSentenceWhatIsWrong) {
  const System system = railed();
  const auto layout = [&](std::string_view text, std::int64_t ranks) {
    const auto parsed = parse_layout(text, system, ranks);
    return parsed ? std::string("none") : parsed.error().message;
  };
  EXPECT_EQ(layout("rail", 128), "none");
  EXPECT_EQ(layout("rial", 128), "no layout \"rial\", did you mean \"rail\"?");
  EXPECT_EQ(layout("pairs", 128), "none");
  EXPECT_EQ(layout("stride:4:3", 128), "none");
  EXPECT_EQ(layout("stride:4:4", 128), "layout stride:4:4: there are 4 of them, from 0 on");
  EXPECT_EQ(layout("split:8:0:1", 128),
            "layout split:8:0:1: at most one group is expected after it");
  EXPECT_EQ(layout("rail", 100), "layout rail: 100 ranks do not fill nodes of 8");
  EXPECT_EQ(layout("rail:8", 128), "layout rail:8: there are 8 of them, from 0 on");
  EXPECT_EQ(layout("split:7", 128), "layout split:7: 128 ranks are not a multiple of 7");
  EXPECT_EQ(layout("split:x", 128), "layout split:x: a whole number is expected after \":\"");
  EXPECT_EQ(layout("stride:128", 128),
            "layout stride:128: groups of 1 rank among 128, at least 2 are needed");
  const auto communicator = [&](std::string_view text) {
    const auto parsed = parse_communicator(text);
    return parsed ? std::string("none") : parsed.error().message;
  };
  EXPECT_EQ(communicator("all_reduce:1GiB:split:8"), "none");
  EXPECT_EQ(communicator("all_reduce"),
            "\"all_reduce\": COLLECTIVE[/ALGORITHM]:SIZE[:LAYOUT], such as all_reduce:1GiB:rail, "
            "is expected");
  EXPECT_EQ(communicator("all_reduce/rign:1GiB"),
            "\"all_reduce/rign:1GiB\": no all_reduce algorithm \"rign\", did you mean \"ring\"?");
}

}  // namespace
}  // namespace collscale

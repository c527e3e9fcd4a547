// SPDX-License-Identifier: Apache-2.0
// Slow links: where links failed or lost capacity, and on fabrics whose levels do not say which
// links a message passes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "collective/algorithms.hpp"
#include "sim/event/event.hpp"
#include "support/systems.hpp"
#include "topology/fabric.hpp"
#include "topology/small_system.hpp"

namespace collscale {
namespace {

using test::clos_system;
using test::ClosOptions;
using testing::make_dragonfly;
using testing::make_torus;

constexpr double kNic_Bps = 50e9;

/// One rank a node.
System thin_system(std::vector<double> children, std::vector<double> oversubscription) {
  ClosOptions options;
  options.nodes = 1;
  for (const double count : children) options.nodes *= static_cast<std::int64_t>(count);
  options.per_node = options.nics = 1;
  options.children = std::move(children);
  options.oversubscription = std::move(oversubscription);
  return clos_system(options);
}

/// 64 nodes of four ranks, each with a NIC on a rail of its own; leaves tapered 2 to 1.
ClosOptions four_rails() {
  ClosOptions options;
  options.nodes = 64;
  options.per_node = options.nics = options.rails = 4;
  options.children = {4, 4, 4};
  options.oversubscription = {1, 2, 1};
  return options;
}

FlowOptions with_faults(const System& system, const std::string& failed,
                        const std::string& degraded) {
  FlowOptions options;
  if (!failed.empty()) {
    EXPECT_TRUE(add_fault(system, failed, false, 1, options.faults)) << failed;
  }
  if (!degraded.empty()) {
    EXPECT_TRUE(add_fault(system, degraded, true, 1, options.faults)) << degraded;
  }
  return options;
}

double event_s(const System& system, Collective collective, const std::string& algorithm,
               std::int64_t ranks, double size, const FlowOptions& flow = {},
               const PriceOptions& price = {}) {
  EventOptions options;
  options.flow = flow;
  const std::vector<double> sizes{size};
  const auto found = simulate_event(system, collective, algorithm, ranks, sizes, options, price);
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  if (!found) return -1;
  double sum = 0;
  for (const ExposedTime& part : found->front().prediction.breakdown) sum += part.exposed_s;
  EXPECT_NEAR(sum / found->front().prediction.time_s, 1, 1e-9);
  return found->front().prediction.time_s;
}

double flow_s(const System& system, Collective collective, const std::string& algorithm,
              std::int64_t ranks, double size, const FlowOptions& flow = {},
              const PriceOptions& price = {}) {
  const std::vector<double> sizes{size};
  const auto found = simulate_flow(system, collective, algorithm, ranks, sizes, flow, price);
  return found ? found->front().time_s : -1;
}

constexpr Collective kAll[] = {Collective::all_reduce,     Collective::all_gather,
                               Collective::reduce_scatter, Collective::broadcast,
                               Collective::reduce,         Collective::all_to_all,
                               Collective::gather,         Collective::scatter,
                               Collective::send_recv,      Collective::barrier};

// `steps` steps of a ring whose messages take α + b, but one, over a slow link, that takes
// α' + b'. The longest chain of waiting goes along the ring, and passes the slow link once; or it
// stays behind that link's port and goes over it with the last message.
double ring_with_a_slow_link_s(double steps, double alpha_s, double b_s, double slow_alpha_s,
                               double slow_b_s) {
  const double along_s = (steps - 1) * (alpha_s + b_s) + slow_alpha_s + slow_b_s;
  const double behind_s = steps * slow_b_s + slow_alpha_s;
  return std::max(along_s, behind_s);
}

TEST(EventFaults, ADegradedNicSetsThePaceOfARing) {
  const System system = thin_system({32}, {1});
  const double alpha_s = Fabric(system).latency_s(1);
  for (const double left : {0.9, 0.5, 0.1}) {
    const FlowOptions flow = with_faults(system, "", "nic 5.0 out=" + std::to_string(left));
    for (const double size : {0.0, 1e5, 1e7, 1e9}) {
      const double b_s = size / 32 / kNic_Bps;
      const double expected_s = ring_with_a_slow_link_s(31, alpha_s, b_s, alpha_s, b_s / left);
      EXPECT_NEAR(event_s(system, Collective::all_gather, "ring", 32, size, flow), expected_s,
                  1e-12 * expected_s)
          << left << " " << size;
    }
  }
}

TEST(EventFaults, ADegradedLeafUplinkSetsThePaceOfARing) {
  // Four nodes a leaf, whose uplinks carry what one NIC does.
  const System system = thin_system({4, 8}, {4, 1});
  const Fabric fabric(system);
  const FlowOptions flow = with_faults(system, "", "leaf 3 up=0.25");
  for (const double size : {1e9, 1e10}) {
    const double b_s = size / 32 / kNic_Bps;
    // Only the slow chain counts: 31 messages one after the other over that uplink.
    const double expected_s = 31 * 4 * b_s + fabric.latency_s(2);
    EXPECT_NEAR(event_s(system, Collective::all_gather, "ring", 32, size, flow), expected_s,
                1e-12 * expected_s);
  }
}

TEST(EventFaults, OnlyThoseBehindTheSlowLinkAreLate) {
  // A binomial broadcast from 0 among 8: rank 7 gets its message from 6 in the last round, 6 from
  // 4, 4 from 0. Its NIC takes three times as long, and nobody waits for it.
  const System system = thin_system({8}, {1});
  const double alpha_s = Fabric(system).latency_s(1);
  const double b_s = 1e9 / kNic_Bps;
  PriceOptions price;
  price.chunks = 1;
  const FlowOptions last = with_faults(system, "", "nic 7.0 in=0.25");
  EXPECT_NEAR(event_s(system, Collective::broadcast, "binomial", 8, 1e9, last, price),
              3 * alpha_s + (1 + 1 + 4) * b_s, 1e-12);
  // That of rank 4 holds back all behind it: it is the first to hear, and its tree is the deepest.
  const FlowOptions first = with_faults(system, "", "nic 4.0 in=0.25");
  EXPECT_NEAR(event_s(system, Collective::broadcast, "binomial", 8, 1e9, first, price),
              3 * alpha_s + (4 + 1 + 1) * b_s, 1e-12);
  // That of rank 1 hears from 0 in the last round, and nobody from it.
  const FlowOptions leaf = with_faults(system, "", "nic 1.0 out=0.01");
  EXPECT_EQ(event_s(system, Collective::broadcast, "binomial", 8, 1e9, leaf, price),
            event_s(system, Collective::broadcast, "binomial", 8, 1e9, {}, price));
}

TEST(EventFaults, AFailedPlaneHalvesEveryMessage) {
  ClosOptions options;
  options.nodes = 32;
  options.per_node = options.nics = 1;
  options.planes = 2;
  options.children = {32};
  options.oversubscription = {1};
  const System system = clos_system(options);
  const FlowOptions flow = with_faults(system, "plane 1", "");
  const double alpha_s = Fabric(system).latency_s(1);
  const double b_s = 1e9 / 32 / kNic_Bps;
  EXPECT_NEAR(event_s(system, Collective::all_gather, "ring", 32, 1e9), 31 * (alpha_s + b_s),
              1e-12);
  EXPECT_NEAR(event_s(system, Collective::all_gather, "ring", 32, 1e9, flow),
              31 * (alpha_s + 2 * b_s), 1e-12);
}

TEST(EventFaults, RanksOfADeadNicUseTheNextOfTheirNode) {
  // Two ranks a node that pass the same ring of nodes, each over a NIC of its own; in node 3 both
  // go over one, which then has twice as much to carry.
  ClosOptions options;
  options.nodes = 8;
  options.per_node = options.nics = 2;
  options.children = {8};
  options.oversubscription = {1};
  const System system = clos_system(options);
  const FlowOptions flow = with_faults(system, "nic 3.1", "");
  const double whole_s = event_s(system, Collective::all_reduce, "hierarchical", 16, 1e9);
  const double less_s = event_s(system, Collective::all_reduce, "hierarchical", 16, 1e9, flow);
  const double in_node_s = 2 * (2e-6 + 0.5e9 / options.scale_up_Bps);
  const double between_s = whole_s - in_node_s;  // 14 steps of α + b
  const double b_s = 0.5e9 / 8 / kNic_Bps;
  EXPECT_NEAR(between_s, 14 * (Fabric(system).latency_s(1) + b_s), 1e-12);
  EXPECT_GT(less_s, in_node_s + 14 * 2 * b_s);
  EXPECT_LT(less_s, in_node_s + 14 * (Fabric(system).latency_s(1) + 2 * b_s) + 1e-12);
}

// Four channels, each a ring that passes from node to node over a rail of its own. That of the dead
// NIC leaves its node over the next rail, and changes back above the leaf. Flow counts the
// latencies of the first channel, clocks those of each.
TEST(EventFaults, CountsTheLatenciesOfEveryLane) {
  const System system = clos_system(four_rails());
  const Fabric fabric(system);
  const FlowOptions flow = with_faults(system, "nic 9.2", "");
  // 16 nodes, 4 a leaf; all edges of the ring but one of the shortest.
  const double ring_s =
      47 * fabric.latency_s(0) + 12 * fabric.latency_s(1) + 4 * fabric.latency_s(2);
  EXPECT_NEAR(event_s(system, Collective::all_gather, "ring", 64, 0), ring_s, 1e-12);
  EXPECT_NEAR(flow_s(system, Collective::all_gather, "ring", 64, 0, flow), ring_s, 1e-12);
  EXPECT_NEAR(event_s(system, Collective::all_gather, "ring", 64, 0, flow),
              ring_s + fabric.latency_s(2) - fabric.latency_s(1), 1e-12);
}

TEST(EventFaults, AFailureElsewhereChangesNoBit) {
  ClosOptions options = four_rails();
  int compared = 0;
  for (const Routing routing : {Routing::spray, Routing::ecmp}) {
    options.routing = routing;
    options.queue_pairs = routing == Routing::ecmp ? 2 : 1;
    const System system = clos_system(options);
    const FlowOptions flow = with_faults(system, "leaf 13", "leaf 12 up=0.5");
    for (const Collective collective : kAll)
      for (const std::string& algorithm : algorithm_names(collective))
        for (const double size : {1024.0, 3e6}) {
          PriceOptions price;
          price.chunks = 3;
          if (flow_s(system, collective, algorithm, 64, size, flow, price) < 0) continue;
          EXPECT_EQ(event_s(system, collective, algorithm, 64, size, flow, price),
                    event_s(system, collective, algorithm, 64, size, {}, price))
              << name(collective) << " " << algorithm;
          ++compared;
        }
  }
  EXPECT_GT(compared, 100);
}

// Where every rank has a part in each step, and one message at a time, flow lets all wait for the
// slowest.
TEST(EventFaults, NeverSlowerThanEachStepsSlowestMessage) {
  ClosOptions options;
  options.nodes = 64;
  options.per_node = options.nics = 4;
  options.children = {4, 4, 4};
  options.oversubscription = {1, 2, 1};
  double least = 1;
  int compared = 0;
  for (const Routing routing : {Routing::spray, Routing::ecmp}) {
    options.routing = routing;
    const System system = clos_system(options);
    for (const char* failed : {"nic 9.2", "leaf 2 up 0", "3 of leaf up", ""})
      for (const char* degraded : {"leaf 5 up=0.4", "nic 3.1=0.5", ""}) {
        if (degraded[0] == 0 && failed[0] == 0) continue;
        const FlowOptions flow = with_faults(system, failed, degraded);
        for (const char* algorithm : {"ring", "recursive_doubling", "halving_doubling"})
          for (const double size : {1024.0, 1e6, 1e9}) {
            const double flow_time_s =
                flow_s(system, Collective::all_reduce, algorithm, 64, size, flow);
            if (flow_time_s < 0) continue;
            const double time_s =
                event_s(system, Collective::all_reduce, algorithm, 64, size, flow);
            EXPECT_LE(time_s, flow_time_s * (1 + 1e-9))
                << algorithm << " " << failed << " " << degraded << " " << size;
            least = std::min(least, time_s / flow_time_s);
            ++compared;
          }
      }
  }
  EXPECT_GT(compared, 100);
  EXPECT_LT(least, 0.95);
}

TEST(EventFaults, RefusesACutFabric) {
  const System system = thin_system({4, 8}, {1, 1});
  EventOptions options;
  options.flow = with_faults(system, "leaf 3 up", "");
  const std::vector<double> sizes{1e6};
  for (const char* algorithm : {"ring", "auto"}) {
    const auto found =
        simulate_event(system, Collective::all_reduce, algorithm, 32, sizes, options);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message,
              "the failures cut the fabric: gpu 11 (node 11) cannot reach gpu 12 (node 12), leaf 3 "
              "has lost all its uplinks");
  }
}

TEST(EventPlacement, PacksAsAFileOrAStrideOfOneDoes) {
  const System system = thin_system({4, 4, 4}, {1, 2, 1});
  FlowOptions strided;
  strided.placement = *parse_placement("strided:1");
  FlowOptions random;
  random.placement = *parse_placement("random");
  for (const char* algorithm : {"ring", "halving_doubling"}) {
    const double packed_s = event_s(system, Collective::all_reduce, algorithm, 32, 1e6);
    EXPECT_EQ(event_s(system, Collective::all_reduce, algorithm, 32, 1e6, strided), packed_s);
    EXPECT_GT(event_s(system, Collective::all_reduce, algorithm, 32, 1e6, random), packed_s);
  }
}

TEST(EventOnATorus, ARingAlongItIsSynchronous) {
  const System system = make_torus({16});
  const Fabric fabric(system);
  const double link_Bps = 25e9;
  for (const double size : {0.0, 1e4, 1e8}) {
    const double expected_s = 15 * (fabric.latency_s(1) + size / 16 / link_Bps);
    EXPECT_NEAR(event_s(system, Collective::all_gather, "ring", 16, size), expected_s,
                1e-12 * expected_s);
    EXPECT_NEAR(flow_s(system, Collective::all_gather, "ring", 16, size), expected_s,
                1e-9 * expected_s);
  }
}

TEST(EventOnATorus, AMeshSendsTheLastMessageOfARingAllTheWayBack) {
  const System system = make_torus({8}, Wrap::mesh);
  const Fabric fabric(system);
  const double b_s = 1e8 / 8 / 25e9;
  const double expected_s =
      ring_with_a_slow_link_s(7, fabric.latency_s(1), b_s, fabric.latency_s(7), b_s);
  EXPECT_NEAR(event_s(system, Collective::all_gather, "ring", 8, 1e8), expected_s,
              1e-12 * expected_s);
}

TEST(EventOnATorus, DoublingSharesTheLinksThatItsPairsPass) {
  // Partners 1, 2, 4 apart on a ring of 8. Two pairs share the link between them when 2 apart; over
  // 4 both ways round are equally long, and half of the nodes go each way, two on every link.
  const System system = make_torus({8});
  const Fabric fabric(system);
  const double block_s = 1e8 / 8 / 25e9;
  const double expected_s = fabric.latency_s(1) + fabric.latency_s(2) + fabric.latency_s(4) +
                            (1 * 1 + 2 * 2 + 4 * 2) * block_s;
  EXPECT_NEAR(event_s(system, Collective::all_gather, "recursive_doubling", 8, 1e8), expected_s,
              1e-12 * expected_s);
}

TEST(EventOnOtherFabrics, AgreesWithFlowOrWaitsLess) {
  std::vector<System> systems = {make_torus({4, 4}), make_torus({4, 4}, Wrap::mesh),
                                 make_torus({2, 4, 4}, Wrap::ring, 2)};
  for (const DragonflyRouting routing :
       {DragonflyRouting::minimal, DragonflyRouting::valiant, DragonflyRouting::adaptive}) {
    testing::SmallDragonfly small;
    small.routing = routing;
    systems.push_back(make_dragonfly(small));
    small.spines = 4;
    systems.push_back(make_dragonfly(small));
  }
  int compared = 0;
  int equal = 0;
  for (const System& system : systems)
    for (const Collective collective : {Collective::all_reduce, Collective::all_gather})
      for (const char* algorithm : {"ring", "recursive_doubling", "halving_doubling"})
        for (const double size : {1024.0, 1e8}) {
          const double flow_time_s = flow_s(system, collective, algorithm, 16, size);
          if (flow_time_s < 0) continue;
          const double time_s = event_s(system, collective, algorithm, 16, size);
          EXPECT_LE(time_s, flow_time_s * (1 + 1e-9)) << name(collective) << algorithm << size;
          EXPECT_GE(time_s, 0.3 * flow_time_s) << name(collective) << algorithm << size;
          equal += std::abs(time_s / flow_time_s - 1) < 1e-9 ? 1 : 0;
          ++compared;
        }
  EXPECT_GT(compared, 60);
  EXPECT_GT(equal, 10);
}

TEST(EventOnOtherFabrics, RunsEveryAlgorithm) {
  const System system = make_torus({4, 2}, Wrap::ring, 2);
  const System fly = make_dragonfly({.groups = 5, .routers = 2, .nodes = 1, .global = 2});
  PriceOptions price;
  price.chunks = 2;
  int run = 0;
  for (const System* each : {&system, &fly})
    for (const Collective collective : kAll)
      for (const std::string& algorithm : algorithm_names(collective)) {
        const double flow_time_s = flow_s(*each, collective, algorithm, 8, 1e6, {}, price);
        if (flow_time_s < 0) continue;
        const double time_s = event_s(*each, collective, algorithm, 8, 1e6, {}, price);
        EXPECT_GT(time_s, 0.3 * flow_time_s) << name(collective) << " " << algorithm;
        EXPECT_LT(time_s, 2 * flow_time_s) << name(collective) << " " << algorithm;
        ++run;
      }
  EXPECT_GT(run, 60);
}

TEST(EventOnOtherFabrics, RefusesWhatMemoryWouldNotHold) {
  const System system = make_torus({16, 16});
  EventOptions options;
  options.flow.memory_limit_bytes = 1e5;
  const std::vector<double> sizes{1e6};
  const auto found =
      simulate_event(system, Collective::all_to_all, "pairwise_in_turn", 256, sizes, options);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("engine event on the ways of 7e+04 messages"),
            std::string::npos)
      << found.error().message;
}

}  // namespace
}  // namespace collscale

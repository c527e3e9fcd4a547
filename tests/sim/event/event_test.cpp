// SPDX-License-Identifier: Apache-2.0
#include "sim/event/event.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/executor.hpp"
#include "scenario/candidates.hpp"
#include "sim/flow.hpp"
#include "support/systems.hpp"
#include "topology/fabric.hpp"

namespace collscale {
namespace {

using test::clos_system;
using test::ClosOptions;

/// One rank a node, all below one leaf: every message is alike.
System flat_system() {
  ClosOptions options;
  options.nodes = 64;
  options.per_node = 1;
  options.nics = 1;
  options.children = {64};
  options.oversubscription = {1};
  return clos_system(options);
}

System tiered_system() {
  ClosOptions options;
  options.nodes = 64;
  options.per_node = 4;
  options.nics = 4;
  options.children = {4, 4, 4};
  options.oversubscription = {1, 1, 1};
  return clos_system(options);
}

EventPrediction simulated(const System& system, Collective collective, const std::string& algorithm,
                          std::int64_t ranks, double size, const EventOptions& options = {},
                          const PriceOptions& price = {}) {
  const std::vector<double> sizes{size};
  const auto result = simulate_event(system, collective, algorithm, ranks, sizes, options, price);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result ? result->front() : EventPrediction{};
}

double flow_time(const System& system, Collective collective, const std::string& algorithm,
                 std::int64_t ranks, double size) {
  const std::vector<double> sizes{size};
  const auto result = simulate_flow(system, collective, algorithm, ranks, sizes);
  return result ? result->front().time_s : -1;
}

double sum_of(const Prediction& prediction) {
  double sum = 0;
  for (const ExposedTime& part : prediction.breakdown) sum += part.exposed_s;
  return sum;
}

/// How many answers were compared.
int expect_flow_and_event_alike(const System& system, std::int64_t ranks) {
  int compared = 0;
  for (const Collective collective :
       {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter,
        Collective::broadcast, Collective::reduce, Collective::all_to_all, Collective::gather,
        Collective::scatter, Collective::send_recv, Collective::barrier}) {
    for (const std::string& algorithm : algorithm_names(collective)) {
      for (const double size : {0.0, 1024.0, 1e6, 1e9}) {
        const double flow_s = flow_time(system, collective, algorithm, ranks, size);
        if (flow_s <= 0) continue;
        const EventPrediction event = simulated(system, collective, algorithm, ranks, size);
        EXPECT_NEAR(event.prediction.time_s / flow_s, 1, 1e-9)
            << name(collective) << " " << algorithm << " " << size;
        EXPECT_NEAR(sum_of(event.prediction) / event.prediction.time_s, 1, 1e-9);
        ++compared;
      }
    }
  }
  return compared;
}

TEST(Event, AgreesWithFlowWhereAllMessagesOfAStepAreAlike) {
  EXPECT_GT(expect_flow_and_event_alike(flat_system(), 32), 100);
}

TEST(Event, AgreesWithFlowInOneNodeOfEveryKind) {
  for (const ScaleUpKind kind :
       {ScaleUpKind::nvswitch, ScaleUpKind::full_mesh, ScaleUpKind::links, ScaleUpKind::pcie}) {
    ClosOptions options;
    options.nodes = 1;
    options.children = {1};
    options.oversubscription = {1};
    options.kind = kind;
    SCOPED_TRACE(name(kind));
    for (const std::int64_t ranks : {2, 8})  // of other counts some ranks have no part in a step
      EXPECT_GT(expect_flow_and_event_alike(clos_system(options), ranks), 50);
  }
}

// A rank whose own port holds it back has the latency of farther messages pass meanwhile, and ranks
// without a part in a step do not wait for it.
TEST(Event, IsNeverSlowerThanTheSlowestMessageOfEachStep) {
  const System system = tiered_system();
  double least = 1;
  for (const char* algorithm : {"ring", "bidirectional_ring", "recursive_doubling",
                                "halving_doubling", "reduce_broadcast", "hierarchical"}) {
    for (const std::int64_t ranks : {12, 64, 256}) {
      for (const double size : {1024.0, 1e6, 1e9}) {
        const double flow_s = flow_time(system, Collective::all_reduce, algorithm, ranks, size);
        if (flow_s <= 0) continue;
        const double event_s =
            simulated(system, Collective::all_reduce, algorithm, ranks, size).prediction.time_s;
        EXPECT_LE(event_s, flow_s * (1 + 1e-9)) << algorithm << " " << ranks << " " << size;
        least = std::min(least, event_s / flow_s);
      }
    }
  }
  EXPECT_LT(least, 0.9);  // and it matters
}

// Two halves of the data take the rings of a 4 x 4 grid in either order: while one goes round in
// the nodes, the other goes round between them. Neither waits for the other, so that latencies add
// up as along one of them.
TEST(Event, HalvesOfTheDataGoOnByThemselves) {
  ClosOptions options;
  options.nodes = options.per_node = options.nics = 4;
  options.children = {4};
  options.oversubscription = {1};
  const System system = clos_system(options);
  const Fabric fabric(system);
  const double expected_s = 2 * 3 * (fabric.latency_s(0) + fabric.latency_s(1));
  EXPECT_NEAR(flow_time(system, Collective::all_reduce, "torus_2d", 16, 0), expected_s, 1e-12);
  EXPECT_NEAR(simulated(system, Collective::all_reduce, "torus_2d", 16, 0).prediction.time_s,
              expected_s, 1e-12);
}

// With messages that take one unit each and nothing else the clocks are the executor's.
TEST(Event, CountsTheStepsThatTheExecutorCounts) {
  const System system = flat_system();
  PriceOptions price;
  price.chunks = 1;
  for (const std::string& algorithm :
       {std::string("ring"), std::string("recursive_doubling"), std::string("halving_doubling"),
        std::string("binomial"), std::string("dissemination")}) {
    for (const Collective collective :
         {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter,
          Collective::broadcast, Collective::barrier}) {
      const auto names = algorithm_names(collective);
      if (std::find(names.begin(), names.end(), algorithm) == names.end()) continue;
      for (const std::int64_t ranks : {2, 4, 8, 16, 32}) {
        const auto one = candidate(system, collective, algorithm, shape_of(system, ranks));
        if (!one) continue;
        const auto report = execute(one->schedule);
        ASSERT_TRUE(report);
        const double unit_s = Fabric(system).latency_s(1);  // without bytes, only that is left
        const double event_s =
            simulated(system, collective, algorithm, ranks, 0, {}, price).prediction.time_s;
        EXPECT_NEAR(event_s, unit_s * static_cast<double>(report->depth), 1e-9 * event_s)
            << name(collective) << " " << algorithm << " " << ranks;
      }
    }
  }
}

TEST(Event, SaysWhatNoiseAndStragglersCost) {
  const System system = flat_system();
  const double quiet_s =
      simulated(system, Collective::all_reduce, "ring", 64, 1e6).prediction.time_s;
  PriceOptions price;
  price.noise = *parse_noise("exponential:1us");
  EventOptions options;
  options.slow = {{17, 17, 2.0}};
  const EventPrediction event =
      simulated(system, Collective::all_reduce, "ring", 64, 1e6, options, price);
  EXPECT_NEAR(sum_of(event.prediction) / event.prediction.time_s, 1, 1e-12);
  double straggler_s = 0;
  double noise_s = 0;
  for (const ExposedTime& part : event.prediction.breakdown) {
    if (part.term == "straggler") straggler_s = part.exposed_s;
    if (part.term == "noise") noise_s = part.exposed_s;
  }
  EXPECT_GT(straggler_s, 0);
  EXPECT_GT(noise_s, 0);
  EXPECT_NEAR(event.prediction.time_s, quiet_s + straggler_s + noise_s, 1e-12);
  EXPECT_GE(event.prediction.bottleneck_s, straggler_s);
  EXPECT_LT(event.prediction.bottleneck_s, quiet_s);
}

// α passes in every step, whoever is slow; the port of the slow rank is the bottleneck of the rest.
TEST(Event, ASlowRankSetsThePaceOfARing) {
  const System system = flat_system();
  EventOptions options;
  options.slow = {{5, 5, 10.0}};
  const double size = 64e9;  // a gigabyte a step: 20 ms a message, latencies hardly count
  const double quiet_s =
      simulated(system, Collective::all_gather, "ring", 64, size).prediction.time_s;
  const Prediction slow =
      simulated(system, Collective::all_gather, "ring", 64, size, options).prediction;
  EXPECT_NEAR(slow.time_s / quiet_s, 10, 0.2);
  EXPECT_EQ(slow.bottleneck, "straggler");
  EXPECT_NEAR(slow.bottleneck_s, slow.time_s - quiet_s, 1e-9 * quiet_s);
}

TEST(Event, ARingAbsorbsALateRankOnce) {
  const System system = flat_system();
  EventOptions options;
  options.late_s = {0, 0, 0, 1e-3};
  const double quiet_s =
      simulated(system, Collective::all_reduce, "ring", 64, 1e6).prediction.time_s;
  const double late_s =
      simulated(system, Collective::all_reduce, "ring", 64, 1e6, options).prediction.time_s;
  EXPECT_GT(late_s, 1e-3);
  EXPECT_LE(late_s, quiet_s + 1e-3 + 1e-12);
}

TEST(Event, DelaysOfAButterflyAreWithinTheMaximaOfItsSteps) {
  // At least the mean of each step's delay, at most that every step waits for the slowest of all.
  const System system = flat_system();
  PriceOptions price;
  price.noise = *parse_noise("exponential:10us");
  const double quiet_s =
      simulated(system, Collective::all_reduce, "recursive_doubling", 64, 8).prediction.time_s;
  double mean_s = 0;
  constexpr int kSeeds = 50;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    EventOptions options;
    options.seed = static_cast<std::uint64_t>(seed);
    mean_s += simulated(system, Collective::all_reduce, "recursive_doubling", 64, 8, options, price)
                  .prediction.time_s /
              kSeeds;
  }
  EXPECT_GT(mean_s - quiet_s, 6 * 10e-6);
  EXPECT_LT(mean_s - quiet_s, 6 * expected_max_s(price.noise, 64));
}

TEST(Event, GivesTheSameForAnyNumberOfThreads) {
  const System system = tiered_system();
  PriceOptions price;
  price.noise = *parse_noise("lognormal:1us:0.5");
  std::vector<double> times;
  for (const int threads : {1, 2, 5}) {
    EventOptions options;
    options.threads = threads;
    times.push_back(simulated(system, Collective::all_reduce, "ring", 256, 1e6, options, price)
                        .prediction.time_s);
  }
  EXPECT_EQ(times[0], times[1]);
  EXPECT_EQ(times[0], times[2]);
}

TEST(Event, RefusesSlowRanksThatAreNotThere) {
  const std::vector<double> sizes{1e6};
  EventOptions options;
  options.slow = {{60, 64, 2.0}};
  const auto result =
      simulate_event(flat_system(), Collective::all_reduce, "ring", 64, sizes, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "slow ranks 60-64: expected ranks from 0 to 63");
}

TEST(Event, RefusesMoreMemoryThanTheLimit) {
  const std::vector<double> sizes{1e6};
  EventOptions options;
  options.flow.memory_limit_bytes = 8000;  // links fit, clocks do not
  const auto result =
      simulate_event(flat_system(), Collective::all_reduce, "ring", 64, sizes, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "engine event on 64 ranks would take some 10 KiB of memory, more than the limit of "
            "7.81 KiB");
}

}  // namespace
}  // namespace collscale

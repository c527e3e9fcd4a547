// SPDX-License-Identifier: Apache-2.0
// The event engine against a discrete-event simulation of every message (message_simulation.hpp).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>
#include <variant>
#include <vector>

#include "scenario/candidates.hpp"
#include "sim/event/delay.hpp"
#include "sim/event/event.hpp"
#include "sim/event/message_simulation.hpp"
#include "support/systems.hpp"
#include "topology/fabric.hpp"

namespace collscale {
namespace {

using testing::MessageSimulation;
using testing::MessageWorld;

constexpr std::int64_t kMostRanks = 20;

System flat_system() {
  test::ClosOptions options;
  options.nodes = kMostRanks;
  options.per_node = options.nics = 1;
  options.children = {static_cast<double>(kMostRanks)};
  options.oversubscription = {1};
  return test::clos_system(options);
}

struct Algorithm {
  Collective collective;
  const char* name;
};
const std::vector<Algorithm> kRingsAndButterflies = {
    {Collective::all_reduce, "ring"},
    {Collective::all_gather, "ring"},
    {Collective::reduce_scatter, "ring"},
    {Collective::all_reduce, "recursive_doubling"},
    {Collective::all_gather, "recursive_doubling"},
    {Collective::all_reduce, "halving_doubling"},
    {Collective::all_reduce, "two_way_ring"},
    {Collective::all_reduce, "swing"},
    {Collective::all_reduce, "circulant"},
    {Collective::barrier, "dissemination"},
    {Collective::broadcast, "binomial"},
    {Collective::reduce, "binomial"},
    {Collective::all_reduce, "reduce_broadcast"},
};
const std::vector<Algorithm> kPipelines = {
    {Collective::broadcast, "binary_tree"},
    {Collective::reduce, "binary_tree"},
    {Collective::broadcast, "chain"},
    {Collective::broadcast, "double_tree"},
    {Collective::all_reduce, "double_binary_tree"},
};

struct Case {
  Algorithm algorithm;
  std::int64_t ranks = 2;
  double size_bytes = 0;
  std::int32_t chunks = 1;
  std::uint64_t seed = 1;
  Noise noise{};
  std::vector<double> late_s;
  std::vector<SlowRanks> slow;
};

std::string text(const Case& c) {
  return std::string(name(c.algorithm.collective)) + " " + c.algorithm.name + " on " +
         std::to_string(c.ranks) + " ranks, " + std::to_string(c.size_bytes) + " B, " +
         std::to_string(c.chunks) + " chunks, seed " + std::to_string(c.seed) + ", " +
         std::to_string(c.slow.size()) + " slow";
}

/// −1 where the schedule is not what the simulation can tell apart.
double simulated_s(const System& system, const Case& c) {
  Shape shape = shape_of(system, c.ranks);
  shape.options.chunks = c.chunks;
  const auto one = candidate(system, c.algorithm.collective, c.algorithm.name, shape);
  if (!one) return -1;
  // Parts at the same time that are not alike share ports by a bound (docs/models.md), no schedule.
  if (one->program.kind == Program::Kind::concurrent) return -1;
  ExecutionTrace trace;
  ExecuteOptions execute_options;
  execute_options.trace = &trace;
  const auto report = execute(one->schedule, execute_options);
  EXPECT_TRUE(report) << report.error().message;
  if (!report || trace.messages.empty()) return -1;
  std::int64_t first = trace.messages.front().phase;
  std::int64_t end = first;
  for (const ExecutedMessage& m : trace.messages) {
    first = std::min(first, m.phase);
    end = std::max(end, m.phase + 1);
  }
  // Lanes one after the other, each with its chunks, each with its stages.
  const auto* par = std::get_if<Par>(&one->schedule.term.node);
  const std::int64_t lanes = par != nullptr ? static_cast<std::int64_t>(par->children.size()) : 1;
  const Term& in_lane = par != nullptr ? *par->children.front().term : one->schedule.term;
  MessageWorld world;
  world.chunked = std::holds_alternative<Pipe>(in_lane.node);
  const std::int64_t chunks = world.chunked ? c.chunks : 1;
  const std::int64_t stages = (end - first) / lanes / chunks;
  EXPECT_EQ(stages * lanes * chunks, end - first) << text(c);
  const auto stage_of = [=](std::int64_t phase) { return (phase - first) % stages; };
  const auto chunk_of = [=](std::int64_t phase) { return (phase - first) / stages % chunks; };
  const auto lane_of = [=](std::int64_t phase) { return (phase - first) / stages / chunks; };
  world.ranks = c.ranks;
  world.latency_s = Fabric(system).latency_s(1);
  world.port_Bps = system.node.nics.bandwidth_Bps.value;
  world.size_bytes = c.size_bytes;
  world.start_s.assign(static_cast<std::size_t>(c.ranks), 0.0);
  for (std::size_t r = 0; r < std::min(world.start_s.size(), c.late_s.size()); ++r)
    world.start_s[r] = c.late_s[r];
  world.factor.assign(static_cast<std::size_t>(c.ranks), 1.0);
  for (const SlowRanks& slow : c.slow)
    for (std::int64_t r = slow.first; r <= slow.last; ++r)
      world.factor[static_cast<std::size_t>(r)] =
          std::max(world.factor[static_cast<std::size_t>(r)],
                   static_cast<double>(static_cast<float>(slow.factor)));
  const DelayLaw law(c.noise);
  world.delay_s = [=](std::int64_t rank, std::int64_t phase, std::int64_t step) {
    if (law.kind == DelayLaw::Kind::none) return 0.0;
    const std::int64_t stream =
        (chunk_of(phase) * lanes + lane_of(phase)) * stages + stage_of(phase) + 1;
    return static_cast<double>(delay_of(law, rank_key(c.seed, static_cast<std::uint64_t>(rank)),
                                        step_keys(c.seed, static_cast<std::uint64_t>(stream),
                                                  static_cast<std::uint64_t>(step / kDelaySteps)),
                                        static_cast<int>(step % kDelaySteps)));
  };
  world.stage = [=](std::int64_t phase) { return chunk_of(phase) * stages + stage_of(phase); };
  world.chunk = chunk_of;
  world.place = [=](std::int64_t phase) { return lane_of(phase) * stages + stage_of(phase); };
  return MessageSimulation(world, trace).run();
}

double engine_s(const System& system, const Case& c) {
  EventOptions options;
  options.seed = c.seed;
  options.late_s = c.late_s;
  options.slow = c.slow;
  PriceOptions price;
  price.noise = c.noise;
  price.chunks = c.chunks;
  const std::vector<double> sizes{c.size_bytes};
  const auto found = simulate_event(system, c.algorithm.collective, c.algorithm.name, c.ranks,
                                    sizes, options, price);
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return found ? found->front().prediction.time_s : -1;
}

Case drawn(const std::vector<Algorithm>& algorithms) {
  Case c;
  c.algorithm = *rc::gen::elementOf(algorithms);
  c.ranks = *rc::gen::inRange<std::int64_t>(2, kMostRanks + 1);
  c.size_bytes = std::pow(10.0, *rc::gen::inRange(0, 10));
  c.chunks = *rc::gen::inRange(1, 7);
  c.seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  c.noise = *rc::gen::elementOf(
      std::vector<Noise>{{}, *parse_noise("exponential:3us"), *parse_noise("lognormal:2us:0.7")});
  const auto slow = *rc::gen::inRange(0, 4);
  for (int i = 0; i < slow; ++i) {
    const auto rank = *rc::gen::inRange<std::int64_t>(0, c.ranks);
    c.slow.push_back({rank, rank, 1 + 0.25 * *rc::gen::inRange(0, 12)});
  }
  const auto late = *rc::gen::inRange(0, 5);
  for (int i = 0; i < late; ++i) c.late_s.push_back(1e-6 * *rc::gen::inRange(0, 100));
  return c;
}

TEST(EventMessages, EveryAlgorithmIsHeldToTheSimulation) {
  const System system = flat_system();
  for (const auto* algorithms : {&kRingsAndButterflies, &kPipelines})
    for (const Algorithm& algorithm : *algorithms) {
      const Case c{algorithm, 8,          1e6, 4, 3, *parse_noise("exponential:3us"),
                   {0, 1e-5}, {{3, 3, 2}}};
      const double expected_s = simulated_s(system, c);
      EXPECT_GT(expected_s, 1e-5) << text(c);
      EXPECT_NEAR(engine_s(system, c), expected_s, 1e-12 * expected_s) << text(c);
    }
}

void hold_to_the_simulation(const std::vector<Algorithm>& algorithms) {
  static const System system = flat_system();
  const Case c = drawn(algorithms);
  const double expected_s = simulated_s(system, c);
  RC_PRE(expected_s > 0);
  const double time_s = engine_s(system, c);
  if (std::abs(time_s / expected_s - 1) > 1e-12)
    RC_FAIL(text(c) + ": " + std::to_string(time_s * 1e6) + " us, expected " +
            std::to_string(expected_s * 1e6));
}

RC_GTEST_PROP(EventMessages, RingsButterfliesAndTreesAreThoseOfASimulationOfEachMessage, ()) {
  hold_to_the_simulation(kRingsAndButterflies);
}

RC_GTEST_PROP(EventMessages, PipelinesAreThoseOfASimulationOfEachChunk, ()) {
  hold_to_the_simulation(kPipelines);
}

}  // namespace
}  // namespace collscale

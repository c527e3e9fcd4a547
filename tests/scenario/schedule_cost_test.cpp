// SPDX-License-Identifier: Apache-2.0
// How terms make up the time of steps, pipelines and parts that run at once. Costs are written by
// hand here: no engine is involved.
#include "scenario/schedule_cost.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "support/systems.hpp"

namespace collscale {
namespace {

using test::clos_system;
using test::figure;

/// 16 nodes of 8 in leaf groups of 4 nodes: α = 2 us in a node, 4.5 us through a leaf, 5.5 us
/// through a spine.
System small_system() { return clos_system({}); }

TEST(Path, OneStepIsItsSlowestEdge) {
  PerLevel path{};
  add_path(path, {14, 2}, 1);
  EXPECT_EQ(path, (PerLevel{0, 1}));
  add_path(path, {16}, 1);
  EXPECT_EQ(path, (PerLevel{1, 1}));
}

TEST(Path, AWholeRoundHasEveryEdgeOnce) {
  PerLevel path{};
  add_path(path, {14, 2}, 32);
  EXPECT_EQ(path, (PerLevel{28, 4}));
}

TEST(Path, ARoundLessOneStepLeavesOutAQuickEdge) {
  PerLevel path{};
  add_path(path, {14, 2}, 15);
  EXPECT_EQ(path, (PerLevel{13, 2}));
}

// Two messages of a rank at once pass together; the farther one decides.
TEST(Path, OfSeveralArcsTheFarthestCounts) {
  PerLevel path{};
  add_slowest_path(path, {LevelCounts{16}, LevelCounts{14, 2}, LevelCounts{}}, 1);
  EXPECT_EQ(path, (PerLevel{0, 1}));
}

TEST(Path, NoMessagesNoPath) {
  PerLevel path{};
  add_path(path, {}, 5);
  EXPECT_EQ(path, PerLevel{});
}

ScheduleCost one_step(const StepCost& step) {
  ScheduleCost cost;
  cost.steps = {step};
  return cost;
}

double exposed(const Prediction& prediction, std::string_view term) {
  double sum = 0;
  for (const ExposedTime& part : prediction.breakdown)
    if (part.term == term) sum += part.exposed_s;
  return sum;
}

/// 3 equal steps of one message of a quarter of the size over NICs of 50 GB/s.
StepCost three_steps() {
  StepCost step;
  step.count = 3;
  step.path = {0, 3};
  step.even[kNicResource] = 0.25 / 50e9;
  step.hashed = step.even;
  return step;
}

TEST(Evaluate, AStepIsItsLatencyAndItsBytes) {
  const Prediction p = evaluate(one_step(three_steps()), CostRates(small_system(), {}), 4e6);
  EXPECT_NEAR(p.time_s, 3 * (4.5e-6 + 1e6 / 50e9), 1e-15);
  EXPECT_NEAR(exposed(p, "latency"), 13.5e-6, 1e-15);
  EXPECT_EQ(p.bottleneck, "nic");
}

// Terms compete: each is exposed by what it adds to those before it, so that they sum to the time.
TEST(Evaluate, HashingIsExposedAsFarAsItExceedsTheEvenShare) {
  StepCost step = three_steps();
  step.even[kFirstTierResource] = 0.2 / 50e9;     // hidden behind the NIC
  step.hashed[kFirstTierResource] = 0.45 / 50e9;  // fullest link
  const Prediction p = evaluate(one_step(step), CostRates(small_system(), {}), 4e6);
  EXPECT_NEAR(exposed(p, "bandwidth"), 3 * 1e6 / 50e9, 1e-15);
  EXPECT_NEAR(exposed(p, "ecmp"), 3 * (1.8e6 - 1e6) / 50e9, 1e-15);
  PriceOptions without;
  without.terms = *parse_without("ecmp");
  EXPECT_NEAR(evaluate(one_step(step), CostRates(small_system(), without), 4e6).time_s,
              3 * (4.5e-6 + 1e6 / 50e9), 1e-15);
}

TEST(Evaluate, ImbalanceConcernsTheTiersUnderAdaptiveRouting) {
  System system = small_system();
  std::get<Clos>(system.fabric).imbalance = figure(0.5);
  StepCost step = three_steps();
  step.even[kFirstTierResource] = 0.2 / 50e9;  // × 1.5 exceeds the NIC's 0.25
  step.hashed = step.even;
  const Prediction p = evaluate(one_step(step), CostRates(system, {}), 4e6);
  EXPECT_NEAR(exposed(p, "imbalance"), 3 * (0.3 - 0.25) * 4e6 / 50e9, 1e-15);
}

TEST(Evaluate, PcieCapsTheNic) {
  System system = small_system();
  system.node.nics.pcie_Bps = figure(25e9);
  const Prediction p = evaluate(one_step(three_steps()), CostRates(system, {}), 4e6);
  EXPECT_NEAR(p.time_s, 3 * (4.5e-6 + 1e6 / 25e9), 1e-15);
  EXPECT_NEAR(exposed(p, "pcie"), 3 * 1e6 / 50e9, 1e-15);
}

// W bytes under way per round trip of 2α: 1 MB, W = 10 kB, 9 us: 99 round trips after the first.
TEST(Evaluate, AWindowCapsLongLinks) {
  System system = small_system();
  system.node.nics.window_bytes = figure(10e3);
  StepCost step = three_steps();
  step.largest = 0.25;
  step.far_level = 1;
  const auto time_s = [&](double size_bytes) {
    return evaluate(one_step(step), CostRates(system, {}), size_bytes).time_s;
  };
  EXPECT_NEAR(time_s(4e6), 3 * (4.5e-6 + 99 * 9e-6), 1e-12);
  EXPECT_NEAR(time_s(4e4), 3 * (4.5e-6 + 10e3 / 50e9), 1e-15);  // fits into the window
}

// LogGPS: what is larger than an eager message waits for an answer. Of a protocol with flags it is
// what goes over the wire that counts, and messages in a node are not announced.
TEST(Evaluate, LargeMessagesBetweenNodesAreAnnounced) {
  System system = small_system();
  system.node.nics.eager_bytes = figure(4096);
  system.node.nics.rendezvous_s = figure(7e-6);
  StepCost step = three_steps();
  step.path = {5, 3};
  step.largest = 0.25;
  const auto latency_s = [&](double message_bytes, const PriceOptions& options) {
    const Prediction p = evaluate(one_step(step), CostRates(system, options), 4 * message_bytes);
    return exposed(p, "latency");
  };
  const double alone_s = 5 * 2e-6 + 3 * 4.5e-6;
  EXPECT_NEAR(latency_s(4096, {}), alone_s, 1e-15);
  EXPECT_NEAR(latency_s(4097, {}), alone_s + 3 * 7e-6, 1e-15);
  PriceOptions flags;
  flags.protocol.wire_share = 0.5;
  EXPECT_NEAR(latency_s(2048, flags), alone_s, 1e-15);
  EXPECT_NEAR(latency_s(2049, flags), alone_s + 3 * 7e-6, 1e-15);
  PriceOptions segments;
  segments.segment_bytes = 4096;
  EXPECT_NEAR(latency_s(1e6, segments), alone_s, 1e-15);
}

// A leaf that carries more than the NIC is exposed first, yet a NIC behind a slow PCIe takes longer
// than either: all wait for it.
TEST(Evaluate, TheBottleneckIsWhatIsWaitedFor) {
  System system = small_system();
  system.node.nics.pcie_Bps = figure(25e9);
  StepCost step = three_steps();
  step.even[kFirstTierResource] = 0.4 / 50e9;
  step.hashed = step.even;
  const Prediction p = evaluate(one_step(step), CostRates(system, {}), 4e6);
  EXPECT_EQ(p.bottleneck, "nic");
  EXPECT_NEAR(p.bottleneck_s, 3 * 0.5 * 4e6 / 50e9, 1e-15);
  EXPECT_NEAR(exposed(p, "bandwidth"), 3 * 0.4 * 4e6 / 50e9, 1e-15);
  EXPECT_NEAR(exposed(p, "pcie"), 3 * 0.1 * 4e6 / 50e9, 1e-15);
  system.node.nics.pcie_Bps = figure(40e9);
  const Prediction faster = evaluate(one_step(step), CostRates(system, {}), 4e6);
  EXPECT_NE(faster.bottleneck, "nic");
  EXPECT_NEAR(faster.bottleneck_s, 3 * 0.4 * 4e6 / 50e9, 1e-15);
}

// LogGP: k messages from one port start max(g, kG, o) apart, so k − 1 intervals.
TEST(Evaluate, MessagesOfAPortStartAGapApart) {
  System system = small_system();
  system.node.nics.message_gap_s = figure(1e-6);
  system.node.nics.overhead_s = figure(3e-6);
  StepCost step;
  step.path = {0, 1};
  step.nic_gaps = 99;
  const Prediction p = evaluate(one_step(step), CostRates(system, {}), 8);
  EXPECT_NEAR(p.time_s, 4.5e-6 + 99 * 3e-6, 1e-15);
  EXPECT_NEAR(exposed(p, "message_rate"), 99e-6, 1e-15);
  EXPECT_NEAR(exposed(p, "overhead"), 198e-6, 1e-15);
  EXPECT_EQ(p.bottleneck, "overhead");
}

TEST(Evaluate, AddingUpAndPackingAddToTheStep) {
  System system = small_system();
  system.node.compute.reduce_Bps = figure(100e9);
  system.node.compute.copy_Bps = figure(10e9);
  StepCost step = three_steps();
  step.reduced = 0.25;
  step.copied = 0.5;
  const Prediction p = evaluate(one_step(step), CostRates(system, {}), 4e6);
  EXPECT_NEAR(exposed(p, "reduction"), 3 * 1e6 / 100e9, 1e-15);
  EXPECT_NEAR(exposed(p, "copy"), 3 * 2e6 / 10e9, 1e-15);
}

TEST(Evaluate, ALaunchComesOnceUnlessTheProtocolHasItsOwn) {
  System system = small_system();
  const double without_s = evaluate(one_step(three_steps()), CostRates(system, {}), 4e6).time_s;
  system.node.compute.launch_s = figure(5e-6);
  const Prediction p = evaluate(one_step(three_steps()), CostRates(system, {}), 4e6);
  EXPECT_NEAR(p.time_s, without_s + 5e-6, 1e-15);
  PriceOptions options;
  options.protocol.base_s = 7e-6;
  EXPECT_NEAR(evaluate(one_step(three_steps()), CostRates(system, options), 4e6).time_s,
              without_s + 7e-6, 1e-15);
}

TEST(Evaluate, MeasuredFactorsApplyToTheLibrarysConstantsOnly) {
  PriceOptions options;
  options.protocol_factors = {2, 3, 4};
  const double plain_s = evaluate(one_step(three_steps()), CostRates(small_system(), {}), 0).time_s;
  EXPECT_NEAR(evaluate(one_step(three_steps()), CostRates(small_system(), options), 0).time_s,
              plain_s, 1e-15);
  options.protocol = {1, 1e-6, 2e-6, 7e-6};
  EXPECT_NEAR(evaluate(one_step(three_steps()), CostRates(small_system(), options), 0).time_s,
              4 * 7e-6 + 3 * (3 * 2e-6 + 0.5e-6), 1e-15);
}

TEST(Evaluate, AProtocolHasItsLatenciesAndItsShareOfTheWire) {
  PriceOptions options;
  options.protocol = {0.5, 1e-6, 2e-6, 7e-6};
  const Prediction p = evaluate(one_step(three_steps()), CostRates(small_system(), options), 4e6);
  EXPECT_NEAR(p.time_s, 7e-6 + 3 * (2e-6 + 0.5e-6 + 2e6 / 50e9), 1e-15);
  EXPECT_NEAR(exposed(p, "protocol"), 3 * 1e6 / 50e9, 1e-15);
}

TEST(Evaluate, NoiseIsAConstantOnRingsAndAMaximumOnSteps) {
  PriceOptions options;
  options.noise = *parse_noise("exponential:1us");
  StepCost step = three_steps();
  step.noisy_ranks = 1000;
  const auto noise_of = [&](const StepCost& s) {
    return exposed(evaluate(one_step(s), CostRates(small_system(), options), 8), "noise");
  };
  EXPECT_NEAR(noise_of(step), 3 * 1e-6 * (std::log(1000.) + 0.57722 + 0.0005), 1e-9);
  step.in_ring = true;  // directed percolation: twice the mean, whatever the length
  EXPECT_NEAR(noise_of(step), 3 * 2e-6, 1e-12);
}

/// A chain of 3 hops in K chunks.
ScheduleCost pipeline(std::int32_t chunks) {
  ScheduleCost cost;
  cost.kind = ScheduleCost::Kind::pipeline;
  cost.chunks = chunks;
  StepCost hop = three_steps();
  hop.even[kNicResource] = 1 / 50e9 / chunks;
  hop.hashed = hop.even;
  cost.parts = {one_step(hop)};
  cost.together.even = hop.even;
  cost.together.hashed = hop.even;
  return cost;
}

// (p − 2 + K)(α + S/(K·B)) where chunks follow each other without α: fill + (K − 1) periods.
TEST(Evaluate, APipelineIsOneChunkAllTheWayAndAPeriodForEachOther) {
  PriceOptions options;
  options.chunks = 10;
  const double size = 5e6;
  const double hop_s = size / 10 / 50e9;
  for (const std::int32_t given_for : {1, 4, 10})
    EXPECT_NEAR(evaluate(pipeline(given_for), CostRates(small_system(), options), size).time_s,
                3 * (4.5e-6 + hop_s) + 9 * hop_s, 1e-15);
}

TEST(Evaluate, AWindowOfChunksSpacesThem) {
  PriceOptions options;
  options.chunks = 10;
  ScheduleCost cost = pipeline(1);
  cost.window = 2;  // a new chunk when the one before the last has arrived
  const double size = 5e3;
  const double fill_s = 3 * (4.5e-6 + size / 10 / 50e9);
  EXPECT_NEAR(evaluate(cost, CostRates(small_system(), options), size).time_s,
              fill_s + 9 * fill_s / 2, 1e-15);
}

// With an overhead o per chunk the best K is √(B/Q), as for any pipeline of fixed cost per chunk.
TEST(Evaluate, WithoutANumberOfChunksTheFastestIsTaken) {
  System system = small_system();
  system.node.nics.overhead_s = figure(2e-6);
  ScheduleCost cost = pipeline(1);
  cost.together.nic_gaps = 1;
  for (const double size : {1e4, 1e6, 1e8}) {
    const double best = evaluate(cost, CostRates(system, {}), size).time_s;
    for (std::int32_t chunks = 1; chunks < 3000; chunks += chunks < 50 ? 1 : 37) {
      PriceOptions fixed;
      fixed.chunks = chunks;
      EXPECT_LE(best, evaluate(cost, CostRates(system, fixed), size).time_s * (1 + 1e-12))
          << size << " B in " << chunks;
    }
  }
}

TEST(Evaluate, PartsAtTheSameTimeShareTheirResources) {
  ScheduleCost cost;
  cost.kind = ScheduleCost::Kind::concurrent;
  cost.parts = {one_step(three_steps()), one_step(three_steps())};
  cost.together.even[kNicResource] = 2 * 3 * 0.25 / 50e9;
  cost.together.hashed = cost.together.even;
  const double size = 4e6;
  EXPECT_NEAR(evaluate(cost, CostRates(small_system(), {}), size).time_s,
              3 * 4.5e-6 + 6 * 1e6 / 50e9, 1e-15);
  cost.together.even = cost.together.hashed = {};  // on resources of their own: the slower one
  EXPECT_NEAR(evaluate(cost, CostRates(small_system(), {}), size).time_s, 3 * (4.5e-6 + 1e6 / 50e9),
              1e-15);
}

// LL at first, then the one that carries all of the bytes.
TEST(Protocols, OfSeveralTheFastestCounts) {
  StepCost step;
  step.path[0] = 4;
  step.even[kScaleUpResource] = 1 / 50e9;
  step.hashed = step.even;
  PriceOptions options;
  options.protocols = {{0.5, 1e-6, 3e-6, 6e-6}, {1, 4e-6, 14e-6, 8e-6}};
  const CostRates rates(small_system(), options);
  EXPECT_NEAR(evaluate(one_step(step), rates, 1e3).time_s, 10e-6 + 2 * 1e3 / 50e9, 1e-15);
  EXPECT_NEAR(evaluate(one_step(step), rates, 1e9).time_s, 24e-6 + 1e9 / 50e9, 1e-12);
}

TEST(Terms, AnUnknownOneIsRefusedWithTheNearestName) {
  EXPECT_EQ(parse_without("ecmq").error().message,
            "no term \"ecmq\" of the cost, did you mean \"ecmp\"?");
  EXPECT_FALSE(parse_without("bandwidth"));
  const auto terms = parse_without("noise,latency");
  ASSERT_TRUE(terms);
  EXPECT_FALSE(terms->has(CostTerm::noise));
  EXPECT_FALSE(terms->has(CostTerm::latency));
  EXPECT_TRUE(terms->has(CostTerm::ecmp));
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What a library's choice costs on the fabric.
#include "model/selected.hpp"

#include <gtest/gtest.h>

#include "support/systems.hpp"

namespace collscale {
namespace {

using test::clos_system;

Selection ring(std::int64_t channels) {
  Selection selection;
  selection.algorithm = "ring";
  selection.library_algorithm = "Ring";
  selection.channels = channels;
  return selection;
}

double time_of(SelectedCosts& costs, const Selection& selection, double size_bytes) {
  const auto prediction = costs.predict(selection, size_bytes);
  EXPECT_TRUE(prediction.has_value()) << (prediction ? "" : prediction.error().message);
  return prediction ? prediction->time_s : 0;
}

// 4 nodes of 8 under one leaf, all_gather: 31 steps, one of them fewer inside than a whole round.
TEST(SelectedCosts, FewChannelsUseFewNics) {
  const System system = clos_system({});
  SelectedCosts costs(system, Collective::all_gather, 32, {});
  const double size = 1e9;
  const double latency_s = 27 * 2e-6 + 4 * 4.5e-6;
  EXPECT_NEAR(time_of(costs, ring(1), size), latency_s + 31 * size / 32 / 50e9, 1e-9);
  EXPECT_NEAR(time_of(costs, ring(8), size), latency_s + 31 * size / 32 / 400e9, 1e-9);
  // More channels than ranks of a node share their NICs.
  EXPECT_DOUBLE_EQ(time_of(costs, ring(32), size), time_of(costs, ring(8), size));
}

TEST(SelectedCosts, TheProtocolsLatenciesTakeThePlaceOfTheSystems) {
  const System system = clos_system({});
  SelectedCosts costs(system, Collective::all_gather, 32, {});
  Selection selection = ring(8);
  selection.figures = {0.5, 1e-6, 3e-6, 7e-6};
  EXPECT_NEAR(time_of(costs, selection, 8), 7e-6 + 27 * 1e-6 + 4 * 3.5e-6, 1e-9);
  const double size = 1e9;
  EXPECT_NEAR(time_of(costs, selection, size),
              7e-6 + 27 * 1e-6 + 4 * 3.5e-6 + 2 * 31 * size / 32 / 400e9, 1e-9);
}

// Beside the protocol's latency of a message stands the transport's, as often as it waits for it.
TEST(SelectedCosts, TheTransportsLatencyIsAdded) {
  System system = clos_system({});
  Selection selection = ring(8);
  selection.figures = {0.5, 1e-6, 3e-6, 7e-6};
  SelectedCosts without(system, Collective::all_gather, 32, {});
  const double least_s = time_of(without, selection, 8);
  system.node.nics.transport_latency_s = test::figure(20e-6);
  SelectedCosts costs(system, Collective::all_gather, 32, {});
  EXPECT_NEAR(time_of(costs, selection, 8), least_s + 4 * 20e-6, 1e-9);
  selection.figures.transport_waits = 2;
  EXPECT_NEAR(time_of(costs, selection, 8), least_s + 4 * 40e-6, 1e-9);
}

// What is announced is what a channel sends, whichever trees the channels have and however many
// orders of a node's ranks the schedule has them in.
TEST(SelectedCosts, AChannelsMessageIsAnnounced) {
  for (const ScaleUpKind kind : {ScaleUpKind::nvswitch, ScaleUpKind::full_mesh}) {
    System system = clos_system({.kind = kind});
    system.node.nics.eager_bytes = test::figure(4096);
    system.node.nics.rendezvous_s = test::figure(1e-3);
    SelectedCosts costs(system, Collective::all_reduce, 32, {});
    for (const int channels : {1, 2, 4, 8, 16}) {
      Selection selection = ring(channels);
      selection.algorithm = "tree";
      for (const int trees : {1, 2}) {
        selection.trees = trees;
        EXPECT_LT(time_of(costs, selection, channels * 4096), 1e-3) << channels << ' ' << trees;
        EXPECT_GT(time_of(costs, selection, channels * 4097), 1e-3) << channels << ' ' << trees;
      }
    }
  }
}

Selection ring_in_two_parts() {
  Selection selection = ring(8);
  selection.segment_bytes = 2 << 20;
  selection.segment_parts = 2;
  return selection;
}

// A message in two parts: t = max(b, α + b/2) a step, so half of the bytes hide the latency; but of
// what is latency inside nodes half is the ranks' own time.
TEST(SelectedCosts, PartsOfAMessageHideItsLatency) {
  const System system = clos_system({});
  SelectedCosts costs(system, Collective::all_gather, 32, {});
  const Selection selection = ring_in_two_parts();
  const double latency_s = 27 * 2e-6 + 4 * 4.5e-6;
  const double small = 1e6;
  const double bytes_s = 31 * small / 32 / 400e9;
  EXPECT_NEAR(time_of(costs, selection, small), latency_s + bytes_s / 2, 1e-12);
  const double large = 1e9;  // the bytes of a step take longer than its α
  EXPECT_NEAR(time_of(costs, selection, large), 27 * 1e-6 + 31 * large / 32 / 400e9, 1e-9);
}

// Inside a node half of the latency is the rank's own time: t = max(b + α/2, α + b/2).
TEST(SelectedCosts, PartsInsideANodeHideHalfOfTheLatency) {
  const System system = clos_system({});
  SelectedCosts costs(system, Collective::all_gather, 8, {});
  const Selection selection = ring_in_two_parts();
  const double latency_s = 7 * 2e-6;
  const double small = 1e6;
  EXPECT_NEAR(time_of(costs, selection, small), latency_s + 7 * small / 8 / 400e9 / 2, 1e-12);
  const double large = 1e9;
  EXPECT_NEAR(time_of(costs, selection, large), latency_s / 2 + 7 * large / 8 / 400e9, 1e-9);
}

TEST(SelectedCosts, ATreesChunksAreTheLibrarys) {
  const System system = clos_system({});
  SelectedCosts costs(system, Collective::all_reduce, 128, {});
  Selection tree = ring(8);
  tree.algorithm = "tree";
  tree.library_algorithm = "Tree";
  const double size = 64e6;
  PriceOptions fixed;
  SelectedCosts unbroken(system, Collective::all_reduce, 128, fixed);
  const double whole_s = time_of(unbroken, tree, size);  // not cut: one chunk all the way
  tree.segment_bytes = size / 8 / 16;
  EXPECT_LT(time_of(costs, tree, size), 0.5 * whole_s);
}

// Each chunk but the first costs a rank half of a message's latency inside a node, over the bytes.
TEST(SelectedCosts, EveryChunkOfAPipelineTakesTheRanksTime) {
  const auto chunk_s = [](double latency_s) {
    System system = clos_system({});
    system.node.scale_up.latency_s.value = latency_s;
    SelectedCosts costs(system, Collective::all_reduce, 128, {});
    Selection tree = ring(8);
    tree.algorithm = "tree";
    tree.library_algorithm = "Tree";
    tree.segment_bytes = 1e5;
    const double some = 8 * 1e5;
    return (time_of(costs, tree, 21 * some) - time_of(costs, tree, 11 * some)) / 10;
  };
  EXPECT_NEAR(chunk_s(4e-6) - chunk_s(2e-6), 1e-6, 1e-12);
}

// A window is of each channel: with 16 of them on 8 lanes twice as much is under way.
TEST(SelectedCosts, EveryChannelHasItsWindow) {
  System system = clos_system({});
  system.node.nics.window_bytes = Figure{1e6, Label::assumed, ""};
  system.node.nics.latency_s.value = 1e-3;
  SelectedCosts costs(system, Collective::all_gather, 32, {});
  const double size = 1e9;
  const double eight_s = time_of(costs, ring(8), size);
  const double sixteen_s = time_of(costs, ring(16), size);
  EXPECT_LT(sixteen_s, eight_s);
  EXPECT_LT(time_of(costs, ring(64), size), sixteen_s);
}

TEST(SelectedCosts, WhatTheRegistryLacksIsRefusedByTheLibrarysName) {
  const System system = clos_system({});
  SelectedCosts costs(system, Collective::all_gather, 32, {});
  Selection unknown;
  unknown.library_algorithm = "CollNetDirect";
  const auto refused = costs.predict(unknown, 8);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "no algorithm of all_gather is like the library's CollNetDirect");
  SelectedCosts too_many(system, Collective::all_gather, 1000, {});
  EXPECT_FALSE(too_many.predict(ring(1), 8).has_value());
}

}  // namespace
}  // namespace collscale

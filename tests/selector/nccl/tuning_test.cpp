// SPDX-License-Identifier: Apache-2.0
// Latencies and bandwidths worked out by hand from the formulas of NVIDIA/nccl v2.28.9-1,
// src/graph/tuning.cc:284-401, for what vectors.hpp does not cover. All in us and GB/s.
#include "selector/nccl/tuning.hpp"

#include "selector/nccl/comms.hpp"

namespace collscale {
namespace {

using A = NcclAlgorithm;
using P = NcclProtocol;
using C = Collective;

/// Four nodes of eight H100 whose switches add up.
NcclComm with_sharp(std::string_view graphs =
                        "ring=8x45:same,nvls=8x40/45,collnet_direct=8x48,"
                        "collnet_chain=8x45") {
  return comm_of({.collnet = true}, kNccl228, 4, 8, graphs);
}

TEST(NcclTuning, CollnetDirect) {
  const NcclTuning all_reduce = tuned(kNccl228, with_sharp(), C::all_reduce);
  // 2 x (3.7 + 7 x 0.4) + 31; 8 x 48 x 0.85 (Hopper), half of it as algorithm bandwidth.
  EXPECT_NEAR(latency_us(all_reduce, A::collnet_direct), 44.0, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(all_reduce, A::collnet_direct), 163.2, 1e-9);
  // Four heads for eight ranks: 8/4 = 2, less half of what is above 1: 192 / 1.5 x 0.85 / 2.
  const NcclTuning few = tuned(
      kNccl228, with_sharp("ring=8x45,collnet_direct=4x48,collnet_chain=8x45"), C::all_reduce);
  EXPECT_NEAR(bandwidth_GBps(few, A::collnet_direct), 54.4, 1e-9);
  // All_gather: 8 x min(48, 0.9 x 48).
  for (const C gather : {C::all_gather, C::reduce_scatter}) {
    const NcclTuning tuning = tuned(kNccl228, with_sharp(), gather);
    EXPECT_NEAR(latency_us(tuning, A::collnet_direct), 44.0, 1e-9);
    EXPECT_NEAR(bandwidth_GBps(tuning, A::collnet_direct), 345.6, 1e-9);
  }
}

TEST(NcclTuning, CollnetChain) {
  // 2 x 7 x 2.8 + 30; 8 x 45 / 2.
  const NcclTuning tuning = tuned(kNccl228, with_sharp(), C::all_reduce);
  EXPECT_NEAR(latency_us(tuning, A::collnet_chain), 69.2, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(tuning, A::collnet_chain), 180, 1e-9);
  EXPECT_EQ(bandwidth_GBps(tuning, A::collnet_chain, P::ll), 0);
}

TEST(NcclTuning, NvlsBetweenNodes) {
  // 25 + 18; min(40 x 0.85 x 7/8 x 2, 45) = 45: 360 x 32/62.
  const NcclTuning all_reduce = tuned(kNccl228, with_sharp(), C::all_reduce);
  EXPECT_NEAR(latency_us(all_reduce, A::nvls), 43, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(all_reduce, A::nvls), 360 * 32.0 / 62, 1e-9);
  // 40 x 0.85 x 7/8 x 7/8 = 26.03125; no ratio.
  const NcclTuning all_gather = tuned(kNccl228, with_sharp(), C::all_gather);
  EXPECT_NEAR(latency_us(all_gather, A::nvls), 43, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(all_gather, A::nvls), 208.25, 1e-9);
}

TEST(NcclTuning, GathersInTheNetworkWantANicPerRankAndThePlugin) {
  NcclComm comm = with_sharp("ring=8x45,nvls=8x40/45,collnet_direct=4x48,collnet_chain=8x45");
  EXPECT_EQ(unavailable(tuned(kNccl228, comm, C::all_gather), A::nvls), "fewer NICs than ranks");
  comm = with_sharp();
  comm.collnet_all_gather = false;
  EXPECT_EQ(unavailable(tuned(kNccl228, comm, C::all_gather), A::collnet_direct),
            "not offered by CollNet");
  EXPECT_EQ(unavailable(tuned(kNccl228, comm, C::reduce_scatter), A::collnet_direct), "");
  // Two nodes at least.
  const NcclComm one = comm_of({.collnet = true}, kNccl228, 1, 8);
  EXPECT_EQ(unavailable(tuned(kNccl228, one, C::all_reduce), A::collnet_direct),
            "no CollNet (SHARP)");
  // No more than eight ranks per node.
  const NcclComm wide = comm_of({.gpus = 16, .nics = 16, .collnet = true}, kNccl228, 2, 16);
  EXPECT_EQ(unavailable(tuned(kNccl228, wide, C::all_reduce), A::collnet_direct),
            "more than 8 ranks per node");
  EXPECT_EQ(unavailable(tuned(kNccl228, wide, C::all_reduce), A::collnet_chain),
            "more than 8 ranks per node");
}

/// On two nodes, and with CollNet, the speed inside nodes counts, on more the one to the network.
TEST(NcclTuning, SpeedsInsideAndOutside) {
  const std::string_view graphs =
      "ring=4x30/24,nvls=4x40,collnet_direct=4x48/24,collnet_chain=4x30/24";
  const auto GBps = [&](std::int64_t nodes, A a) {
    const NcclComm comm = comm_of({.nics = 4, .collnet = true}, kNccl228, nodes, 4, graphs);
    return bandwidth_GBps(tuned(kNccl228, comm, C::all_reduce), a);
  };
  EXPECT_NEAR(GBps(2, A::ring), 4 * 30 * 8.0 / 14, 1e-9);
  EXPECT_NEAR(GBps(3, A::ring), 4 * 24 * 12.0 / 22, 1e-9);
  EXPECT_NEAR(GBps(3, A::collnet_direct), 4 * 48 * 0.85 / 2, 1e-9);
  EXPECT_NEAR(GBps(3, A::collnet_chain), 4 * 30 / 2.0, 1e-9);
  // All_gather: 4 x min(48, 0.9 x 24).
  const NcclComm comm = comm_of({.nics = 4, .collnet = true}, kNccl228, 3, 4, graphs);
  EXPECT_NEAR(bandwidth_GBps(tuned(kNccl228, comm, C::all_gather), A::collnet_direct), 86.4, 1e-9);
}

TEST(NcclTuning, CollnetDirectWantsNvswitch) {
  NcclComm comm = with_sharp();
  comm.nvswitch = false;
  EXPECT_EQ(unavailable(tuned(kNccl228, comm, C::all_reduce), A::collnet_direct), "no NVSwitch");
  EXPECT_EQ(unavailable(tuned(kNccl228, comm, C::all_reduce), A::collnet_chain), "");
}

/// By default LL128 on Volta and later, over NVLink, to NICs near the GPU (through a peer's NVLink
/// from Hopper on).
TEST(NcclTuning, Ll128WhereItIsSafe) {
  const auto why = [](int compute_capability, NcclPath path) {
    NcclComm comm = h100(kNccl228, 4);
    comm.compute_capability = comm.max_compute_capability = compute_capability;
    comm.graphs.ring.inter_path = path;
    return unavailable(tuned(kNccl228, comm, C::all_reduce), A::ring, P::ll128);
  };
  EXPECT_EQ(why(70, NcclPath::pxb), "");
  EXPECT_EQ(why(61, NcclPath::pxb), "LL128 not safe here");
  EXPECT_EQ(why(80, NcclPath::pxn), "LL128 not safe here");
  EXPECT_EQ(why(90, NcclPath::pxn), "");
  EXPECT_EQ(why(90, NcclPath::phb), "LL128 not safe here");
  // Asked for, it is used anywhere.
  NcclComm comm = h100(kNccl228, 4);
  comm.graphs.ring.inter_path = NcclPath::phb;
  EXPECT_EQ(
      unavailable(tuned(kNccl228, comm, C::all_reduce, {.protocols = "LL128"}), A::ring, P::ll128),
      "");
}

/// NICs at the CPU: none before NCCL counted a Grace CPU as next to its GPU (2.27).
TEST(NcclTuning, Ll128IsNotSafeToNicsAtTheCpu) {
  const auto why = [](NcclVersion version, NcclPath path) {
    const NcclNode node{.gpus = 4, .nvswitch = false, .nics = 4, .nic_path = path};
    return unavailable(tuned(version, comm_of(node, version, 4, 4), C::all_reduce), A::tree,
                       P::ll128);
  };
  EXPECT_EQ(why(kNccl228, NcclPath::pix), "");
  EXPECT_EQ(why(kNccl228, NcclPath::phb), "LL128 not safe here");
  EXPECT_EQ(why(kNccl228, NcclPath::p2c), "");
  EXPECT_EQ(why({23}, NcclPath::p2c), "LL128 not safe here");
}

/// The share of what its links carry that NCCL counts on: of a tree of 4 x 36 GB/s or more 92 %,
/// on Blackwell from three nodes on half (24 of 48 GB/s a channel).
TEST(NcclTuning, TreesHaveAShareOfTheirGraph) {
  const auto share = [](const NcclNode& node, std::int64_t nodes) {
    return tuned(kNccl228, comm_of(node, kNccl228, nodes, 8), C::all_reduce)
        .protocol_share[index(A::tree)][index(P::simple)];
  };
  EXPECT_NEAR(share({.nic_Bps = 25e9}, 4), 0.92, 1e-9);
  EXPECT_NEAR(share({.compute_capability = 100}, 4), 24.0 / 48, 1e-9);
}

/// Broadcast and reduce: a ring cut open; n steps where the channels are not alike, which Simple
/// pays at Tree's latency.
TEST(NcclTuning, BroadcastAndReduce) {
  for (const C collective : {C::broadcast, C::reduce}) {
    const NcclComm unlike = comm_of({}, kNccl228, 2, 8, "ring=8x45:different");
    const NcclTuning tuning = tuned(kNccl228, unlike, collective);
    EXPECT_NEAR(latency_us(tuning, A::ring, P::ll), 6.6 + 16 * 2.7, 1e-9);
    EXPECT_NEAR(latency_us(tuning, A::ring, P::ll128), 14 + 16 * 4.0, 1e-9);
    EXPECT_NEAR(latency_us(tuning, A::ring), 8.4 + 16 * 14, 1e-9);
    EXPECT_NEAR(bandwidth_GBps(tuning, A::ring), 360, 1e-9);
    const NcclComm alike = comm_of({}, kNccl228, 2, 8, "ring=8x45:same");
    EXPECT_NEAR(latency_us(tuned(kNccl228, alike, collective), A::ring), 8.4 + 14, 1e-9);
    for (const A none : {A::tree, A::nvls, A::nvls_tree, A::collnet_direct, A::pat})
      EXPECT_EQ(bandwidth_GBps(tuning, none), 0);
  }
}

/// PAT on four nodes of one rank: 8 + 2 x 14/3.5 + 4 x 2.8; 2 x 24 x 0.75.
TEST(NcclTuning, Pat) {
  for (const C collective : {C::all_gather, C::reduce_scatter}) {
    const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, 4, 1), collective);
    EXPECT_NEAR(latency_us(tuning, A::pat), 27.2, 1e-9);
    EXPECT_NEAR(bandwidth_GBps(tuning, A::pat), 36, 1e-9);
  }
  const NcclComm comm = h100(kNccl228, 4, 1);
  EXPECT_EQ(
      unavailable(tuned(kNccl228, comm, C::reduce_scatter, {}, {.op = ReduceOp::avg}), A::pat),
      "not this reduction");
  EXPECT_EQ(unavailable(tuned(kNccl228, comm, C::all_gather, {}, {.op = ReduceOp::avg}), A::pat),
            "");
  NcclComm offload = comm;
  offload.net_offload = true;
  EXPECT_EQ(unavailable(tuned(kNccl228, offload, C::all_gather), A::pat), "network offload");
}

/// One rank per node: steps between nodes take Tree's latency in every algorithm.
TEST(NcclTuning, OneRankPerNode) {
  const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, 4, 1), C::all_reduce);
  EXPECT_NEAR(latency_us(tuning, A::ring), 8.4 + 6 * 14, 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::ring, P::ll), 6.6 + 6 * 5.0, 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::ring, P::ll128), 14 + 6 * 8.5, 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::tree), 8.4 + 2 * 2 * 14, 1e-9);
  EXPECT_EQ(unavailable(tuning, A::nvls_tree), "no NVLink SHARP");
}

/// Eight ranks without NVLink: 2 rings of 12 over PCIe.
TEST(NcclTuning, PcieOnly) {
  const NcclComm comm =
      comm_of({.compute_capability = 80, .nvlinks = 0, .pcie_Bps = 24e9}, kNccl228, 1, 8);
  const NcclTuning tuning = tuned(kNccl228, comm, C::all_reduce);
  EXPECT_NEAR(latency_us(tuning, A::ring), 8.4 + 14 * 5.7, 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::ring, P::ll), 6.6 + 14 * 1.0, 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::tree, P::ll), 6.8 + 2 * 7 * 1.0, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(tuning, A::ring), 24 * 8.0 / 14, 1e-9);
  EXPECT_EQ(unavailable(tuning, A::ring, P::ll128), "LL128 not safe here");
  EXPECT_EQ(unavailable(tuning, A::nvls), "no NVLink SHARP");
}

/// AMD CPUs on 4 nodes: LL is capped at 19.0 whatever the GPU, a step costs at least 2 us, 6 in
/// Simple; 62 steps, 6 of them between nodes.
TEST(NcclTuning, AmdCpu) {
  NcclComm comm = h100(kNccl228, 4);
  comm.cpu = NcclCpu::amd;
  const NcclTuning amd = tuned(kNccl228, comm, C::all_reduce);
  EXPECT_NEAR(latency_us(amd, A::ring), 8.4 + 56 * 6 + 6 * 14, 1e-9);
  EXPECT_NEAR(latency_us(amd, A::ring, P::ll), 6.6 + 56 * 2 + 6 * 2.7, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(amd, A::ring, P::ll), 19.0 * 32 / 62, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(amd, A::tree, P::ll), 9.5, 1e-9);
  comm.cpu = NcclCpu::mixed;  // AMD's cap, but 1 us
  const NcclTuning mixed = tuned(kNccl228, comm, C::all_reduce);
  EXPECT_NEAR(bandwidth_GBps(mixed, A::ring, P::ll), 19.0 * 32 / 62, 1e-9);
  EXPECT_NEAR(latency_us(mixed, A::ring, P::ll), 6.6 + 56 * 1 + 6 * 2.7, 1e-9);
  comm.cpu = NcclCpu::arm;
  EXPECT_NEAR(bandwidth_GBps(tuned(kNccl228, comm, C::all_reduce), A::ring, P::ll), 20.4 * 32 / 62,
              1e-9);
  // NCCL_NET_OVERHEAD=3000 (3 us): 9 in Simple.
  comm.net_overhead_s = 3e-6;
  EXPECT_NEAR(latency_us(tuned(kNccl228, comm, C::all_reduce), A::ring), 8.4 + 56 * 9 + 6 * 14,
              1e-9);
}

/// The network plugin's latency counts once per step, twice in Simple (flush).
TEST(NcclTuning, LatencyOfThePlugin) {
  NcclComm comm = h100(kNccl228, 4);
  comm.graphs.tree.inter_latency_s = 1e-6;
  const NcclTuning tuning = tuned(kNccl228, comm, C::all_reduce);
  EXPECT_NEAR(latency_us(tuning, A::tree, P::ll), 35.2 + 2 * 2 * 1, 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::tree), 120.4 + 2 * 2 * 2, 1e-9);
  const NcclTuning slow =
      tuned(kNccl228, comm_of({.net_latency_s = 1e-6}, kNccl228, 4, 8), C::all_reduce);
  EXPECT_NEAR(latency_us(slow, A::tree, P::ll), 35.2 + 2 * 2 * 1, 1e-9);
  EXPECT_NEAR(latency_us(slow, A::ring, P::ll),
              latency_us(tuned(kNccl228, h100(kNccl228, 4), C::all_reduce), A::ring, P::ll) + 6 * 1,
              1e-9);
}

/// Rings pay 1.4 times the latency from 64 B per channel and rank on, 1.9 on Volta. Volta: 4 x 12
/// GB/s on 2 nodes, 8 channels, 16 ranks: from 8 KiB on.
TEST(NcclTuning, PlateauOfRings) {
  const NcclComm volta = comm_of({.compute_capability = 70,
                                  .nvlinks = 6,
                                  .multicast = false,
                                  .nics = 4,
                                  .nic_Bps = 12.5e9,
                                  .pcie_Bps = 12e9},
                                 kNccl228, 2, 8);
  EXPECT_EQ(volta.channels, 8);
  const NcclTuning tuning = tuned(kNccl228, volta, C::all_reduce);
  const double latency = 8.4 + 28 * 3.4 + 2 * 14;
  const double GBps = 48 * 16.0 / 30;
  const auto us = [&](double bytes) { return estimate_s(tuning, A::ring, P::simple, bytes) * 1e6; };
  EXPECT_NEAR(us(8191), latency + 8191 / 1e3 / GBps, 1e-9);
  EXPECT_NEAR(us(8192), 1.9 * latency + 8192 / 1e3 / GBps, 1e-9);
  EXPECT_NEAR(us(kGiB), 1.9 * latency + kGiB / 1e3 / GBps, 1e-6);
  // LL does not, nor does one node, nor all_gather.
  EXPECT_NEAR(estimate_s(tuning, A::ring, P::ll, 0) * 1e6, 6.6 + 28 * 1 + 2 * 2.7, 1e-9);
  const NcclTuning one = tuned(kNccl228, h100(kNccl228, 1), C::all_reduce);
  EXPECT_NEAR(estimate_s(one, A::ring, P::simple, kGiB) * 1e6, 56 + kGiB / 1e3 / (360 * 8.0 / 14),
              1e-6);
  NcclComm ampere = volta;
  ampere.compute_capability = ampere.max_compute_capability = 80;
  EXPECT_NEAR(estimate_s(tuned(kNccl228, ampere, C::all_reduce), A::ring, P::simple, kGiB) * 1e6,
              1.4 * latency + kGiB / 1e3 / GBps, 1e-6);
}

/// Trees at medium sizes: LL x 0.4 at 256 and 512 KiB (64 B x 2^12, 2^13), whole again at 32 MiB.
TEST(NcclTuning, CorrectionOfTrees) {
  const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, 4), C::all_reduce);
  const auto us = [&](double bytes) { return estimate_s(tuning, A::tree, P::ll, bytes) * 1e6; };
  EXPECT_NEAR(us(256 * kKiB), 35.2 + 256 * kKiB / 1e3 / (10.2 * 0.4), 1e-9);
  EXPECT_NEAR(us(256 * kKiB - 1), 35.2 + (256 * kKiB - 1) / 1e3 / (10.2 * 0.5), 1e-9);
  EXPECT_NEAR(us(32 * kMiB), 35.2 + 32 * kMiB / 1e3 / 10.2, 1e-9);
  EXPECT_NEAR(us(8 * kGiB), 35.2 + 8 * kGiB / 1e3 / 10.2, 1e-3);
  // Simple: 0.9 from 64 B on, nothing below.
  const auto simple = [&](double bytes) {
    return estimate_s(tuning, A::tree, P::simple, bytes) * 1e6;
  };
  EXPECT_NEAR(simple(64), 120.4 + 64 / 1e3 / (144 * 0.9), 1e-9);
  EXPECT_NEAR(simple(63), 120.4 + 63 / 1e3 / 144, 1e-9);
}

/// In a group, rings pay the latency of every collective, others once per 10.
TEST(NcclTuning, GroupsShareLatency) {
  const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, 4), C::all_reduce);
  EXPECT_NEAR(estimate_s(tuning, A::ring, P::ll, 0, 7) * 1e6, 7 * 78.8, 1e-9);
  EXPECT_NEAR(estimate_s(tuning, A::tree, P::ll, 0, 10) * 1e6, 35.2, 1e-9);
  EXPECT_NEAR(estimate_s(tuning, A::tree, P::ll, 0, 11) * 1e6, 2 * 35.2, 1e-9);
}

/// Eight B200 in a node: rings 16 x 45, heads 8 x 80/90.
TEST(NcclTuning, BlackwellInANode) {
  const NcclComm comm = comm_of({.compute_capability = 100}, kNccl228, 1, 8);
  const NcclTuning tuning = tuned(kNccl228, comm, C::all_reduce);
  // min(80 x 0.74 x 7/8 x 2 = 103.6, 90) x 8
  EXPECT_NEAR(bandwidth_GBps(tuning, A::nvls), 720 * 8.0 / 14, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(tuning, A::ring, P::ll), 282 * 8.0 / 14, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(tuning, A::ring, P::ll128), 0.92 * 720 * 8 / 14, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(tuning, A::tree, P::ll128), 0.92 * 720 * 7 / 9 / 2, 1e-9);
}

/// Two nodes of eight B200: rings and heads of 8 x 48.
TEST(NcclTuning, BlackwellBetweenNodes) {
  const NcclComm comm = comm_of({.compute_capability = 100}, kNccl228, 2, 8);
  const NcclTuning tuning = tuned(kNccl228, comm, C::all_reduce);
  // 8 x 34.6 caps 0.92 x 384
  EXPECT_NEAR(bandwidth_GBps(tuning, A::ring, P::ll128), 276.8 * 16 / 30, 1e-9);
  // min(48 x 0.74 x 7/8 x 2 = 62.16, 2 x 48, 96)
  EXPECT_NEAR(bandwidth_GBps(tuning, A::nvls_tree), 8 * 62.16 * 16 / 30, 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::nvls_tree), 25 + 2 * 20.9, 1e-9);
}

/// A rack of 72 GPUs on one NVLink fabric is a node to NCCL, whatever its hosts: 32 heads of 20/40,
/// 20 x 0.74 x 31/32 x 2 = 28.675 each; no NVLS for all_gather beyond 32 ranks.
TEST(NcclTuning, MultiNodeNvlink) {
  const NcclNode rack{.gpus = 72,
                      .compute_capability = 100,
                      .cpu = NcclCpu::arm,
                      .nics = 72,
                      .clique_of_nodes = true};
  const NcclComm comm = comm_of(rack, kNccl228, 1, 72);
  EXPECT_EQ(comm.nodes, 1);
  EXPECT_EQ(comm.graphs.nvls.channels, 32);
  const NcclTuning tuning = tuned(kNccl228, comm, C::all_reduce);
  EXPECT_NEAR(bandwidth_GBps(tuning, A::nvls), 28.675 * 32 * 72 / 142, 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::ring, P::ll), 6.6 + 142 * 0.6, 1e-9);
  EXPECT_EQ(unavailable(tuned(kNccl228, comm, C::all_gather), A::nvls),
            "more than 32 ranks per node");
}

/// Ranks that do not fill the last node: the mean counts, 20 / 3; trees take its whole part.
TEST(NcclTuning, UnevenNodes) {
  const auto comm = make_comm(NcclNode{}, kNccl228, 20, 8, std::string_view("ring=8x45"));
  ASSERT_TRUE(comm);
  EXPECT_EQ(comm->nodes, 3);
  const NcclTuning tuning = tuned(kNccl228, *comm, C::all_reduce);
  EXPECT_NEAR(latency_us(tuning, A::tree, P::ll), 6.8 + 2 * (5 * 0.6 + 1 * 5.0), 1e-9);
  EXPECT_NEAR(latency_us(tuning, A::ring, P::ll), 6.6 + (38 - 4) * 1.0 + 4 * 2.7, 1e-9);
}

/// NVLS adds 16-bit and wider integers and floats, takes the smallest or largest of narrow ones
/// and integers, averages nothing; all_gather reduces nothing.
TEST(NcclTuning, NvlsDoesNotReduceEverything) {
  const NcclComm comm = h100(kNccl228, 1);
  const auto why = [&](C collective, NcclOperation operation) {
    return unavailable(tuned(kNccl228, comm, collective, {}, operation), A::nvls);
  };
  EXPECT_EQ(why(C::all_reduce, {DataType::float32, ReduceOp::sum}), "");
  EXPECT_EQ(why(C::all_reduce, {DataType::bfloat16, ReduceOp::max}), "");
  EXPECT_EQ(why(C::all_reduce, {DataType::float32, ReduceOp::max}), "not this reduction");
  EXPECT_EQ(why(C::reduce_scatter, {DataType::float16, ReduceOp::avg}), "not this reduction");
  EXPECT_EQ(why(C::all_reduce, {DataType::int8, ReduceOp::sum}), "not this reduction");
  EXPECT_EQ(why(C::all_gather, {DataType::int8, ReduceOp::avg}), "");
}

TEST(NcclTuning, OneRankCostsNothing) {
  const NcclTuning tuning = tuned(kNccl228, comm_of({}, kNccl228, 1, 1), C::all_reduce);
  const Selection selection = choose(tuning, 1e9);
  EXPECT_EQ(selection.library_algorithm, "Ring");
  EXPECT_EQ(selection.estimate_s, 0);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Each version by what it changed, worked out by hand before and after. Sources: NVIDIA/nccl,
// src/graph/tuning.cc and src/enqueue.cc at the versions' tags.
#include "selector/nccl/comms.hpp"

namespace collscale {
namespace {

using A = NcclAlgorithm;
using P = NcclProtocol;
using C = Collective;

NcclTuning one_node(int minor, C collective = C::all_reduce, const NcclNode& node = {}) {
  return tuned({minor}, comm_of(node, {minor}, 1, 8), collective);
}
NcclTuning four_nodes(int minor, C collective = C::all_reduce) {
  return tuned({minor}, h100({minor}, 4), collective);
}

/// 18 links of 20.0, not 20.6; no CollNetDirect for all_gather, which 2.20 takes at 8 x 48 x 0.85.
TEST(NcclVersions, From219To220) {
  EXPECT_EQ(nccl_nvlink_GBps({19}, 90), 20.0);
  EXPECT_EQ(nccl_nvlink_GBps({20}, 90), 20.6);
  const auto gather = [](int minor) {
    return tuned({minor},
                 comm_of({.collnet = true}, {minor}, 4, 8,
                         "ring=8x45,collnet_direct=8x40,collnet_chain=8x45"),
                 C::all_gather);
  };
  EXPECT_EQ(bandwidth_GBps(gather(19), A::collnet_direct), 0);
  EXPECT_NEAR(bandwidth_GBps(gather(20), A::collnet_direct), 8 * 40 * 0.85, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(gather(26), A::collnet_direct), 8 * 40 * 0.85, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(gather(27), A::collnet_direct), 8 * 36, 1e-9);
}

/// NVLS across the hosts of a clique, which 2.20 does not do.
TEST(NcclVersions, CliquesIn220) {
  const NcclNode clique{.gpus = 32, .nics = 32, .clique_of_nodes = true};
  EXPECT_EQ(unavailable(tuned({20}, comm_of(clique, {20}, 1, 32), C::all_reduce), A::nvls),
            "not across hosts");
  EXPECT_EQ(unavailable(tuned({21}, comm_of(clique, {21}, 1, 32), C::all_reduce), A::nvls), "");
}

/// LL on rings in a node of H100: min(87.7, 360 / 4), all_gather min(87.7, 360 / 3), then
/// min(141, 360 / 2). NVLS: 23, then 25.
TEST(NcclVersions, From220To221) {
  EXPECT_NEAR(bandwidth_GBps(one_node(20), A::ring, P::ll), 87.7 * 8 / 14, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(20, C::all_gather), A::ring, P::ll), 87.7 * 8 / 7, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(21), A::ring, P::ll), 141 * 8.0 / 14, 1e-9);
  EXPECT_NEAR(latency_us(one_node(20), A::nvls), 23, 1e-9);
  EXPECT_NEAR(latency_us(one_node(21), A::nvls), 25, 1e-9);
  // A100 with 2 rings of 12: a quarter for all_reduce and reduce, a third for others.
  const NcclNode pcie{.compute_capability = 80, .nvlinks = 0, .pcie_Bps = 24e9};
  EXPECT_NEAR(bandwidth_GBps(one_node(20, C::all_reduce, pcie), A::ring, P::ll), 6 * 8.0 / 14,
              1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(20, C::reduce, pcie), A::ring, P::ll), 6, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(20, C::broadcast, pcie), A::ring, P::ll), 8, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(20, C::reduce_scatter, pcie), A::ring, P::ll), 8 * 8.0 / 7,
              1e-9);
}

/// Below 64 B the correction of 64 B applies to 2.21, 0.9 in Simple.
TEST(NcclVersions, From221To222) {
  const auto us = [](int minor) {
    return (estimate_s(one_node(minor), A::tree, P::simple, 32) -
            one_node(minor).latency_s[index(A::tree)][index(P::simple)]) *
           1e6;
  };
  EXPECT_NEAR(us(21), 32 / 1e3 / (165.6 * 0.9), 1e-9);
  EXPECT_NEAR(us(22), 32 / 1e3 / 165.6, 1e-9);
  // Trees take all 640 threads.
  const NcclEnvironment tree{.algorithms = "Tree", .protocols = "LL"};
  EXPECT_EQ(choose(tuned({21}, h100({21}, 4), C::all_reduce, tree), 8).threads, 96);
  EXPECT_EQ(choose(tuned({22}, h100({22}, 4), C::all_reduce, tree), 8).threads, 640);
}

/// Tree/Simple 2 x 7 x 28, then 8.4 + 2 x 7 x 4; rings 2 (nodes - 1) steps between nodes, not 2
/// nodes; NVLS' all_gather without the 5/6; one rank per node at Tree's latency; PAT.
TEST(NcclVersions, From222To223) {
  EXPECT_NEAR(latency_us(one_node(22), A::tree), 392, 1e-9);
  EXPECT_NEAR(latency_us(one_node(23), A::tree), 64.4, 1e-9);
  EXPECT_NEAR(latency_us(four_nodes(22), A::ring, P::ll), 6.6 + 54 * 1 + 8 * 2.7, 1e-9);
  EXPECT_NEAR(latency_us(four_nodes(23), A::ring, P::ll), 6.6 + 56 * 1 + 6 * 2.7, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(22, C::all_gather), A::nvls), 320 * 5.0 / 6, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(23, C::all_gather), A::nvls), 320, 1e-9);
  const auto single = [](int minor, C collective) {
    return tuned({minor}, h100({minor}, 4, 1), collective);
  };
  // 3 steps between nodes of 4 ranks' all_gather, as before, at 2.7 and then 5.0.
  EXPECT_NEAR(latency_us(single(22, C::all_gather), A::ring, P::ll), 6.6 + 3 * 2.7, 1e-9);
  EXPECT_NEAR(latency_us(single(23, C::all_gather), A::ring, P::ll), 6.6 + 3 * 5.0, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(single(22, C::all_gather), A::ring, P::ll128), 48 * 0.7 * 4 / 3, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(single(23, C::all_gather), A::ring, P::ll128), 48 * 0.92 * 4 / 3,
              1e-9);
  EXPECT_EQ(bandwidth_GBps(single(22, C::all_gather), A::pat), 0);
  EXPECT_NEAR(bandwidth_GBps(single(23, C::all_gather), A::pat), 48 * 0.85, 1e-9);
  EXPECT_NEAR(latency_us(single(23, C::all_gather), A::pat), 27.2, 1e-9);
}

/// PAT x 0.85, then 0.75; CPUs of several vendors count as AMD.
TEST(NcclVersions, From223To224) {
  EXPECT_NEAR(bandwidth_GBps(tuned({24}, h100({24}, 4, 1), C::all_gather), A::pat), 36, 1e-9);
  for (const int minor : {23, 24}) {
    NcclComm comm = h100({minor}, 4);
    comm.cpu = NcclCpu::mixed;
    EXPECT_NEAR(bandwidth_GBps(tuned({minor}, comm, C::all_reduce), A::tree, P::ll),
                minor == 23 ? 10.2 : 9.5, 1e-9);
  }
}

/// Blackwell has its own constants and LL128; before, Hopper's, and LL128 only if asked for.
TEST(NcclVersions, From224To225) {
  const NcclNode b200{.compute_capability = 100};
  EXPECT_EQ(unavailable(one_node(24, C::all_reduce, b200), A::ring, P::ll128),
            "LL128 not safe here");
  EXPECT_EQ(unavailable(one_node(25, C::all_reduce, b200), A::ring, P::ll128), "");
  // 12 x 30 of Hopper's links: LL 141; 16 x 45: 282.
  EXPECT_NEAR(bandwidth_GBps(one_node(24, C::all_reduce, b200), A::ring, P::ll), 141 * 8.0 / 14,
              1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(25, C::all_reduce, b200), A::ring, P::ll), 282 * 8.0 / 14,
              1e-9);
}

/// 2.26 changes nothing in the model of a DGX; PAT refuses GPUs before Pascal, which no node here
/// is. Its constants are 2.25's.
TEST(NcclVersions, From225To226) {
  for (const C collective : {C::all_reduce, C::all_gather, C::broadcast}) {
    EXPECT_EQ(four_nodes(25, collective).bandwidth_Bps, four_nodes(26, collective).bandwidth_Bps);
    EXPECT_EQ(four_nodes(25, collective).latency_s, four_nodes(26, collective).latency_s);
  }
}

/// NVLS' all_gather min(40 x 7/8, 60 x 0.9), between nodes, too; LL128 on every GPU from Volta on.
TEST(NcclVersions, From226To227) {
  EXPECT_NEAR(bandwidth_GBps(one_node(26, C::all_gather), A::nvls), 320, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(27, C::all_gather), A::nvls), 280, 1e-9);
  const NcclNode ada{.compute_capability = 89, .nvlinks = 4, .multicast = false};
  EXPECT_EQ(unavailable(one_node(26, C::all_reduce, ada), A::ring, P::ll128),
            "LL128 not safe here");
  EXPECT_EQ(unavailable(one_node(27, C::all_reduce, ada), A::ring, P::ll128), "");
  const std::string_view graphs = "ring=8x45,nvls=8x40/45,collnet_direct=8x48,collnet_chain=8x45";
  const auto between = [&](int minor) {
    return tuned({minor}, comm_of({.collnet = true}, {minor}, 4, 8, graphs), C::all_gather);
  };
  EXPECT_EQ(unavailable(between(26), A::nvls), "more than one node");
  EXPECT_NEAR(bandwidth_GBps(between(27), A::nvls), 8 * 35, 1e-9);
}

/// NVLSTree 25 + 4 x 14, then 25 + 4 x 20.9; NVLS 320 x 5/6, then by its efficiency; CollNetChain
/// no more beyond 8 ranks per node.
TEST(NcclVersions, From227To228) {
  EXPECT_NEAR(latency_us(four_nodes(27), A::nvls_tree), 81, 1e-9);
  EXPECT_NEAR(latency_us(four_nodes(28), A::nvls_tree), 108.6, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(27), A::nvls), 320 * 5.0 / 6, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(28), A::nvls), 272, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(four_nodes(27), A::nvls_tree), 8 * 22.5 * 5 / 6, 1e-9);
  const NcclNode wide{.gpus = 16, .nics = 16, .collnet = true};
  for (const int minor : {23, 27})
    EXPECT_EQ(
        unavailable(tuned({minor}, comm_of(wide, {minor}, 2, 16), C::all_reduce), A::collnet_chain),
        "");
  EXPECT_EQ(unavailable(tuned({22}, comm_of(wide, {22}, 2, 16), C::all_reduce), A::collnet_chain),
            "more than 8 ranks per node");
}

/// B200, LL128 on rings: 40 per channel, 16 channels; NVLSTree's correction, 0.5 at 1 MiB, with
/// x86 CPUs.
TEST(NcclVersions, From228To229) {
  const NcclNode b200{.compute_capability = 100};
  EXPECT_NEAR(bandwidth_GBps(one_node(28, C::all_reduce, b200), A::ring, P::ll128),
              0.92 * 720 * 8 / 14, 1e-9);
  EXPECT_NEAR(bandwidth_GBps(one_node(29, C::all_reduce, b200), A::ring, P::ll128), 640 * 8.0 / 14,
              1e-9);
  const auto factor = [&](int minor, NcclCpu cpu) {
    NcclComm comm = comm_of(b200, {minor}, 4, 8);
    comm.cpu = cpu;
    const NcclTuning tuning = tuned({minor}, comm, C::all_reduce);
    const double s = estimate_s(tuning, A::nvls_tree, P::simple, kMiB) -
                     tuning.latency_s[index(A::nvls_tree)][index(P::simple)];
    return kMiB / s / tuning.bandwidth_Bps[index(A::nvls_tree)][index(P::simple)];
  };
  EXPECT_NEAR(factor(28, NcclCpu::intel), 1, 1e-9);
  EXPECT_NEAR(factor(29, NcclCpu::intel), 0.5, 1e-9);
  EXPECT_NEAR(factor(29, NcclCpu::arm), 1, 1e-9);
}

/// NVLSTree on 4 nodes of B200: 43.8, then min(48 x 0.74 x 7/8 x 2, 48, 80) = 48; LL128 between
/// Hopper and Blackwell.
TEST(NcclVersions, From229To230) {
  const NcclNode b200{.compute_capability = 100};
  const auto GBps = [&](int minor) {
    return bandwidth_GBps(tuned({minor}, comm_of(b200, {minor}, 4, 8), C::all_reduce),
                          A::nvls_tree);
  };
  EXPECT_NEAR(GBps(29), 8 * 43.8 * 32 / 62, 1e-9);
  EXPECT_NEAR(GBps(30), 8 * 48.0 * 32 / 62, 1e-9);
  const NcclNode both{.compute_capability = 90, .max_compute_capability = 100};
  EXPECT_EQ(unavailable(one_node(29, C::all_reduce, both), A::ring, P::ll128),
            "LL128 not safe here");
  EXPECT_EQ(unavailable(one_node(30, C::all_reduce, both), A::ring, P::ll128), "");
}

/// From 2.22 to 2.27 there are at least as many channels as NVLS has, 16 on Hopper.
TEST(NcclVersions, ChannelsCoverThoseOfNvls) {
  for (int minor = kOldestNccl.minor; minor <= kNewestNccl.minor; ++minor) {
    const NcclComm comm = comm_of({.nics = 4}, {minor}, 4, 4, "ring=4x24,nvls=4x40");
    EXPECT_EQ(comm.channels, minor >= 22 && minor <= 27 ? 16 : 8) << minor;
  }
}

/// Whatever the version, what it chooses is available, and its estimate is the smallest.
TEST(NcclVersions, AllChooseTheSmallestEstimate) {
  for (int minor = kOldestNccl.minor; minor <= kNewestNccl.minor; ++minor) {
    for (const std::int64_t nodes : {1, 2, 64}) {
      for (const C collective : {C::all_reduce, C::all_gather, C::reduce_scatter, C::broadcast}) {
        const NcclTuning tuning = tuned({minor}, h100({minor}, nodes), collective);
        for (const double bytes : {8.0, 1e5, 1e7, 1e10}) {
          const NcclChoice choice = choose_nccl(tuning, bytes);
          for (std::size_t a = 0; a < kNcclAlgorithms; ++a) {
            for (std::size_t p = 0; p < kNcclProtocols; ++p) {
              const double s = estimate_s(tuning, static_cast<A>(a), static_cast<P>(p), bytes);
              EXPECT_TRUE(s < 0 || choice.estimate_s <= s) << minor;
            }
          }
          EXPECT_GT(tuning.bandwidth_Bps[index(choice.algorithm)][index(choice.protocol)], 0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace collscale

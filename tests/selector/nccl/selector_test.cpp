// SPDX-License-Identifier: Apache-2.0
// Channels, threads and chunks by size, worked out by hand from NVIDIA/nccl v2.28.9-1,
// src/enqueue.cc:1865-1910 and 2010-2093; sends and receives; names of our registry.
#include "selector/nccl/selector.hpp"

#include "collective/algorithms.hpp"
#include "selector/nccl/comms.hpp"

namespace collscale {
namespace {

using A = NcclAlgorithm;
using C = Collective;

Selection forced(const NcclComm& comm, std::string algorithm, std::string protocol, double bytes,
                 C collective = C::all_reduce, NcclVersion version = kNccl228) {
  return choose(tuned(version, comm, collective,
                      {.algorithms = std::move(algorithm), .protocols = std::move(protocol)}),
                bytes);
}

/// Ring/LL wants 512 threads x 8 B x ranks for every channel: 512 KiB on 128 ranks.
TEST(NcclSelector, RingsInLlShrinkToOneChannel) {
  const NcclComm comm = h100(kNccl228, 16);
  EXPECT_EQ(forced(comm, "Ring", "LL", 1 * kGiB).channels, 16);
  EXPECT_EQ(forced(comm, "Ring", "LL", 8 * kMiB).channels, 16);
  EXPECT_EQ(forced(comm, "Ring", "LL", 8 * kMiB - 1).channels, 15);
  EXPECT_EQ(forced(comm, "Ring", "LL", 1 * kMiB).channels, 2);
  EXPECT_EQ(forced(comm, "Ring", "LL", 1 * kMiB).threads, 512);
  const Selection small = forced(comm, "Ring", "LL", 8);
  EXPECT_EQ(small.channels, 1);
  EXPECT_EQ(small.threads, 96);  // 512, 256, 128, 64; three warps at least
  // 200 KiB: one channel, and 128 threads (256 would want 256 KiB).
  EXPECT_EQ(forced(comm, "Ring", "LL", 200 * kKiB).threads, 128);
  // On 100,000 ranks a channel wants 409.6 MB.
  const NcclComm large = h100(kNccl228, 12500);
  EXPECT_EQ(forced(large, "Ring", "LL", 400e6).channels, 1);
  EXPECT_EQ(forced(large, "Ring", "LL", 820e6).channels, 2);
}

/// Ring/Simple: 512 x 64 B = 32 KiB for every channel; a warp more.
TEST(NcclSelector, RingsInSimple) {
  const NcclComm comm = h100(kNccl228, 16);
  EXPECT_EQ(forced(comm, "Ring", "Simple", 512 * kKiB).channels, 16);
  EXPECT_EQ(forced(comm, "Ring", "Simple", 100e3).channels, 3);
  EXPECT_EQ(forced(comm, "Ring", "Simple", 100e3).threads, 544);
  EXPECT_EQ(forced(comm, "Ring", "Simple", 8 * kKiB).channels, 1);
  EXPECT_EQ(forced(comm, "Ring", "Simple", 8 * kKiB).threads, 160);  // 128 x 64 B is 8 KiB
  // Slow rings, 12 GB/s in all, have 256 threads at most.
  const NcclComm slow = comm_of({.compute_capability = 80, .nvlinks = 0, .pcie_Bps = 12e9},
                                kNccl228, 1, 2, "ring=1x12");
  EXPECT_EQ(forced(slow, "Ring", "Simple", kGiB).threads, 288);
}

/// A turn of a thread block sends nothing: of two GPUs it is one beside one message, so that they
/// have the least of their links' bandwidth. Between nodes NICs are waited for.
TEST(NcclSelector, RingsOfFewGpusHaveLessOfTheirNvlinks) {
  const auto share = [](std::int64_t nodes, std::int64_t ranks_per_node, C collective) {
    return forced(h100(kNccl228, nodes, ranks_per_node), "Ring", "Simple", kGiB, collective)
        .figures.bandwidth_share;
  };
  EXPECT_NEAR(share(1, 2, C::all_gather), 1 / 1.4, 1e-9);
  EXPECT_NEAR(share(1, 4, C::reduce_scatter), 3 / 3.4, 1e-9);
  EXPECT_NEAR(share(1, 8, C::all_gather), 7 / 7.4, 1e-9);
  EXPECT_NEAR(share(1, 2, C::all_reduce), 2 / 2.4, 1e-9);
  EXPECT_NEAR(share(2, 8, C::all_gather), 1, 1e-9);
  EXPECT_NEAR(share(1, 8, C::broadcast), 1, 1e-9);
}

/// Simple flushes what it received: its messages wait for the transport twice; PAT hides most.
TEST(NcclSelector, SimpleWaitsForTheTransportTwice) {
  const NcclComm comm = h100(kNccl228, 2);
  EXPECT_EQ(forced(comm, "Tree", "Simple", kGiB).figures.transport_waits, 2);
  EXPECT_EQ(forced(comm, "Ring", "LL128", kGiB).figures.transport_waits, 1);
  const NcclComm rail = h100(kNccl228, 4, 1);
  EXPECT_EQ(forced(rail, "PAT", "Simple", kGiB, C::all_gather).figures.transport_waits, 2 / 3.5);
}

/// LL128: 640 x 8 B for every channel; Tree: always all 640 threads.
TEST(NcclSelector, Ll128AndTrees) {
  const NcclComm comm = h100(kNccl228, 16);
  EXPECT_EQ(forced(comm, "Ring", "LL128", 5120 * 3).channels, 3);
  EXPECT_EQ(forced(comm, "Ring", "LL128", 5120 * 3).threads, 640);
  EXPECT_EQ(forced(comm, "Ring", "LL128", 1000).threads, 320);  // 320 is no multiple of 128
  EXPECT_EQ(forced(comm, "Tree", "LL", 64 * kKiB).channels, 16);
  EXPECT_EQ(forced(comm, "Tree", "LL", 4096).channels, 1);
  EXPECT_EQ(forced(comm, "Tree", "LL", 8).threads, 640);
  EXPECT_EQ(forced(comm, "Tree", "Simple", 96 * kKiB).channels, 3);
}

/// PAT and NVLS keep their channels whatever the size.
TEST(NcclSelector, PatAndNvlsDoNotShrink) {
  EXPECT_EQ(forced(h100(kNccl228, 4, 1), "PAT", "Simple", 8, C::all_gather).channels, 4);
  EXPECT_EQ(forced(h100(kNccl228, 4, 1), "PAT", "Simple", 8, C::all_gather).threads, 640);
  EXPECT_EQ(forced(h100(kNccl228, 1), "NVLS", "Simple", 8).channels, 16);
  EXPECT_EQ(forced(h100(kNccl228, 4), "NVLSTree", "Simple", 8).channels, 16);
  EXPECT_EQ(forced(h100(kNccl228, 4), "NVLSTree", "Simple", 8).threads, 640);
  // In a node, and NVLSTree, whatever the number of rings.
  const NcclComm few = comm_of({}, kNccl228, 1, 8, "ring=4x60,nvls=8x40/60");
  EXPECT_EQ(few.channels, 8);
  EXPECT_EQ(forced(few, "NVLS", "Simple", 8).channels, 16);
  EXPECT_EQ(
      forced(comm_of({.nics = 4}, kNccl228, 4, 4, "ring=4x24,nvls=4x40"), "NVLSTree", "Simple", 8)
          .channels,
      16);
  // NVLS between nodes: no more than there are rings; before 2.28 all of them.
  const NcclNode sharp{.nics = 4, .collnet = true};
  const std::string_view graphs = "ring=4x24,nvls=4x40,collnet_direct=4x48,collnet_chain=4x24";
  EXPECT_EQ(forced(comm_of(sharp, kNccl228, 4, 4, graphs), "NVLS", "Simple", 8).channels, 8);
  EXPECT_EQ(
      forced(comm_of(sharp, {27}, 4, 4, graphs), "NVLS", "Simple", 8, C::all_reduce, {27}).channels,
      16);
}

/// 16 channels x 640 threads x 8 heads x 512 B = 40 MiB for all; the bytes per thread halve on the
/// way down: at 1 MiB from 16 past 12 (256 B), 6 (128 B), 3 (64 B) to 2 channels.
TEST(NcclSelector, CollnetDirectShrinksInSteps) {
  const NcclComm comm = comm_of({.collnet = true}, kNccl228, 4, 8,
                                "ring=8x45,collnet_direct=8x48,collnet_chain=8x45");
  EXPECT_EQ(forced(comm, "CollNetDirect", "Simple", 40 * kMiB).channels, 16);
  EXPECT_EQ(forced(comm, "CollNetDirect", "Simple", 1 * kMiB).channels, 2);
  EXPECT_EQ(forced(comm, "CollNetDirect", "Simple", 8).channels, 1);
  EXPECT_EQ(forced(comm, "CollNetDirect", "Simple", 8).threads, 640);
  // Chain: 640 x 512 B = 320 KiB for every channel.
  EXPECT_EQ(forced(comm, "CollNetChain", "Simple", 1 * kMiB).channels, 3);
}

TEST(NcclSelector, ChunksOfRingsAndTrees) {
  const NcclComm comm = h100(kNccl228, 16);
  EXPECT_EQ(forced(comm, "Ring", "Simple", kGiB).segment_bytes, 2 * kMiB);
  EXPECT_EQ(forced(comm, "Ring", "Simple", kGiB, C::broadcast).segment_bytes, 512 * kKiB);
  EXPECT_EQ(forced(comm, "Ring", "LL", kGiB).segment_bytes, 32 * kKiB);
  EXPECT_EQ(forced(comm, "Ring", "LL128", kGiB).segment_bytes, 576000);  // 600 KiB x 15/16
  EXPECT_EQ(forced(comm, "Tree", "Simple", kGiB).segment_bytes, 512 * kKiB);
  // 16 nodes: 5.8 steps; 1 GiB on 16 channels is 116 chunks of 576,000, above 46.4.
  EXPECT_EQ(forced(comm, "Tree", "LL128", kGiB).segment_bytes, 576000);
  EXPECT_EQ(forced(comm, "Tree", "LL128", kGiB / 4).segment_bytes, 288000);
  // 2.19 halved those of Tree/Simple: depth 7 + 4; 1 GiB / 16 / 512 KiB = 128 chunks, above 88.
  const NcclComm old = h100({19}, 16);
  EXPECT_EQ(forced(old, "Tree", "Simple", kGiB, C::all_reduce, {19}).segment_bytes, 512 * kKiB);
  EXPECT_EQ(forced(old, "Tree", "Simple", kGiB / 2, C::all_reduce, {19}).segment_bytes, 256 * kKiB);
}

/// NVLS: 16 channels x 8 heads = 128 parts of 128 KiB; 64, 32, 16 KiB below 64, 8, 2 of them each.
TEST(NcclSelector, ChunksOfNvls) {
  const NcclComm comm = h100(kNccl228, 1);
  EXPECT_EQ(forced(comm, "NVLS", "Simple", kGiB).segment_bytes, 128 * kKiB);
  EXPECT_EQ(forced(comm, "NVLS", "Simple", kGiB - 1).segment_bytes, 64 * kKiB);
  EXPECT_EQ(forced(comm, "NVLS", "Simple", 64 * kMiB).segment_bytes, 64 * kKiB);
  EXPECT_EQ(forced(comm, "NVLS", "Simple", 32 * kMiB).segment_bytes, 32 * kKiB);
  EXPECT_EQ(forced(comm, "NVLS", "Simple", kMiB).segment_bytes, 16 * kKiB);
  // Between nodes from 128 KiB only where NVLS' all_reduce reaches 150 GB/s.
  const NcclNode sharp{.nics = 4, .collnet = true};
  const std::string_view slow = "ring=4x24,nvls=4x40,collnet_direct=4x48,collnet_chain=4x24";
  EXPECT_EQ(forced(comm_of(sharp, kNccl228, 4, 4, slow), "NVLS", "Simple", kGiB).segment_bytes,
            32 * kKiB);
}

TEST(NcclSelector, ChunksOfNvlsTrees) {
  const NcclComm four = h100(kNccl228, 4);
  EXPECT_EQ(forced(four, "NVLSTree", "Simple", kGiB).segment_bytes, 64 * kKiB);
  EXPECT_EQ(forced(four, "NVLSTree", "Simple", kMiB).segment_bytes, 32 * kKiB);  // < 8 MiB
  const NcclComm two = h100(kNccl228, 2);
  EXPECT_EQ(forced(two, "NVLSTree", "Simple", kGiB).segment_bytes, 128 * kKiB);
  EXPECT_EQ(forced(two, "NVLSTree", "Simple", 32 * kMiB).segment_bytes, 64 * kKiB);  // < 64 MiB
  EXPECT_EQ(
      forced(h100({20}, 2), "NVLSTree", "Simple", 8 * kGiB, C::all_reduce, {20}).segment_bytes,
      512 * kKiB);
  EXPECT_EQ(
      forced(h100({21}, 2), "NVLSTree", "Simple", 8 * kGiB, C::all_reduce, {21}).segment_bytes,
      128 * kKiB);
}

TEST(NcclSelector, ChunksOfPatAndCollnet) {
  const NcclComm pat = h100(kNccl228, 4, 1);  // 4 channels: 512 KiB wants 64 MiB, half for scatter
  EXPECT_EQ(forced(pat, "PAT", "Simple", 64 * kMiB, C::all_gather).segment_bytes, 512 * kKiB);
  EXPECT_EQ(forced(pat, "PAT", "Simple", 32 * kMiB, C::all_gather).segment_bytes, 256 * kKiB);
  EXPECT_EQ(forced(pat, "PAT", "Simple", 32 * kMiB, C::reduce_scatter).segment_bytes, 512 * kKiB);
  EXPECT_EQ(forced(pat, "PAT", "Simple", kMiB, C::all_gather).segment_bytes, 64 * kKiB);
  const NcclComm collnet = comm_of({.collnet = true}, kNccl228, 4, 8,
                                   "ring=8x45,collnet_direct=8x48,collnet_chain=8x45");
  // 16 x 8 parts of 512 KiB are 64 MiB: 8 GiB is 128 of them, as many as wanted (2 x 64).
  EXPECT_EQ(forced(collnet, "CollNetDirect", "Simple", 8 * kGiB).segment_bytes, 512 * kKiB);
  EXPECT_EQ(forced(collnet, "CollNetDirect", "Simple", 4 * kGiB).segment_bytes, 256 * kKiB);
  EXPECT_EQ(forced(collnet, "CollNetDirect", "Simple", 64 * kMiB).segment_bytes, 32 * kKiB);
  // 16 parts of 256 KiB are 4 MiB: 2 GiB is 512, 8 ranks x 64.
  EXPECT_EQ(forced(collnet, "CollNetChain", "Simple", 2 * kGiB).segment_bytes, 256 * kKiB);
  EXPECT_EQ(forced(collnet, "CollNetChain", "Simple", kMiB).segment_bytes, 32 * kKiB);
}

Selection between_peers(const NcclComm& comm, C collective, double bytes) {
  return choose(tuned(kNccl228, comm, collective), bytes);
}

/// 128 ranks on 16 nodes: one channel for each peer, no LL between nodes, chunks of 128 KiB, half
/// below 8 of them, a quarter below one.
TEST(NcclSelector, AllToAllBetweenNodes) {
  const NcclComm comm = h100(kNccl228, 16);
  EXPECT_EQ(comm.p2p_channels, 16);
  EXPECT_EQ(comm.p2p_channels_per_peer, 1);
  const auto per_peer = [&](double bytes) {
    return between_peers(comm, C::all_to_all, 128 * bytes);
  };
  EXPECT_EQ(per_peer(8).protocol, "Simple");
  EXPECT_EQ(per_peer(64 * kKiB).segment_bytes, 32 * kKiB);
  EXPECT_EQ(per_peer(512 * kKiB).segment_bytes, 64 * kKiB);
  EXPECT_EQ(per_peer(1 * kMiB).segment_bytes, 128 * kKiB);
  EXPECT_EQ(per_peer(1 * kMiB).channels, 1);
  EXPECT_EQ(per_peer(1 * kMiB).algorithm, "pairwise");
  EXPECT_EQ(per_peer(1 * kMiB).estimate_s, -1);
}

/// Eight ranks of a node: 24 channels round up to 32 of them; for each of 8 peers 32 / 8 = 4, more
/// when a part exceeds 16 MiB; LL up to 32 x 16 KiB.
TEST(NcclSelector, AllToAllInANode) {
  const NcclComm comm = h100(kNccl228, 1);
  EXPECT_EQ(comm.p2p_channels, 32);
  EXPECT_EQ(comm.p2p_channels_per_peer, 32);
  const auto per_peer = [&](double bytes) { return between_peers(comm, C::all_to_all, 8 * bytes); };
  EXPECT_EQ(per_peer(512 * kKiB).protocol, "LL");
  EXPECT_EQ(per_peer(512 * kKiB).segment_bytes, 32 * kKiB);
  EXPECT_EQ(per_peer(513 * kKiB).protocol, "Simple");
  EXPECT_EQ(per_peer(513 * kKiB).segment_bytes, 512 * kKiB);
  EXPECT_EQ(per_peer(8 * kKiB).channels, 1);
  EXPECT_EQ(per_peer(16 * kKiB).channels, 2);  // parts of 8 KiB at least
  EXPECT_EQ(per_peer(64 * kMiB).channels, 4);
  EXPECT_EQ(per_peer(128 * kMiB).channels, 8);
}

/// 16 ranks on 2 nodes: two channels for a NIC, the second when a part exceeds 128 KiB.
TEST(NcclSelector, SendRecv) {
  const NcclComm comm = h100(kNccl228, 2);
  EXPECT_EQ(comm.p2p_channels_per_peer, 2);
  EXPECT_EQ(between_peers(comm, C::send_recv, 100 * kKiB).channels, 1);
  EXPECT_EQ(between_peers(comm, C::send_recv, 1 * kMiB).channels, 2);
  EXPECT_EQ(between_peers(comm, C::send_recv, 1 * kMiB).algorithm, "shift");
}

/// Every name given is in the registry.
TEST(NcclSelector, NamesAreOfTheRegistry) {
  for (const C collective : {C::all_reduce, C::all_gather, C::reduce_scatter, C::broadcast,
                             C::reduce, C::all_to_all, C::gather, C::scatter, C::send_recv}) {
    for (const std::int64_t nodes : {1, 4}) {
      const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, nodes), collective);
      for (std::size_t a = 0; a < kNcclAlgorithms; ++a) {
        if (!tuning.point_to_point && tuning.bandwidth_Bps[a][2] == 0) continue;
        const std::string_view ours = registry_name(tuning, static_cast<A>(a));
        EXPECT_NE(find_algorithm(collective, ours), nullptr)
            << name(collective) << " " << name(static_cast<A>(a)) << " \"" << ours << "\"";
      }
    }
  }
}

TEST(NcclSelector, LeavesOutWhatTheRegistryHasNot) {
  const NcclTuning gather =
      tuned(kNccl228,
            comm_of({.collnet = true}, kNccl228, 4, 8,
                    "ring=8x45,nvls=8x40/45,collnet_direct=8x48,collnet_chain=8x45"),
            C::all_gather);
  EXPECT_EQ(registry_name(gather, A::collnet_direct), "");
  EXPECT_EQ(registry_name(gather, A::nvls), "");
  EXPECT_EQ(choose(gather, kGiB).library_algorithm, "Ring");
  EXPECT_EQ(choose(gather, kMiB).library_algorithm, "CollNetDirect");
  EXPECT_EQ(choose(gather, kMiB).algorithm, "");
}

/// The second of the two trees is on the second half of the channels: small messages have one.
TEST(NcclSelector, FewChannelsHaveOneTree) {
  const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, 4), Collective::all_reduce);
  const auto trees = [&](double bytes) {
    return forced(tuning, NcclAlgorithm::tree, NcclProtocol::ll, bytes).trees;
  };
  EXPECT_EQ(trees(8), 1);
  EXPECT_EQ(trees(64 * kMiB), 2);
}

}  // namespace
}  // namespace collscale

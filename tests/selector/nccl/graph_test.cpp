// SPDX-License-Identifier: Apache-2.0
// The search by its rules, and graphs given as text.
#include "selector/nccl/graph.hpp"

#include <gmock/gmock.h>

#include "selector/nccl/comms.hpp"

namespace collscale {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string found(const NcclNode& node, std::int64_t local_ranks, bool between_nodes,
                  NcclVersion version = kNccl228) {
  return format_graphs(search_graphs(node, version, local_ranks, between_nodes));
}

/// 18 links of 20.6 GB/s: 370.8. One node: 6 rings of 60 (360), doubled; heads: 9 x 40 = 360.
TEST(NcclGraph, OneNodeOfHopper) {
  EXPECT_EQ(found({}, 8, false), "ring=12x30/30:same,tree=12x30/30,nvls=8x40/60");
  // Five heads' worth of 60 is 300.
  EXPECT_EQ(found({}, 4, false), "ring=12x30/30:same,tree=12x30/30,nvls=4x60/60");
}

/// 400 Gb/s is 50 GB/s, PCIe Gen5 x16 48. 7 rings of 48 are 336, 8 of 45 are 360, more than any
/// other speed gives. Heads: 8 fit at 40, and what they send outside is raised to 48.
TEST(NcclGraph, NodesOfHopperWithANicForEachGpu) {
  EXPECT_EQ(found({}, 8, true), "ring=8x45/45:different,tree=8x48/45,nvls=8x40/48");
  // Four NICs: 4 x 48, doubled, as there are no more than 4. Heads are the NICs' GPUs.
  EXPECT_EQ(found({.nics = 4}, 8, true), "ring=8x24/24:different,tree=8x48/24,nvls=4x48/48");
  // 200 Gb/s: too slow to be doubled.
  EXPECT_EQ(found({.nic_Bps = 25e9}, 8, true), "ring=8x24/24:different,tree=8x48/24,nvls=8x24/24");
}

/// Four GPUs and NICs of 200 Gb/s: 4 rings of 24, and trees, whose chains take NVLink less, have
/// twice that in the node, as much as two nodes' trees need.
TEST(NcclGraph, TreesAreFasterInTheNode) {
  NcclNode node{.gpus = 4, .nics = 4, .nic_Bps = 25e9};
  node.multicast = false;
  EXPECT_EQ(found(node, 4, true), "ring=4x24/24:different,tree=4x48/24");
}

/// One GPU of a node: its PCIe carries one channel of 48, doubled to two of 24.
TEST(NcclGraph, OneRankPerNode) { EXPECT_EQ(found({}, 1, true), "ring=2x24/24:same,tree=2x24/24"); }

/// A100: 12 links of 20 are 240; 6 x 40, doubled, in a node; between nodes 8 x 24, as the NICs are.
TEST(NcclGraph, Ampere) {
  const NcclNode node{.compute_capability = 80,
                      .nvlinks = 12,
                      .multicast = false,
                      .nic_Bps = 25e9,
                      .pcie_Bps = 24e9};
  EXPECT_EQ(found(node, 8, false), "ring=12x20/20:same,tree=12x20/20");
  EXPECT_EQ(found(node, 8, true), "ring=8x24/24:different,tree=8x30/24");
}

/// B200: 18 x 40.1 = 721.8. 9 x 80 = 720 of heads; 8 x 90 = 720 of rings, doubled. A rack of 72
/// with a NIC of 800 Gb/s each: 16 rings of 45.1 are 721.6.
TEST(NcclGraph, Blackwell) {
  const NcclNode node{.compute_capability = 100};
  EXPECT_EQ(found(node, 8, false), "ring=16x45/45:same,tree=16x45/45,nvls=8x80/90");
  const NcclNode rack{
      .gpus = 72, .compute_capability = 100, .nics = 72, .nic_Bps = 100e9, .pcie_Bps = 100e9};
  EXPECT_EQ(found(rack, 72, true).substr(0, 27), "ring=16x45.1/45.1:different");
}

/// Without NVLink the slowest link is PCIe: 2 x 12 of 24 GB/s.
TEST(NcclGraph, PcieOnly) {
  const NcclNode node{.compute_capability = 80, .nvlinks = 0, .pcie_Bps = 24e9};
  const NcclGraphs graphs = search_graphs(node, kNccl228, 8, false);
  EXPECT_EQ(graphs.ring.channels, 2);
  EXPECT_EQ(graphs.ring.intra_Bps, 12e9);
  EXPECT_EQ(graphs.ring.intra_path, NcclPath::phb);
  EXPECT_EQ(graphs.nvls.channels, 0);
}

/// Half of 64 channels from 2.25, of 32 before. 36 links: 12 rings of 60, doubled as far as it
/// goes.
TEST(NcclGraph, EarlierVersionsSearchFewerChannels) {
  EXPECT_EQ(search_graphs({.nvlinks = 36}, NcclVersion{24}, 8, false).ring.channels, 16);
  EXPECT_EQ(search_graphs({.nvlinks = 36}, NcclVersion{25}, 8, false).ring.channels, 24);
}

TEST(NcclGraph, CollnetHasAHeadPerNic) {
  const NcclGraphs graphs = search_graphs({.collnet = true}, kNccl228, 8, true);
  EXPECT_EQ(graphs.collnet_direct.channels, 8);
  EXPECT_EQ(graphs.collnet_direct.inter_Bps, 48e9);
  EXPECT_EQ(graphs.collnet_chain.channels, graphs.ring.channels);
}

TEST(NcclGraph, NominalBandwidthIsCountedInLinks) {
  EXPECT_EQ(nvlinks_of(450e9, 90), 18);
  EXPECT_EQ(nvlinks_of(300e9, 80), 12);
  EXPECT_EQ(nvlinks_of(900e9, 100), 18);
  EXPECT_EQ(nvlinks_of(0, 80), 0);
}

std::string parsed(std::string_view text, const NcclNode& node = {}, bool between_nodes = true) {
  const auto graphs = parse_graphs(text, node, kNccl228, 8, between_nodes);
  return graphs ? format_graphs(*graphs) : graphs.error().message;
}

TEST(NcclGraph, IsGivenAsText) {
  EXPECT_EQ(parsed("ring=8x45/45,tree=8x45/45,nvls=8x40/48"),
            "ring=8x45/45:different,tree=8x45/45,nvls=8x40/48");
  EXPECT_EQ(parsed(" ring = 8x45 : same "), "ring=8x45/45:same,tree=8x45/45");
  EXPECT_EQ(parsed("ring=8x24.000000/24.000000"), "ring=8x24/24:different,tree=8x24/24");
  EXPECT_EQ(parsed("ring=12x30,nvls=8x40/60", {}, false),
            "ring=12x30/30:same,tree=12x30/30,nvls=8x40/60");
  for (const bool between_nodes : {false, true}) {
    const std::string own = found({}, 8, between_nodes);
    EXPECT_EQ(parsed(own, {}, between_nodes), own);
  }
}

TEST(NcclGraph, WhatIsNoGraphIsRefusedInOneSentence) {
  EXPECT_THAT(parsed("rign=8x45"), AllOf(HasSubstr("no graph \"rign\""), HasSubstr("\"ring\"")));
  EXPECT_THAT(parsed("8x45"), HasSubstr("expected a name and figures"));
  EXPECT_THAT(parsed("ring=8"), HasSubstr("no \"x\" after the channels"));
  EXPECT_THAT(parsed("ring=x45"), HasSubstr("no number of channels"));
  EXPECT_THAT(parsed("ring=8x"), HasSubstr("no speed"));
  EXPECT_THAT(parsed("ring=8x45/"), HasSubstr("no speed above zero after \"/\""));
  EXPECT_THAT(parsed("ring=8x45;45"), HasSubstr("after the speed"));
  EXPECT_THAT(parsed("ring=8x-45"), HasSubstr("no speed above zero"));
  EXPECT_THAT(parsed("ring=8x0"), HasSubstr("a speed of zero"));
  EXPECT_THAT(parsed("ring=0x45"), HasSubstr("0 channels"));
  EXPECT_THAT(parsed("ring=2.5x45"), HasSubstr("2.5 channels"));
  EXPECT_THAT(parsed("ring=8x45:some"), HasSubstr("expected \"same\" or \"different\""));
  EXPECT_THAT(parsed("ring=8x45,ring=8x45"), HasSubstr("given twice"));
  EXPECT_THAT(parsed("tree=8x45"), HasSubstr("no ring"));
  EXPECT_THAT(parsed(""), HasSubstr("no ring"));
}

TEST(NcclGraph, WhatNcclCannotBuildIsRefusedInOneSentence) {
  EXPECT_THAT(parsed("ring=40x6"), HasSubstr("at most 32 channels"));
  EXPECT_THAT(parsed("ring=8x45,nvls=9x30"), HasSubstr("at most 8 heads"));
  EXPECT_THAT(parsed("ring=8x43"), HasSubstr("43 GB/s is not a speed"));
  EXPECT_THAT(parsed("ring=8x24/30"), HasSubstr("slower inside the node"));
  EXPECT_THAT(parsed("ring=8x48"), AllOf(HasSubstr("384"), HasSubstr("370.8")));
  EXPECT_THAT(parsed("ring=8x45,nvls=8x45"), AllOf(HasSubstr("405"), HasSubstr("370.8")));
  EXPECT_THAT(parsed("ring=16x20/20", {.nics = 4}), AllOf(HasSubstr("320"), HasSubstr("200")));
  EXPECT_THAT(parsed("ring=4x60/60"), HasSubstr("more than a NIC"));
  EXPECT_THAT(parsed("ring=8x45,tree=4x45"), HasSubstr("4 trees and 8 rings"));
  EXPECT_THAT(parsed("ring=8x45,collnet_chain=4x45"), HasSubstr("4 collnet chains and 8 rings"));
}

TEST(NcclComm, CountsThatDoNotFitTheNodeAreRefused) {
  const auto message = [](const NcclNode& node, std::int64_t ranks, std::int64_t per_node) {
    const auto comm = make_comm(node, kNccl228, ranks, per_node);
    return comm ? std::string("accepted") : comm.error().message;
  };
  EXPECT_EQ(message({}, 100000, 8), "accepted");
  EXPECT_THAT(message({}, 0, 8), HasSubstr("number of ranks is 0"));
  EXPECT_THAT(message({}, 8, 0), HasSubstr("ranks per node is 0"));
  EXPECT_THAT(message({}, 64, 16), HasSubstr("16 ranks per node on 8 GPUs"));
  EXPECT_THAT(message({.compute_capability = 9}, 8, 8), HasSubstr("compute capability is 9"));
  EXPECT_THAT(message({.max_compute_capability = 80}, 8, 8), HasSubstr("no less than"));
  EXPECT_THAT(message({.nics = 0}, 16, 8), HasSubstr("no NIC"));
  EXPECT_THAT(message({.pcie_Bps = 0}, 16, 8), HasSubstr("bandwidth of PCIe"));
  EXPECT_THAT(message({.nvlinks = -1}, 16, 8), HasSubstr("number of NVLinks"));
  EXPECT_THAT(message({}, std::int64_t{1} << 32, 8), HasSubstr("31 bits"));
  EXPECT_FALSE(make_comm(NcclNode{}, kNccl228, 16, 8, std::string_view("ring=99x1")));
}

/// Twice the search's channels: 24 in a node of H100, 16 between nodes; 32 with MAXCHANNELS of 32.
TEST(NcclComm, ChannelsAreDoubledAfterTheSearch) {
  EXPECT_EQ(h100(kNccl228, 1).channels, 24);
  EXPECT_EQ(h100(kNccl228, 16).channels, 16);
  EXPECT_EQ(comm_of({.nvlinks = 36}, NcclVersion{24}, 1, 8).channels, 32);
  // 4 x 60 given: few fast rings between nodes are doubled once more, on Hopper and later.
  EXPECT_EQ(comm_of({.nics = 6}, kNccl228, 4, 8, "ring=6x48").channels, 24);
  EXPECT_EQ(comm_of({.nics = 6}, kNccl228, 4, 8, "ring=6x45").channels, 12);
  EXPECT_EQ(comm_of({.nics = 6}, kNccl228, 1, 8, "ring=6x60").channels, 12);
  // One GPU per node: 2 x 24, doubled.
  EXPECT_EQ(h100(kNccl228, 16, 1).channels, 4);
  EXPECT_EQ(h100(kNccl228, 16).nvls_channels, 16);
  EXPECT_EQ(comm_of({.compute_capability = 100}, kNccl228, 1, 8).nvls_channels, 24);
  EXPECT_EQ(comm_of({.compute_capability = 100}, kNccl228, 2, 8).nvls_channels, 32);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Estimates and graphs that users' NCCL logged.
#include "selector/nccl/comms.hpp"

namespace collscale {
namespace {

using A = NcclAlgorithm;
using P = NcclProtocol;

/// One single-precision unit of such a time: NCCL computes in single precision.
double unit(double us) { return us * 1.2e-7; }

/// NVIDIA/nccl issue 1453: 24 ranks on three nodes of 8 H100 with eight 200 Gb/s NICs, Intel CPUs,
/// NCCL_CROSS_NIC=2; its log says "16 coll channels", and time for each size.
NcclNode issue_1453() { return {.nic_Bps = 25e9}; }

TEST(NcclLogs, EstimatesOfIssue1453) {
  const NcclVersion version{22};
  // Rings and NVLS of 8 x 24 are what the search of such a node finds; the trees of the log are
  // the plain ones (x 0.85), which its times for 128 B to 128 KiB show.
  NcclComm comm = comm_of(issue_1453(), version, 3, 8);
  EXPECT_EQ(comm.graphs.ring.channels, 8);
  EXPECT_EQ(comm.graphs.ring.inter_Bps, 24e9);
  EXPECT_EQ(comm.channels, 16);
  comm.graphs.tree_pattern_simple = true;
  const NcclTuning tuning = tuned(version, comm, Collective::all_reduce);
  struct Line {
    double bytes;
    const char* algorithm;
    const char* protocol;
    double us;
  };
  for (const Line& line :
       {Line{128, "Tree", "LL", 25.214764}, Line{65536, "Tree", "LL", 37.798233},
        Line{131072, "Tree", "LL128", 51.603912}, Line{524288, "NVLSTree", "Simple", 59.553600},
        Line{8589934592, "Ring", "Simple", 86069.968750}}) {
    const Selection selection = choose(tuning, line.bytes);
    EXPECT_EQ(selection.library_algorithm, line.algorithm) << line.bytes;
    EXPECT_EQ(selection.protocol, line.protocol) << line.bytes;
    EXPECT_NEAR(selection.estimate_s * 1e6, line.us, unit(line.us)) << line.bytes;
  }
  // By hand, 8 GiB: (8.4 + 40 x 3.4 + 6 x 14) x 1.4 = 319.76 us; 192 x 24/46 = 100.17 GB/s.
  EXPECT_NEAR(estimate_s(tuning, A::ring, P::simple, 8 * kGiB) * 1e6,
              319.76 + 8 * kGiB / 1000 / (192.0 * 24 / 46), 1e-6);
}

/// From 2.23 on one step less goes between nodes each way: 86,040.295 us.
TEST(NcclLogs, LaterVersionsExpectLessOfTheSameRing) {
  const NcclVersion version{23};
  const NcclTuning tuning =
      tuned(version, comm_of(issue_1453(), version, 3, 8), Collective::all_reduce);
  EXPECT_NEAR(estimate_s(tuning, A::ring, P::simple, 8 * kGiB) * 1e6, 86040.295, 0.005);
}

/// NVIDIA/nccl issue 1304: NCCL 2.21, NCCL_ALGO=Tree and NCCL_PROTO=Simple, broadcast of 24 bytes
/// on 1,024 ranks. There is no tree, the Ring taken instead has all protocols back, and LL is
/// the fastest: 6.6 + 1,024 x 2.7 = 2,771.4 us, logged 2771.401367.
TEST(NcclLogs, BroadcastOfIssue1304FallsBackToRingInAnyProtocol) {
  const NcclVersion version{21};
  const NcclTuning tuning =
      tuned(version, comm_of(NcclNode{}, version, 128, 8), Collective::broadcast,
            {.algorithms = "Tree", .protocols = "Simple"});
  const Selection selection = choose(tuning, 24);
  EXPECT_TRUE(tuning.fell_back);
  EXPECT_EQ(selection.library_algorithm, "Ring");
  EXPECT_EQ(selection.protocol, "LL");
  EXPECT_NEAR(selection.estimate_s * 1e6, 2771.401367, 2 * unit(2771.401367));
  // Fixed in 2.22: Ring, but in the protocol asked for.
  const NcclVersion fixed{22};
  EXPECT_EQ(choose(tuned(fixed, comm_of(NcclNode{}, fixed, 128, 8), Collective::broadcast,
                         {.algorithms = "Tree", .protocols = "Simple"}),
                   24)
                .protocol,
            "Simple");
}

/// NVIDIA/nccl issue 1197: one node of 8 H100, NCCL 2.19.4: 12 rings and trees at 30, 8 heads at
/// 40/60.
TEST(NcclLogs, GraphsOfIssue1197) {
  EXPECT_EQ(format_graphs(search_graphs(NcclNode{}, NcclVersion{19}, 8, false)),
            "ring=12x30/30:same,tree=12x30/30,nvls=8x40/60");
}

}  // namespace
}  // namespace collscale

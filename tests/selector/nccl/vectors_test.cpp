// SPDX-License-Identifier: Apache-2.0
// The table of vectors.hpp, line by line, and what it implies at 100,000 ranks.
#include "selector/nccl/vectors.hpp"

#include "selector/nccl/comms.hpp"

namespace collscale {
namespace {

using A = NcclAlgorithm;
using P = NcclProtocol;

TEST(NcclVectors, EveryLineIsReproducedToItsPrintedDigits) {
  for (const NcclVector& line : kNcclVectors) {
    const NcclComm comm = h100(kNccl228, line.nodes, line.ranks_per_node);
    const NcclTuning tuning = tuned(kNccl228, comm, line.collective);
    const auto what = ::testing::Message()
                      << line.nodes << " nodes, " << name(line.collective) << " "
                      << name(line.algorithm) << "/" << name(line.protocol);
    EXPECT_NEAR(latency_us(tuning, line.algorithm, line.protocol), line.latency_us, 0.000501)
        << what;
    EXPECT_NEAR(bandwidth_GBps(tuning, line.algorithm, line.protocol), line.bandwidth_GBps,
                0.0000501)
        << what;
  }
}

/// The table names everything that is available: nothing else is.
TEST(NcclVectors, NothingElseIsAvailable) {
  for (const NcclVector& line : kNcclVectors) {
    const NcclTuning tuning =
        tuned(kNccl228, h100(kNccl228, line.nodes, line.ranks_per_node), line.collective);
    std::size_t expected = 0;
    for (const NcclVector& other : kNcclVectors)
      expected += other.nodes == line.nodes && other.collective == line.collective ? 1 : 0;
    std::size_t available = 0;
    for (const auto& row : tuning.bandwidth_Bps)
      for (const double bandwidth_Bps : row) available += bandwidth_Bps > 0 ? 1 : 0;
    EXPECT_EQ(available, expected) << line.nodes << " nodes, " << name(line.collective);
  }
}

std::string chosen(const NcclTuning& tuning, double size_bytes) {
  const Selection s = choose(tuning, size_bytes);
  return s.library_algorithm + "/" + s.protocol;
}

/// All_reduce on 12,500 nodes of 8: Tree/LL for small sizes, Tree/LL128 in the middle, NVLSTree
/// above.
TEST(NcclVectors, ChoosesTreesThenNvlsTreesOnAHundredThousandRanks) {
  const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, 12500), Collective::all_reduce);
  EXPECT_EQ(chosen(tuning, 8), "Tree/LL");
  EXPECT_EQ(chosen(tuning, 64 * kKiB), "Tree/LL");
  EXPECT_EQ(chosen(tuning, 1 * kMiB), "Tree/LL128");
  EXPECT_EQ(chosen(tuning, 16 * kMiB), "Tree/LL128");
  EXPECT_EQ(chosen(tuning, 256 * kMiB), "NVLSTree/Simple");
  EXPECT_EQ(chosen(tuning, 8 * kGiB), "NVLSTree/Simple");
  EXPECT_NEAR(choose(tuning, 8).estimate_s, 145.2e-6, 0.05e-6);
  // 568.4 us + 2^30 B / 180.0018 GB/s = 568.4 + 5,965.2 us
  EXPECT_NEAR(choose(tuning, kGiB).estimate_s, 6533.6e-6, 0.05e-6);
  EXPECT_NEAR(choose(tuning, 8 * kGiB).estimate_s, 48.3e-3, 0.05e-3);
  // Bus bandwidth: 2 x 99,999 / 100,000 of size / time.
  EXPECT_NEAR(
      bus_bandwidth_Bps(Collective::all_reduce, 100000, kGiB, choose(tuning, kGiB).estimate_s),
      329e9, 0.5e9);
}

/// All_gather on 100,000 ranks has rings only: 8.4 + 87,500 x 3.4 + 12,499 x 14 us.
TEST(NcclVectors, GathersOfAHundredThousandRanksWaitForRings) {
  const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, 12500), Collective::all_gather);
  EXPECT_NEAR(latency_us(tuning, A::ring), 472494.4, 0.05);
  EXPECT_NEAR(latency_us(tuning, A::ring, P::ll), 121253.9, 0.05);
  EXPECT_EQ(unavailable(tuning, A::pat), "more than one rank per node");
  EXPECT_EQ(unavailable(tuning, A::nvls), "no CollNet (SHARP)");
  EXPECT_EQ(chosen(tuning, 8), "Ring/LL");
}

/// With one rank per node PAT is there: 8 + 13 x 14/3.5 + 12,500 x 2.8 = 35,060 us, against
/// 8.4 + 12,499 x 14 = 174,994.4 us for Ring/Simple, and 6.6 + 12,499 x 5.0 = 62,501.6 us for
/// Ring/LL (with one rank per node a step takes what it takes in trees).
TEST(NcclVectors, OneRankPerNodeMakesPatAvailable) {
  for (const Collective collective : {Collective::all_gather, Collective::reduce_scatter}) {
    const NcclTuning tuning = tuned(kNccl228, h100(kNccl228, 12500, 1), collective);
    EXPECT_NEAR(latency_us(tuning, A::pat), 35060, 0.01);
    EXPECT_NEAR(latency_us(tuning, A::ring), 174994.4, 0.01);
    EXPECT_NEAR(latency_us(tuning, A::ring, P::ll), 62501.6, 0.01);
    EXPECT_EQ(chosen(tuning, 1 * kMiB), "PAT/Simple");
    EXPECT_EQ(choose(tuning, 1 * kMiB).algorithm, "pat");
  }
}

}  // namespace
}  // namespace collscale

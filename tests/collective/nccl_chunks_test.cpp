// SPDX-License-Identifier: Apache-2.0
// Numbers of chunks, worked out by hand from the rules of NCCL v2.28.9-1 (src/enqueue.cc,
// calcCollChunking).
#include "collective/nccl_chunks.hpp"

#include <gtest/gtest.h>

namespace collscale {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;
using P = NcclProtocol;

TEST(NcclChunks, OfSimpleTreesAreHalfAMebibyte) {
  EXPECT_EQ(nccl_tree_chunk_bytes(1e9, P::simple, 16, 8), 524288);
  EXPECT_EQ(nccl_tree_chunks(64 * kMiB, 4, P::simple, 16, 8), 16);  // 8 MiB a tree
  EXPECT_EQ(nccl_tree_chunks(64 * kMiB + 8, 4, P::simple, 16, 8), 17);
  EXPECT_EQ(nccl_tree_chunks(64 * kMiB, 1, P::simple, 2, 1), 64);
}

TEST(NcclChunks, OfLlTreesAre32Kibibytes) {
  EXPECT_EQ(nccl_tree_chunk_bytes(1e6, P::ll, 16, 8), 32768);
  EXPECT_EQ(nccl_tree_chunks(kMiB, 1, P::ll, 16, 8), 16);
}

/// 16 nodes of 8: 1 + 4 + 0.8 = 5.8 steps; halved below 46.4 chunks of more than 128 KiB and below
/// 11.6 chunks of more than 32 KiB; multiples of 1,920 bytes.
TEST(NcclChunks, OfLl128TreesShrinkWithTheData) {
  const auto bytes = [](double tree_bytes) {
    return nccl_tree_chunk_bytes(tree_bytes, P::ll128, 16, 8);
  };
  EXPECT_EQ(bytes(64 * kMiB), 576000);   // 116 chunks: as they are
  EXPECT_EQ(bytes(16 * kMiB), 288000);   // 29, then 58
  EXPECT_EQ(bytes(kMiB), 71040);         // 1, 3, 7, then 14 of 72,000: 37 times 1,920
  EXPECT_EQ(bytes(0.25 * kMiB), 17280);  // 3, 7, then 14 of 18,000: 9 times 1,920
  EXPECT_EQ(nccl_tree_chunks(128 * kMiB, 1, P::ll128, 16, 8), 117);
  EXPECT_EQ(nccl_tree_chunks(128 * kMiB, 4, P::ll128, 16, 8), 59);
  EXPECT_EQ(nccl_tree_chunks(2 * kMiB, 1, P::ll128, 16, 8), 15);
  EXPECT_EQ(nccl_tree_chunks(0.5 * kMiB, 1, P::ll128, 16, 8), 16);
  // 4 nodes of 1: 3.1 steps, halved below 198.4 and 49.6.
  EXPECT_EQ(nccl_tree_chunks(2048 * kMiB, 1, P::ll128, 4, 1), 1865);
}

TEST(NcclChunks, OfChainsAreOneStepOfTheBuffer) {
  EXPECT_EQ(nccl_chain_chunks(64 * kMiB, 1, P::simple), 128);
  EXPECT_EQ(nccl_chain_chunks(64 * kMiB, 8, P::simple), 16);
  EXPECT_EQ(nccl_chain_chunks(kMiB, 1, P::ll), 32);
  EXPECT_EQ(nccl_chain_chunks(kMiB, 1, P::ll128), 2);  // 576,000 bytes whatever the size
}

TEST(NcclChunks, AreAtLeastOne) {
  for (const P protocol : {P::ll, P::ll128, P::simple}) {
    EXPECT_EQ(nccl_tree_chunks(0, 1, protocol, 1, 8), 1);
    EXPECT_EQ(nccl_tree_chunks(1, 64, protocol, 1000, 8), 1);
    EXPECT_EQ(nccl_chain_chunks(0, 1, protocol), 1);
  }
}

}  // namespace
}  // namespace collscale

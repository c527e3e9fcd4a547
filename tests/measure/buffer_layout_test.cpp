// SPDX-License-Identifier: Apache-2.0
#include "measure/buffer_layout.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "measure/buffers.hpp"

namespace collscale {
namespace {

TEST(BufferLayout, AllReduceSizeIsPerRank) {
  const BufferLayout layout = buffer_layout(Collective::all_reduce, DataType::float32, 1026, 4);
  EXPECT_EQ(layout.count, 256);
  EXPECT_EQ(layout.size_bytes, 1024);
}

TEST(BufferLayout, AllGatherSizeIsTheTotalAndRoundsBlocksTo16Bytes) {
  const BufferLayout layout = buffer_layout(Collective::all_gather, DataType::float32, 1000, 3);
  EXPECT_EQ(layout.count, 80);  // 333 bytes -> 320
  EXPECT_EQ(layout.send_elements, 80);
  EXPECT_EQ(layout.receive_elements, 240);
  EXPECT_EQ(layout.size_bytes, 960);
}

TEST(BufferLayout, ReduceScatterSendsTheTotalAndReceivesABlock) {
  const BufferLayout layout = buffer_layout(Collective::reduce_scatter, DataType::float64, 4096, 4);
  EXPECT_EQ(layout.send_elements, 512);
  EXPECT_EQ(layout.receive_elements, 128);
  EXPECT_EQ(layout.size_bytes, 4096);
}

TEST(BufferLayout, SmallBlocksFallToWholeElementsInsteadOfNothing) {
  EXPECT_EQ(buffer_layout(Collective::all_gather, DataType::float32, 8, 2).size_bytes, 8);
  EXPECT_EQ(buffer_layout(Collective::all_gather, DataType::float32, 4, 2).size_bytes, 0);
}

TEST(BufferLayout, GatherReceivesTheTotalAndScatterSendsItAtTheRootAlone) {
  Scenario scenario;
  scenario.ranks = 4;
  scenario.root = 2;
  scenario.collective = Collective::gather;
  const BufferLayout layout = buffer_layout(scenario.collective, DataType::float32, 4096, 4);
  EXPECT_EQ(layout.size_bytes, 4096);
  EXPECT_EQ(extents_of(scenario, layout, 2).receive, 1024);
  EXPECT_EQ(extents_of(scenario, layout, 1).receive, 0);
  EXPECT_EQ(extents_of(scenario, layout, 1).send, 256);
  EXPECT_EQ(received_by_all(scenario, layout), 1024);
  scenario.collective = Collective::scatter;
  const BufferLayout back = buffer_layout(scenario.collective, DataType::float32, 4096, 4);
  EXPECT_EQ(extents_of(scenario, back, 2).send, 1024);
  EXPECT_EQ(extents_of(scenario, back, 1).send, 0);
  EXPECT_EQ(received_by_all(scenario, back), 1024);
}

TEST(BufferLayout, SendRecvHasTheSizeOfARankAndBarrierNone) {
  EXPECT_EQ(buffer_layout(Collective::send_recv, DataType::float64, 4096, 4).count, 512);
  const BufferLayout none = buffer_layout(Collective::barrier, DataType::float32, 4096, 4);
  EXPECT_EQ(none.size_bytes + none.count + none.receive_elements, 0);
}

TEST(UnequalBlocks, RiseLinearlyFromTheSmallestToSkewTimesIt) {
  Scenario scenario;
  scenario.collective = Collective::all_gather_v;
  scenario.ranks = 5;
  scenario.skew = 3;
  const BufferLayout layout = buffer_layout(scenario.collective, DataType::float32, 40000, 5);
  ASSERT_EQ(layout.receive_elements, 10000);
  // Weights 1, 1.5, 2, 2.5, 3 of 10.
  const std::int64_t expected[] = {1000, 1500, 2000, 2500, 3000};
  for (std::int64_t rank = 0; rank < 5; ++rank) {
    EXPECT_EQ(block_of(scenario, layout, rank).elements, expected[rank]);
    EXPECT_EQ(extents_of(scenario, layout, rank).send, expected[rank]);
  }
}

RC_GTEST_PROP(UnequalBlocks, FillTheTotalInOrderWhateverTheSkew, ()) {
  Scenario scenario;
  scenario.collective = Collective::all_gather_v;
  scenario.ranks = *rc::gen::inRange<std::int64_t>(1, 200);
  scenario.skew = *rc::gen::map(rc::gen::inRange(100, 100000), [](int x) { return x / 100.0; });
  const double size = *rc::gen::inRange(1, 1 << 20) * static_cast<double>(scenario.ranks);
  const BufferLayout layout =
      buffer_layout(scenario.collective, DataType::float32, size, scenario.ranks);
  std::int64_t at = 0;
  for (std::int64_t rank = 0; rank < scenario.ranks; ++rank) {
    const Block block = block_of(scenario, layout, rank);
    RC_ASSERT(block.begin == at);
    RC_ASSERT(block.elements >= 0);
    at += block.elements;
  }
  RC_ASSERT(at == layout.receive_elements);
}

RC_GTEST_PROP(UnequalBlocks, AsMuchGoesToAPeerAsComesFromItAndEveryRankHasTheTotal, ()) {
  Scenario scenario;
  scenario.collective = Collective::all_to_all_v;
  scenario.ranks = *rc::gen::inRange<std::int64_t>(1, 50);
  scenario.skew = *rc::gen::map(rc::gen::inRange(100, 10000), [](int x) { return x / 100.0; });
  const double size = *rc::gen::inRange(4, 1 << 16) * static_cast<double>(scenario.ranks);
  const BufferLayout layout =
      buffer_layout(scenario.collective, DataType::float32, size, scenario.ranks);
  for (std::int64_t rank = 0; rank < scenario.ranks; ++rank) {
    std::int64_t at = 0;
    for (std::int64_t peer = 0; peer < scenario.ranks; ++peer) {
      const Block block = exchanged_block(scenario, layout, rank, peer);
      RC_ASSERT(block.begin == at);
      RC_ASSERT(block.elements == exchanged_block(scenario, layout, peer, rank).elements);
      at += block.elements;
    }
    RC_ASSERT(at == layout.send_elements);
  }
}

TEST(PlanSlots, RotateOverThePoolAndStayHotWhenAsked) {
  const BufferLayout layout = buffer_layout(Collective::all_reduce, DataType::float32, 1 << 20, 2);
  EXPECT_EQ(plan_slots(BufferPolicy::rotate, layout, 4 << 20).slots, 4);
  EXPECT_EQ(plan_slots(BufferPolicy::rotate, layout, 1 << 10).slots, 1);
  EXPECT_EQ(plan_slots(BufferPolicy::hot, layout, 4 << 20).slots, 1);
  EXPECT_EQ(plan_slots(BufferPolicy::hot, layout, 4 << 20).stride_bytes % 256, 0);
}

}  // namespace
}  // namespace collscale

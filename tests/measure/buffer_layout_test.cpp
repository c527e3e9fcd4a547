// SPDX-License-Identifier: Apache-2.0
#include "measure/buffer_layout.hpp"

#include <gtest/gtest.h>

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

TEST(PlanSlots, RotateOverThePoolAndStayHotWhenAsked) {
  const BufferLayout layout = buffer_layout(Collective::all_reduce, DataType::float32, 1 << 20, 2);
  EXPECT_EQ(plan_slots(BufferPolicy::rotate, layout, 4 << 20).slots, 4);
  EXPECT_EQ(plan_slots(BufferPolicy::rotate, layout, 1 << 10).slots, 1);
  EXPECT_EQ(plan_slots(BufferPolicy::hot, layout, 4 << 20).slots, 1);
  EXPECT_EQ(plan_slots(BufferPolicy::hot, layout, 4 << 20).stride_bytes % 256, 0);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "measure/buffers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace collscale {
namespace {

BufferLayout layout_of(std::int64_t size_bytes) {
  BufferLayout layout;
  layout.size_bytes = size_bytes;
  return layout;
}

TEST(PlanSlots, RotatesOverAsManySlotsAsFitThePool) {
  const SlotPlan plan = plan_slots(BufferPolicy::rotate, layout_of(1 << 20), kRotationPoolBytes);
  EXPECT_EQ(plan.slots, 32);
  EXPECT_EQ(plan.stride_bytes, 1 << 20);
  EXPECT_EQ(plan.pool_bytes(), kRotationPoolBytes);
}

TEST(PlanSlots, SlotsAreAlignedAndTheirNumberIsLimited) {
  const SlotPlan plan = plan_slots(BufferPolicy::rotate, layout_of(8), kRotationPoolBytes);
  EXPECT_EQ(plan.stride_bytes, 256);
  EXPECT_EQ(plan.slots, 64);
  EXPECT_EQ(plan_slots(BufferPolicy::rotate, layout_of(257), 1 << 20).stride_bytes, 512);
}

TEST(PlanSlots, ABufferLargerThanThePoolHasOneSlotThatHoldsIt) {
  const SlotPlan plan = plan_slots(BufferPolicy::rotate, layout_of(100 << 20), kRotationPoolBytes);
  EXPECT_EQ(plan.slots, 1);
  EXPECT_GE(plan.pool_bytes(), 100 << 20);
}

TEST(PlanSlots, HotBuffersAreOneSlot) {
  EXPECT_EQ(plan_slots(BufferPolicy::hot, layout_of(8), kRotationPoolBytes).slots, 1);
}

TEST(HostBuffer, EveryByteHasBeenWritten) {
  const HostBuffer buffer(3 * 4096 + 5);
  EXPECT_EQ(buffer.bytes().size(), 3U * 4096 + 5);
  EXPECT_THAT(buffer.bytes(), testing::Each(std::byte{1}));
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "measure/buffers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

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

TEST(PlanSlots, ColdSlotsFillAPoolThatNoCacheHoldsAndAreVisitedFarApart) {
  const std::int64_t cache = 3 << 20;
  EXPECT_EQ(pool_bytes_for(BufferPolicy::cold, cache), 2 * cache);
  EXPECT_EQ(pool_bytes_for(BufferPolicy::rotate, cache), kRotationPoolBytes);
  for (const std::int64_t size : {8, 4096, 1 << 20, 16 << 20}) {
    const SlotPlan plan = plan_slots(BufferPolicy::cold, layout_of(size), 2 * cache);
    EXPECT_GE(plan.pool_bytes(), 2 * cache) << size;
    SlotWalk walk(plan);
    std::vector<std::int64_t> visited;
    for (std::int64_t i = 0; i < plan.slots; ++i) {
      visited.push_back(walk.next_bytes());
      if (i > 0 && plan.slots > 100) {
        EXPECT_GT(std::abs(visited[static_cast<std::size_t>(i)] -
                           visited[static_cast<std::size_t>(i - 1)]),
                  64 * plan.stride_bytes / 8)
            << size;
      }
    }
    EXPECT_EQ(walk.next_bytes(), 0) << "round again";
    std::sort(visited.begin(), visited.end());
    EXPECT_EQ(std::unique(visited.begin(), visited.end()), visited.end()) << "every slot once";
  }
}

TEST(PlanSlots, RotationVisitsSlotsInTurn) {
  SlotWalk walk(plan_slots(BufferPolicy::rotate, layout_of(256), 768));
  EXPECT_EQ(walk.next_bytes(), 0);
  EXPECT_EQ(walk.next_bytes(), 256);
  EXPECT_EQ(walk.next_bytes(), 512);
  EXPECT_EQ(walk.next_bytes(), 0);
}

TEST(BufferPolicy, NamesReadBack) {
  for (const BufferPolicy policy : {BufferPolicy::rotate, BufferPolicy::hot, BufferPolicy::cold}) {
    EXPECT_EQ(*parse_buffer_policy(name(policy)), policy);
  }
  EXPECT_FALSE(parse_buffer_policy("warm"));
  EXPECT_GT(last_cache_bytes(), 0);
}

}  // namespace
}  // namespace collscale

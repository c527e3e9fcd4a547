// SPDX-License-Identifier: Apache-2.0
// Counting messages of boxes by arithmetic gives what walking them one by one gives.
#include "model/box_ends.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace collscale {
namespace {

using Message = std::pair<std::int64_t, std::int64_t>;

std::vector<Message> walk(const FlowBox& box) {
  std::vector<Message> messages = {{box.source, box.destination}};
  for (int i = 0; i < box.side_count; ++i) {
    const FlowBox::Side& side = box.sides[static_cast<std::size_t>(i)];
    std::vector<Message> longer;
    for (const Message& m : messages)
      for (std::int64_t k = 0; k < side.count; ++k)
        longer.emplace_back(m.first + k * side.source_hop, m.second + k * side.destination_hop);
    messages = longer;
  }
  return messages;
}

/// Of up to three sides, both ends of all messages in [0, 2000).
FlowBox random_box() {
  FlowBox box;
  box.source = *rc::gen::inRange<std::int64_t>(1000, 1100);
  box.destination = *rc::gen::inRange<std::int64_t>(1000, 1100);
  box.side_count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < box.side_count; ++i) {
    const auto source_hop = *rc::gen::inRange<std::int64_t>(-30, 31);
    const bool alike = *rc::gen::element(true, false);
    box.sides[static_cast<std::size_t>(i)] = {
        *rc::gen::inRange<std::int64_t>(1, 11), source_hop,
        alike ? source_hop : *rc::gen::inRange<std::int64_t>(-30, 31)};
  }
  return box;
}

RC_GTEST_PROP(BoxEnds, FindTheMessagesWithAnEndInAStretch, ()) {
  const FlowBox box = random_box();
  const auto low = *rc::gen::inRange<std::int64_t>(0, 2000);
  const std::int64_t high = low + *rc::gen::inRange<std::int64_t>(1, 200);
  const End end = *rc::gen::element(End::source, End::destination);
  const BoxEnd ready(box, end, high - low);
  std::vector<Message> found;
  ready.for_each(low, high, [&](const Progression& p) {
    for (std::int64_t k = 0; k < p.count; ++k)
      found.emplace_back(p.source + k * p.source_hop, p.destination + k * p.destination_hop);
  });
  std::vector<Message> expected;
  for (const Message& m : walk(box)) {
    const std::int64_t at = end == End::source ? m.first : m.second;
    if (at >= low && at < high) expected.push_back(m);
  }
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  RC_ASSERT(found == expected);
  if (ready.misses(low, high)) RC_ASSERT(expected.empty());
}

RC_GTEST_PROP(BoxEnds, CountMessagesWithinBlocks, ()) {
  const FlowBox box = random_box();
  const auto block = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 12),
                                     rc::gen::inRange<std::int64_t>(1, 300));
  double within = 0;
  for (const auto& [source, destination] : walk(box))
    within += source / block == destination / block ? 1 : 0;
  RC_ASSERT(count_within_blocks(box, block) == within);
  RC_ASSERT(messages_of(box) == static_cast<double>(walk(box).size()));
}

// Both hops are whole blocks, but not the same: the two ends are in one block at one message only.
TEST(BoxEnds, CountMessagesWhoseEndsPassEachOtherInWholeBlocks) {
  FlowBox box;
  box.source = 1028;
  box.destination = 1006;
  box.side_count = 1;
  box.sides[0] = {2, -30, -8};
  EXPECT_EQ(count_within_blocks(box, 1), 1);
  EXPECT_EQ(count_within_blocks(box, 2), 1);
  box.sides[0] = {10, 16, -16};
  box.destination = 1028 + 3 * 32;
  EXPECT_EQ(count_within_blocks(box, 16), 1);
  box.destination += 16;
  EXPECT_EQ(count_within_blocks(box, 16), 0);
}

RC_GTEST_PROP(BoxEnds, SumFloorsOfAProgression, ()) {
  const auto n = *rc::gen::inRange<std::int64_t>(0, 60);
  const auto a = *rc::gen::inRange<std::int64_t>(-500, 500);
  const auto h = *rc::gen::inRange<std::int64_t>(-90, 90);
  const auto m = *rc::gen::inRange<std::int64_t>(1, 70);
  std::int64_t sum = 0;
  for (std::int64_t k = 0; k < n; ++k) sum += floor_div(a + h * k, m);
  RC_ASSERT(floor_sum(n, a, h, m) == sum);
  // Beyond 32 bits.
  const std::int64_t far = std::int64_t{1} << 40;
  RC_ASSERT(floor_sum(n, a + far * m, h, m) == sum + far * n);
}

}  // namespace
}  // namespace collscale

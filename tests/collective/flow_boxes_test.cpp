// SPDX-License-Identifier: Apache-2.0
// Boxes and flows are the same messages, for every algorithm of the registry.
#include "collective/flow_boxes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/program.hpp"

namespace collscale {
namespace {

using Messages = std::vector<std::pair<std::int64_t, std::int64_t>>;

void append(const FlowBox& box, int side, std::int64_t source, std::int64_t destination,
            Messages& messages) {
  if (side == box.side_count) {
    messages.emplace_back(source, destination);
    return;
  }
  const FlowBox::Side& s = box.sides[static_cast<std::size_t>(side)];
  for (std::int64_t k = 0; k < s.count; ++k)
    append(box, side + 1, source + k * s.source_hop, destination + k * s.destination_hop, messages);
}

template <class F>
void for_each_lane(const Program& program, const F& f) {
  for (const Lane& lane : program.lanes) f(lane);
  for (const Program& part : program.parts) for_each_lane(part, f);
}

TEST(FlowBoxes, HoldTheMessagesOfEveryStepOfEveryAlgorithm) {
  int compared = 0;
  for (const Algorithm& algorithm : algorithms()) {
    for (const auto& [ranks, per_node] :
         {std::pair<int, int>{16, 4}, {48, 8}, {24, 1}, {27, 8}, {64, 8}}) {
      Shape shape;
      shape.ranks = ranks;
      shape.ranks_per_node = per_node;
      shape.channels = per_node;
      shape.root = algorithm.uses.root ? 3 : 0;
      const auto schedule = make_schedule(algorithm.collective, algorithm.name, shape);
      if (!schedule) continue;
      const auto program = make_program(*schedule);
      ASSERT_TRUE(program.has_value());
      for_each_lane(*program, [&](const Lane& lane) {
        const RankLayout layout = rank_layout(lane.map);
        for (int arc = 0; arc < arc_count(lane); ++arc) {
          Messages all_steps;
          for (std::int64_t step = 0; step < lane.phase.steps; ++step) {
            Messages flows;
            for_each_flow(lane, step, arc,
                          [&](std::int64_t s, std::int64_t d) { flows.emplace_back(s, d); });
            Messages boxed;
            for_each_flow_box(lane, layout, step, arc, [&](const FlowBox& box) {
              append(box, 0, box.source, box.destination, boxed);
            });
            all_steps.insert(all_steps.end(), flows.begin(), flows.end());
            std::sort(flows.begin(), flows.end());
            std::sort(boxed.begin(), boxed.end());
            ASSERT_EQ(boxed, flows) << algorithm.name << " of " << name(algorithm.collective)
                                    << ", " << ranks << " ranks, step " << step;
            ++compared;
          }
          Messages single;
          if (!for_each_flow_box_of_single_messages(lane, layout, arc, [&](const FlowBox& box) {
                append(box, 0, box.source, box.destination, single);
              }))
            continue;
          std::sort(single.begin(), single.end());
          std::sort(all_steps.begin(), all_steps.end());
          ASSERT_EQ(single, all_steps) << algorithm.name;
        }
      });
    }
  }
  EXPECT_GT(compared, 1000);
}

}  // namespace
}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The messages of a step as boxes: a handful of progressions for any number of ranks, for those who
// count by arithmetic (the analytic engine). for_each_flow (flows.hpp) walks the same boxes.
#pragma once

#include <array>
#include <cstdint>

#include "collective/flows.hpp"

namespace collscale {

/// Messages source + Σ k_i·source_hop_i → destination + Σ k_i·destination_hop_i for all
/// 0 ≤ k_i < count_i. Of a phase in the network the end that is a switch is a switch number.
struct FlowBox {
  struct Side {
    std::int64_t count = 1;
    std::int64_t source_hop = 0;
    std::int64_t destination_hop = 0;
  };
  std::int64_t source = 0;
  std::int64_t destination = 0;
  std::array<Side, View::kMaxDigits + 1> sides{};
  int side_count = 0;
};

namespace flow_boxes_detail {

/// f(box) for each box that `runs` makes.
template <class Runs, class F>
void for_each(const Lane& lane, const RankLayout& layout, int arc, Runs&& runs, F&& f) {
  const bool backwards = flows_detail::runs_backwards(lane, arc);
  flows_detail::boxes(
      lane, layout, runs,
      [&](std::int64_t to, std::int64_t from, const flows_detail::Sides& sides, int side_count) {
        FlowBox box;
        box.source = backwards ? to : from;
        box.destination = backwards ? from : to;
        for (int i = 0; i < side_count; ++i) {
          const auto& side = sides[static_cast<std::size_t>(i)];
          if (side.count == 1) continue;
          box.sides[static_cast<std::size_t>(box.side_count++)] = {
              side.count, backwards ? side.to_hop : side.from_hop,
              backwards ? side.from_hop : side.to_hop};
        }
        f(box);
      },
      index_runs::kUncut);
}

}  // namespace flow_boxes_detail

/// Calls f(box) for the messages of one step of one arc, as for_each_flow. Not for member lists.
template <class F>
void for_each_flow_box(const Lane& lane, const RankLayout& layout, std::int64_t step, int arc,
                       F&& f) {
  const GroupMap& map = lane.map;
  if (map.group_count < 1 || map.size < 1) return;
  const std::int64_t s = forward_step(lane.phase, step);
  flow_boxes_detail::for_each(
      lane, layout, arc,
      [&](auto&& g) {
        if (lane.phase.network != InNetwork::none)
          g(std::int64_t{0}, std::int64_t{0}, map.size, std::int64_t{1}, std::int64_t{1});
        else
          index_runs::for_each(
              lane.phase, s, arc, map.size,
              [&](std::int64_t w, std::int64_t v, std::int64_t count, std::int64_t stride) {
                g(w, v, count, stride, stride);
              },
              index_runs::kUncut);
      },
      f);
}

/// All steps of an arc at once where each is a single message (chains, linear scatter and gather);
/// false, and no call, where it is not so.
template <class F>
bool for_each_flow_box_of_single_messages(const Lane& lane, const RankLayout& layout, int arc,
                                          F&& f) {
  index_runs::Across across;
  if (!index_runs::one_message_per_step(lane.phase, arc, lane.map.size, across)) return false;
  flow_boxes_detail::for_each(
      lane, layout, arc, [&](auto&& g) { index_runs::for_each_across(across, lane.map.size, g); },
      f);
  return true;
}

}  // namespace collscale

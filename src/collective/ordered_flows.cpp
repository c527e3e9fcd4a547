// SPDX-License-Identifier: Apache-2.0
#include "collective/flows.hpp"

namespace collscale::flows_detail {

void for_each_ordered(const Lane& lane, std::int64_t step, int arc, AnyFlow f) {
  // The same lane by number, its ranks put in order; switches have no place in a node.
  Lane by_number = lane;
  by_number.map.view.orders = nullptr;
  const std::int64_t ranks = lane.map.all_ranks();
  const auto in_order = [&](std::int64_t end) {
    return end < ranks ? lane.map.in_order(end) : end;
  };
  const auto give = [&](std::int64_t source, std::int64_t destination) {
    f(in_order(source), in_order(destination));
  };
  if (step < 0)
    for_each_flow_of_all_steps(by_number, arc, give);
  else
    for_each_flow(by_number, step, arc, give);
}

}  // namespace collscale::flows_detail

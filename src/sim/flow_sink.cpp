// SPDX-License-Identifier: Apache-2.0
#include "sim/flow_sink.hpp"

#include <algorithm>

#include "sim/routed_flows.hpp"

namespace collscale {

void for_each_routed_flow(const System& system, const Routes& routes, const Lane& lane,
                          std::size_t number, std::int64_t step, double times,
                          const FlowHashing& hashing, ArcEdges& edges, AnyFlowSink sink) {
  for_each_routed(system, routes, lane, number, step, times, hashing, edges, sink);
}

double node_hops(const Routes& routes, const Lane& lane, std::int64_t step) {
  const NodeLinks* links = routes.fabric().node_links();
  int longest = 1;
  if (links == nullptr || links->longest_way() == 1 || lane.phase.network != InNetwork::none)
    return longest;
  const std::int64_t per_node = routes.fabric().ranks_per_node();
  const auto add = [&](std::int64_t source, std::int64_t destination) {
    const std::int64_t from = routes.placement().rank(source);
    const std::int64_t to = routes.placement().rank(destination);
    if (from / per_node == to / per_node)
      longest = std::max(longest, links->hops(from % per_node, to % per_node));
  };
  for (int arc = 0; arc < arc_count(lane); ++arc) {
    if (step >= 0)
      for_each_flow(lane, step, arc, add);
    else
      for_each_flow_of_all_steps(lane, arc, add);
  }
  return longest;
}

}  // namespace collscale

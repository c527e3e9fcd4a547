// SPDX-License-Identifier: Apache-2.0
#include "sim/flow_sink.hpp"

#include "sim/routed_flows.hpp"

namespace collscale {

void for_each_routed_flow(const System& system, const Routes& routes, const Lane& lane,
                          std::size_t number, std::int64_t step, double times,
                          const FlowHashing& hashing, ArcEdges& edges, AnyFlowSink sink) {
  for_each_routed(system, routes, lane, number, step, times, hashing, edges, sink);
}

}  // namespace collscale

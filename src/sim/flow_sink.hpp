// SPDX-License-Identifier: Apache-2.0
// Any sink of flows (routed_flows.hpp), behind three function pointers: the enumeration is compiled
// once for all that use it this way. A call costs some 2 ns; the flow engine's own sums go without.
#pragma once

#include <cstdint>
#include <span>

#include "collective/lane.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/routes.hpp"
#include "topology/system.hpp"

namespace collscale {

struct FlowHashing;

/// Refers to a sink, which must live on.
class AnyFlowSink {
 public:
  template <class Sink>
  explicit AnyFlowSink(Sink& sink)
      : sink_(&sink),
        way_([](void* to, std::span<const std::int64_t> links, double bytes, std::int64_t source,
                std::int64_t destination) {
          static_cast<Sink*>(to)->way(links, bytes, source, destination);
        }),
        link_([](void* to, std::int64_t link, double bytes, std::int64_t source,
                 std::int64_t destination) {
          static_cast<Sink*>(to)->link(link, bytes, source, destination);
        }),
        cut_([](void* to, std::int64_t source, std::int64_t destination) {
          static_cast<Sink*>(to)->cut(source, destination);
        }) {}

  void way(std::span<const std::int64_t> links, double bytes, std::int64_t source,
           std::int64_t destination) {
    way_(sink_, links, bytes, source, destination);
  }
  void link(std::int64_t link, double bytes, std::int64_t source, std::int64_t destination) {
    link_(sink_, link, bytes, source, destination);
  }
  void cut(std::int64_t source, std::int64_t destination) { cut_(sink_, source, destination); }

 private:
  void* sink_;
  void (*way_)(void*, std::span<const std::int64_t>, double, std::int64_t, std::int64_t);
  void (*link_)(void*, std::int64_t, double, std::int64_t, std::int64_t);
  void (*cut_)(void*, std::int64_t, std::int64_t);
};

/// As for_each_routed (routed_flows.hpp).
void for_each_routed_flow(const System& system, const Routes& routes, const Lane& lane,
                          std::size_t number, std::int64_t step, double times,
                          const FlowHashing& hashing, ArcEdges& edges, AnyFlowSink sink);

/// Latencies that a message within a node takes at most, over a step of a lane, or with −1 over
/// all: the links of its way, where nodes have such.
double node_hops(const Routes& routes, const Lane& lane, std::int64_t step);

}  // namespace collscale

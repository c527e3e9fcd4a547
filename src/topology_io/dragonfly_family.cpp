// SPDX-License-Identifier: Apache-2.0
// A dragonfly from its counts: "dragonfly:groups=9,routers=8,nodes=1,global=4".
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "topology_io/family_node.hpp"

namespace collscale {

const std::vector<Parameters::Spec>& dragonfly_parameters() {
  static const std::vector<Parameters::Spec> specs = {
      {"groups", "number of groups, default 9"},
      {"routers", "routers of a group that nodes are attached to, default 8"},
      {"nodes", "nodes of a router, default 1"},
      {"gpus", "accelerators of a node, each with a NIC to the node's router, default 4"},
      {"local", "links between two routers of a group, default 1"},
      {"global", "links of a router to other groups, default 4"},
      {"node_routers", "routers that share out the NICs of a node, default 1"},
      {"pair_links", "links between two groups, default as many as there are ports for"},
      {"routing", "minimal, valiant or adaptive, default minimal"},
      {"nic", "bandwidth of a NIC, default 400Gbps"},
      {"link", "bandwidth of a local link, default 400Gbps"},
      {"global_link", "bandwidth of a global link, default 400Gbps"},
      {"scale_up", "bandwidth of an accelerator within the node, default 450GB/s"},
      {"efficiency", "attainable share of line rate on NICs and links, default 1"},
      {"queue_pairs", "flows of a message, each hashed by itself, default 1"},
      {"hop_latency", "one traversal of a router with its cable, default 600ns"},
      {"global_latency", "what a global cable adds, default 500ns (100 m of fibre)"},
      {"radix", "ports of a router, default: not checked"},
  };
  return specs;
}

Expected<System> make_dragonfly(const Parameters& parameters) {
  Take take{parameters};
  System system;
  system.name = "dragonfly";
  system.description = "dragonfly computed from parameters";
  system.node = generic_node(take, "4", "400Gbps");
  Dragonfly dragonfly;
  dragonfly.efficiency = take("efficiency", Quantity::share, "1");
  dragonfly.groups = take("groups", Quantity::count, "9");
  dragonfly.routers = take("routers", Quantity::count, "8");
  dragonfly.nodes = take("nodes", Quantity::count, "1");
  dragonfly.local_links = take("local", Quantity::count, "1");
  dragonfly.local_link_Bps = take("link", Quantity::bandwidth, "400Gbps");
  dragonfly.global_links = take("global", Quantity::count, "4");
  dragonfly.global_link_Bps = take("global_link", Quantity::bandwidth, "400Gbps");
  dragonfly.hop_latency_s = take("hop_latency", Quantity::time, "600ns");
  dragonfly.global_latency_s = take("global_latency", Quantity::time, "500ns");
  if (parameters.has("node_routers"))
    dragonfly.node_routers = take("node_routers", Quantity::count, "");
  if (parameters.has("pair_links")) dragonfly.pair_links = take("pair_links", Quantity::count, "");
  if (parameters.has("radix")) dragonfly.router_radix = take("radix", Quantity::count, "");
  if (take.error) return tl::unexpected<Error>(*take.error);
  constexpr std::array<DragonflyRouting, 3> kRoutings = {
      DragonflyRouting::minimal, DragonflyRouting::valiant, DragonflyRouting::adaptive};
  std::vector<std::string> names;
  for (const DragonflyRouting routing : kRoutings) names.emplace_back(name(routing));
  const Expected<std::size_t> routing = parameter_choice(parameters, "routing", names);
  if (!routing) return tl::unexpected<Error>(routing.error());
  dragonfly.routing = kRoutings[*routing];
  const double sets =
      dragonfly.routers.value / (dragonfly.node_routers ? dragonfly.node_routers->value : 1);
  system.nodes = assumed(dragonfly.groups.value * sets * dragonfly.nodes.value,
                         "groups × routers × nodes ÷ node_routers of dragonfly");
  system.fabric = std::move(dragonfly);
  return system;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Every router joined to every other: the fully connected network, a one-dimensional HyperX (Ahn et
// al., SC 2009) and what is within a group of a dragonfly. Here it is a dragonfly of one group.
#include <cmath>

#include "topology_io/family_node.hpp"

namespace collscale {

const std::vector<Parameters::Spec>& full_mesh_parameters() {
  static const std::vector<Parameters::Spec> specs = {
      {"routers", "number of routers, default 16"},
      {"nodes", "nodes of a router, default 1"},
      {"gpus", "accelerators of a node, each with a NIC to the node's router, default 8"},
      {"links", "links between each two routers, default 1"},
      {"nic", "bandwidth of a NIC, default 400Gbps"},
      {"link", "bandwidth of a link, default 400Gbps"},
      {"scale_up", "bandwidth of an accelerator within the node, default 450GB/s"},
      {"efficiency", "attainable share of line rate on NICs and links, default 1"},
      {"queue_pairs", "flows of a message, each hashed by itself, default 1"},
      {"hop_latency", "one traversal of a router with its cable, default 600ns"},
      {"radix", "ports of a router, default: not checked"},
  };
  return specs;
}

Expected<System> make_full_mesh(const Parameters& parameters) {
  Take take{parameters};
  System system;
  system.name = "full-mesh";
  system.description = "every router joined to every other, computed from parameters";
  system.node = generic_node(take, "8", "400Gbps");
  Dragonfly mesh;
  mesh.efficiency = take("efficiency", Quantity::share, "1");
  mesh.groups = assumed(1, "one group, in the family full-mesh");
  mesh.routers = take("routers", Quantity::count, "16");
  mesh.nodes = take("nodes", Quantity::count, "1");
  mesh.local_links = take("links", Quantity::count, "1");
  mesh.local_link_Bps = take("link", Quantity::bandwidth, "400Gbps");
  mesh.global_links = assumed(1, "not used, in the family full-mesh");
  mesh.global_link_Bps = mesh.local_link_Bps;
  mesh.hop_latency_s = take("hop_latency", Quantity::time, "600ns");
  mesh.global_latency_s = assumed(0, "not used, in the family full-mesh");
  if (parameters.has("radix")) mesh.router_radix = take("radix", Quantity::count, "");
  if (take.error) return tl::unexpected<Error>(*take.error);
  system.nodes = assumed(mesh.routers.value * mesh.nodes.value, "routers × nodes of full-mesh");
  system.fabric = std::move(mesh);
  return system;
}

}  // namespace collscale

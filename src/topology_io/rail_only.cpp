// SPDX-License-Identifier: Apache-2.0
// Rail-only: accelerator k of every node is on rail k, and no switch joins two rails. What changes
// rail is forwarded within a node (Wang, Ghobadi, Shakeri, Zhang, Hasani: Rail-only, arXiv
// 2307.12169). A rail is one switch, or a clos of two tiers.
#include "topology_io/clos_family.hpp"

namespace collscale {

const std::vector<Parameters::Spec>& rail_only_parameters() {
  static const std::vector<Parameters::Spec> specs = {
      {"nodes", "number of nodes, default 512"},
      {"gpus", "accelerators of a node, each with a NIC on a rail of its own, default 8"},
      {"nic", "bandwidth of a NIC and of every fabric link, default 400Gbps"},
      {"scale_up", "bandwidth of an accelerator within the node, default 450GB/s"},
      {"radix", "ports of a switch, default 64"},
      {"tiers", "1 or 2 of each rail, default: 1 while the nodes fit"},
      {"oversubscription", "of the leaves, capacity down ÷ capacity up, default 1"},
      {"routing", "ecmp, adaptive or spray, default adaptive"},
      {"efficiency", "attainable share of line rate on NICs and links, default 1"},
      {"queue_pairs", "flows of a message, each hashed by itself under ecmp, default 1"},
      {"hop_latency", "one traversal of a switch with its cable, default 600ns"},
  };
  return specs;
}

Expected<System> make_rail_only(const Parameters& parameters) {
  return make_clos(parameters, {.description = "rails that no switch joins, from parameters",
                                .most_tiers = 2,
                                .separate_rails = true});
}

}  // namespace collscale

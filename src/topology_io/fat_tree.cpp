// SPDX-License-Identifier: Apache-2.0
// A folded clos from the radix of its switches: "fat-tree:nodes=4096,oversubscription=4".
#include "topology_io/clos_family.hpp"

namespace collscale {

const std::vector<Parameters::Spec>& fat_tree_parameters() {
  static const std::vector<Parameters::Spec> specs = {
      {"nodes", "number of nodes, default 512"},
      {"gpus", "accelerators of a node, each with a NIC and a rank of its own, default 8"},
      {"nic", "bandwidth of a NIC and of every fabric link, default 400Gbps"},
      {"scale_up", "bandwidth of an accelerator within the node, default 450GB/s"},
      {"radix", "ports of a switch, default 64"},
      {"tiers", "1 to 3, default: 2 while the nodes fit, else 3"},
      {"oversubscription", "of the leaves, capacity down ÷ capacity up, default 1"},
      {"rails", "leaf switches that share out the NICs of a node, default 1"},
      {"routing", "ecmp, adaptive or spray, default adaptive"},
      {"efficiency", "attainable share of line rate on NICs and links, default 1"},
      {"planes", "fabrics side by side that share out every NIC, default 1"},
      {"queue_pairs", "flows of a message, each hashed by itself under ecmp, default 1"},
      {"hop_latency", "one traversal of a switch with its cable, default 600ns"},
  };
  return specs;
}

Expected<System> make_fat_tree(const Parameters& parameters) {
  return make_clos(parameters, {.description = "fat tree computed from parameters"});
}

}  // namespace collscale

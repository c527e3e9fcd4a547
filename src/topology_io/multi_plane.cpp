// SPDX-License-Identifier: Apache-2.0
// Fabrics side by side that share out every NIC, with switches whose ports are as fast as a plane's
// part of it: a switch of 64 × 800 Gb/s has 512 ports of 100 Gb/s, and two tiers reach 131,072
// NICs. The defaults are that design: arXiv 2605.04333, Resilient AI Supercomputer Networking using
// MRC and SRv6.
#include "topology_io/clos_family.hpp"

namespace collscale {

const std::vector<Parameters::Spec>& multi_plane_parameters() {
  static const std::vector<Parameters::Spec> specs = {
      {"nodes", "number of nodes, default 16384"},
      {"gpus", "accelerators of a node, each with a NIC and a rank of its own, default 8"},
      {"planes", "fabrics side by side that share out every NIC, default 8"},
      {"nic", "bandwidth of a NIC, of all planes together, default 800Gbps"},
      {"scale_up", "bandwidth of an accelerator within the node, default 900GB/s"},
      {"radix", "ports of a switch, each as fast as a plane's part of a NIC, default 512"},
      {"tiers", "1 to 3, default: 2 while the nodes fit, else 3"},
      {"oversubscription", "of the leaves, capacity down ÷ capacity up, default 1"},
      {"rails", "leaf switches of a plane that share out the NICs of a node, default 1"},
      {"routing", "ecmp, adaptive or spray, default spray"},
      {"efficiency", "attainable share of line rate on NICs and links, default 1"},
      {"queue_pairs", "flows of a message, each hashed by itself under ecmp, default 1"},
      {"hop_latency", "one traversal of a switch with its cable, default 600ns"},
  };
  return specs;
}

Expected<System> make_multi_plane(const Parameters& parameters) {
  return make_clos(parameters, {.description = "planes of a clos computed from parameters",
                                .nodes = "16384",
                                .nic = "800Gbps",
                                .scale_up = "900GB/s",
                                .radix = "512",
                                .planes = "8",
                                .routing = Routing::spray,
                                .plane_ports = true});
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What the families of kind clos have in common: fat-tree, multi-plane and rail-only differ in
// their defaults, in what a port's speed is and in whether rails meet.
//
// With o the oversubscription of the leaves, a leaf of radix r has ⌊r·o/(1+o)⌋ ports down at most
// and as many up as o asks for; spines divide their ports half and half where there is a tier
// above. At o = 1 and three tiers this reaches the r³/4 end points of the k-ary fat tree (Al-Fares,
// Loukissas, Vahdat, SIGCOMM 2008).
#pragma once

#include <string_view>

#include "topology_io/family.hpp"

namespace collscale {

/// Of the parameters where a user gives none.
struct ClosDefaults {
  std::string_view description;
  std::string_view nodes = "512";
  std::string_view gpus = "8";
  std::string_view nic = "400Gbps";
  std::string_view scale_up = "450GB/s";
  std::string_view radix = "64";
  std::string_view planes = "1";
  Routing routing = Routing::adaptive;
  int most_tiers = 3;
  bool plane_ports = false;  ///< a port is as fast as a plane's part of a NIC, else as a whole NIC
  /// One leaf switch of a group for each accelerator of a node, and nothing joins them above.
  bool separate_rails = false;
};

Expected<System> make_clos(const Parameters& parameters, const ClosDefaults& defaults);

}  // namespace collscale

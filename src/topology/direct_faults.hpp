// SPDX-License-Identifier: Apache-2.0
// What is broken in a torus or dragonfly, by the names of Fabric::link_name; see faults.hpp.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// The things that a name stands for, each as the links that it takes with it:
///   [node N] nic K [out|in], nic N.K, node N      NICs
///   router N                                      of a torus: the switch of a node
///   [node N] +x|-x|x                              of a torus: cables along a dimension
///   group G [router|leaf|spine R]                 of a dragonfly: all of its routers, or one
///   [group G [router R]] local|global [P]         its cables; global P: of port P of a router
///   group G router R to [router|leaf|spine] T [P] cables between two routers of a group
/// `both_ways`: the other direction of every cable as well. Errors as of add_fault.
Expected<std::vector<std::vector<std::int64_t>>> direct_fault_links(const System& system,
                                                                    std::string_view text,
                                                                    bool both_ways);

}  // namespace collscale

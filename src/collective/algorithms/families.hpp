// SPDX-License-Identifier: Apache-2.0
// The families of the registry, one per file, and the builders of terms that they share. A family's
// file holds its functions, each returning one term, and the table of its entries: to add an
// algorithm is to add a function and an entry there.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/algorithms.hpp"

namespace collscale {

using Family = std::vector<Algorithm>;

Family ring_family();
Family halving_doubling_family();
Family hierarchical_family();
Family all_to_all_family();
Family bruck_family();
Family swing_bine_family();
Family pat_family();
Family tree_family();
Family multi_rail_family();
Family torus_family();
Family in_network_family();
Family mixture_of_experts_family();
Family broadcast_family();
Family scatter_family();
Family send_recv_family();
Family barrier_family();

// ring.cpp
Term ring_gather(std::int64_t size, int direction);  ///< all_gather among `size` ranks; ±1

// halving_doubling.cpp
Term halving_doubling_reduce(std::int64_t size);  ///< all_reduce among `size` ranks, folded
Term halving_doubling_gather(std::int64_t size);  ///< all_gather among `size` ranks, folded

}  // namespace collscale

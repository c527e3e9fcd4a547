// SPDX-License-Identifier: Apache-2.0
// Closed-form tier loads: how many messages of a step leave one aligned group of consecutive ranks.
// Exact where the group size divides the lane's ranks (exclusive_or, dihedral: and is a power of
// two) and for trees by powers of two in groups of such sizes; an upper bound for ragged groups,
// for changed orders of ranks and for uneven nodes. A switch lies within a group of ranks that
// holds all of its members, outside any other. Each rule is compared with enumeration in the tests.
#pragma once

#include <cstdint>

#include "collective/lane.hpp"

namespace collscale {

/// Per aligned group of `group_ranks` global ranks, the one with most: how many of its ranks
/// receive from outside (= send outside) in one step of one arc. The receivers are `messages`
/// consecutive ranks from `first` on within the group (mod group_ranks), before the lane's rotation
/// of digit 0, or spread evenly over the local ranks where `even`.
struct Crossing {
  std::int64_t messages = 0;
  std::int64_t first = 0;
  bool even = false;
};

Crossing crossing(const Lane& lane, std::int64_t step, int arc, std::int64_t group_ranks);

/// Lag none over all distances (pairwise): blocks that leave one group over the whole phase,
/// G·(n−G) for a flat lane.
std::int64_t all_pairs_crossing(const Lane& lane, std::int64_t group_ranks);

}  // namespace collscale

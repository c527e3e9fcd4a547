// SPDX-License-Identifier: Apache-2.0
// Every rank of a group sends every other something of its own: n² messages as a few entries.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/routes.hpp"

namespace collscale {

/// f(link, bytes, source, destination), several times for a link; source and destination are one of
/// the pairs that use it, or −1 where none is at hand.
using PairLoad = std::function<void(std::int64_t, double, std::int64_t, std::int64_t)>;

/// What every one of `members`, ranks of the job, sends every other, `bytes` a pair. Ports and NICs
/// node by node; above them all pairs between two leaf groups and two rails are one entry, since
/// the parallel links of a bundle share them evenly (routes of a fabric with bundles). Ranks of
/// nodes that lack a NIC go pair by pair. Returns the farthest level. `cut`: two ranks between
/// which no way is whole.
int for_each_pair_load(const Routes& routes, const std::vector<std::int64_t>& members, double bytes,
                       const PairLoad& f,
                       const std::function<void(std::int64_t, std::int64_t)>& cut);

/// Pairs that for_each_pair_load goes through one by one.
double pairs_one_by_one(const Routes& routes, const std::vector<std::int64_t>& members);

}  // namespace collscale

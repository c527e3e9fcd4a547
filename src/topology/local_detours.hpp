// SPDX-License-Identifier: Apache-2.0
// Adaptive routing within a group of routers that are all joined to one another: where the link
// between two of them is full, packets go over a third router of the group (local misrouting: M.
// Garcia et al., "Efficient Routing Mechanisms for Dragonfly Networks", ICPP 2013).
//
// With a routers and D_ij what router i sends to j, a share d of it directly and the rest over the
// others alike, the link from i to j carries
//
//   d D_ij + (1 − d) (O_i + I_j − 2 D_ij) / (a − 2),   O_i = Σ_j D_ij,  I_j = Σ_i D_ij
//
// d is what makes the fullest link of the group the least full: 1 where all pairs send alike,
// 1/(a − 1) where one does alone, which then has the links of a − 1 ways. Packets choose by
// themselves, so that nothing is hashed. The longer ways' latency is not counted.
#pragma once

#include <cstdint>
#include <span>

namespace collscale {

/// loads[from · routers + to]: what routers of a group send to one another, directly; afterwards
/// what the links carry. Below three routers there is no third. Returns the direct share d.
double spread_over_third_routers(std::span<double> loads, std::int64_t routers);

}  // namespace collscale

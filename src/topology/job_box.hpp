// SPDX-License-Identifier: Apache-2.0
// On a torus schedulers give a job a box of nodes, not the first so many in the order of their
// numbers, which would be a line: Fugaku's numbers ranks through a box of three dimensions, a slice
// of TPUs is one.
#pragma once

#include <cstdint>
#include <vector>

#include "topology/system.hpp"

namespace collscale {

/// The sides of the box that a job of so many nodes gets: of those that hold them the one with the
/// shortest way across, of these the smallest; longer in earlier dimensions. All of the torus where
/// the nodes are more than it has.
std::vector<std::int64_t> job_box(const Torus& torus, std::int64_t nodes);

/// The system as a job of so many ranks sees it that has it from its first node on: of a torus the
/// box, whose ranks are numbered along its first dimension first; a dimension that it does not span
/// does not wrap. Any other system, and any job that does not fit, as it is.
System job_system(const System& system, std::int64_t ranks);

}  // namespace collscale

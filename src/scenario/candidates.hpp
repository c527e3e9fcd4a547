// SPDX-License-Identifier: Apache-2.0
// Which schedules answer a question: the ranks as algorithms see them, and the algorithms that can
// serve them on a system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/program.hpp"
#include "scenario/prediction.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// The ranks as an algorithm sees them: packed node by node, one channel per rank of a node, nodes
/// under one leaf as a third level.
Shape shape_of(const System& system, std::int64_t ranks);

/// Fails with one sentence when the system cannot hold that many ranks, or they are fewer than 2.
Expected<void> check_ranks(const System& system, std::int64_t ranks);

/// A schedule with its program.
struct Candidate {
  Schedule schedule;
  Program program;
};

/// The named algorithm for the shape. Fails with one sentence when it does not exist, cannot serve
/// the shape, or needs what the system lacks (switches that add up).
Expected<Candidate> candidate(const System& system, Collective collective,
                              std::string_view algorithm, const Shape& shape);

/// With "auto" all of the collective's algorithms that can serve the ranks (those that route by
/// token, as a mixture of experts does, answer another question), else the named one.
/// Fails with one sentence when there is none.
Expected<std::vector<Candidate>> candidates(const System& system, Collective collective,
                                            std::string_view algorithm, const Shape& shape);

/// Names of those with "auto".
std::vector<std::string> candidate_names(const System& system, Collective collective,
                                         const Shape& shape);

Abilities abilities_of(const Candidate& candidate);

/// Every rank of a group of the lane sends every other a block of its own: one demand, not size − 1
/// steps.
bool is_all_pairs_in_groups(const Lane& lane);
/// And all ranks are one group.
bool is_all_pairs(const Lane& lane);

/// The ranks of a lane's group lie within one node.
bool stays_in_node(const Lane& lane, std::int64_t ranks_per_node);

}  // namespace collscale

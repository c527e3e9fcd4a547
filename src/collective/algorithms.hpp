// SPDX-License-Identifier: Apache-2.0
// The registry: every algorithm of every collective, by name. An algorithm is one small function
// that returns its term; families live in one file each under algorithms/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collective/schedule.hpp"
#include "units/error.hpp"

namespace collscale {

/// What an algorithm may know of the ranks it is to serve. Ranks are numbered node by node.
struct Shape {
  std::int64_t ranks = 0;
  std::int64_t ranks_per_node = 1;  ///< at most this many ranks of a node take part
  std::int64_t channels = 1;  ///< rings or trees in parallel: as many as NICs per node, by default
  std::int64_t root = 0;
};

struct Algorithm {
  Collective collective;
  std::string_view name;         ///< "ring", "halving_doubling", "hierarchical", "pairwise"
  std::string_view description;  ///< one line, for lists
  Expected<Term> (*make)(const Shape&, std::vector<std::int64_t>& radix);
};

/// All of them, grouped by collective, in the order of lists.
const std::vector<Algorithm>& algorithms();
std::vector<std::string> algorithm_names(Collective collective);

/// Fails with one sentence when the collective has no such algorithm (naming those it has) or when
/// the algorithm cannot serve the shape (naming what would work).
Expected<Schedule> make_schedule(Collective collective, std::string_view algorithm,
                                 const Shape& shape);

}  // namespace collscale

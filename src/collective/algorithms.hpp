// SPDX-License-Identifier: Apache-2.0
// The registry: every algorithm of every collective, by name. An algorithm is one small function
// that returns its term; families live in one file each under algorithms/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collective/nccl_chunks.hpp"
#include "collective/schedule.hpp"
#include "topology/node_rings.hpp"
#include "units/error.hpp"

namespace collscale {

/// What may be chosen of an algorithm. Each looks only at what concerns it (Algorithm::uses).
struct AlgorithmOptions {
  std::int64_t chunks = 4;       ///< K of a pipeline
  std::int64_t bruck_radix = 2;  ///< a rank sends to radix − 1 others per round
  std::int64_t aggregation = 0;  ///< of PAT: blocks per message, a power of two; 0: as many as fit
  std::vector<std::int64_t> dimensions{};  ///< of a torus; empty: as equal as the ranks allow
  std::int64_t experts_per_token = 8;      ///< mixture of experts: copies of each token
  std::int64_t nodes_per_token = 4;        ///< and the most nodes they lie on
};

/// What an algorithm may know of the ranks it is to serve. Ranks are numbered node by node.
struct Shape {
  std::int64_t ranks = 0;
  std::int64_t ranks_per_node = 1;  ///< of full nodes; the last one holds what is left
  std::int64_t channels = 1;  ///< rings or trees in parallel: as many as NICs per node, by default
  std::int64_t root = 0;
  std::int64_t nodes_per_group = 1;  ///< third level: nodes under one leaf, or in one scalable unit
  /// Orders in which rings go round the ranks of a full node (of all ranks, where there is one node
  /// only) so that all its links carry (topology/node_rings.hpp); null: by number, one ring for
  /// each channel.
  std::shared_ptr<const LocalOrders> node_rings{};
  /// Of these, where they go through several nodes, as many as there are channels; 0: all.
  std::int64_t most_orders = 0;
  int trees = 2;                 ///< tree: both trees of a channel, or 1, the first alone
  std::vector<NodeRun> nodes{};  ///< uneven nodes; empty: nodes of ranks_per_node
  AlgorithmOptions options{};
};

struct Algorithm {
  /// What it looks at beyond the number of ranks: lists, checks and tests go by it.
  struct Uses {
    bool nodes = false;
    bool groups = false;
    bool channels = false;
    bool root = false;
    bool chunks = false;
    bool radix = false;
    bool aggregation = false;
    bool dimensions = false;
    bool experts = false;
  };
  Collective collective = Collective::all_reduce;
  std::string_view name;         ///< "ring", "halving_doubling"
  std::string_view description;  ///< one line, for lists
  std::string_view depth;        ///< longest chain of messages: "2(n-1)"
  std::string_view bytes;        ///< the most that a rank sends: "2(n-1)/n S"
  std::string_view source;       ///< of the algorithm: authors, title or venue, year
  Uses uses;
  /// The term; also sets how the schedule numbers its ranks (radix, nodes, spread) where that is
  /// not one digit. The schedule it is given holds collective, ranks, root and radix = {ranks}.
  Expected<Term> (*make)(const Shape&, Schedule&) = nullptr;
  /// How many chunks (AlgorithmOptions::chunks) NCCL makes of a size; null where it has nothing
  /// like this algorithm.
  std::int64_t (*nccl_chunks)(double size_bytes, NcclProtocol, const Shape&) = nullptr;
};

/// All of them, grouped by collective.
const std::vector<Algorithm>& algorithms();
std::vector<std::string> algorithm_names(Collective collective);
/// Null when the collective has no such algorithm.
const Algorithm* find_algorithm(Collective collective, std::string_view name);

/// Fails with one sentence when the collective has no such algorithm (naming those it has) or when
/// the algorithm cannot serve the shape (naming what would work).
Expected<Schedule> make_schedule(Collective collective, std::string_view algorithm_name,
                                 const Shape& shape);

}  // namespace collscale

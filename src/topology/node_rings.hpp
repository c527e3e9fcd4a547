// SPDX-License-Identifier: Apache-2.0
// The orders in which rings go round the ranks of a node so that all its links carry: what a
// library looks for when it makes its channels (RCCL on MI300X, NCCL on GH200 and DGX-1).
//
// Of a full mesh of n ranks, from the zigzag 0, 1, −1, 2, −2, .. round Z_{n−1} and one rank outside
// it: all n − 1 turns of it, for even n in both directions. Every link is then in as many rings as
// any other (É. Lucas, "Récréations mathématiques" II, 1883, after Walecki; B. Alspach, "The
// wonderful Walecki construction", Bull. Inst. Combin. Appl. 52, 2008). Of links as wired: rings
// along direct links, one after the other, each through those that carry least so far.
#pragma once

#include <cstdint>
#include <vector>

#include "topology/system.hpp"

namespace collscale {

/// Orders of the local ranks 0 .. ranks − 1, each a ring that carries an equal part.
using LocalOrders = std::vector<std::vector<std::int32_t>>;

/// For rings among the first `ranks` ranks of a node. Empty where the order of their numbers is as
/// good as any (nvswitch, pcie, two ranks), and where no ring goes along direct links.
LocalOrders node_rings(const Node& node, std::int64_t ranks);

/// For rings through many nodes: these, each turned to begin at several of its ranks, so that every
/// rank of a node is as often the first of a ring, and the last, as any other (as nearly as some
/// 128 rings allow).
LocalOrders rings_by_first_rank(const LocalOrders& rings);

}  // namespace collscale

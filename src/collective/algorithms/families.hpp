// SPDX-License-Identifier: Apache-2.0
// The families of the registry, one per file, and the builders of terms that they share. A family's
// file holds its functions, each returning one term, and the table of its entries: to add an
// algorithm is to add a function and an entry there.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collective/algorithms.hpp"
#include "collective/algorithms/levels.hpp"

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

// ring.cpp: all_gathers among `size` ranks; dual() makes a reduce_scatter of each.
Term ring_gather(std::int64_t size, int direction);  ///< ±1: towards higher, lower ranks
Term bidirectional_ring_gather(std::int64_t size);   ///< half of the blocks from either side

// halving_doubling.cpp
/// all_gather among 2^k ranks, partners by the frame (exclusive_or, dihedral). near_first: the
/// distance grows with the data; otherwise it shrinks.
Term butterfly_gather(Frame frame, bool near_first, std::int64_t size);
Term halving_doubling_reduce(std::int64_t size);    ///< all_reduce among `size` ranks, folded
Term recursive_doubling_gather(std::int64_t size);  ///< all_gather among `size` ranks, folded

// bruck.cpp
Term bruck_gather(std::int64_t size, std::int64_t radix);  ///< all_gather; radix ≥ 2

// pat.cpp
/// all_gather; aggregation: a power of two, at most largest_aggregation(size).
Term pat_gather(std::int64_t size, std::int64_t aggregation);
std::int64_t largest_aggregation(std::int64_t size);

// multi_rail.cpp
Term ring_reduce(std::int64_t size);  ///< all_reduce round a ring
/// all_reduce in which one rank of every node collects the node's part along a chain, takes part in
/// `among` the nodes and hands the result back along the chain. Nodes may be uneven; `parts` such
/// parts of the data, each with another rank of the node, pipelined in `chunks`.
Term reduce_through_leaders(const std::vector<NodeRun>& runs, std::int64_t parts,
                            std::int32_t chunks, Among among,
                            const std::shared_ptr<const LocalOrders>& orders = nullptr);
/// The same for all_gather: among the nodes an all_gather. Uneven nodes only.
Term gather_through_leaders(const std::vector<NodeRun>& runs, std::int64_t parts, Among among);

// tree.cpp
/// NCCL's binary tree of `size` ranks (ncclGetBtree), from index 0 down: a broadcast.
Term binary_tree(std::int64_t size);
/// all_reduce up and down two of them with half of the data each, in `chunks` chunks.
Term double_binary_tree(std::int64_t size, std::int32_t chunks);
/// The order of the ranks in the second tree: mirrored (even counts) or shifted by one (odd).
View second_tree(std::int64_t size, View view = {});
/// Algorithm::nccl_chunks of two trees over all ranks.
std::int64_t two_tree_chunks(double size_bytes, NcclProtocol protocol, const Shape& shape);
inline constexpr std::string_view kTwoTreesSource =
    "P. Sanders, J. Speck, J. L. Traeff: Two-tree algorithms for full bandwidth broadcast, "
    "reduction and scan, Parallel Computing 35(12), 2009";

// broadcast.cpp; for one group of `size` ranks
Term chain_from(std::int64_t size, std::int64_t root);  ///< broadcast along the ring
Term chain_from_leader(std::int64_t size);              ///< from index 0
Term direct_gather(std::int64_t size);                  ///< all_gather, everything at once
/// Broadcast; radix 2 to 4. Every round, who has the data serves radix − 1 others.
Term knomial_tree(std::int64_t size, std::int64_t radix, std::int64_t root);
Term binomial_tree(std::int64_t size, std::int64_t root);  ///< broadcast; subtrees are contiguous
Term binomial_scatter(std::int64_t size, std::int64_t root);
/// all_gather in ⌈log2 size⌉ steps, the far ones with few blocks first; any size.
Term distance_halving_gather(std::int64_t size);

// all_to_all.cpp
/// Numbers the ranks {rank in the node, node} and gives those sizes. Fails where a node is not
/// full, naming the counts that are and the algorithm that serves any.
Expected<std::vector<std::int64_t>> full_nodes(const Shape& shape, Schedule& schedule,
                                               std::string_view instead);
Term direct_exchange(std::int64_t size);  ///< all_to_all, everything at once
/// all_to_all in ⌈log_radix size⌉ rounds; radix 2 to 4 (up), 2 (down: the order of binomial trees).
Term bruck_exchange(std::int64_t size, std::int64_t radix, Unit order);

}  // namespace collscale

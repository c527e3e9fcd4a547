// SPDX-License-Identifier: Apache-2.0
// How many chunks NCCL makes of a message, for the K of a pipeline (AlgorithmOptions::chunks) where
// a size is given and no number of chunks. Source: NVIDIA/nccl v2.28.9-1, default buffer sizes.
#pragma once

#include <cstdint>

namespace collscale {

/// NCCL's protocols: flags with the data (LL: 8 of 16 bytes, LL128: 120 of 128), or none (simple).
enum class NcclProtocol : std::uint8_t { ll, ll128, simple };

/// Bytes of one chunk of a tree that carries `tree_bytes` of the data. NCCL halves the chunks of
/// LL128 while there are few of them for the depth of the tree.
std::int64_t nccl_tree_chunk_bytes(double tree_bytes, NcclProtocol protocol, std::int64_t nodes,
                                   double ranks_per_node);

/// Chunks, at least 1, of every tree of all_reduce `tree` and `double_binary_tree`, and of
/// broadcast and reduce `double_tree`, for `size_bytes` of data on `channels` channels. A channel
/// has two trees here (Shape::channels; 1 for those that do not look at channels), in NCCL one: a
/// tree carries size_bytes / (2 channels). NCCL takes fewer channels for small sizes: pass the
/// number in use.
std::int64_t nccl_tree_chunks(double size_bytes, std::int64_t channels, NcclProtocol protocol,
                              std::int64_t nodes, double ranks_per_node);

/// The same for broadcast and reduce `chain`, in NCCL a ring cut at the root; a channel carries
/// size_bytes / channels (1 for `chain`, which does not look at channels).
std::int64_t nccl_chain_chunks(double size_bytes, std::int64_t channels, NcclProtocol protocol);

}  // namespace collscale

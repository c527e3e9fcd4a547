// SPDX-License-Identifier: Apache-2.0
#include "collective/nccl_chunks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace collscale {
namespace {

// [P]: read in the source of NCCL v2.28.9-1, at the place named.
constexpr std::int64_t kSteps = 8;                             // [P] device.h:24
constexpr std::int64_t kBufferLl = 8 * 512 * kSteps * 16;      // [P] init.cc:697, device.h:92-93
constexpr std::int64_t kBufferLl128 = 120 * 640 * kSteps * 8;  // [P] init.cc:698, device.h:109
constexpr std::int64_t kBufferSimple = std::int64_t{1} << 22;  // [P] init.cc:699
constexpr std::int64_t kGrainLl = 16;                          // [P] device.h:309-313
constexpr std::int64_t kGrainLl128 = 32 * 8 / 16 * 15 * 8;     // [P] device.h:309-313: 1,920
constexpr std::int64_t kGrainSimple = 512;                     // [P] device.h:309-313

/// One step of the buffer: trees, and rings of broadcast and reduce (BROADCAST_CHUNKSTEPS and
/// REDUCE_CHUNKSTEPS are 1), send it at once. [P] enqueue.cc:2023-2028, collectives.h:26-33
std::int64_t step_bytes(NcclProtocol protocol) {
  switch (protocol) {
    case NcclProtocol::ll:
      return kBufferLl / kSteps / 2;
    case NcclProtocol::ll128:
      return kBufferLl128 / kSteps / 16 * 15;
    case NcclProtocol::simple:
      break;
  }
  return kBufferSimple / kSteps;
}

std::int64_t grain(NcclProtocol protocol) {
  if (protocol == NcclProtocol::ll) return kGrainLl;
  return protocol == NcclProtocol::ll128 ? kGrainLl128 : kGrainSimple;
}

std::int64_t count(double bytes, std::int64_t chunk) {
  const double chunks = std::ceil(bytes / static_cast<double>(chunk));
  // A schedule counts its chunks in 32 bits.
  return static_cast<std::int64_t>(std::clamp(chunks, 1.0, 2147483647.0));
}

}  // namespace

std::int64_t nccl_tree_chunk_bytes(double tree_bytes, NcclProtocol protocol, std::int64_t nodes,
                                   double ranks_per_node) {
  std::int64_t chunk = step_bytes(protocol);
  if (protocol == NcclProtocol::ll128 && nodes > 0 && ranks_per_node > 0) {
    // [P] enqueue.cc:2069-2078; the quotient of the bytes is an integer there.
    const auto log2_nodes =
        static_cast<double>(std::bit_width(static_cast<std::uint64_t>(nodes)) - 1);
    const double steps = 1 + log2_nodes + 0.1 * ranks_per_node;
    const auto few = [&](double factor) {
      return std::floor(tree_bytes / static_cast<double>(chunk)) < steps * factor / ranks_per_node;
    };
    while (few(64) && chunk > 131072) chunk /= 2;
    while (few(16) && chunk > 32768) chunk /= 2;
  }
  return chunk / grain(protocol) * grain(protocol);  // [P] enqueue.cc:2093
}

std::int64_t nccl_tree_chunks(double size_bytes, std::int64_t channels, NcclProtocol protocol,
                              std::int64_t nodes, double ranks_per_node) {
  const double of_tree = size_bytes / 2 / static_cast<double>(std::max<std::int64_t>(channels, 1));
  return count(of_tree, nccl_tree_chunk_bytes(of_tree, protocol, nodes, ranks_per_node));
}

std::int64_t nccl_chain_chunks(double size_bytes, std::int64_t channels, NcclProtocol protocol) {
  const double of_channel = size_bytes / static_cast<double>(std::max<std::int64_t>(channels, 1));
  return count(of_channel, step_bytes(protocol) / grain(protocol) * grain(protocol));
}

}  // namespace collscale

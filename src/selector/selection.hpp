// SPDX-License-Identifier: Apache-2.0
// What a library would run for one collective, size and number of ranks: the answer of a selector
// (nccl/, openmpi/), in our registry's names, so that an engine can price it.
#pragma once

#include <cstdint>
#include <string>

namespace collscale {

/// What the library's protocol makes of a message, in place of what the system says. Negative: as
/// the system says.
struct ProtocolFigures {
  double bandwidth_share = 1;  ///< of what links carry, the part that the library's model counts
                               ///< on with this protocol
  double scale_up_latency_s = -1;  ///< one message inside a node
  double nic_latency_s = -1;       ///< and between nodes, without the switches
  double base_s = 0;               ///< once per collective
  double wire_share = 1;           ///< data in what the protocol puts on the wire: LL 8 bytes in 16
  double transport_waits = 1;      ///< of a message between nodes for the transport beside these
  bool has_overhead = false;  ///< its latencies are of whole steps: no overhead per message besides
  bool operator==(const ProtocolFigures&) const = default;
};

struct Selection {
  /// Name in our registry (collective/algorithms.hpp); "" where the registry has nothing like it.
  std::string algorithm;
  std::string library_algorithm;  ///< as the library calls it: "NVLSTree", "segmented_ring"
  std::string protocol;           ///< "LL", "LL128", "Simple"; "" where the library has none
  std::int64_t channels = 1;      ///< rings or trees side by side
  std::int64_t threads = 0;       ///< per channel (NCCL); 0: not applicable
  /// That a channel passes on at once; 0: messages are not cut; negative: pipelines are cut as
  /// finely as is fastest.
  double segment_bytes = 0;
  std::int64_t segment_parts = 1;  ///< which may pass on before the segment is complete
  std::int64_t lanes = 1;          ///< parts of the data beside channels: NVLS heads
  int trees = 2;                   ///< of a double binary tree: 1 where only the first is used
  std::int64_t radix = 0;          ///< k of a k-nomial tree, or of Bruck; 0: not applicable
  double estimate_s = -1;  ///< the library's own estimate of the time; negative: it has none
  ProtocolFigures figures{};
};

}  // namespace collscale

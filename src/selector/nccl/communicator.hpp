// SPDX-License-Identifier: Apache-2.0
// A communicator as NCCL's cost model sees it: sizes, GPU generation, CPU vendor, the graphs, and
// how many channels NCCL makes of them. It knows nothing of the fabric above the NICs.
#pragma once

#include <cstdint>
#include <string_view>

#include "selector/nccl/graph.hpp"
#include "selector/nccl/version.hpp"
#include "units/error.hpp"

namespace collscale {

struct NcclComm {
  std::int64_t ranks = 1;
  std::int64_t nodes = 1;        ///< that do not share NVLink
  std::int64_t local_ranks = 1;  ///< of a full node
  int compute_capability = 90;   ///< of the oldest GPU
  int max_compute_capability = 90;
  NcclCpu cpu = NcclCpu::intel;
  bool nvswitch = true;
  bool collnet = false;  ///< switches that add up are used; NCCL wants two nodes
  bool collnet_all_gather = false;
  bool collnet_reduce_scatter = false;
  bool clique_of_nodes = false;  ///< MNNVL
  bool net_offload = false;      ///< a network device of the GPU's own (no PAT)
  /// NCCL_NET_OVERHEAD; negative: by CPU, 1 us, AMD 2 us. [P] v2.28.9-1 tuning.cc:214-219
  double net_overhead_s = -1;
  NcclGraphs graphs{};
  std::int64_t channels = 1;       ///< "coll channels": rings and trees, doubled after the search
  std::int64_t nvls_channels = 0;  ///< 0: no NVLS
  std::int64_t p2p_channels = 1;
  std::int64_t p2p_channels_per_peer = 1;

  double ranks_per_node() const { return static_cast<double>(ranks) / static_cast<double>(nodes); }
};

/// The communicator of `ranks` ranks, `ranks_per_node` on every full node, on such nodes; one rank
/// per node is what rail-split communicators have. Graphs are searched for, or given
/// (parse_graphs). Fails with one sentence on counts that do not fit the node.
Expected<NcclComm> make_comm(const NcclNode& node, NcclVersion version, std::int64_t ranks,
                             std::int64_t ranks_per_node);
Expected<NcclComm> make_comm(const NcclNode& node, NcclVersion version, std::int64_t ranks,
                             std::int64_t ranks_per_node, const NcclGraphs& graphs);
/// With graphs as text; "" searches.
Expected<NcclComm> make_comm(const NcclNode& node, NcclVersion version, std::int64_t ranks,
                             std::int64_t ranks_per_node, std::string_view graphs);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What bounds NCCL's graphs on a node: shared by the search and by the check of given graphs.
#pragma once

#include <cstdint>
#include <span>

#include "selector/nccl/graph.hpp"

namespace collscale::nccl {

struct Limits {
  double nvlink_GBps = 0;  ///< of one GPU, one direction; 0: none
  double pcie_GBps = 0;    ///< of one GPU
  double nic_GBps = 0;     ///< of one NIC
  std::int64_t nics = 0;
  std::int64_t gpus = 0;
  std::int64_t max_channels = 0;  ///< that the search of rings allows
  bool between_nodes = false;

  double intra_GBps() const { return nvlink_GBps > 0 ? nvlink_GBps : pcie_GBps; }
};

Limits limits_of(const NcclNode& node, NcclVersion version, std::int64_t local_ranks,
                 bool between_nodes);

/// GB/s per channel that the search tries, fast to slow. [P] search.cc:976-990 at the tags
std::span<const double> speeds(NcclVersion version, int compute_capability, bool between_nodes);

/// Rings of one speed that fit: each takes that speed of every GPU's NVLink, of one NIC and of the
/// PCIe of the GPU where it enters.
std::int64_t rings_that_fit(const Limits& limits, double intra_GBps, double inter_GBps);
/// Heads that fit: each takes its speed from every GPU, and as much again from its own.
std::int64_t heads_that_fit(const Limits& limits, double intra_GBps, double inter_GBps);

}  // namespace collscale::nccl

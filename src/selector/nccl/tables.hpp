// SPDX-License-Identifier: Apache-2.0
// NCCL's constants, version by version: data only. The formulas that use them are in tuning.cpp.
//
// Units are NCCL's own, so that a table can be laid beside its source: microseconds, GB/s = 1e9
// B/s.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collective/nccl_chunks.hpp"
#include "selector/nccl/version.hpp"

namespace collscale {

/// In the order of NCCL's enumeration (nccl_common.h), which settles ties.
enum class NcclAlgorithm : unsigned char {
  tree,
  ring,
  collnet_direct,
  collnet_chain,
  nvls,
  nvls_tree,
  pat
};
inline constexpr std::size_t kNcclAlgorithms = 7;
inline constexpr std::size_t kNcclProtocols = 3;  ///< NcclProtocol: ll, ll128, simple

/// As NCCL writes them: "Tree", "CollNetDirect"; "LL128".
std::string_view name(NcclAlgorithm algorithm);
std::string_view name(NcclProtocol protocol);

constexpr std::size_t index(NcclAlgorithm a) { return static_cast<std::size_t>(a); }
constexpr std::size_t index(NcclProtocol p) { return static_cast<std::size_t>(p); }

/// What a step goes over; the first index of the latencies.
enum class NcclHardware : unsigned char { nvlink, pci, net };

using NcclByProtocol = std::array<double, kNcclProtocols>;
using NcclByAlgorithm = std::array<NcclByProtocol, kNcclAlgorithms>;
/// GB/s: four rows, two of them read twice: GPU generations Volta, Ampere, Hopper, Blackwell (and,
/// for LL between nodes, Intel and AMD CPUs); columns 1, 2, and more nodes.
using NcclByGeneration = std::array<std::array<double, 3>, 4>;

/// What changed from version to version beyond the numbers. Each member says from which version on.
struct NcclRules {
  bool blackwell = true;                ///< 2.25: a generation of its own; Hopper's row before
  bool mixed_cpus_as_amd = true;        ///< 2.24
  bool nvls_in_cliques = true;          ///< 2.21: NVLS across the hosts of one NVLink fabric
  bool ll_half = true;                  ///< 2.21: LL on rings 1/2 of the bandwidth; 1/3, 1/4 before
  bool ll128_single_discount = false;   ///< to 2.22: LL128 on rings x 0.7 below 2 ranks per node
  bool pat = true;                      ///< 2.23
  double pat_factor = 0.75;             ///< 2.24; 0.85 in 2.23
  bool collnet_gathers = true;          ///< 2.20: CollNetDirect for all_gather, reduce_scatter
  bool collnet_gathers_by_ppn = false;  ///< to 2.26: interpolated 0.95 to 0.85 by ranks per node
  bool nvls_gathers_between_nodes = true;  ///< 2.27
  bool nvls_gathers_by_peers = true;       ///< 2.27: intra x (ppn - 1) / ppn, inter x 0.9
  bool nvls_efficiency = true;             ///< 2.28: bandwidth by efficiency and heads
  bool nvls_five_sixths = false;           ///< to 2.27: algorithm bandwidth 5/6 of bus bandwidth
  bool gathers_at_bus_bandwidth = true;    ///< 2.23: no such ratio for all_gather
  bool single_rank_tree_latency = true;    ///< 2.23: 1 rank per node takes Tree's NET latency
  bool ring_last_step_local = true;        ///< 2.23: 2 (nodes - 1) steps between nodes, not 2 nodes
  bool correction_below_64_bytes = false;  ///< to 2.21: log2 of 0 is 0, not nothing
  bool nvls_tree_correction = false;       ///< 2.29: on Blackwell with x86 CPUs
  bool ll128_listed_gpus_only = false;     ///< to 2.26: SM 70, 80, 90, from 2.25 100 and 120
  bool ll128_mixed_gpus = false;           ///< 2.30: from Hopper on
  bool lists_by_function = true;           ///< 2.24: NCCL_ALGO="allreduce:tree;broadcast:ring"
  bool ring_if_nothing_left = false;       ///< to 2.23: whatever NCCL_ALGO says
  bool ring_if_nothing_left_any_protocol = false;  ///< to 2.21: whatever NCCL_PROTO says
  bool collnet_chain_any_node = false;             ///< 2.23 to 2.27: above 8 ranks per node, too
  std::int64_t operations_per_batch = 10;  ///< of a group that share one latency; 2.23 to 2.29
  bool tree_all_threads = true;            ///< 2.22
  bool nvls_channels_capped = true;        ///< 2.28: between nodes by the rings' number
  bool channels_cover_nvls = false;        ///< 2.22 to 2.27: at least as many rings as for NVLS
  bool tree_simple_chunks_shrink = false;  ///< 2.19
  bool nvls_tree_chunks_large = false;     ///< to 2.20: from 512 KiB, not 128
};

struct NcclTables {
  NcclByAlgorithm base_latency_us{};
  std::array<NcclByAlgorithm, 3> hardware_latency_us{};  ///< [NcclHardware]
  NcclByGeneration ll_max_GBps{};                        ///< all channels together
  NcclByGeneration ring_ll128_max_GBps{};                ///< per channel, as the rest
  NcclByGeneration tree_ll128_max_GBps{};
  NcclByGeneration tree_max_GBps{};
  NcclByGeneration nvls_tree_max_GBps{};
  std::array<double, 4> nvls_efficiency{};
  NcclRules rules{};
};

const NcclTables& nccl_tables(NcclVersion version);

/// Share of its bandwidth that Tree reaches at 64 B, 128 B, ... 256 MiB (from 2.29: 512 MiB).
inline constexpr std::size_t kNcclCorrections = 24;
double nccl_tree_correction(NcclProtocol protocol, std::size_t log2_of_64_bytes);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What NCCL's search of a node finds: how many rings, trees, NVLS heads, at which speed. It is all
// that NCCL's cost model knows of the hardware, beside GPU generation and CPU vendor. NCCL prints
// it with NCCL_DEBUG=INFO NCCL_DEBUG_SUBSYS=GRAPH ("nChannels 8, bw 45.000000/45.000000").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "selector/nccl/version.hpp"
#include "units/error.hpp"

namespace collscale {

/// The worst kind of link on a graph's paths, near to far. [P] NVIDIA/nccl v2.28.9-1 topo.h:62-98
enum class NcclPath : unsigned char {
  local,
  nvlink,
  nvlink_bridge,
  c2c,
  pix,
  pxb,
  p2c,
  pxn,
  phb,
  sys
};

struct NcclGraph {
  std::int64_t channels = 0;  ///< before NCCL doubles them; 0: there is no such graph
  double intra_Bps = 0;       ///< inside a node, per channel
  double inter_Bps = 0;       ///< to the network, per channel
  NcclPath intra_path = NcclPath::nvlink;
  NcclPath inter_path = NcclPath::pix;
  bool same_channels = false;  ///< every channel visits the GPUs in the same order
  double inter_latency_s = 0;  ///< NcclNode's net_latency_s

  friend bool operator==(const NcclGraph&, const NcclGraph&) = default;
};

struct NcclGraphs {
  NcclGraph ring{};
  NcclGraph tree{};
  NcclGraph collnet_direct{};
  NcclGraph collnet_chain{};
  NcclGraph nvls{};                  ///< channels: heads
  bool tree_pattern_simple = false;  ///< some node fell back from balanced trees to plain ones

  friend bool operator==(const NcclGraphs&, const NcclGraphs&) = default;
};

enum class NcclCpu : unsigned char { intel, amd, mixed, arm, other };

/// A node as NCCL sees it: what shares NVLink (a rack of NVL72 is one). Plain figures; the defaults
/// are a DGX H100 with eight 400 Gb/s NICs.
struct NcclNode {
  std::int64_t gpus = 8;           ///< that may be used, all of one kind
  int compute_capability = 90;     ///< 70 Volta, 80 Ampere, 90 Hopper, 100 Blackwell
  int max_compute_capability = 0;  ///< of the newest GPU where they differ; 0: they do not
  NcclCpu cpu = NcclCpu::intel;
  std::int64_t nvlinks = 18;          ///< of each GPU; 0: PCIe only
  bool nvswitch = true;               ///< any GPU to any other at full speed
  bool multicast = true;              ///< NVLink SHARP, if the GPUs and nvswitch can do it
  std::int64_t nics = 8;              ///< that the node's ranks may use
  double nic_Bps = 50e9;              ///< of one
  NcclPath nic_path = NcclPath::pix;  ///< from a GPU to the NIC next to it
  double pcie_Bps = 48e9;  ///< of one GPU: Gen3 x16 12, Gen4 24, Gen5 48 GB/s as NCCL counts
  bool collnet = false;    ///< switches that add up, and NCCL's plugin for them (SHARP)
  bool collnet_all_gather = true;  ///< what that plugin offers
  bool collnet_reduce_scatter = true;
  bool clique_of_nodes = false;  ///< several hosts on one NVLink fabric (MNNVL)
  double net_latency_s = 0;      ///< that NCCL counts beyond its own; IB and sockets: 0
};

/// GB/s of one NVLink in one direction as NCCL counts it: 20.6 on Hopper, where 25 is nominal.
double nccl_nvlink_GBps(NcclVersion version, int compute_capability);
/// Links that a nominal bandwidth per GPU and direction stands for (450 GB/s on H100: 18), at 25
/// GB/s each, 50 from Blackwell on.
std::int64_t nvlinks_of(double nominal_Bps, int compute_capability);

/// What NCCL's search finds for `local_ranks` of the node's GPUs, between nodes or not. The rules
/// are those of the search, not the search itself: the speeds it tries, what a channel takes of
/// NVLink, NICs and PCIe, and its doubling of fast channels; hosts with uneven paths may get less.
/// What NCCL prints goes before this.
NcclGraphs search_graphs(const NcclNode& node, NcclVersion version, std::int64_t local_ranks,
                         bool between_nodes);

/// "ring=8x45/45:different,tree=8x45/45,nvls=8x40/48": channels x intra/inter speed per channel,
/// GB/s as NCCL prints it; "8x45" means 8x45/45; ":same" and ":different" are its sameChannels 1
/// and 0 (as searched where missing), which matters to broadcast and reduce. Names: ring, tree (as
/// ring where it is missing), nvls, collnet_direct, collnet_chain (none where missing). Fails with
/// one sentence on what is not of this form, and on a graph that NCCL cannot build on this node:
/// more channels than it searches for, speeds that it does not try, more than NVLink or the NICs
/// carry.
Expected<NcclGraphs> parse_graphs(std::string_view text, const NcclNode& node, NcclVersion version,
                                  std::int64_t local_ranks, bool between_nodes);

/// "ring=8x45/45:different,tree=8x45/45": what parse_graphs reads.
std::string format_graphs(const NcclGraphs& graphs);

}  // namespace collscale

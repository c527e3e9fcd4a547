// SPDX-License-Identifier: Apache-2.0
// Lines are of NVIDIA/nccl v2.28.9-1; [P] read there.
#include "selector/nccl/communicator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "selector/nccl/tables.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kCollnetNodes = 2;  // [P] init.cc:736, NCCL_COLLNET_NODE_THRESHOLD

std::int64_t power_of_two_up(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(n)));
}

Expected<void> check(const NcclNode& node, std::int64_t ranks, std::int64_t ranks_per_node) {
  const auto bad = [](std::string_view what, auto value, std::string_view expected) {
    return fail(fmt::format("NCCL node: {} is {}, expected {}", what, value, expected));
  };
  if (ranks < 1) return bad("the number of ranks", ranks, "1 or more");
  if (ranks > 0x7fffffff) return bad("the number of ranks", ranks, "what 31 bits hold, as NCCL");
  if (ranks_per_node < 1) return bad("the number of ranks per node", ranks_per_node, "1 or more");
  if (std::min(ranks, ranks_per_node) > node.gpus)
    return fail(fmt::format("NCCL node: {} ranks per node on {} GPUs, NCCL wants a GPU for each",
                            std::min(ranks, ranks_per_node), node.gpus));
  if (node.compute_capability < 60 || node.compute_capability > 199)
    return bad("the compute capability", node.compute_capability,
               "60 to 199, such as 80 for A100, 90 for H100, 100 for B200");
  if (node.max_compute_capability != 0 && node.max_compute_capability < node.compute_capability)
    return bad("the newest GPU's compute capability", node.max_compute_capability,
               "no less than the oldest one's");
  if (node.nvlinks < 0) return bad("the number of NVLinks", node.nvlinks, "0 or more");
  if (!(node.pcie_Bps > 0) || !std::isfinite(node.pcie_Bps))
    return bad("the bandwidth of PCIe", node.pcie_Bps, "above zero");
  if (ranks > ranks_per_node && (node.nics < 1 || !(node.nic_Bps > 0)))
    return fail("NCCL node: no NIC, which ranks on more than one node need");
  return {};
}

/// [P] connect.cc:452-489, and the changes of it: doubled; half more for CollNet chains that are
/// faster inside nodes; doubled again where few fast rings join nodes.
std::int64_t coll_channels(const NcclComm& comm, NcclVersion version) {
  const std::int64_t most = version.minor >= 25 ? 64 : 32;  // MAXCHANNELS, device.h:86
  std::int64_t channels =
      std::min(most, 2 * std::min(comm.graphs.ring.channels, comm.graphs.tree.channels));
  const NcclGraph& chain = comm.graphs.collnet_chain;
  if (comm.collnet && chain.intra_Bps > chain.inter_Bps && comm.ranks > comm.nodes)
    channels = std::min(most, channels + channels / 2);
  const bool generation =
      version.minor >= 25 ? comm.compute_capability >= 90 : comm.compute_capability == 90;
  const bool few = version.minor >= 20 ? channels < 16 : 2 * channels <= most;
  if (generation && comm.nodes > 1 && comm.graphs.ring.intra_Bps > 45e9 && few) channels *= 2;
  return channels;
}

/// [P] nvls.cc:148-200
std::int64_t nvls_channels(const NcclComm& comm, NcclVersion version) {
  if (comm.graphs.nvls.channels == 0) return 0;
  if (comm.compute_capability < 100 || version.minor < 25) return 16;
  return comm.nodes > 1 || version.minor < 27 ? 32 : 24;
}

/// [P] paths.cc:806-884: two channels per NVLink of a peer, two per NIC that a remote one needs;
/// one where there are many ranks.
void set_p2p_channels(NcclComm& comm, const NcclNode& node) {
  std::int64_t fewest = comm.channels;
  if (comm.local_ranks > 1) fewest = std::min(fewest, 2 * std::max<std::int64_t>(1, node.nvlinks));
  if (comm.nodes > 1) {
    const auto by_bandwidth = static_cast<std::int64_t>(
        std::ceil(node.pcie_Bps / node.nic_Bps - 1e-9));  // NICs that feed one GPU
    const std::int64_t near =
        std::max<std::int64_t>(1, node.nics / std::max<std::int64_t>(1, comm.local_ranks));
    std::int64_t channels = 2;
    while (channels * comm.ranks > 4 * comm.channels && channels > 1) channels /= 2;
    fewest = std::min(fewest, std::max(channels, std::min(by_bandwidth, near)));
  }
  comm.p2p_channels_per_peer = power_of_two_up(fewest);
  comm.p2p_channels = power_of_two_up(comm.channels);
  comm.p2p_channels_per_peer = std::min(comm.p2p_channels_per_peer, comm.p2p_channels);
}

struct Layout {
  std::int64_t nodes;
  std::int64_t local_ranks;
};

Layout layout_of(std::int64_t ranks, std::int64_t ranks_per_node) {
  return {.nodes = (ranks + ranks_per_node - 1) / ranks_per_node,
          .local_ranks = std::min(ranks, ranks_per_node)};
}

NcclComm assemble(const NcclNode& node, NcclVersion version, std::int64_t ranks, Layout layout,
                  const NcclGraphs& graphs) {
  NcclComm comm{
      .ranks = ranks,
      .nodes = layout.nodes,
      .local_ranks = layout.local_ranks,
      .compute_capability = node.compute_capability,
      .max_compute_capability = std::max(node.compute_capability, node.max_compute_capability),
      .cpu = node.cpu,
      .nvswitch = node.nvswitch && node.nvlinks > 0,
      .collnet = node.collnet && layout.nodes >= kCollnetNodes && graphs.collnet_chain.channels > 0,
      .collnet_all_gather = node.collnet_all_gather,
      .collnet_reduce_scatter = node.collnet_reduce_scatter,
      .clique_of_nodes = node.clique_of_nodes,
      .graphs = graphs};
  for (NcclGraph* graph : {&comm.graphs.ring, &comm.graphs.tree, &comm.graphs.collnet_direct,
                           &comm.graphs.collnet_chain, &comm.graphs.nvls})
    graph->inter_latency_s = node.net_latency_s;
  comm.channels = coll_channels(comm, version);
  comm.nvls_channels = nvls_channels(comm, version);
  if (nccl_tables(version).rules.channels_cover_nvls)
    comm.channels = std::max(comm.channels, comm.nvls_channels);
  set_p2p_channels(comm, node);
  return comm;
}

}  // namespace

Expected<NcclComm> make_comm(const NcclNode& node, NcclVersion version, std::int64_t ranks,
                             std::int64_t ranks_per_node, const NcclGraphs& graphs) {
  if (auto ok = check(node, ranks, ranks_per_node); !ok) return tl::unexpected(ok.error());
  return assemble(node, version, ranks, layout_of(ranks, ranks_per_node), graphs);
}

Expected<NcclComm> make_comm(const NcclNode& node, NcclVersion version, std::int64_t ranks,
                             std::int64_t ranks_per_node) {
  if (auto ok = check(node, ranks, ranks_per_node); !ok) return tl::unexpected(ok.error());
  const Layout layout = layout_of(ranks, ranks_per_node);
  return assemble(node, version, ranks, layout,
                  search_graphs(node, version, layout.local_ranks, layout.nodes > 1));
}

Expected<NcclComm> make_comm(const NcclNode& node, NcclVersion version, std::int64_t ranks,
                             std::int64_t ranks_per_node, std::string_view graphs) {
  if (graphs.empty()) return make_comm(node, version, ranks, ranks_per_node);
  if (auto ok = check(node, ranks, ranks_per_node); !ok) return tl::unexpected(ok.error());
  const Layout layout = layout_of(ranks, ranks_per_node);
  const auto parsed = parse_graphs(graphs, node, version, layout.local_ranks, layout.nodes > 1);
  if (!parsed) return tl::unexpected(parsed.error());
  return assemble(node, version, ranks, layout, *parsed);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Lines are of NVIDIA/nccl v2.28.9-1, src/enqueue.cc, unless another file is named; [P] read there.
#include "selector/nccl/selector.hpp"

#include <algorithm>
#include <cmath>

#include "collective/nccl_chunks.hpp"

namespace collscale {
namespace {

using A = NcclAlgorithm;
using P = NcclProtocol;
using C = Collective;

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kWarp = 32;
constexpr std::int64_t kMaxThreads = 640;       // [P] device.h, NCCL_MAX_NTHREADS
constexpr std::int64_t kThreadsSimple = 512;    // [P] tuning.cc:231-239
constexpr std::int64_t kThreadsSlowRing = 256;  // [P] tuning.cc:231
constexpr double kSlowRing_Bps = 12e9;          // [P] topo.h:22: PCI_BW
constexpr std::int64_t kThreadsLl = 512;        // [P] tuning.cc:240-241
constexpr std::int64_t kThreadsLl128 = 640;     // [P] tuning.cc:242-243
constexpr std::int64_t kThresholdLl = 8;        // [P] comm.h:41-43, bytes per thread
constexpr std::int64_t kThresholdSimple = 64;
constexpr std::int64_t kThresholdCollnet = 512;         // [P] tuning.cc:548-549
constexpr std::int64_t kLlBytesPerChannel = 16 * kKiB;  // [P] 779: NCCL_P2P_LL_THRESHOLD
constexpr std::int64_t kP2pNetChunk = 128 * kKiB;       // [P] init.cc:704-706
constexpr std::int64_t kP2pNvlinkChunk = 512 * kKiB;
constexpr std::int64_t kP2pPciChunk = 128 * kKiB;
constexpr std::int64_t kP2pLlStep = 64 * kKiB;      // [P] init.cc:697: buffer / 8
constexpr std::int64_t kStepSimple = 512 * kKiB;    // [P] init.cc:699
constexpr std::int64_t kNvlsChunk = 128 * kKiB;     // [P] transport/nvls.cc:153
constexpr std::int64_t kNvlsSlowChunk = 32 * kKiB;  // [P] 2046
constexpr double kNvlsSlow_Bps = 150e9;             // [P] 2046

std::int64_t max_threads(const NcclComm& comm, A a, P p) {
  if (p == P::ll) return kThreadsLl;
  if (p == P::ll128) return kThreadsLl128;
  const NcclGraph& ring = comm.graphs.ring;
  switch (a) {
    case A::ring:
      return ring.intra_Bps * static_cast<double>(ring.channels) <= kSlowRing_Bps ? kThreadsSlowRing
                                                                                  : kThreadsSimple;
    case A::tree:
      return kThreadsSimple;
    case A::pat:
      // [P] tuning.cc:232-243 sets none: with 0 threads the number of channels never shrinks.
      return 0;
    default:
      return kMaxThreads;
  }
}

std::int64_t threshold(const NcclComm& comm, A a, P p) {
  if (p == P::ll) return a == A::ring ? kThresholdLl * comm.ranks : kThresholdLl;
  if (p == P::ll128) return kThresholdLl;
  return a == A::collnet_direct || a == A::collnet_chain ? kThresholdCollnet : kThresholdSimple;
}

/// [P] 1865-1910. NCCL's products are 32 bits wide and overflow on rings of LL beyond 50,000 ranks;
/// these do not: it matters to sizes above 1 GB, which never take LL.
void set_channels_and_threads(const NcclTuning& tuning, std::int64_t bytes, NcclChoice& choice) {
  const NcclComm& comm = tuning.comm;
  const NcclRules& rules = nccl_tables(tuning.version).rules;
  const A a = choice.algorithm;
  std::int64_t channels = comm.channels;
  std::int64_t threads = max_threads(comm, a, choice.protocol);
  std::int64_t per_thread = threshold(comm, a, choice.protocol);
  const bool nvls = a == A::nvls || a == A::nvls_tree;
  if (a == A::collnet_direct) {
    const std::int64_t heads = comm.graphs.collnet_direct.channels;
    bool few = true;
    for (std::int64_t step = 16; step >= 1 && few; step /= 2) {
      while ((few = bytes < channels * threads * heads * per_thread) && channels > step) {
        if (channels == step + step / 2) per_thread /= 2;
        --channels;
      }
    }
  } else if (nvls) {
    channels = a == A::nvls && comm.nodes > 1 && rules.nvls_channels_capped
                   ? std::min(comm.nvls_channels, comm.channels)
                   : comm.nvls_channels;
  } else if (threads > 0) {
    // The number of channels at which the bytes are no longer too few, at least one.
    channels = std::clamp<std::int64_t>(bytes / (threads * per_thread), 1, channels);
    while (bytes < channels * threads * per_thread && threads % 128 == 0) threads /= 2;
  }
  if (choice.protocol == P::simple) {
    if (a == A::ring) threads += kWarp;
    if (a == A::tree) threads += 4 * kWarp;
  }
  threads = std::max(threads, 3 * kWarp);
  if (a == A::pat || (a == A::tree && rules.tree_all_threads)) threads = kMaxThreads;
  choice.channels = channels;
  choice.threads = threads;
}

/// What is left of a message per chunk and channel; integers, as there.
bool fewer(std::int64_t bytes, std::int64_t parts, std::int64_t chunk, double limit) {
  return static_cast<double>(bytes / (parts * chunk)) < limit;
}

std::int64_t tree_chunk(const NcclComm& comm, const NcclRules& rules, std::int64_t bytes,
                        const NcclChoice& choice) {
  const std::int64_t channels = choice.channels;
  const std::int64_t of_channel = bytes / std::max<std::int64_t>(channels, 1);
  std::int64_t chunk = nccl_tree_chunk_bytes(static_cast<double>(of_channel), choice.protocol,
                                             comm.nodes, comm.ranks_per_node());
  if (choice.protocol != P::simple || !rules.tree_simple_chunks_shrink) return chunk;
  // [P] v2.19.4-1 enqueue.cc:1350-1354, connect.cc: depth
  double depth = static_cast<double>(comm.ranks / comm.nodes - 1);
  for (std::int64_t n = comm.nodes; n > 1; n /= 2) depth += 1;
  while (fewer(bytes, channels, chunk, depth * 8) && chunk > 128 * kKiB) chunk /= 2;
  while (fewer(bytes, channels, chunk, depth * 4) && chunk > 64 * kKiB) chunk /= 2;
  while (fewer(bytes, channels, chunk, depth) && chunk > 32 * kKiB) chunk /= 2;
  return chunk;
}

/// [P] 2010-2093
std::int64_t chunk_of(const NcclTuning& tuning, std::int64_t bytes, const NcclChoice& choice) {
  const NcclComm& comm = tuning.comm;
  const NcclRules& rules = nccl_tables(tuning.version).rules;
  const std::int64_t channels = choice.channels;
  const auto nvls_heads = comm.graphs.nvls.channels;
  switch (choice.algorithm) {
    case A::ring: {
      const double of_step = static_cast<double>(
          nccl_tree_chunk_bytes(0, choice.protocol, 0, 0));  // one step of the buffer
      const bool pipeline = tuning.collective == C::broadcast || tuning.collective == C::reduce;
      const bool four = choice.protocol == P::simple && !pipeline;  // [P] collectives.h:17-33
      return static_cast<std::int64_t>(of_step) * (four ? 4 : 1);
    }
    case A::tree:
      return tree_chunk(comm, rules, bytes, choice);
    case A::collnet_direct: {
      const std::int64_t parts = channels * comm.graphs.collnet_direct.channels;
      const double depth = comm.local_ranks > 1 ? 2 : 1;  // [P] connect.cc:232
      std::int64_t chunk = kStepSimple;
      while (fewer(bytes, parts, chunk, depth * 64) && chunk > 128 * kKiB) chunk /= 2;
      while (fewer(bytes, parts, chunk, depth * 8) && chunk > 64 * kKiB) chunk /= 2;
      while (fewer(bytes, parts, chunk, depth * 8) && chunk > 32 * kKiB) chunk /= 2;
      return chunk;
    }
    case A::collnet_chain: {
      const auto depth = static_cast<double>(comm.ranks / comm.nodes);  // [P] connect.cc:464
      std::int64_t chunk = 256 * kKiB;
      while (fewer(bytes, channels, chunk, depth * 64) && chunk > 128 * kKiB) chunk /= 2;
      while (fewer(bytes, channels, chunk, depth * 8) && chunk > 64 * kKiB) chunk /= 2;
      while (fewer(bytes, channels, chunk, depth) && chunk > 32 * kKiB) chunk /= 2;
      return chunk;
    }
    case A::nvls: {
      const std::int64_t parts = channels * nvls_heads;
      std::int64_t chunk = comm.nodes > 1 && tuning.nvls_all_reduce_Bps < kNvlsSlow_Bps
                               ? kNvlsSlowChunk
                               : kNvlsChunk;
      if (bytes < 64 * parts * chunk) chunk = std::min(chunk, 64 * kKiB);
      if (bytes < 8 * parts * chunk) chunk = std::min(chunk, 32 * kKiB);
      if (bytes < 2 * parts * chunk) chunk = std::min(chunk, 16 * kKiB);
      return chunk;
    }
    case A::nvls_tree: {
      const std::int64_t parts = channels * nvls_heads;
      std::int64_t chunk = rules.nvls_tree_chunks_large ? kStepSimple : kNvlsChunk;
      if (comm.nodes >= 4) chunk = 64 * kKiB;
      if (bytes < 32 * parts * chunk) chunk = std::min(chunk, 256 * kKiB);
      if (bytes < 16 * parts * chunk) chunk = std::min(chunk, 128 * kKiB);
      if (bytes < 4 * parts * chunk) chunk = std::min(chunk, 64 * kKiB);
      if (bytes < parts * chunk) chunk = std::min(chunk, 32 * kKiB);
      return chunk;
    }
    case A::pat:
      break;
  }
  std::int64_t chunk = kStepSimple;
  const std::int64_t wanted = tuning.collective == C::all_gather ? 32 : 16;
  while (chunk * channels * wanted > bytes && chunk > 64 * kKiB) chunk /= 2;
  return chunk;
}

/// Sends and receives. [P] 786-905, init.cc:701-728. One message to one peer; where there are
/// several nodes, a peer of another node.
NcclChoice choose_point_to_point(const NcclTuning& tuning, double size_bytes) {
  const NcclComm& comm = tuning.comm;
  const bool remote = comm.nodes > 1;
  const bool one_peer = tuning.collective == C::send_recv;
  const auto bytes = static_cast<std::int64_t>(
      one_peer ? size_bytes : size_bytes / static_cast<double>(comm.ranks));
  const std::int64_t most = comm.p2p_channels_per_peer;
  std::int64_t fewest = most;
  while (fewest * comm.ranks > comm.p2p_channels && fewest > 1) fewest /= 2;

  NcclChoice choice;
  // [P] transport/net.cc:879-895: between nodes there are no buffers for LL unless
  // NCCL_ALLOC_P2P_NET_LL_BUFFERS asks for them.
  choice.protocol = !remote && bytes <= most * kLlBytesPerChannel ? P::ll : P::simple;
  std::int64_t step = kP2pLlStep;
  if (choice.protocol == P::simple)
    step = remote                                            ? kP2pNetChunk
           : comm.graphs.ring.intra_path == NcclPath::nvlink ? kP2pNvlinkChunk
                                                             : kP2pPciChunk;
  std::int64_t chunk = step;
  if (remote && bytes < step)
    chunk /= 4;
  else if (remote && bytes < 8 * step)
    chunk /= 2;
  if (choice.protocol == P::ll) chunk /= 2;

  const std::int64_t least_part = remote ? step / 2 : step / 8;
  const std::int64_t most_part = remote ? step : step * 32;
  const auto up = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  choice.channels = 1;
  if (bytes > 0) {
    choice.channels = std::min(fewest, up(bytes, least_part));
    std::int64_t part = std::max(least_part, up(bytes, choice.channels));
    while (part > most_part && choice.channels <= most / 2) {
      choice.channels *= 2;
      part = up(bytes, choice.channels);
    }
  }
  choice.chunk_bytes = static_cast<double>(chunk);
  return choice;
}

}  // namespace

NcclChoice choose_nccl(const NcclTuning& tuning, double size_bytes, std::int64_t operations) {
  if (tuning.point_to_point) return choose_point_to_point(tuning, size_bytes);
  NcclChoice choice;
  if (tuning.comm.ranks == 1) {
    choice.estimate_s = 0;  // [P] 1791-1794: Ring, Simple
    return choice;
  }
  for (std::size_t a = 0; a < kNcclAlgorithms; ++a) {
    for (std::size_t p = 0; p < kNcclProtocols; ++p) {
      if (tuning.bandwidth_Bps[a][p] == 0) continue;
      // Corrections only add to this: most entries need no more.
      const double least_s = tuning.latency_s[a][p] + size_bytes / tuning.bandwidth_Bps[a][p];
      if (choice.estimate_s >= 0 && least_s >= choice.estimate_s) continue;
      const double time_s =
          estimate_s(tuning, static_cast<A>(a), static_cast<P>(p), size_bytes, operations);
      if (choice.estimate_s >= 0 && time_s >= choice.estimate_s) continue;
      choice.estimate_s = time_s;
      choice.algorithm = static_cast<A>(a);
      choice.protocol = static_cast<P>(p);
    }
  }
  const auto bytes = static_cast<std::int64_t>(size_bytes);
  set_channels_and_threads(tuning, bytes, choice);
  choice.chunk_bytes = static_cast<double>(chunk_of(tuning, bytes, choice));
  return choice;
}

std::string_view registry_name(const NcclTuning& tuning, NcclAlgorithm algorithm) {
  switch (tuning.collective) {
    case C::all_to_all:
      return "pairwise";
    case C::gather:
    case C::scatter:
      return "linear";
    case C::send_recv:
      return "shift";
    case C::broadcast:
    case C::reduce:
      return "chain";
    default:
      break;
  }
  const bool all_reduce = tuning.collective == C::all_reduce;
  switch (algorithm) {
    case A::ring:
      return "ring";
    case A::pat:
      return "pat";
    case A::nvls:
      return tuning.comm.nodes == 1 || all_reduce ? "nvls" : "";
    case A::tree:
      return "tree";
    case A::nvls_tree:
      return "nvls_tree";
    case A::collnet_chain:
      return "collnet_chain";
    case A::collnet_direct:
      break;
  }
  return all_reduce ? "collnet_direct" : "";
}

namespace {

/// The share of a ring's time over NVLink that its messages take. [P] src/device/all_gather.h,
/// reduce_scatter.h, all_reduce.h: a thread block has a turn more than it has messages to send: in
/// the last it only receives. [D] That one takes 0.3 to 0.6 of the time of the others: by the
/// slopes of time over size, 256 to 512 MiB, of 2, 4 and 8 A100, H100, H200 and B200, which then
/// come to the bandwidth that NCCL counts for their links (github.com/ai-dynamo/aiconfigurator).
/// Between nodes it passes while the NICs are busy.
double ring_messages_share(Collective collective, std::int64_t ranks) {
  constexpr double kLastTurn = 0.4;
  if (collective == C::broadcast || collective == C::reduce) return 1;
  const double rounds = collective == C::all_reduce ? 2 : 1;
  const double messages = rounds * static_cast<double>(ranks - 1);
  return messages / (messages + kLastTurn);
}

/// Of the bandwidth, where all channels together have `all_channels`. LL's limit is one for all of
/// them: fewer, which have less to begin with, have the same. Channels beyond the ranks of a node
/// share NICs. [P] tuning.cc:311-329: at most half of the bandwidth on rings, 1/3.8 on trees
double ll_share(const NcclComm& comm, const NcclChoice& choice, double all_channels) {
  const auto lanes = [&comm](std::int64_t channels) {
    const std::int64_t most = comm.nodes > 1 ? comm.local_ranks : 1;
    return static_cast<double>(std::clamp<std::int64_t>(channels, 1, most));
  };
  const double most = choice.algorithm == A::ring ? 0.5 : 0.92 / 3.8;
  return std::min(std::max(most, all_channels),
                  all_channels * lanes(comm.channels) / lanes(choice.channels));
}

/// Latencies of a message and the share of the bandwidth, from NCCL's own tables: what one
/// (algorithm, protocol) has relative to protocol Simple of the same algorithm.
ProtocolFigures figures_of(const NcclTuning& tuning, const NcclChoice& choice) {
  const A a = choice.algorithm;
  const P p = choice.protocol;
  constexpr double kMicro = 1e-6;
  const NcclTables& tables = nccl_tables(tuning.version);
  const NcclComm& comm = tuning.comm;
  const auto latency_s = [&](NcclHardware hardware, NcclAlgorithm of) {
    return kMicro *
           tables.hardware_latency_us[static_cast<std::size_t>(hardware)][index(of)][index(p)];
  };
  ProtocolFigures figures;
  // [P] tuning.cc:389: what Simple received is flushed to the GPU, which takes the network's
  // latency once more.
  figures.transport_waits = p == P::simple ? 2 : 1;
  if (tuning.point_to_point) {
    // NCCL has no model of these [D]: the launch that its tables have for LL, and between nodes a
    // message of Simple, the protocol that they use there.
    figures.base_s = kMicro * tables.base_latency_us[index(A::ring)][index(P::ll)];
    figures.nic_latency_s =
        kMicro * tables.hardware_latency_us[static_cast<std::size_t>(NcclHardware::net)]
                                           [index(A::ring)][index(P::simple)];
    return figures;
  }
  figures.has_overhead = true;
  // [P] device.h:55-88: 8 bytes of data and 8 of flags; 120 bytes and a flag of 8
  figures.wire_share = p == P::ll ? 0.5 : p == P::ll128 ? 120.0 / 128 : 1;
  figures.base_s = kMicro * tables.base_latency_us[index(a)][index(p)];
  figures.bandwidth_share = tuning.protocol_share[index(a)][index(p)];
  if (p == P::ll) figures.bandwidth_share = ll_share(comm, choice, figures.bandwidth_share);
  const bool nvlink = comm.graphs.ring.intra_path == NcclPath::nvlink;
  if (a == A::ring && nvlink && comm.nodes == 1)
    figures.bandwidth_share *= ring_messages_share(tuning.collective, comm.ranks);
  const bool single = comm.ranks == comm.nodes && tables.rules.single_rank_tree_latency;
  switch (a) {
    case A::ring:
    case A::tree:
      figures.scale_up_latency_s = latency_s(nvlink ? NcclHardware::nvlink : NcclHardware::pci, a);
      figures.nic_latency_s = latency_s(NcclHardware::net, single ? A::tree : a);
      break;
    case A::nvls_tree:
      figures.nic_latency_s = latency_s(NcclHardware::net, a);
      break;
    case A::pat:  // [P] 399: a message between nodes costs a step / 3.5
      figures.nic_latency_s = latency_s(NcclHardware::net, single ? A::tree : a) / 3.5;
      figures.transport_waits /= 3.5;
      break;
    case A::collnet_direct:  // their latencies are of the whole operation: the system's stand
    case A::collnet_chain:
    case A::nvls:
      break;
  }
  return figures;
}

}  // namespace

namespace {

Selection selection_of(const NcclTuning& tuning, const NcclChoice& choice) {
  Selection selection;
  selection.algorithm = registry_name(tuning, choice.algorithm);
  selection.library_algorithm =
      tuning.point_to_point ? std::string_view("SendRecv") : name(choice.algorithm);
  selection.protocol = name(choice.protocol);
  selection.channels = choice.channels;
  selection.threads = choice.threads;
  selection.segment_bytes = choice.chunk_bytes;
  selection.estimate_s = choice.estimate_s;
  selection.figures = figures_of(tuning, choice);
  if (tuning.point_to_point) return selection;
  // [P] connect.cc, connectTrees: the first half of the channels has the first tree, the other half
  // the second.
  if (choice.algorithm == A::tree && 2 * choice.channels <= tuning.comm.channels)
    selection.trees = 1;
  const bool heads = choice.algorithm == A::nvls || choice.algorithm == A::nvls_tree ||
                     choice.algorithm == A::collnet_direct;
  if (heads) selection.lanes = tuning.comm.local_ranks;
  // [P] collectives.h:17-33: a chunk of protocol Simple on rings is passed on in two slices.
  const bool pipeline = tuning.collective == C::broadcast || tuning.collective == C::reduce;
  if (choice.algorithm == A::ring && choice.protocol == P::simple && !pipeline)
    selection.segment_parts = 2;
  return selection;
}

}  // namespace

Selection choose(const NcclTuning& tuning, double size_bytes, std::int64_t operations) {
  return selection_of(tuning, choose_nccl(tuning, size_bytes, operations));
}

Selection forced(const NcclTuning& tuning, NcclAlgorithm algorithm, NcclProtocol protocol,
                 double size_bytes) {
  NcclChoice choice;
  choice.algorithm = algorithm;
  choice.protocol = protocol;
  choice.estimate_s = estimate_s(tuning, algorithm, protocol, size_bytes);
  const auto bytes = static_cast<std::int64_t>(size_bytes);
  set_channels_and_threads(tuning, bytes, choice);
  choice.chunk_bytes = static_cast<double>(chunk_of(tuning, bytes, choice));
  return selection_of(tuning, choice);
}

}  // namespace collscale

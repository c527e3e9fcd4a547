// SPDX-License-Identifier: Apache-2.0
// Lines are of NVIDIA/nccl v2.28.9-1, src/graph/tuning.cc, unless another file is named; [P] read
// there. What other versions do instead is in NcclRules.
#include "selector/nccl/tuning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace collscale {
namespace {

using A = NcclAlgorithm;
using P = NcclProtocol;
using C = Collective;

constexpr std::array<P, kNcclProtocols> kProtocols = {P::ll, P::ll128, P::simple};

constexpr std::int64_t kCollnetLocalRanks = 8;  // [P] device.h:193: NCCL_MAX_DIRECT_ARITY + 1
constexpr std::int64_t kNvlsLocalRanks = 32;    // [P] device.h:207
constexpr double kPlateau = 1.4;                // [P] 595
constexpr double kPlateauVolta = 1.9;           // [P] 595
constexpr std::int64_t kPlateauBytes = 64;      // [P] 594: per channel and rank

bool gathers(C collective) {
  return collective == C::all_gather || collective == C::reduce_scatter;
}

std::int64_t log2_of(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(n))) - 1;
}

/// Everything of a communicator that the formulas read, in NCCL's units.
struct Inputs {
  const NcclTables& tables;
  const NcclRules& rules;
  const NcclComm& comm;
  C collective;
  std::size_t generation;  ///< row of the tables
  std::size_t scale;       ///< column
  double steps;            ///< of a ring

  const NcclGraph& graph(A a) const {
    switch (a) {
      case A::tree:
        break;
      case A::collnet_direct:
        return comm.graphs.collnet_direct;
      case A::collnet_chain:
        return comm.graphs.collnet_chain;
      case A::nvls:
      case A::nvls_tree:
        return comm.graphs.nvls;
      case A::ring:
        return comm.graphs.ring;
      case A::pat:
        break;
    }
    return comm.graphs.tree;  // [P] init.cc:854: PAT's, too
  }
  bool one_node() const { return comm.nodes == 1; }
};

Inputs inputs_of(NcclVersion version, const NcclComm& comm, C collective) {
  const NcclTables& tables = nccl_tables(version);
  const int sm = comm.compute_capability;
  const std::size_t generation =  // [P] 249
      sm >= 100 && tables.rules.blackwell ? 3
      : sm >= 90                          ? 2
      : sm >= 80                          ? 1
                                          : 0;
  const auto ranks = static_cast<double>(comm.ranks);
  const double steps = collective == C::all_reduce ? 2 * (ranks - 1)  // [P] 268-270
                       : gathers(collective)       ? ranks - 1
                                                   : ranks;
  return {.tables = tables,
          .rules = tables.rules,
          .comm = comm,
          .collective = collective,
          .generation = generation,
          .scale = static_cast<std::size_t>(std::min<std::int64_t>(comm.nodes, 3) - 1),
          .steps = steps};
}

/// [P] 273-282; collnet_direct's and nvls' gathers by version.
bool exists(const Inputs& in, A a, P p) {
  const bool simple_only = a != A::tree && a != A::ring;
  if (simple_only && p != P::simple) return false;
  switch (in.collective) {
    case C::all_reduce:
      return a != A::pat;
    case C::all_gather:
    case C::reduce_scatter:
      return a == A::ring || a == A::nvls || (a == A::pat && in.rules.pat) ||
             (a == A::collnet_direct && in.rules.collnet_gathers);
    default:
      return a == A::ring;
  }
}

/// Bandwidth of one channel of NVLS. [P] 285-300; before 2.28 v2.27.7-1 tuning.cc:267-275
double nvls_channel_GBps(const Inputs& in, A a) {
  const NcclGraph& graph = in.graph(a);
  const double intra = graph.intra_Bps / 1e9;
  const double inter = graph.inter_Bps / 1e9;
  const double ppn = in.comm.ranks_per_node();
  const bool two_nodes = in.comm.nodes <= 2;
  if (in.rules.nvls_efficiency) {
    const auto heads = static_cast<double>(graph.channels);
    const double efficiency = in.tables.nvls_efficiency[in.generation];
    const double inside = intra * efficiency * (heads - 1) / heads *
                          (in.collective == C::all_reduce ? 2 : (ppn - 1) / ppn);
    const double outside = inter * (two_nodes && a == A::nvls_tree ? 2 : 1);
    const double cap = a == A::nvls_tree ? in.tables.nvls_tree_max_GBps[in.generation][in.scale]
                                         : std::numeric_limits<double>::infinity();
    return std::min({inside, outside, cap});
  }
  if (a == A::nvls_tree) return std::min(intra, two_nodes ? inter : inter / 2);
  if (in.rules.nvls_gathers_by_peers && in.collective != C::all_reduce)
    return std::min(intra * (ppn - 1) / ppn, inter * 0.9);
  return std::min(intra, inter);
}

/// Bus bandwidth of CollNetDirect from that of its channels together. [P] 313-323;
/// v2.26.6-1 tuning.cc:265-287
double collnet_direct_GBps(const Inputs& in, double bus) {
  const NcclGraph& graph = in.comm.graphs.collnet_direct;
  const double intra = graph.intra_Bps / 1e9;
  const double ppn = in.comm.ranks_per_node();
  if (!gathers(in.collective)) {
    double factor = ppn / static_cast<double>(graph.channels);
    factor -= (factor - 1) / 2;
    bus /= factor;
    return in.comm.compute_capability >= 90 ? bus * 0.85 : bus;
  }
  if (!in.rules.collnet_gathers_by_ppn) return ppn * std::min(intra, graph.inter_Bps / 1e9 * 0.9);
  const double w = (ppn - 1) / (8 - 1);
  return ppn * intra * (w * 0.85 + (1 - w) * 0.95);
}

/// LL on rings. [P] 304; before 2.21 v2.20.5-1 tuning.cc:181
double ring_ll_factor(const Inputs& in) {
  if (in.rules.ll_half) return 0.5;
  const bool quarter =
      !in.one_node() || in.collective == C::all_reduce || in.collective == C::reduce;
  return quarter ? 1.0 / 4.0 : 1.0 / 3.0;
}

/// [P] 284-322
double bus_GBps(const Inputs& in, A a, P p) {
  const NcclTables& t = in.tables;
  const NcclGraph& graph = in.graph(a);
  const auto channels = static_cast<double>(graph.channels);
  const bool collnet = a == A::collnet_direct || a == A::collnet_chain;
  if (a == A::nvls || a == A::nvls_tree) {
    if (in.rules.nvls_efficiency && graph.channels < 2) return 0;
    return channels * nvls_channel_GBps(in, a);
  }
  double bus = channels * (in.comm.nodes <= 2 || collnet ? graph.intra_Bps : graph.inter_Bps) / 1e9;
  // [P] 252-254: LL by GPU in one node, by CPU between nodes
  const bool amd =
      in.comm.cpu == NcclCpu::amd || (in.comm.cpu == NcclCpu::mixed && in.rules.mixed_cpus_as_amd);
  const double ll_max = t.ll_max_GBps[in.one_node() ? in.generation : amd ? 1 : 0][in.scale];
  if (a == A::ring && p == P::ll) return std::min(ll_max, bus * ring_ll_factor(in));
  if (a == A::ring && p == P::ll128) {
    const bool discount = in.rules.ll128_single_discount && in.comm.ranks_per_node() < 2;
    return std::min(bus * (discount ? 0.7 : 0.92),
                    channels * t.ring_ll128_max_GBps[in.generation][in.scale]);
  }
  if (a == A::tree) {
    bus = std::min(bus * 0.92, channels * t.tree_max_GBps[in.generation][in.scale]);
    if (p == P::ll) bus = std::min(bus / 3.8, ll_max);
    if (p == P::ll128)
      bus = std::min(bus * (in.one_node() ? 7.0 / 9.0 : 120.0 / 128.0),
                     channels * t.tree_ll128_max_GBps[in.generation][in.scale]);
    return in.comm.graphs.tree_pattern_simple ? bus * 0.85 : bus;
  }
  if (a == A::pat) return bus * in.rules.pat_factor;
  return a == A::collnet_direct && graph.channels > 0 ? collnet_direct_GBps(in, bus) : bus;
}

/// Bus bandwidth that the links of the graph would carry. Of trees NCCL counts on less of it, even
/// with protocol Simple; of what passes switches that add up it counts nothing else.
double full_bus_GBps(const Inputs& in, A a) {
  if (a != A::tree) return bus_GBps(in, a, P::simple);
  const NcclGraph& graph = in.graph(a);
  const double speed_Bps = in.comm.nodes <= 2 ? graph.intra_Bps : graph.inter_Bps;
  return static_cast<double>(graph.channels) * speed_Bps / 1e9;
}

/// Algorithm bandwidth ÷ bus bandwidth. [P] 345-351
double ratio(const Inputs& in, A a) {
  const bool gather = gathers(in.collective);
  const double ring = static_cast<double>(in.comm.ranks) / in.steps;
  if (a == A::ring) return ring;
  if (gather && (in.rules.gathers_at_bus_bandwidth || a == A::collnet_direct)) return 1;
  if (a == A::nvls || a == A::nvls_tree) return in.rules.nvls_five_sixths ? 5.0 / 6.0 : ring;
  return 0.5;
}

/// [P] 353-401
double latency_us(const Inputs& in, A a, P p) {
  const NcclComm& comm = in.comm;
  const NcclGraph& graph = in.graph(a);
  const auto& hw = in.tables.hardware_latency_us;
  const auto at = [&](NcclHardware hardware, A algorithm) {
    return hw[static_cast<std::size_t>(hardware)][index(algorithm)][index(p)];
  };
  const NcclHardware inside =
      graph.intra_path == NcclPath::nvlink ? NcclHardware::nvlink : NcclHardware::pci;
  const NcclHardware outside = in.one_node() ? inside : NcclHardware::net;
  const bool exposed = in.rules.single_rank_tree_latency && comm.ranks == comm.nodes;
  const double plugin_us = graph.inter_latency_s * 1e6;
  double intra = at(inside, a);
  const double inter = at(NcclHardware::net, exposed ? A::tree : a) + plugin_us +
                       (p == P::simple ? plugin_us : 0);  // the flush
  const double base = in.tables.base_latency_us[index(a)][index(p)];
  const auto nodes = static_cast<double>(comm.nodes);
  const auto local_steps = static_cast<double>(comm.ranks / comm.nodes - 1);
  const auto depth = static_cast<double>(log2_of(comm.nodes));
  switch (a) {
    case A::ring: {
      if (in.collective == C::broadcast || in.collective == C::reduce) {
        if (graph.same_channels) return base + at(outside, A::ring);
        return base + in.steps * at(outside, p == P::simple ? A::tree : A::ring);
      }
      if (!in.one_node()) {
        const double overhead = comm.net_overhead_s >= 0   ? comm.net_overhead_s * 1e6
                                : comm.cpu == NcclCpu::amd ? 2.0
                                                           : 1.0;
        intra = std::max(intra, p == P::simple ? 3 * overhead : overhead);
      }
      double between = 0;
      if (!in.one_node())
        between = gathers(in.collective)          ? nodes - 1
                  : in.rules.ring_last_step_local ? 2 * (nodes - 1)
                                                  : 2 * nodes;
      return base + (in.steps - between) * intra + between * inter;
    }
    case A::tree:
      return base + 2 * (local_steps * intra + depth * inter);
    case A::collnet_direct:
      return base + 2 * (std::min(1.0, local_steps) * intra + local_steps * 0.4) + inter;
    case A::collnet_chain:
      return base + 2 * local_steps * intra + inter;
    case A::nvls:
      return intra + (in.one_node() ? 0 : inter);
    case A::nvls_tree:
      return base + intra + 2 * depth * inter;
    case A::pat:
      break;
  }
  return base + depth * (inter / 3.5) + static_cast<double>(comm.ranks) * 2.8;
}

/// Why NCCL does not use it here, whatever the environment; "" if it may. [P] 201-209, 324-343,
/// 462-476; enqueue.cc:1797-1806; nvls.cc:161-172
std::string_view unavailable_here(const Inputs& in, A a, NcclOperation operation) {
  const NcclComm& comm = in.comm;
  const NcclRules& rules = in.rules;
  const bool gather = gathers(in.collective);
  const bool chain_any = rules.collnet_chain_any_node && a == A::collnet_chain;
  switch (a) {
    case A::collnet_direct:
    case A::collnet_chain:
      if (!comm.collnet || in.graph(a).channels == 0) return "no CollNet (SHARP)";
      if (comm.local_ranks > kCollnetLocalRanks && !chain_any) return "more than 8 ranks per node";
      if (a == A::collnet_direct && !comm.nvswitch) return "no NVSwitch";
      break;
    case A::nvls:
    case A::nvls_tree: {
      if (comm.nvls_channels == 0 || comm.graphs.nvls.channels == 0) return "no NVLink SHARP";
      if (comm.clique_of_nodes && !rules.nvls_in_cliques) return "not across hosts";
      if (a == A::nvls_tree && in.one_node()) return "one node";
      if (a == A::nvls && !in.one_node() && !comm.collnet) return "no CollNet (SHARP)";
      if (gather && comm.local_ranks > kNvlsLocalRanks) return "more than 32 ranks per node";
      if (gather && !in.one_node() && !rules.nvls_gathers_between_nodes)
        return "more than one node";
      // [P] device.h:544-559; all_gather does not reduce
      const bool wide = operation.type == DataType::float32 || operation.type == DataType::float64;
      const bool narrow = element_bytes(operation.type) == 1;
      const bool extreme = operation.op == ReduceOp::min || operation.op == ReduceOp::max;
      const bool reducible = !narrow && (operation.op == ReduceOp::sum || (extreme && !wide));
      if (in.collective != C::all_gather && !reducible) return "not this reduction";
      break;
    }
    case A::pat:
      if (comm.compute_capability < 60) return "GPU too old";
      if (comm.ranks != comm.nodes) return "more than one rank per node";
      if (comm.net_offload) return "network offload";
      if (in.collective == C::reduce_scatter && operation.op == ReduceOp::avg)
        return "not this reduction";
      break;
    case A::tree:
    case A::ring:
      break;
  }
  if ((a == A::nvls || a == A::collnet_direct) && gather && !in.one_node()) {
    if (in.collective == C::all_gather ? !comm.collnet_all_gather : !comm.collnet_reduce_scatter)
      return "not offered by CollNet";
    if (comm.local_ranks > comm.graphs.collnet_direct.channels) return "fewer NICs than ranks";
  }
  return "";
}

/// LL128 where the environment says nothing. [P] 478-494; v2.26.6-1 tuning.cc:421-440
bool ll128_is_safe(const Inputs& in, A a) {
  const NcclComm& comm = in.comm;
  const NcclGraph& graph = in.graph(a);
  const int sm = comm.compute_capability;
  if (graph.inter_path > (sm >= 90 ? NcclPath::pxn : NcclPath::pxb)) return false;
  // [P] v2.26.6-1 topo.h:59-92: no path of its own for P2C before 2.27, it counted as PHB
  if (in.rules.ll128_listed_gpus_only && graph.inter_path == NcclPath::p2c) return false;
  if (graph.intra_path > NcclPath::nvlink_bridge) return false;
  if (comm.max_compute_capability != sm && !(in.rules.ll128_mixed_gpus && sm >= 90)) return false;
  if (!in.rules.ll128_listed_gpus_only) return sm >= 70;
  const bool blackwell = in.rules.blackwell && (sm == 100 || sm == 120);
  return sm == 70 || sm == 80 || sm == 90 || blackwell;
}

std::string_view unavailable_by_choice(const Inputs& in, A a, P p, const NcclAllowed& allowed) {
  if (!allowed.algorithms[index(a)]) return "NCCL_ALGO";
  switch (allowed.protocols[index(p)]) {
    case NcclAllowed::Protocol::no:
      return "NCCL_PROTO";
    case NcclAllowed::Protocol::where_safe:
      return ll128_is_safe(in, a) ? "" : "LL128 not safe here";
    case NcclAllowed::Protocol::yes:
      break;
  }
  return "";
}

std::string nothing_left(const NcclTuning& tuning, const NcclEnvironment& environment) {
  std::string set;
  if (!environment.algorithms.empty())
    set += fmt::format("NCCL_ALGO=\"{}\"", environment.algorithms);
  if (!environment.protocols.empty())
    set += fmt::format("{}NCCL_PROTO=\"{}\"", set.empty() ? "" : " and ", environment.protocols);
  std::string could;
  for (std::size_t a = 0; a < kNcclAlgorithms; ++a)
    for (const P p : kProtocols)
      if (const auto why = tuning.unavailable[a][index(p)];
          why == "NCCL_ALGO" || why == "NCCL_PROTO" || why == "LL128 not safe here")
        could += fmt::format("{}{}/{}", could.empty() ? "" : ", ",
                             name(static_cast<NcclAlgorithm>(a)), name(p));
  return fmt::format(
      "{} leave{} NCCL {} nothing for {} on {} ranks of {} node{}; without, there is {}", set,
      set.find(" and ") == std::string::npos ? "s" : "", name(tuning.version),
      name(tuning.collective), tuning.comm.ranks, tuning.comm.nodes,
      tuning.comm.nodes == 1 ? "" : "s", could);
}

/// To 2.23: a list of which only CollNet (and NVLS that is not to be had) is left, without CollNet,
/// is taken for Ring and Tree. [P] v2.23.4-1 tuning.cc:300-312. True if so.
bool ignores_collnet_only(const Inputs& in, NcclAllowed& allowed) {
  if (!in.rules.ring_if_nothing_left || in.comm.collnet) return false;
  auto& algorithms = allowed.algorithms;
  const bool nvls = algorithms[index(A::nvls)] && in.one_node();
  const bool nvls_tree = algorithms[index(A::nvls_tree)] && !in.one_node();
  if (algorithms[index(A::ring)] || algorithms[index(A::tree)] || nvls || nvls_tree) return false;
  algorithms[index(A::ring)] = algorithms[index(A::tree)] = true;
  return true;
}

}  // namespace

Expected<NcclTuning> tune_nccl(NcclVersion version, const NcclComm& comm, Collective collective,
                               const NcclEnvironment& environment, NcclOperation operation) {
  if (collective == C::barrier)
    return fail("NCCL has no barrier; programs run an all_reduce of a few bytes in its place");
  NcclTuning tuning{.version = version, .collective = collective, .comm = comm};
  for (auto& shares : tuning.protocol_share) shares.fill(1);
  auto allowed = parse_nccl_environment(environment, version, collective);
  if (!allowed) return tl::unexpected(allowed.error());
  switch (collective) {
    case C::all_reduce:
    case C::all_gather:
    case C::reduce_scatter:
    case C::broadcast:
    case C::reduce:
      break;
    default:
      tuning.point_to_point = true;
      return tuning;
  }
  if (comm.ranks == 1) return tuning;  // [P] enqueue.cc:1791: Ring/Simple, no time

  const Inputs in = inputs_of(version, comm, collective);
  tuning.fell_back = ignores_collnet_only(in, *allowed);
  NcclByProtocol ring_GBps{};  // what is taken when nothing is left
  bool any = false;
  for (std::size_t i = 0; i < kNcclAlgorithms; ++i) {
    const A a = static_cast<A>(i);
    const std::string_view here = unavailable_here(in, a, operation);
    for (const P p : kProtocols) {
      if (!exists(in, a, p)) continue;
      auto& why = tuning.unavailable[i][index(p)];
      why = !here.empty() ? here : unavailable_by_choice(in, a, p, *allowed);
      if (!here.empty()) continue;
      tuning.latency_s[i][index(p)] = latency_us(in, a, p) * 1e-6;
      const double GBps = bus_GBps(in, a, p) * ratio(in, a);
      const double full_GBps = full_bus_GBps(in, a) * ratio(in, a);
      tuning.protocol_share[i][index(p)] = full_GBps > 0 ? std::min(1.0, GBps / full_GBps) : 1;
      if (a == A::ring) ring_GBps[index(p)] = GBps;
      if (!why.empty()) continue;
      tuning.bandwidth_Bps[i][index(p)] = GBps * 1e9;
      any = any || GBps > 0;
      if (GBps <= 0) why = "no bandwidth";
    }
  }
  if (!any && in.rules.ring_if_nothing_left) {
    // [P] v2.23.4-1 tuning.cc:326-343, v2.21.5-1 tuning.cc:302-320
    for (const P p : kProtocols) {
      const bool kept = unavailable_by_choice(in, A::ring, p,
                                              {.algorithms = NcclAllowed{}.algorithms,
                                               .protocols = allowed->protocols})
                            .empty();
      if (!kept && !in.rules.ring_if_nothing_left_any_protocol) continue;
      tuning.bandwidth_Bps[index(A::ring)][index(p)] = ring_GBps[index(p)] * 1e9;
      tuning.unavailable[index(A::ring)][index(p)] = "";
      any = true;
    }
    tuning.fell_back = any;
  }
  if (!any) return fail(nothing_left(tuning, environment));
  if (in.graph(A::nvls).channels > 0) {
    const Inputs reduce = inputs_of(version, comm, C::all_reduce);
    tuning.nvls_all_reduce_Bps =
        unavailable_here(reduce, A::nvls, {}).empty()
            ? bus_GBps(reduce, A::nvls, P::simple) * ratio(reduce, A::nvls) * 1e9
            : 0;
  }
  return tuning;
}

double estimate_s(const NcclTuning& tuning, NcclAlgorithm algorithm, NcclProtocol protocol,
                  double size_bytes, std::int64_t operations) {
  const std::size_t a = index(algorithm);
  const std::size_t p = index(protocol);
  double bandwidth_Bps = tuning.bandwidth_Bps[a][p];
  if (bandwidth_Bps == 0) return -1;
  double latency_s = tuning.latency_s[a][p];
  const NcclComm& comm = tuning.comm;
  const NcclRules& rules = nccl_tables(tuning.version).rules;
  const bool all_reduce = tuning.collective == C::all_reduce;
  if (all_reduce && (algorithm == A::tree || algorithm == A::nvls_tree)) {
    // [P] 591-592; v2.29.7-1 tuning.cc:596 for NVLSTree
    const auto units = static_cast<std::uint64_t>(size_bytes / 64);
    const std::int64_t log2 = units > 0 || !rules.correction_below_64_bytes
                                  ? static_cast<std::int64_t>(std::bit_width(units)) - 1
                                  : 0;
    const bool x86 = comm.cpu == NcclCpu::intel || comm.cpu == NcclCpu::amd;
    const bool corrected = algorithm == A::tree ? log2 < 23
                                                : log2 < 24 && rules.nvls_tree_correction &&
                                                      comm.compute_capability >= 100 && x86;
    if (corrected && log2 >= 0)
      bandwidth_Bps *= nccl_tree_correction(protocol, static_cast<std::size_t>(log2));
  }
  if (algorithm == A::ring && protocol == P::simple && comm.nodes > 1 && all_reduce) {
    // [P] 593-596; the quotient is an integer there
    const auto threshold = static_cast<double>(kPlateauBytes) * static_cast<double>(comm.channels) *
                           static_cast<double>(comm.ranks);
    if (size_bytes >= threshold)
      latency_s *= comm.compute_capability < 80 ? kPlateauVolta : kPlateau;
  }
  if (algorithm != A::ring) {
    const std::int64_t batch = rules.operations_per_batch;
    operations = (operations + batch - 1) / batch;  // [P] 598
  }
  return latency_s * static_cast<double>(operations) + size_bytes / bandwidth_Bps;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// A system: what a node is, how nodes are wired, and how well each figure is known.
// A System is a small value whatever the number of accelerators: nothing is stored per GPU.
//
// Ranks are numbered node by node: rank = node × ranks_per_node + local rank.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "topology/figure.hpp"
#include "units/error.hpp"

namespace collscale {

/// How the ranks of a node reach each other. `nvswitch`: any to any, a rank's port is the only
/// limit. `full_mesh`: a link between every two. `links`: those that the design has. `pcie`: no
/// links of their own, switches that meet in the host. See node_links.hpp.
enum class ScaleUpKind { nvswitch, full_mesh, links, pcie };

/// Two local ranks that are joined.
struct LinkPair {
  std::int64_t a = 0;
  std::int64_t b = 0;
  double links = 1;  ///< so many links of them
  friend bool operator==(const LinkPair&, const LinkPair&) = default;
};

/// Switches that add up and multicast: NVLink SHARP in a node, SHARP between nodes.
struct InNetworkReduction {
  Figure efficiency;  ///< attainable share of the ports' bandwidth, (0, 1]
  Figure latency_s;   ///< up to the switch and down again; between nodes without the switch hops
};

// Figures that are `std::optional` describe limits and costs that a system may leave out: without
// one there is no such limit, no such cost, no such ability. All of them are listed once, in
// optional_figures.

struct ScaleUp {
  ScaleUpKind kind = ScaleUpKind::nvswitch;
  Figure bandwidth_Bps;  ///< nvswitch, pcie: of a rank's port, per direction
  Figure link_Bps;       ///< full_mesh, links: of one link, per direction
  /// links: which ranks are joined; value: how many links these are in all.
  Figure wiring;
  std::vector<LinkPair> pairs;
  Figure switch_ranks;  ///< pcie: ranks below one switch or root complex
  Figure uplink_Bps;    ///< pcie: from such a switch to the others, per direction, of all its ranks
  Figure efficiency;    ///< attainable share of these bandwidths, (0, 1]
  Figure latency_s;     ///< one message between two ranks of a node, end to end; links: per link
  std::optional<Figure> message_gap_s{};  ///< least time between two messages of a rank: LogGP's g
  std::optional<InNetworkReduction> in_network{};
};

/// What a NIC hangs on, with the GPUs next to it: NCCL's choice of protocols looks at it.
enum class NicAttachment { pcie_switch, cpu };

/// NCCL's protocols that the network's transport allows: LL and LL128 need it to keep an order
/// among the bytes of a message.
enum class NicProtocols { all, simple_and_ll128, simple };

struct Nics {
  NicAttachment attached_to = NicAttachment::pcie_switch;
  Figure per_node;
  Figure bandwidth_Bps;  ///< one NIC, one direction
  Figure latency_s;      ///< host part of a message between nodes: both NICs, PCIe and software
  std::optional<Figure> message_gap_s{};  ///< least time between two messages of a NIC: LogGP's g
  std::optional<Figure> overhead_s{};     ///< a rank is busy with each message: LogGP's o
  std::optional<Figure> pcie_Bps{};       ///< between a NIC and memory, one direction
  std::optional<Figure> window_bytes{};   ///< under way at most, per pair of ranks and channel
  std::optional<Figure> queue_pairs{};    ///< flows that a message is split into (each hashed)
  /// Larger messages are announced and then fetched, once the receiver is ready: rendezvous.
  std::optional<Figure> eager_bytes{};
  std::optional<Figure> rendezvous_s{};  ///< what that adds to a message's latency: LogGPS's S
  /// NICs that the network's plug-in makes one device of, which is what the library then sees.
  std::optional<Figure> per_device{};
  /// What a message takes beyond `latency_s` where the library's transport is not the one that this
  /// was tuned on; twice where the library also flushes what arrived (NCCL's Simple).
  std::optional<Figure> transport_latency_s{};
  NicProtocols protocols = NicProtocols::all;
};

/// What the accelerator itself adds to a step. Where a library overlaps it with the transfer (NCCL
/// does), leave it out.
struct Compute {
  std::optional<Figure> reduce_Bps{};  ///< bytes of one operand that a rank adds up per second
  std::optional<Figure> copy_Bps{};    ///< bytes that a rank packs or unpacks per second
  /// Once per collective, whatever it sends: the call and the start of its kernel.
  std::optional<Figure> launch_s{};
};

/// NCCL's tuning model looks at it.
enum class CpuVendor { unknown, intel, amd, arm };

struct Node {
  std::string name;
  Figure accelerators;           ///< per node
  Figure ranks_per_accelerator;  ///< 2 on MI250X, where a rank is a GCD
  ScaleUp scale_up;
  Nics nics;
  Compute compute;
  std::optional<Figure> compute_capability{};  ///< of NVIDIA GPUs: 9 for Hopper, 10 for Blackwell
  CpuVendor cpu = CpuVendor::unknown;
};

enum class Routing {
  ecmp,      ///< a flow keeps one path, chosen by a hash
  adaptive,  ///< traffic avoids loaded links: an even share, idealised
  spray,     ///< every packet its own path: an even share
};

/// What happens to traffic between different local ranks of different nodes on a rail fabric.
enum class CrossRail {
  forward,  ///< sent over the scale-up fabric to the local rank on the destination's rail (PXN)
  spine,    ///< leaves on the sender's own rail and changes rail above the leaf
};

/// One level of switches of a clos, leaf first. A group of tier t is what its switches serve
/// without help from above: tier 0 serves `children` nodes, tier t `children` groups of tier t−1.
struct Tier {
  std::string name;  ///< "leaf", "spine", "core"
  Figure children;   ///< tier-0: nodes per leaf group; tier t: groups of tier t−1
  Figure link_Bps;   ///< one link from this tier upwards, one direction
  Figure
      oversubscription;  ///< capacity from below ÷ capacity upwards, ≥ 1 (or < 1: undersubscribed)
  Figure hop_latency_s;  ///< one traversal of a switch of this tier, with its cable
  Figure switch_radix;   ///< ports of one switch at link_Bps; 0 where unknown
};

/// A folded clos. The top tier has no uplinks; its oversubscription is not used.
struct Clos {
  std::int64_t rails =
      1;  ///< leaf switches of a leaf group, one per rail; 1: a leaf serves whole nodes
  std::vector<Tier> tiers;
  Routing routing = Routing::ecmp;
  CrossRail cross_rail = CrossRail::forward;
  Figure efficiency;  ///< attainable share of line rate on NICs and fabric links, (0, 1]
  /// Fabrics side by side, each with an equal part of every NIC and of every tier's capacity. Under
  /// ecmp a flow stays in one of them.
  std::int64_t planes = 1;
  /// Under adaptive and spray: by how much the busiest link exceeds its even share, 0.05 = 5 %.
  std::optional<Figure> imbalance{};
  std::optional<InNetworkReduction> in_network{};
};

/// How the ends of a dimension are joined.
enum class Wrap {
  ring,  ///< the last node is a neighbour of the first
  mesh,  ///< it is not
};

struct Dimension {
  Figure size;  ///< nodes along it
  Wrap wrap = Wrap::ring;
  Figure link_Bps;  ///< to a neighbour, one direction
};

/// Nodes at the points of a grid, each with a switch of its own and a link to either neighbour in
/// every dimension. Dimension-order routing (torus_routes.hpp).
struct Torus {
  static constexpr int kMaxDimensions = 6;  ///< of Fugaku
  std::vector<Dimension> dimensions;  ///< x first, whose position varies fastest with the node
  Figure efficiency;     ///< attainable share of line rate on NICs and fabric links, (0, 1]
  Figure hop_latency_s;  ///< from a node's switch to its neighbour's, with the cable
};

/// Which way between groups.
enum class DragonflyRouting {
  minimal,   ///< the one global link
  valiant,   ///< over a third group, which the flow's hash picks
  adaptive,  ///< half of the flows either way: UGAL under load, idealised
};

/// Groups of routers; every two groups are joined by the same number of global links, `pair_links`
/// or as many as the routers have ports for (dragonfly_routes.hpp).
struct Dragonfly {
  DragonflyRouting routing = DragonflyRouting::minimal;
  Figure efficiency;  ///< attainable share of line rate on NICs and fabric links, (0, 1]
  Figure groups;
  Figure routers;           ///< of a group, with nodes attached
  Figure nodes;             ///< attached to a router (with node_routers: to each of so many)
  Figure local_links;       ///< between two routers of a group; of dragonfly+, leaf and spine
  Figure local_link_Bps;    ///< one of them, one direction
  Figure global_links;      ///< of a router (of dragonfly+: of a spine) to other groups
  Figure global_link_Bps;   ///< one of them, one direction
  Figure hop_latency_s;     ///< one traversal of a router, with its cable
  Figure global_latency_s;  ///< what the longer cable of a global link adds
  std::optional<Figure> spines{};        ///< of a group: makes it a dragonfly+
  std::optional<Figure> node_routers{};  ///< that share out the NICs of a node; else one
  std::optional<Figure> pair_links{};    ///< global links between two groups; else all there are
  std::optional<Figure> router_radix{};
};

/// Successive nodes of a system whose nodes are of several designs.
struct NodePart {
  Figure nodes;
  std::string name;  ///< of the design
};

struct System {
  std::string name;
  std::string description;
  std::string as_of;  ///< "2024-07": the date the facts hold for
  Figure nodes;
  Node node;  ///< of several designs, which the network cannot tell apart, the first
  std::vector<NodePart> parts{};  ///< in the order of their nodes; empty: all are alike
  std::variant<Clos, Torus, Dragonfly> fabric;
  std::string origin;  ///< the file or family it came from, for messages and records
};

std::string_view name(Routing routing);
std::string_view name(CrossRail policy);
std::string_view name(ScaleUpKind kind);
std::string_view name(CpuVendor vendor);
std::string_view name(NicAttachment attachment);
std::string_view name(NicProtocols protocols);  ///< as NCCL_PROTO lists them
std::string_view name(Wrap wrap);
std::string_view name(DragonflyRouting routing);

/// "clos", "torus", "dragonfly".
std::string_view fabric_kind(const System& system);
/// What the tiers of links of a torus (x, y, z, w, v, u) or dragonfly (local, global) are called.
std::vector<std::string_view> direct_tier_names(const System& system);
/// Attainable share of line rate, whatever the fabric.
const Figure& fabric_efficiency(const System& system);
/// What adds up between nodes; nullptr where nothing does.
const InNetworkReduction* fabric_in_network(const System& system);

std::int64_t ranks_per_node(const System& system);
std::int64_t max_ranks(const System& system);

/// The system as `ranks` ranks of every node see it, with their share of NICs and rails: what the
/// others do is left out. Fails where they do not divide the ranks of a node.
Expected<System> with_ranks_per_node(System system, std::int64_t ranks);

/// More accelerators on one scale-up network than this are several hosts: a rack. DGX-2 and
/// p2.16xlarge have so many.
inline constexpr double kMostOfAHost = 16;

/// The system as a job of so many ranks sees it. Where nodes are racks of many hosts on one
/// scale-up network (NVL72) and the ranks are no whole number of them, jobs take equally many hosts
/// of the fewest racks that allow it, on all rails, and at least seven eighths of each: 128 ranks
/// are 64 on each of two racks of 72. Else as it is.
System with_shared_racks(System system, std::int64_t ranks);

/// Calls f(path, figure) for every figure of the system, e.g. ("fabric.tiers[0].link", ...), in the
/// order of the file.
void for_each_figure(const System& system,
                     const std::function<void(std::string_view, const Figure&)>& f);

/// An optional figure of a system: where it stands in the file, and what it counts.
struct OptionalFigure {
  std::string_view path;  ///< "node.nics.message_gap"
  Quantity quantity = Quantity::ratio;
  std::optional<Figure>* figure = nullptr;
};
/// All that a system of this kind may have, in the order of the file: what reads, checks and lists
/// figures goes by this. (Those of an InNetworkReduction are not optional within it.)
std::vector<OptionalFigure> optional_figures(System& system);

/// How many figures are assumed or recalled.
int unsourced_figures(const System& system);

}  // namespace collscale

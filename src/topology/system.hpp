// SPDX-License-Identifier: Apache-2.0
// A system: what a node is, how nodes are wired, and how well each figure is known.
// A System is a small value whatever the number of accelerators: nothing is stored per GPU.
//
// Ranks are numbered node by node: rank = node × ranks_per_node + local rank.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "topology/figure.hpp"
#include "units/error.hpp"

namespace collscale {

/// How the accelerators of a node reach each other. `nvswitch`: any to any, each accelerator's
/// port is the only limit.
enum class ScaleUpKind { nvswitch };

struct ScaleUp {
  ScaleUpKind kind = ScaleUpKind::nvswitch;
  Figure bandwidth_Bps;  ///< per accelerator and direction
  Figure efficiency;     ///< attainable share of that bandwidth, (0, 1]
  Figure latency_s;      ///< one message between two accelerators of a node, end to end
};

struct Nics {
  Figure per_node;
  Figure bandwidth_Bps;  ///< one NIC, one direction
  Figure latency_s;      ///< host part of a message between nodes: both NICs, PCIe and software
};

struct Node {
  std::string name;
  Figure accelerators;           ///< per node
  Figure ranks_per_accelerator;  ///< 2 on MI250X, where a rank is a GCD
  ScaleUp scale_up;
  Nics nics;
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
};

struct System {
  std::string name;
  std::string description;
  std::string as_of;  ///< "2024-07": the date the facts hold for
  Figure nodes;
  Node node;
  std::variant<Clos> fabric;
  std::string origin;  ///< the file or family it came from, for messages and records
};

std::string_view name(Routing routing);
std::string_view name(CrossRail policy);
std::string_view name(ScaleUpKind kind);

std::int64_t ranks_per_node(const System& system);
std::int64_t max_ranks(const System& system);

/// Calls f(path, figure) for every figure of the system, e.g. ("fabric.tiers[0].link", ...), in the
/// order of the file.
void for_each_figure(const System& system,
                     const std::function<void(std::string_view, const Figure&)>& f);

/// How many figures are assumed or recalled.
int unsourced_figures(const System& system);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "topology/system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace collscale {

std::string_view name(Routing routing) {
  switch (routing) {
    case Routing::ecmp:
      return "ecmp";
    case Routing::adaptive:
      return "adaptive";
    case Routing::spray:
      return "spray";
  }
  return "";
}

std::string_view name(CrossRail policy) {
  switch (policy) {
    case CrossRail::forward:
      return "forward";
    case CrossRail::spine:
      return "spine";
  }
  return "";
}

std::string_view name(ScaleUpKind kind) {
  switch (kind) {
    case ScaleUpKind::nvswitch:
      return "nvswitch";
    case ScaleUpKind::full_mesh:
      return "full-mesh";
    case ScaleUpKind::links:
      return "links";
    case ScaleUpKind::pcie:
      return "pcie";
  }
  return "";
}

std::string_view name(CpuVendor vendor) {
  switch (vendor) {
    case CpuVendor::unknown:
      return "unknown";
    case CpuVendor::intel:
      return "intel";
    case CpuVendor::amd:
      return "amd";
    case CpuVendor::arm:
      return "arm";
  }
  return "";
}

std::string_view name(NicProtocols protocols) {
  switch (protocols) {
    case NicProtocols::all:
      return "LL,LL128,Simple";
    case NicProtocols::simple_and_ll128:
      return "Simple,LL128";
    case NicProtocols::simple:
      return "Simple";
  }
  return "";
}

std::string_view name(NicAttachment attachment) {
  switch (attachment) {
    case NicAttachment::pcie_switch:
      return "pcie_switch";
    case NicAttachment::cpu:
      return "cpu";
  }
  return "";
}

std::string_view name(Wrap wrap) {
  switch (wrap) {
    case Wrap::ring:
      return "ring";
    case Wrap::mesh:
      return "mesh";
  }
  return "";
}

std::string_view name(DragonflyRouting routing) {
  switch (routing) {
    case DragonflyRouting::minimal:
      return "minimal";
    case DragonflyRouting::valiant:
      return "valiant";
    case DragonflyRouting::adaptive:
      return "adaptive";
  }
  return "";
}

std::string_view fabric_kind(const System& system) {
  if (std::holds_alternative<Torus>(system.fabric)) return "torus";
  return std::holds_alternative<Dragonfly>(system.fabric) ? "dragonfly" : "clos";
}

std::vector<std::string_view> direct_tier_names(const System& system) {
  static constexpr std::array<std::string_view, Torus::kMaxDimensions> kAxes = {"x", "y", "z",
                                                                                "w", "v", "u"};
  if (const auto* torus = std::get_if<Torus>(&system.fabric))
    return {kAxes.begin(), kAxes.begin() + std::min(torus->dimensions.size(), kAxes.size())};
  if (std::holds_alternative<Dragonfly>(system.fabric)) return {"local", "global"};
  return {};
}

const Figure& fabric_efficiency(const System& system) {
  return std::visit([](const auto& fabric) -> const Figure& { return fabric.efficiency; },
                    system.fabric);
}

const InNetworkReduction* fabric_in_network(const System& system) {
  const auto* clos = std::get_if<Clos>(&system.fabric);
  return clos != nullptr && clos->in_network ? &*clos->in_network : nullptr;
}

std::vector<OptionalFigure> optional_figures(System& system) {
  Node& node = system.node;
  Nics& nics = node.nics;
  using Q = Quantity;
  std::vector<OptionalFigure> all = {
      {"node.compute_capability", Q::ratio, &node.compute_capability},
      {"node.compute.reduce", Q::bandwidth, &node.compute.reduce_Bps},
      {"node.compute.copy", Q::bandwidth, &node.compute.copy_Bps},
      {"node.compute.launch", Q::time, &node.compute.launch_s},
      {"node.scale_up.message_gap", Q::time, &node.scale_up.message_gap_s},
      {"node.nics.message_gap", Q::time, &nics.message_gap_s},
      {"node.nics.overhead", Q::time, &nics.overhead_s},
      {"node.nics.pcie", Q::bandwidth, &nics.pcie_Bps},
      {"node.nics.window", Q::size, &nics.window_bytes},
      {"node.nics.queue_pairs", Q::count, &nics.queue_pairs},
      {"node.nics.per_device", Q::count, &nics.per_device},
      {"node.nics.transport_latency", Q::time, &nics.transport_latency_s},
      {"node.nics.eager", Q::size, &nics.eager_bytes},
      {"node.nics.rendezvous", Q::time, &nics.rendezvous_s}};
  if (auto* clos = std::get_if<Clos>(&system.fabric))
    all.push_back({"fabric.imbalance", Q::ratio, &clos->imbalance});
  if (auto* dragonfly = std::get_if<Dragonfly>(&system.fabric)) {
    all.push_back({"fabric.spines", Q::count, &dragonfly->spines});
    all.push_back({"fabric.node_routers", Q::count, &dragonfly->node_routers});
    all.push_back({"fabric.pair_links", Q::count, &dragonfly->pair_links});
    all.push_back({"fabric.radix", Q::count, &dragonfly->router_radix});
  }
  return all;
}

std::int64_t ranks_per_node(const System& system) {
  return std::llround(system.node.accelerators.value * system.node.ranks_per_accelerator.value);
}

std::int64_t max_ranks(const System& system) {
  return std::llround(system.nodes.value) * ranks_per_node(system);
}

namespace {

/// The first so many ranks of every node.
System seen_by(System system, std::int64_t ranks) {
  const std::int64_t all = ranks_per_node(system);
  const double share = static_cast<double>(ranks) / static_cast<double>(all);
  Nics& nics = system.node.nics;
  ScaleUp& scale_up = system.node.scale_up;
  // The first of them, and the links between these.
  std::erase_if(scale_up.pairs, [ranks](const LinkPair& p) { return std::max(p.a, p.b) >= ranks; });
  scale_up.switch_ranks.value = std::min(scale_up.switch_ranks.value, static_cast<double>(ranks));
  system.node.accelerators.value = static_cast<double>(ranks);
  system.node.ranks_per_accelerator.value = 1;
  // Less than a NIC each: one NIC of their part of the bandwidth.
  const double kept = nics.per_node.value * share;
  nics.per_node.value = std::max(1.0, std::floor(kept));
  nics.bandwidth_Bps.value *= kept / nics.per_node.value;
  if (auto* clos = std::get_if<Clos>(&system.fabric))
    clos->rails = std::max<std::int64_t>(1, clos->rails * ranks / all);
  if (auto* dragonfly = std::get_if<Dragonfly>(&system.fabric);
      dragonfly != nullptr && dragonfly->node_routers) {
    // Fewer routers of a node, each with fewer nodes: groups stay as large as they are.
    double& routers = dragonfly->node_routers->value;
    const double left = std::max(1.0, std::floor(routers * share));
    dragonfly->nodes.value = std::ceil(dragonfly->nodes.value * left / routers);
    routers = left;
  }
  return system;
}

}  // namespace

Expected<System> with_ranks_per_node(System system, std::int64_t ranks) {
  const std::int64_t all = ranks_per_node(system);
  if (ranks < 1 || all % ranks != 0)
    return fail(fmt::format("{} ranks per node of {}: expected a divisor of its {}", ranks,
                            system.name, all));
  return seen_by(std::move(system), ranks);
}

System with_shared_racks(System system, std::int64_t ranks) {
  const std::int64_t full = ranks_per_node(system);
  if (system.node.scale_up.kind != ScaleUpKind::nvswitch ||
      system.node.accelerators.value <= kMostOfAHost || ranks <= full || ranks % full == 0)
    return system;
  const auto* const clos = std::get_if<Clos>(&system.fabric);
  const std::int64_t rails = clos != nullptr ? clos->rails : 1;
  const auto racks = static_cast<std::int64_t>(std::llround(system.nodes.value));
  for (std::int64_t used = (ranks + full - 1) / full; used <= racks; ++used) {
    const std::int64_t share = ranks / used;
    if (8 * share < 7 * full) break;
    if (ranks % used != 0 || share % rails != 0) continue;
    System shared = seen_by(std::move(system), share);
    if (auto* const fabric = std::get_if<Clos>(&shared.fabric)) fabric->rails = rails;
    return shared;
  }
  return system;
}

namespace {

using Visitor = std::function<void(std::string_view, const Figure&)>;

void visit_scale_up(const ScaleUp& scale_up, const Visitor& f) {
  const bool ports = scale_up.kind == ScaleUpKind::nvswitch || scale_up.kind == ScaleUpKind::pcie;
  f(ports ? "node.scale_up.bandwidth" : "node.scale_up.link",
    ports ? scale_up.bandwidth_Bps : scale_up.link_Bps);
  if (scale_up.kind == ScaleUpKind::links) f("node.scale_up.links", scale_up.wiring);
  if (scale_up.kind == ScaleUpKind::pcie) {
    f("node.scale_up.switch_ranks", scale_up.switch_ranks);
    f("node.scale_up.uplink", scale_up.uplink_Bps);
  }
}

void visit_fabric(const Clos& clos, const Visitor& f) {
  for (std::size_t t = 0; t < clos.tiers.size(); ++t) {
    const Tier& tier = clos.tiers[t];
    const bool top = t + 1 == clos.tiers.size();
    const std::string path = fmt::format("fabric.tiers[{}].", t);
    f(path + "children", tier.children);
    if (!top) {  // the top tier has no links upwards
      f(path + "link", tier.link_Bps);
      f(path + "oversubscription", tier.oversubscription);
    }
    f(path + "hop_latency", tier.hop_latency_s);
    if (tier.switch_radix.value > 0) f(path + "radix", tier.switch_radix);
  }
}

void visit_fabric(const Torus& torus, const Visitor& f) {
  f("fabric.hop_latency", torus.hop_latency_s);
  for (std::size_t d = 0; d < torus.dimensions.size(); ++d) {
    const std::string path = fmt::format("fabric.dimensions[{}].", d);
    f(path + "size", torus.dimensions[d].size);
    f(path + "link", torus.dimensions[d].link_Bps);
  }
}

void visit_fabric(const Dragonfly& dragonfly, const Visitor& f) {
  f("fabric.groups", dragonfly.groups);
  f("fabric.routers", dragonfly.routers);
  f("fabric.nodes", dragonfly.nodes);
  f("fabric.local_links", dragonfly.local_links);
  f("fabric.local_link", dragonfly.local_link_Bps);
  f("fabric.global_links", dragonfly.global_links);
  f("fabric.global_link", dragonfly.global_link_Bps);
  f("fabric.hop_latency", dragonfly.hop_latency_s);
  f("fabric.global_latency", dragonfly.global_latency_s);
}

}  // namespace

void for_each_figure(const System& system,
                     const std::function<void(std::string_view, const Figure&)>& f) {
  const Node& node = system.node;
  f("nodes", system.nodes);
  for (std::size_t i = 0; i < system.parts.size(); ++i)
    f(fmt::format("parts[{}].nodes", i), system.parts[i].nodes);
  f("node.accelerators", node.accelerators);
  f("node.ranks_per_accelerator", node.ranks_per_accelerator);
  visit_scale_up(node.scale_up, f);
  f("node.scale_up.efficiency", node.scale_up.efficiency);
  f("node.scale_up.latency", node.scale_up.latency_s);
  f("node.nics.per_node", node.nics.per_node);
  f("node.nics.bandwidth", node.nics.bandwidth_Bps);
  f("node.nics.latency", node.nics.latency_s);
  f("fabric.efficiency", fabric_efficiency(system));
  std::visit([&f](const auto& fabric) { visit_fabric(fabric, f); }, system.fabric);
  const auto in_network = [&f](std::string_view where, const InNetworkReduction* reduction) {
    if (reduction == nullptr) return;
    f(fmt::format("{}.in_network.efficiency", where), reduction->efficiency);
    f(fmt::format("{}.in_network.latency", where), reduction->latency_s);
  };
  in_network("node.scale_up", node.scale_up.in_network ? &*node.scale_up.in_network : nullptr);
  in_network("fabric", fabric_in_network(system));
  System listed = system;  // the list gives what may be changed
  for (const OptionalFigure& optional : optional_figures(listed))
    if (*optional.figure) f(optional.path, **optional.figure);
}

int unsourced_figures(const System& system) {
  int count = 0;
  for_each_figure(system, [&count](std::string_view, const Figure& figure) {
    if (is_unsourced(figure)) ++count;
  });
  return count;
}

}  // namespace collscale

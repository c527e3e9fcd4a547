// SPDX-License-Identifier: Apache-2.0
#include "topology/system.hpp"

#include <fmt/format.h>

#include <algorithm>
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

std::array<OptionalFigure, 10> optional_figures(System& system) {
  Node& node = system.node;
  Nics& nics = node.nics;
  using Q = Quantity;
  return {{{"node.compute_capability", Q::ratio, &node.compute_capability},
           {"node.compute.reduce", Q::bandwidth, &node.compute.reduce_Bps},
           {"node.compute.copy", Q::bandwidth, &node.compute.copy_Bps},
           {"node.scale_up.message_gap", Q::time, &node.scale_up.message_gap_s},
           {"node.nics.message_gap", Q::time, &nics.message_gap_s},
           {"node.nics.overhead", Q::time, &nics.overhead_s},
           {"node.nics.pcie", Q::bandwidth, &nics.pcie_Bps},
           {"node.nics.window", Q::size, &nics.window_bytes},
           {"node.nics.queue_pairs", Q::count, &nics.queue_pairs},
           {"fabric.imbalance", Q::ratio, &std::get<Clos>(system.fabric).imbalance}}};
}

std::int64_t ranks_per_node(const System& system) {
  return std::llround(system.node.accelerators.value * system.node.ranks_per_accelerator.value);
}

std::int64_t max_ranks(const System& system) {
  return std::llround(system.nodes.value) * ranks_per_node(system);
}

Expected<System> with_ranks_per_node(System system, std::int64_t ranks) {
  const std::int64_t all = ranks_per_node(system);
  if (ranks < 1 || all % ranks != 0)
    return fail(fmt::format("{} ranks per node of {}: expected a divisor of its {}", ranks,
                            system.name, all));
  const double share = static_cast<double>(ranks) / static_cast<double>(all);
  auto& clos = *std::get_if<Clos>(&system.fabric);
  Nics& nics = system.node.nics;
  system.node.accelerators.value = static_cast<double>(ranks);
  system.node.ranks_per_accelerator.value = 1;
  // Less than a NIC each: one NIC of their part of the bandwidth.
  const double kept = nics.per_node.value * share;
  nics.per_node.value = std::max(1.0, std::floor(kept));
  nics.bandwidth_Bps.value *= kept / nics.per_node.value;
  clos.rails = std::max<std::int64_t>(1, clos.rails * ranks / all);
  return system;
}

void for_each_figure(const System& system,
                     const std::function<void(std::string_view, const Figure&)>& f) {
  const Node& node = system.node;
  f("nodes", system.nodes);
  f("node.accelerators", node.accelerators);
  f("node.ranks_per_accelerator", node.ranks_per_accelerator);
  f("node.scale_up.bandwidth", node.scale_up.bandwidth_Bps);
  f("node.scale_up.efficiency", node.scale_up.efficiency);
  f("node.scale_up.latency", node.scale_up.latency_s);
  f("node.nics.per_node", node.nics.per_node);
  f("node.nics.bandwidth", node.nics.bandwidth_Bps);
  f("node.nics.latency", node.nics.latency_s);
  const Clos& clos = std::get<Clos>(system.fabric);
  f("fabric.efficiency", clos.efficiency);
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
  const auto in_network = [&f](std::string_view where, const auto& reduction) {
    if (!reduction) return;
    f(fmt::format("{}.in_network.efficiency", where), reduction->efficiency);
    f(fmt::format("{}.in_network.latency", where), reduction->latency_s);
  };
  in_network("node.scale_up", node.scale_up.in_network);
  in_network("fabric", clos.in_network);
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

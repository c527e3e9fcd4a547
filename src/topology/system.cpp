// SPDX-License-Identifier: Apache-2.0
#include "topology/system.hpp"

#include <fmt/format.h>

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

std::int64_t ranks_per_node(const System& system) {
  return std::llround(system.node.accelerators.value * system.node.ranks_per_accelerator.value);
}

std::int64_t max_ranks(const System& system) {
  return std::llround(system.nodes.value) * ranks_per_node(system);
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
}

int unsourced_figures(const System& system) {
  int count = 0;
  for_each_figure(system, [&count](std::string_view, const Figure& figure) {
    if (is_unsourced(figure)) ++count;
  });
  return count;
}

}  // namespace collscale

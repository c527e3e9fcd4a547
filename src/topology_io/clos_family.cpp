// SPDX-License-Identifier: Apache-2.0
#include "topology_io/clos_family.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "topology_io/family_node.hpp"

namespace collscale {

namespace {

struct Counts {
  std::int64_t nodes = 0;
  std::int64_t gpus = 0;
  std::int64_t radix = 0;
  std::int64_t rails = 0;
  std::int64_t meeting = 0;  ///< rails whose leaves end in the same spine: all of them, or one
  double oversubscription = 1;
};

/// Groups of each tier: children[0] nodes to a leaf group, and so on. Empty: does not fit.
struct Layout {
  std::vector<std::int64_t> children;
  std::int64_t max_nodes = 0;  ///< that this number of tiers can hold
};

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Nodes of one leaf group: as many as fit, or somewhat fewer where that makes the uplinks whole.
std::int64_t leaf_nodes(const Counts& counts, bool has_uplinks) {
  const std::int64_t nics_per_leaf = counts.gpus / counts.rails;  // of one node, on one leaf switch
  if (!has_uplinks) return counts.radix / nics_per_leaf;
  const double o = counts.oversubscription;
  const auto down_ports =
      static_cast<std::int64_t>(static_cast<double>(counts.radix) * (o / (1 + o)) + 1e-9);
  const std::int64_t most = std::min(down_ports, counts.radix - 1) / nics_per_leaf;
  for (std::int64_t nodes = most; nodes >= (most + 1) / 2 && nodes > 0; --nodes) {
    const double uplinks = static_cast<double>(nodes * nics_per_leaf) / o;
    if (uplinks >= 1 && std::abs(uplinks - std::round(uplinks)) < 1e-9) return nodes;
  }
  return most;
}

Layout layout(const Counts& counts, int tiers) {
  const std::int64_t leaf = leaf_nodes(counts, tiers > 1);
  Layout result;
  if (leaf < 1) return result;
  std::int64_t middle = 1;  // leaf groups under one group of spines
  std::int64_t top = 1;     // groups under the top tier
  if (tiers == 2) top = counts.radix / counts.meeting;
  if (tiers == 3) {
    // The capacity of a leaf's uplinks is divided among whole links: where these are fewer than it
    // asks for, a spine carries more than one link's worth of each and needs more ports up.
    const double asked =
        static_cast<double>(leaf * (counts.gpus / counts.rails)) / counts.oversubscription;
    const double share = std::max(1.0, asked / std::max(1.0, std::round(asked)));
    const auto down_ports =
        static_cast<std::int64_t>(static_cast<double>(counts.radix) / (1 + share) + 1e-9);
    middle = down_ports / counts.meeting;
    top = counts.radix;
  }
  if (tiers == 1) {
    result.max_nodes = leaf;
    result.children = {counts.nodes};
  } else if (tiers == 2) {
    result.max_nodes = leaf * top;
    result.children = {leaf, std::max<std::int64_t>(1, divide_up(counts.nodes, leaf))};
  } else {
    result.max_nodes = leaf * middle * top;
    result.children = {leaf, middle, middle == 0 ? 0 : divide_up(counts.nodes, leaf * middle)};
  }
  if (counts.nodes > result.max_nodes) result.children.clear();
  return result;
}

}  // namespace

Expected<System> make_clos(const Parameters& parameters, const ClosDefaults& defaults) {
  Take take{parameters};
  System system;
  const std::string family(parameters.family());
  system.name = family;
  system.description = defaults.description;
  system.nodes = take("nodes", Quantity::count, defaults.nodes);
  Node& node = system.node;
  node = generic_node(take, defaults.gpus, defaults.nic, defaults.scale_up);
  const Figure planes = take("planes", Quantity::count, defaults.planes);
  const Figure radix = take("radix", Quantity::count, defaults.radix);
  const Figure rails =
      defaults.separate_rails ? node.accelerators : take("rails", Quantity::count, "1");
  const Figure oversubscription = take("oversubscription", Quantity::ratio, "1");
  const Figure hop = take("hop_latency", Quantity::time, "600ns");
  Clos clos;
  clos.efficiency = take("efficiency", Quantity::share, "1");
  const Figure tiers_asked = take("tiers", Quantity::count, defaults.most_tiers == 3 ? "3" : "2");
  if (take.error) return tl::unexpected<Error>(*take.error);
  constexpr std::array<Routing, 3> kRoutings = {Routing::adaptive, Routing::ecmp, Routing::spray};
  std::vector<std::string> names;
  for (const Routing routing : kRoutings) names.emplace_back(name(routing));
  const Expected<std::size_t> routing = parameter_choice(parameters, "routing", names);
  if (!routing) return tl::unexpected<Error>(routing.error());
  clos.routing = parameters.has("routing") ? kRoutings[*routing] : defaults.routing;
  clos.rails = std::llround(rails.value);
  clos.planes = std::llround(planes.value);

  const Counts counts{std::llround(system.nodes.value),
                      std::llround(node.accelerators.value),
                      std::llround(radix.value),
                      clos.rails,
                      defaults.separate_rails ? 1 : clos.rails,
                      oversubscription.value};
  constexpr std::int64_t kMaxRadix =
      4096;  // eight times the largest there is; keeps products small
  if (counts.radix > kMaxRadix) {
    return parameters.fail_at(
        "radix", fmt::format("found \"{}\", expected at most {}", counts.radix, kMaxRadix));
  }
  if (counts.gpus % counts.rails != 0) {
    return parameters.fail_at(
        "rails", fmt::format("found \"{}\", expected a divisor of the {} accelerators of a node",
                             counts.rails, counts.gpus));
  }
  const int most = defaults.most_tiers;
  if (tiers_asked.value > most) {
    return parameters.fail_at("tiers", fmt::format("found \"{:g}\", expected {}", tiers_asked.value,
                                                   most == 3 ? "1, 2 or 3" : "1 or 2"));
  }
  auto tiers = static_cast<int>(tiers_asked.value);
  if (!parameters.has("tiers") && !layout(counts, most - 1).children.empty()) tiers = most - 1;
  const Layout fit = layout(counts, tiers);
  if (fit.children.empty()) {
    return parameters.fail_at(
        "nodes",
        fmt::format("found {}, but {} tier{} of radix {} hold{} {} nodes of {} NICs at most; "
                    "expected fewer nodes or a larger radix",
                    counts.nodes, tiers, tiers == 1 ? "" : "s", counts.radix, tiers == 1 ? "s" : "",
                    fit.max_nodes, counts.gpus));
  }
  constexpr std::array<std::string_view, 3> kNames = {"leaf", "spine", "core"};
  Figure link = node.nics.bandwidth_Bps;
  if (defaults.plane_ports) {
    link = assumed(link.value / planes.value, "a plane's part of a NIC, in the family " + family);
  }
  for (int t = 0; t < tiers; ++t) {
    const auto index = static_cast<std::size_t>(t);
    Tier tier;
    // A fat tree of two tiers has leaves and spines, one of three also a core.
    tier.name = kNames[index];
    tier.children = assumed(static_cast<double>(fit.children[index]),
                            "what fits the radix, in the family " + family);
    tier.hop_latency_s = hop;
    // A spine of separate rails has the links of one rail, which the tier's figures do not say.
    if (t == 0 || !defaults.separate_rails) tier.switch_radix = radix;
    if (t + 1 < tiers) {
      tier.link_Bps = link;
      tier.oversubscription =
          t == 0 ? oversubscription : assumed(1, "above the leaves, in the family " + family);
    }
    clos.tiers.push_back(std::move(tier));
  }
  system.fabric = std::move(clos);
  return system;
}

}  // namespace collscale

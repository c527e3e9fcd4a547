// SPDX-License-Identifier: Apache-2.0
// `collscale topo list`: the systems at a glance, and the families.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/commands/topo.hpp"
#include "cli/commands/topo_fabric.hpp"
#include "cli/figure_text.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "topology/summary.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

/// Tiers of switches, leaf first; dimensions; kinds of links.
std::vector<std::string> tier_names(const System& system) {
  std::vector<std::string> names;
  if (const auto* clos = std::get_if<Clos>(&system.fabric))
    for (const Tier& tier : clos->tiers) names.push_back(tier.name);
  for (const std::string_view name : direct_tier_names(system)) names.emplace_back(name);
  return names;
}

std::string routing_words(const System& system) {
  if (const auto* clos = std::get_if<Clos>(&system.fabric)) return std::string(name(clos->routing));
  if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric))
    return std::string(name(dragonfly->routing));
  return "dimension order";
}

Json entry_json(const SystemEntry& entry, const System& system) {
  const bool family = entry.path.empty();
  const LabelCounts counts = label_counts(system);
  return {{"name", entry.name},
          {"description", entry.description},
          {"as_of", system.as_of},
          {"family", family},
          {"file", family ? Json(nullptr) : Json(entry.path.string())},
          {"accelerators", std::llround(system.nodes.value * system.node.accelerators.value)},
          {"ranks", max_ranks(system)},
          {"nodes", std::llround(system.nodes.value)},
          {"node", node_names(system)},
          {"scale_up", name(system.node.scale_up.kind)},
          {"fabric", fabric_words(system)},
          {"network", tiers_words(system)},
          {"tiers", tier_names(system)},
          {"routing", routing_words(system)},
          {"quantities", quantities_json(system)},
          {"figures", counts.all()},
          {"labels", labels_json(system)},
          {"figures_assumed_or_recalled", counts.unsourced()}};
}

}  // namespace

Expected<void> run(const TopoListOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  Table systems({{"name", Align::left},
                 {"accel-\nerators"},
                 {"node", Align::left},
                 {"network\neach"},
                 {"fabric", Align::left},
                 {"assumed"},
                 {"as of", Align::left}});
  Table families({{"family", Align::left}, {"", Align::left}});
  Json json = Json::array();
  for (const SystemEntry& entry : list_systems()) {
    const bool family = entry.path.empty();
    const auto system = load_system(family ? entry.name : entry.path.string());
    if (!system) {
      print_note(fmt::format("warning: {}", system.error().message));
      continue;
    }
    json.push_back(entry_json(entry, *system));
    if (family) {
      families.add({entry.name, entry.description});
      continue;
    }
    const LabelCounts counts = label_counts(*system);
    systems.add({entry.name,
                 format_count(std::llround(system->nodes.value * system->node.accelerators.value)),
                 node_names(*system), format_bandwidth(network_per_accelerator_Bps(*system)),
                 tiers_words(*system), fmt::format("{} of {}", counts.unsourced(), counts.all()),
                 system->as_of});
  }
  if (!takes_stdout(options.json))
    print_result(systems.text(terminal.colour_stdout) + "\n" +
                 families.text(terminal.colour_stdout));
  return write_text(options.json, Json{{"systems", json}}.dump(2) + "\n");
}

}  // namespace collscale

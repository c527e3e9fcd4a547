// SPDX-License-Identifier: Apache-2.0
#include "topology_io/system_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "topology_io/yaml_tree.hpp"
#include "units/suggest.hpp"

namespace collscale {

namespace {

/// After an error there may be no figure: the Reader keeps the error, the value does not matter.
Figure take(std::optional<Figure> figure) { return figure.value_or(Figure{}); }

/// The optional figures that stand in one mapping, whose path they share.
void read_optional(Reader& reader, const Mapping& mapping, System& system, std::string_view path) {
  for (const OptionalFigure& optional : optional_figures(system)) {
    const std::size_t dot = optional.path.rfind('.');
    if (optional.path.substr(0, dot) != path) continue;
    *optional.figure =
        reader.figure(mapping, optional.path.substr(dot + 1), optional.quantity, false);
  }
}

std::optional<InNetworkReduction> read_in_network(Reader& reader, const Mapping& parent) {
  if (reader.find(parent, "in_network", false) == nullptr) return {};
  const Mapping mapping = reader.mapping(parent, "in_network", {"efficiency", "latency"});
  return InNetworkReduction{take(reader.figure(mapping, "efficiency", Quantity::share)),
                            take(reader.figure(mapping, "latency", Quantity::time))};
}

/// Into system.node: optional figures are listed for whole systems.
void read_node(Reader& reader, const Mapping& root, std::string name, System& system) {
  Node& node = system.node;
  node.name = std::move(name);
  node.accelerators = take(reader.figure(root, "accelerators", Quantity::count));
  node.ranks_per_accelerator = take(reader.figure(root, "ranks_per_accelerator", Quantity::count));
  if (reader.find(root, "cpu", false) != nullptr)
    node.cpu = reader.choice(root, "cpu", {CpuVendor::intel, CpuVendor::amd, CpuVendor::arm});
  read_optional(reader, root, system, "node");
  const Mapping scale_up =
      reader.mapping(root, "scale_up",
                     {"kind", "bandwidth", "efficiency", "latency", "message_gap", "in_network"});
  node.scale_up.kind = reader.choice(scale_up, "kind", {ScaleUpKind::nvswitch});
  node.scale_up.bandwidth_Bps = take(reader.figure(scale_up, "bandwidth", Quantity::bandwidth));
  node.scale_up.efficiency = take(reader.figure(scale_up, "efficiency", Quantity::share));
  node.scale_up.latency_s = take(reader.figure(scale_up, "latency", Quantity::time));
  node.scale_up.in_network = read_in_network(reader, scale_up);
  read_optional(reader, scale_up, system, "node.scale_up");
  const Mapping nics = reader.mapping(root, "nics",
                                      {"per_node", "bandwidth", "latency", "message_gap",
                                       "overhead", "pcie", "window", "queue_pairs"});
  node.nics.per_node = take(reader.figure(nics, "per_node", Quantity::count));
  node.nics.bandwidth_Bps = take(reader.figure(nics, "bandwidth", Quantity::bandwidth));
  node.nics.latency_s = take(reader.figure(nics, "latency", Quantity::time));
  read_optional(reader, nics, system, "node.nics");
  if (reader.find(root, "compute", false) != nullptr)
    read_optional(reader, reader.mapping(root, "compute", {"reduce", "copy"}), system,
                  "node.compute");
}

std::vector<std::string> node_keys() {
  return {"name",     "description", "accelerators", "ranks_per_accelerator",
          "scale_up", "nics",        "compute",      "compute_capability",
          "cpu"};
}

Tier read_tier(Reader& reader, const YamlValue& value, std::string path, bool top) {
  const Mapping mapping =
      reader.mapping(value, std::move(path),
                     {"name", "children", "link", "oversubscription", "hop_latency", "radix"});
  Tier tier;
  tier.name = reader.text(mapping, "name");
  tier.children = take(reader.figure(mapping, "children", Quantity::count));
  tier.hop_latency_s = take(reader.figure(mapping, "hop_latency", Quantity::time));
  tier.switch_radix = take(reader.figure(mapping, "radix", Quantity::count, false));
  if (!top) {
    tier.link_Bps = take(reader.figure(mapping, "link", Quantity::bandwidth));
    tier.oversubscription = take(reader.figure(mapping, "oversubscription", Quantity::ratio));
    return tier;
  }
  for (const char* key : {"link", "oversubscription"}) {
    if (const YamlValue* unused = reader.find(mapping, key, false)) {
      reader.fail_at(*unused, fmt::format("{}.{}: found a figure for the top tier, which has no "
                                          "links upwards; expected none",
                                          mapping.path, key));
    }
  }
  return tier;
}

/// The items of a list that must be there; none after an error.
std::span<const YamlValue> read_list(Reader& reader, const Mapping& parent, std::string_view key,
                                     std::string_view of_what) {
  const YamlValue* list = reader.find(parent, key);
  if (list == nullptr) return {};
  if (list->kind == YamlValue::Kind::sequence) return list->items;
  reader.fail_at(*list, fmt::format("{}.{}: expected a list of {}", parent.path, key, of_what));
  return {};
}

void read_torus(Reader& reader, const Mapping& root, System& system) {
  const Mapping fabric =
      reader.mapping(root, "fabric", {"kind", "efficiency", "hop_latency", "dimensions"});
  Torus torus;
  torus.efficiency = take(reader.figure(fabric, "efficiency", Quantity::share));
  torus.hop_latency_s = take(reader.figure(fabric, "hop_latency", Quantity::time));
  for (const YamlValue& item : read_list(reader, fabric, "dimensions", "dimensions, x first")) {
    const std::size_t d = torus.dimensions.size();
    const Mapping mapping =
        reader.mapping(item, fmt::format("fabric.dimensions[{}]", d), {"size", "wrap", "link"});
    Dimension& dimension = torus.dimensions.emplace_back();
    dimension.size = take(reader.figure(mapping, "size", Quantity::count));
    dimension.wrap = reader.choice(mapping, "wrap", {Wrap::ring, Wrap::mesh});
    dimension.link_Bps = take(reader.figure(mapping, "link", Quantity::bandwidth));
  }
  system.fabric = std::move(torus);
}

void read_dragonfly(Reader& reader, const Mapping& root, System& system) {
  const Mapping fabric = reader.mapping(
      root, "fabric",
      {"kind", "routing", "efficiency", "groups", "routers", "nodes", "local_links", "local_link",
       "global_links", "global_link", "hop_latency", "global_latency", "spines", "radix"});
  Dragonfly& dragonfly = system.fabric.emplace<Dragonfly>();
  dragonfly.routing = reader.choice(
      fabric, "routing",
      {DragonflyRouting::minimal, DragonflyRouting::valiant, DragonflyRouting::adaptive});
  dragonfly.efficiency = take(reader.figure(fabric, "efficiency", Quantity::share));
  dragonfly.groups = take(reader.figure(fabric, "groups", Quantity::count));
  dragonfly.routers = take(reader.figure(fabric, "routers", Quantity::count));
  dragonfly.nodes = take(reader.figure(fabric, "nodes", Quantity::count));
  dragonfly.local_links = take(reader.figure(fabric, "local_links", Quantity::count));
  dragonfly.local_link_Bps = take(reader.figure(fabric, "local_link", Quantity::bandwidth));
  dragonfly.global_links = take(reader.figure(fabric, "global_links", Quantity::count));
  dragonfly.global_link_Bps = take(reader.figure(fabric, "global_link", Quantity::bandwidth));
  dragonfly.hop_latency_s = take(reader.figure(fabric, "hop_latency", Quantity::time));
  dragonfly.global_latency_s = take(reader.figure(fabric, "global_latency", Quantity::time));
  read_optional(reader, fabric, system, "fabric");
}

void read_clos(Reader& reader, const Mapping& root, System& system) {
  const Mapping fabric = reader.mapping(root, "fabric",
                                        {"kind", "rails", "planes", "routing", "cross_rail",
                                         "efficiency", "imbalance", "in_network", "tiers"});
  Clos& clos = std::get<Clos>(system.fabric);
  reader.text(fabric, "kind");
  clos.rails = reader.whole_number(fabric, "rails");
  if (reader.find(fabric, "planes", false) != nullptr)
    clos.planes = reader.whole_number(fabric, "planes");
  clos.routing =
      reader.choice(fabric, "routing", {Routing::ecmp, Routing::adaptive, Routing::spray});
  clos.cross_rail = reader.choice(fabric, "cross_rail", {CrossRail::forward, CrossRail::spine});
  clos.efficiency = take(reader.figure(fabric, "efficiency", Quantity::share));
  clos.in_network = read_in_network(reader, fabric);
  read_optional(reader, fabric, system, "fabric");
  const auto tiers = read_list(reader, fabric, "tiers", "tiers, the leaves first");
  for (std::size_t t = 0; t < tiers.size(); ++t) {
    clos.tiers.push_back(
        read_tier(reader, tiers[t], fmt::format("fabric.tiers[{}]", t), t + 1 == tiers.size()));
  }
}

/// Into system.fabric.
void read_fabric(Reader& reader, const Mapping& root, System& system) {
  const YamlValue* fabric = reader.find(root, "fabric");
  const YamlValue* kind = nullptr;
  if (fabric != nullptr)
    for (const YamlEntry& entry : fabric->entries)
      if (entry.key.text == "kind") kind = &entry.value;
  if (kind != nullptr && kind->kind == YamlValue::Kind::scalar) {
    if (kind->text == "torus") return read_torus(reader, root, system);
    if (kind->text == "dragonfly") return read_dragonfly(reader, root, system);
    if (kind->text != "clos")
      return reader.fail_at(*kind,
                            fmt::format("fabric.kind: unknown value \"{}\"{}", kind->text,
                                        suggestion(kind->text, {"clos", "torus", "dragonfly"})));
  }
  read_clos(reader, root, system);
}

/// Where a node design that a system names is; "" when nowhere.
std::string find_node_file(const std::string& reference, const std::string& system_path,
                           const std::vector<std::filesystem::path>& directories) {
  namespace fs = std::filesystem;
  std::vector<fs::path> places = {fs::path(system_path).parent_path()};
  places.insert(places.end(), directories.begin(), directories.end());
  for (const fs::path& place : places) {
    std::error_code status;
    const fs::path candidate = place / reference;
    if (fs::is_regular_file(candidate, status)) return candidate.string();
  }
  return {};
}

}  // namespace

Expected<SystemFile> read_system_file(const std::string& path,
                                      const std::vector<std::filesystem::path>& directories) {
  const Expected<YamlValue> tree = read_yaml_file(path);
  if (!tree) return tl::unexpected<Error>(tree.error());
  Reader reader(path, "");
  SystemFile result;
  System& system = result.system;
  system.origin = path;
  const Mapping root =
      reader.mapping(*tree, "", {"name", "description", "as_of", "nodes", "node", "fabric"});
  system.name = reader.text(root, "name");
  system.description = reader.text(root, "description");
  system.as_of = reader.text(root, "as_of");
  system.nodes = take(reader.figure(root, "nodes", Quantity::count));

  Places node_places;
  const YamlValue* node = reader.find(root, "node");
  if (node != nullptr && node->kind == YamlValue::Kind::scalar) {
    const std::string node_path = find_node_file(node->text, path, directories);
    if (node_path.empty()) {
      reader.fail_at(*node, fmt::format("node: no file \"{}\" beside this file or in the topology "
                                        "directories",
                                        node->text));
    } else {
      const Expected<YamlValue> node_tree = read_yaml_file(node_path);
      if (!node_tree) return tl::unexpected<Error>(node_tree.error());
      Reader node_reader(node_path, "node.");
      const Mapping node_root = node_reader.mapping(*node_tree, "", node_keys());
      const std::string name = node_reader.text(node_root, "name");
      read_node(node_reader, node_root, name, system);
      if (node_reader.error()) return tl::unexpected<Error>(*node_reader.error());
      node_places = node_reader.places();
    }
  } else if (node != nullptr) {
    const Mapping design = reader.mapping(*node, "node", node_keys());
    read_node(reader, design, reader.text(design, "name"), system);
  }

  read_fabric(reader, root, system);
  if (reader.error()) return tl::unexpected<Error>(*reader.error());
  result.places = reader.places();
  result.places.insert(node_places.begin(), node_places.end());
  return result;
}

}  // namespace collscale

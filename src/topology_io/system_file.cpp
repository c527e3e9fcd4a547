// SPDX-License-Identifier: Apache-2.0
#include "topology_io/system_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
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

/// One item of `pairs`: [rank, rank, links between them], the last 1 where it is left out.
bool read_pair(const YamlValue& item, LinkPair& pair) {
  const bool listed =
      item.kind == YamlValue::Kind::sequence && (item.items.size() == 2 || item.items.size() == 3);
  if (!listed) return false;
  std::array<double, 3> numbers{0, 0, 1};
  for (std::size_t i = 0; i < item.items.size(); ++i) {
    const YamlValue& number = item.items[i];
    const auto parsed = parse_figure_value(i < 2 ? Quantity::count : Quantity::ratio, number.text);
    // Ranks count from 0, other figures from 1.
    if (number.kind != YamlValue::Kind::scalar || (!parsed && !(i < 2 && number.text == "0")))
      return false;
    numbers[i] = parsed ? *parsed : 0;
  }
  pair = {static_cast<std::int64_t>(numbers[0]), static_cast<std::int64_t>(numbers[1]), numbers[2]};
  return true;
}

/// The wiring: a figure of its own, whose value is the number of all links.
void read_links(Reader& reader, const Mapping& scale_up, ScaleUp& into) {
  const Mapping links = reader.mapping(scale_up, "links", {"pairs", "label", "source"});
  const YamlValue* pairs = reader.find(links, "pairs");
  if (pairs == nullptr) return;
  if (pairs->kind != YamlValue::Kind::sequence)
    return reader.fail_at(
        *pairs, fmt::format("{}.pairs: expected a list of pairs of local ranks", links.path));
  for (const YamlValue& item : pairs->items) {
    LinkPair pair;
    if (!read_pair(item, pair))
      return reader.fail_at(item, fmt::format("{}.pairs[{}]: expected [rank, rank, links between "
                                              "them], such as [0, 1, 4]",
                                              links.path, into.pairs.size()));
    into.pairs.push_back(pair);
    into.wiring.value += pair.links;
  }
  const Figure described = reader.provenance(links);
  into.wiring.label = described.label;
  into.wiring.source = described.source;
}

/// Returns the mapping, for the optional figures in it.
Mapping read_scale_up(Reader& reader, const Mapping& root, ScaleUp& into) {
  using enum ScaleUpKind;
  const Mapping named =
      reader.mapping(root, "scale_up",
                     {"kind", "bandwidth", "link", "links", "switch_ranks", "uplink", "efficiency",
                      "latency", "message_gap", "in_network"});
  into.kind = reader.choice(named, "kind", {nvswitch, full_mesh, links, pcie});
  const bool has_ports = into.kind == nvswitch || into.kind == pcie;
  std::vector<std::string> keys = {"kind", "efficiency", "latency", "message_gap", "in_network"};
  keys.emplace_back(has_ports ? "bandwidth" : "link");
  if (into.kind == links) keys.emplace_back("links");
  if (into.kind == pcie) keys.insert(keys.end(), {"switch_ranks", "uplink"});
  if (reader.error()) return named;
  const Mapping scale_up = reader.mapping(*named.value, named.path, keys);
  if (has_ports)
    into.bandwidth_Bps = take(reader.figure(scale_up, "bandwidth", Quantity::bandwidth));
  else
    into.link_Bps = take(reader.figure(scale_up, "link", Quantity::bandwidth));
  if (into.kind == links) read_links(reader, scale_up, into);
  if (into.kind == pcie) {
    into.switch_ranks = take(reader.figure(scale_up, "switch_ranks", Quantity::count));
    into.uplink_Bps = take(reader.figure(scale_up, "uplink", Quantity::bandwidth));
  }
  into.efficiency = take(reader.figure(scale_up, "efficiency", Quantity::share));
  into.latency_s = take(reader.figure(scale_up, "latency", Quantity::time));
  into.in_network = read_in_network(reader, scale_up);
  return scale_up;
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
  read_optional(reader, read_scale_up(reader, root, node.scale_up), system, "node.scale_up");
  const Mapping nics =
      reader.mapping(root, "nics",
                     {"per_node", "bandwidth", "latency", "attached_to", "message_gap", "overhead",
                      "pcie", "window", "queue_pairs", "eager", "rendezvous", "per_device",
                      "transport_latency", "protocols"});
  node.nics.per_node = take(reader.figure(nics, "per_node", Quantity::count));
  node.nics.bandwidth_Bps = take(reader.figure(nics, "bandwidth", Quantity::bandwidth));
  node.nics.latency_s = take(reader.figure(nics, "latency", Quantity::time));
  if (reader.find(nics, "attached_to", false) != nullptr)
    node.nics.attached_to =
        reader.choice(nics, "attached_to", {NicAttachment::pcie_switch, NicAttachment::cpu});
  if (reader.find(nics, "protocols", false) != nullptr)
    node.nics.protocols =
        reader.choice(nics, "protocols",
                      {NicProtocols::all, NicProtocols::simple_and_ll128, NicProtocols::simple});
  read_optional(reader, nics, system, "node.nics");
  if (reader.find(root, "compute", false) != nullptr)
    read_optional(reader, reader.mapping(root, "compute", {"reduce", "copy", "launch"}), system,
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

/// `spines`: kind dragonfly+, whose groups are leaves and spines.
void read_dragonfly(Reader& reader, const Mapping& root, bool spines, System& system) {
  const Mapping fabric =
      reader.mapping(root, "fabric",
                     {"kind", "routing", "efficiency", "groups", "routers", "nodes", "local_links",
                      "local_link", "global_links", "global_link", "hop_latency", "global_latency",
                      "spines", "node_routers", "pair_links", "radix"});
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
  const YamlValue* given = reader.find(fabric, "spines", spines);
  if (given != nullptr && !spines)
    reader.fail_at(*given,
                   "fabric.spines: found in kind \"dragonfly\", expected kind \"dragonfly+\"");
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
    if (kind->text == "dragonfly" || kind->text == "dragonfly+")
      return read_dragonfly(reader, root, kind->text == "dragonfly+", system);
    if (kind->text != "clos")
      return reader.fail_at(
          *kind, fmt::format("fabric.kind: unknown value \"{}\"{}", kind->text,
                             suggestion(kind->text, {"clos", "torus", "dragonfly", "dragonfly+"})));
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

/// Where node designs are looked for.
struct NodeFiles {
  const std::string& system_path;
  const std::vector<std::filesystem::path>& directories;
};

/// The design at the key `node`, a file or the design itself, into system.node. An error in a file
/// of its own is returned, others are the Reader's.
Expected<void> read_design(Reader& reader, const Mapping& parent, const NodeFiles& files,
                           System& system, Places& places) {
  const YamlValue* node = reader.find(parent, "node");
  if (node == nullptr) return {};
  if (node->kind != YamlValue::Kind::scalar) {
    const Mapping design = reader.mapping(*node, "node", node_keys());
    read_node(reader, design, reader.text(design, "name"), system);
    return {};
  }
  const std::string path = find_node_file(node->text, files.system_path, files.directories);
  if (path.empty()) {
    reader.fail_at(*node, fmt::format("node: no file \"{}\" beside this file or in the topology "
                                      "directories",
                                      node->text));
    return {};
  }
  const Expected<YamlValue> tree = read_yaml_file(path);
  if (!tree) return tl::unexpected<Error>(tree.error());
  Reader node_reader(path, "node.");
  const Mapping root = node_reader.mapping(*tree, "", node_keys());
  const std::string name = node_reader.text(root, "name");
  read_node(node_reader, root, name, system);
  if (node_reader.error()) return tl::unexpected<Error>(*node_reader.error());
  places = node_reader.places();
  return {};
}

/// The first figure in which two node designs differ as the network sees them, "" where none does.
std::string differing_figure(const System& one, const System& other) {
  if (one.node.scale_up.kind != other.node.scale_up.kind) return "node.scale_up.kind";
  if (one.node.scale_up.pairs != other.node.scale_up.pairs) return "node.scale_up.links";
  std::map<std::string, double, std::less<>> values;
  for_each_figure(one, [&values](std::string_view path, const Figure& figure) {
    if (path.starts_with("node.") && path != "node.compute_capability")
      values.emplace(path, figure.value);
  });
  std::string differs;
  for_each_figure(other, [&](std::string_view path, const Figure& figure) {
    if (!path.starts_with("node.") || path == "node.compute_capability") return;
    const auto known = values.find(path);
    if (known == values.end() || known->second != figure.value) differs = path;
    if (known != values.end()) values.erase(known);
  });
  if (differs.empty() && !values.empty()) differs = values.begin()->first;
  return differs;
}

/// The nodes of a system, design by design: system.node becomes the first design.
Expected<void> read_parts(Reader& reader, const YamlValue& list, const NodeFiles& files,
                          System& system, Places& places) {
  if (list.kind != YamlValue::Kind::sequence || list.items.empty()) {
    reader.fail_at(list, "parts: expected a list of parts, {nodes: ..., node: ...} each");
    return {};
  }
  double nodes = 0;
  for (const YamlValue& item : list.items) {
    const std::string path = fmt::format("parts[{}]", system.parts.size());
    const Mapping part = reader.mapping(item, path, {"nodes", "node"});
    NodePart& into = system.parts.emplace_back();
    into.nodes = take(reader.figure(part, "nodes", Quantity::count));
    nodes += into.nodes.value;
    System design;
    Places design_places;
    if (auto read = read_design(reader, part, files, design, design_places); !read) return read;
    if (reader.error()) return {};
    into.name = design.node.name;
    if (system.parts.size() == 1) {
      system.node = design.node;
      places = design_places;
    } else if (const std::string differs = differing_figure(system, design); !differs.empty()) {
      reader.fail_at(item, fmt::format("{}.node: {} differs from {} in {}, expected designs that "
                                       "the network cannot tell apart",
                                       path, design.node.name, system.node.name, differs));
      return {};
    }
  }
  if (nodes != system.nodes.value)
    reader.fail_at(list, fmt::format("parts: the parts have {:g} nodes, expected the {:g} of the "
                                     "system",
                                     nodes, system.nodes.value));
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
  const Mapping root = reader.mapping(
      *tree, "", {"name", "description", "as_of", "nodes", "node", "parts", "fabric"});
  system.name = reader.text(root, "name");
  system.description = reader.text(root, "description");
  system.as_of = reader.text(root, "as_of");
  system.nodes = take(reader.figure(root, "nodes", Quantity::count));

  const NodeFiles files{path, directories};
  Places node_places;
  if (const YamlValue* parts = reader.find(root, "parts", false)) {
    if (const YamlValue* node = reader.find(root, "node", false))
      reader.fail_at(*node,
                     "node: found beside parts, which name the designs; expected one of both");
    if (auto read = read_parts(reader, *parts, files, system, node_places); !read)
      return tl::unexpected<Error>(read.error());
  } else if (auto read = read_design(reader, root, files, system, node_places); !read) {
    return tl::unexpected<Error>(read.error());
  }

  read_fabric(reader, root, system);
  if (reader.error()) return tl::unexpected<Error>(*reader.error());
  result.places = reader.places();
  result.places.insert(node_places.begin(), node_places.end());
  return result;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/topo.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/commands/topo_fabric.hpp"
#include "cli/figure_text.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "topology/node_links.hpp"
#include "topology/summary.hpp"
#include "topology/system.hpp"
#include "topology_io/export.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

std::string figures_table(const System& system, bool colour) {
  Table table(
      {{"figure", Align::left}, {"value"}, {"label", Align::left}, {"source", Align::left}});
  for_each_figure(system, [&table](std::string_view path, const Figure& figure) {
    table.add({std::string(path), quantity_text(quantity_of(path), figure.value),
               std::string(name(figure.label)), figure.source});
  });
  return table.text(colour);
}

/// What follows from the figures and does not stand above.
std::string derived_table(const System& system, bool colour) {
  Table table({{"derived", Align::left}, {"value"}});
  for (const DerivedQuantity& one : derived_quantities(system))
    if (one.quantity == Quantity::bandwidth || one.quantity == Quantity::time)
      table.add({one.name, quantity_text(one.quantity, one.value)});
  return table.text(colour);
}

/// "full-mesh 448 GB/s each way (7 links of 64 GB/s)".
std::string scale_up_text(const Node& node) {
  const ScaleUp& scale_up = node.scale_up;
  std::string text = fmt::format("{} {} each way", name(scale_up.kind),
                                 format_bandwidth(port_bandwidth_Bps(node)));
  if (scale_up.kind == ScaleUpKind::full_mesh || scale_up.kind == ScaleUpKind::links)
    text += fmt::format(" ({:g} links of {})", port_bandwidth_Bps(node) / scale_up.link_Bps.value,
                        format_bandwidth(scale_up.link_Bps.value));
  if (scale_up.kind == ScaleUpKind::pcie)
    text += fmt::format(", {} between switches of {} ranks",
                        format_bandwidth(scale_up.uplink_Bps.value),
                        std::llround(scale_up.switch_ranks.value));
  return text;
}

std::vector<std::string> node_texts(const System& system) {
  const Node& node = system.node;
  const std::string what =
      fmt::format("{} accelerators, {}; {} NICs of {}\n", std::llround(node.accelerators.value),
                  scale_up_text(node), std::llround(node.nics.per_node.value),
                  format_bandwidth(node.nics.bandwidth_Bps.value));
  if (system.parts.empty()) return {fmt::format("node    {}: {}", node.name, what)};
  std::vector<std::string> texts;
  for (const NodePart& part : system.parts)
    texts.push_back(fmt::format("nodes   {} of {}: {}",
                                format_count(std::llround(part.nodes.value)), part.name, what));
  return texts;
}

std::string show_text(const System& system, bool colour) {
  // A family is nothing without its parameters; a file goes by its name.
  const bool parametric = system.origin.starts_with(system.name + ":");
  std::string out = bold(parametric ? system.origin : system.name, colour);
  if (!system.as_of.empty()) out += fmt::format(", as of {}", system.as_of);
  out += "\n";
  if (!system.description.empty())
    for (const std::string& line : wrap(system.description, kPageWidth)) out += line + "\n";
  out += fmt::format("\nranks   {} on {} nodes of {}\n", format_count(max_ranks(system)),
                     format_count(std::llround(system.nodes.value)), ranks_per_node(system));
  for (const std::string& node_text : node_texts(system)) out += node_text;
  out += fabric_text(system, colour);
  out += "\n" + derived_table(system, colour) + "\n" + figures_table(system, colour);
  const LabelCounts counts = label_counts(system);
  out += fmt::format("\n{} figures: {}\n", counts.all(), label_words(counts));
  return out;
}

Json show_json(const System& system) {
  Json figures = Json::array();
  for_each_figure(system, [&figures](std::string_view path, const Figure& figure) {
    figures.push_back({{"figure", path},
                       {"value", figure.value},
                       {"unit", unit_name(quantity_of(path))},
                       {"label", name(figure.label)},
                       {"source", figure.source}});
  });
  Json json = {{"name", system.name},          {"description", system.description},
               {"as_of", system.as_of},        {"origin", system.origin},
               {"ranks", max_ranks(system)},   {"ranks_per_node", ranks_per_node(system)},
               {"fabric", fabric_kind(system)}};
  json.update(fabric_json(system));
  json["quantities"] = quantities_json(system);
  json["figures"] = figures;
  json["labels"] = labels_json(system);
  json["figures_assumed_or_recalled"] = unsourced_figures(system);
  return json;
}

}  // namespace

Expected<void> run(const TopoShowOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  const auto system = load_system(options.topology);
  if (!system) return tl::unexpected(system.error());
  for (const std::string& warning : system_warnings(*system))
    print_note(fmt::format("warning: {}", warning));
  if (!takes_stdout(options.json)) print_result(show_text(*system, terminal.colour_stdout));
  return write_text(options.json, show_json(*system).dump(2) + "\n");
}

Expected<void> run(const TopoExportOptions& options, const Terminal&) {
  if (auto writable = check_output("-o", options.output); !writable) return writable;
  const auto system = load_system(options.topology);
  if (!system) return tl::unexpected(system.error());
  const bool simgrid = options.format == ExportFormat::simgrid;
  ExportOptions asked{options.ranks, options.seed};
  if (simgrid && asked.ranks == 0) asked.ranks = max_ranks(*system);
  const auto text = simgrid ? simgrid_platform(*system, asked) : links_json(*system, asked);
  if (!text) return tl::unexpected(text.error());
  return write_text(options.output, *text);
}

}  // namespace collscale

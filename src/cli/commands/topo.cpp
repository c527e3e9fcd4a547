// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/topo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/commands/topo_fabric.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "topology/system.hpp"
#include "topology_io/export.hpp"
#include "topology_io/load.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

int figure_count(const System& system) {
  int count = 0;
  for_each_figure(system, [&count](std::string_view, const Figure&) { ++count; });
  return count;
}

/// What a figure counts, by the last part of its path.
Quantity quantity_of(std::string_view path) {
  const std::string_view field = path.substr(path.rfind('.') + 1);
  System system;
  for (const OptionalFigure& optional : optional_figures(system))
    if (optional.path == path) return optional.quantity;
  if (field == "bandwidth" || field == "link" || field == "local_link" || field == "global_link")
    return Quantity::bandwidth;
  if (field == "latency" || field == "hop_latency" || field == "global_latency")
    return Quantity::time;
  if (field == "efficiency") return Quantity::share;
  if (field == "oversubscription") return Quantity::ratio;
  return Quantity::count;
}

std::string_view unit_name(Quantity quantity) {
  switch (quantity) {
    case Quantity::bandwidth:
      return "B/s";
    case Quantity::time:
      return "s";
    case Quantity::size:
      return "B";
    case Quantity::share:
    case Quantity::ratio:
    case Quantity::count:
      break;
  }
  return "1";
}

std::string format_figure(std::string_view path, double value) {
  switch (quantity_of(path)) {
    case Quantity::bandwidth:
      return format_bandwidth(value);
    case Quantity::time:
      return format_time(value);
    case Quantity::size:
      return format_size(value);
    case Quantity::share:
      return fmt::format("{:.4g} %", 100 * value);
    case Quantity::ratio:
      return fmt::format("{:.4g}", value);
    case Quantity::count:
      break;
  }
  return format_count(std::llround(value));
}

std::string figures_table(const System& system, bool colour) {
  Table table(
      {{"figure", Align::left}, {"value"}, {"label", Align::left}, {"source", Align::left}});
  for_each_figure(system, [&table](std::string_view path, const Figure& figure) {
    table.add({std::string(path), format_figure(path, figure.value),
               std::string(name(figure.label)), figure.source});
  });
  return table.text(colour);
}

std::string show_text(const System& system, bool colour) {
  const Node& node = system.node;
  // A family is nothing without its parameters; a file goes by its name.
  const bool parametric = system.origin.starts_with(system.name + ":");
  std::string out = bold(parametric ? system.origin : system.name, colour);
  if (!system.as_of.empty()) out += fmt::format(", as of {}", system.as_of);
  out += "\n";
  if (!system.description.empty())
    for (const std::string& line : wrap(system.description, kPageWidth)) out += line + "\n";
  out += fmt::format("\nranks   {} on {} nodes of {}\n", format_count(max_ranks(system)),
                     format_count(std::llround(system.nodes.value)), ranks_per_node(system));
  out += fmt::format("node    {}: {} accelerators, {} {} each way; {} NICs of {}\n", node.name,
                     std::llround(node.accelerators.value), name(node.scale_up.kind),
                     format_bandwidth(node.scale_up.bandwidth_Bps.value),
                     std::llround(node.nics.per_node.value),
                     format_bandwidth(node.nics.bandwidth_Bps.value));
  out += fabric_text(system, colour);
  out += "\n" + figures_table(system, colour);
  out += fmt::format("\n{} of {} figures are assumed or recalled\n", unsourced_figures(system),
                     figure_count(system));
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
  json["figures"] = figures;
  json["figures_assumed_or_recalled"] = unsourced_figures(system);
  return json;
}

}  // namespace

Expected<void> run(const TopoListOptions& options, const Terminal& terminal) {
  if (auto writable = check_output("--json", options.json); !writable) return writable;
  Table table({{"name", Align::left},
               {"ranks"},
               {"nodes"},
               {"assumed", Align::right},
               {"description", Align::left}});
  Json systems = Json::array();
  for (const SystemEntry& entry : list_systems()) {
    const auto system = load_system(entry.path.empty() ? entry.name : entry.path.string());
    if (!system) {
      print_note(fmt::format("warning: {}", system.error().message));
      continue;
    }
    const bool family = entry.path.empty();
    table.add({entry.name, family ? "any" : format_count(max_ranks(*system)),
               family ? "any" : format_count(std::llround(system->nodes.value)),
               fmt::format("{} of {}", unsourced_figures(*system), figure_count(*system)),
               entry.description});
    systems.push_back({{"name", entry.name},
                       {"description", entry.description},
                       {"family", family},
                       {"file", family ? Json(nullptr) : Json(entry.path.string())},
                       {"ranks", max_ranks(*system)},
                       {"nodes", std::llround(system->nodes.value)},
                       {"figures", figure_count(*system)},
                       {"figures_assumed_or_recalled", unsourced_figures(*system)}});
  }
  if (!takes_stdout(options.json)) print_result(table.text(terminal.colour_stdout));
  return write_text(options.json, Json{{"systems", systems}}.dump(2) + "\n");
}

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

Expected<void> run(const TopoCheckOptions& options, const Terminal&) {
  std::string verdicts;
  std::vector<Error> errors;
  for (const std::string& file : options.files) {
    // A bare word here is a file, not the name of a system.
    const auto system = load_system(file.find('/') == std::string::npos ? "./" + file : file);
    if (!system) {
      verdicts += fmt::format("bad  {}\n", system.error().message);
      errors.push_back(system.error());
      continue;
    }
    verdicts += fmt::format("ok   {}: {}, {} ranks, {} of {} figures assumed or recalled\n", file,
                            system->name, format_count(max_ranks(*system)),
                            unsourced_figures(*system), figure_count(*system));
    for (const std::string& warning : system_warnings(*system))
      verdicts += fmt::format("     warning: {}\n", warning);
  }
  if (options.files.size() == 1 && !errors.empty()) return tl::unexpected(errors.front());
  print_result(verdicts);
  if (errors.empty()) return {};
  return fail(
      fmt::format("{} of {} topology files cannot be used", errors.size(), options.files.size()));
}

}  // namespace collscale

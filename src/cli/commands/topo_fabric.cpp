// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/topo_fabric.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <variant>
#include <vector>

#include "cli/table.hpp"
#include "topology/clos_shape.hpp"
#include "topology/dragonfly_routes.hpp"
#include "topology/fabric.hpp"
#include "topology/summary.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

std::string count(const Figure& figure) { return format_count(std::llround(figure.value)); }

std::string tiers_table(const System& system, const Clos& clos, bool colour) {
  Table table({{"tier", Align::left},
               {"groups"},
               {"nodes\nper group"},
               {"switches\nper group"},
               {"uplinks\nper switch"},
               {"switches\nin all"},
               {"link"},
               {"over-\nsubscription"}});
  const std::vector<TierShape> shapes = clos_shape(system);
  const std::vector<std::int64_t> hardware = hardware_switches(system);
  for (std::size_t t = 0; t < shapes.size(); ++t) {
    const Tier& tier = clos.tiers[t];
    const bool top = t + 1 == shapes.size();
    table.add({tier.name, format_count(shapes[t].groups), format_count(shapes[t].group_nodes),
               format_count(shapes[t].switches), top ? "" : format_count(shapes[t].uplinks),
               format_count(hardware[t]), top ? "" : format_bandwidth(tier.link_Bps.value),
               top ? "" : fmt::format("{:.4g}", tier.oversubscription.value)});
  }
  return table.text(colour);
}

std::string text_of(const System& system, const Clos& clos, bool colour) {
  return fmt::format("fabric  clos of {} tiers, {} rail{}, routing {}, between rails {}\n\n{}",
                     clos.tiers.size(), clos.rails, clos.rails == 1 ? "" : "s", name(clos.routing),
                     name(clos.cross_rail), tiers_table(system, clos, colour));
}

std::string text_of(const System& system, const Torus& torus, bool colour) {
  const Fabric fabric(system);
  Table table({{"dimension", Align::left}, {"nodes"}, {"ends", Align::left}, {"cables"}, {"link"}});
  for (std::size_t d = 0; d < torus.dimensions.size(); ++d) {
    const Dimension& dimension = torus.dimensions[d];
    const LinkClass& links = *fabric.find_class(LinkClass::Kind::plus, static_cast<int>(d));
    table.add({fabric.tier_name(links), count(dimension.size),
               dimension.wrap == Wrap::ring ? "joined" : "open", format_count(links.count),
               format_bandwidth(dimension.link_Bps.value)});
  }
  return fmt::format(
      "fabric  torus of {} dimension{}, dimension-order routing, longest way {} hops\n\n{}",
      torus.dimensions.size(), torus.dimensions.size() == 1 ? "" : "s", fabric.diameter(),
      table.text(colour));
}

std::string text_of(const System&, const Dragonfly& dragonfly, bool colour) {
  const DragonflyRoutes routes(dragonfly);
  const bool plus = dragonfly.spines.has_value();
  Table table({{"links", Align::left}, {"number,\none way"}, {"between", Align::left}, {"link"}});
  table.add({"local", format_count(routes.local_links()),
             fmt::format("{} for each {}", count(dragonfly.local_links),
                         plus ? "leaf and spine of a group" : "two routers of a group"),
             format_bandwidth(dragonfly.local_link_Bps.value)});
  table.add({"global", format_count(routes.global_links()),
             fmt::format("{} for each two groups", format_count(routes.links_between_groups())),
             format_bandwidth(dragonfly.global_link_Bps.value)});
  return fmt::format("fabric  dragonfly{} of {} groups of {} {}{}, routing {}\n\n{}",
                     plus ? "+" : "", count(dragonfly.groups), count(dragonfly.routers),
                     plus ? "leaves and " : "routers",
                     plus ? count(*dragonfly.spines) + " spines" : "", name(dragonfly.routing),
                     table.text(colour));
}

Json json_of(const System& system, const Clos& clos) {
  Json tiers = Json::array();
  const std::vector<TierShape> shapes = clos_shape(system);
  const std::vector<std::int64_t> hardware = hardware_switches(system);
  for (std::size_t t = 0; t < shapes.size(); ++t) {
    tiers.push_back({{"tier", clos.tiers[t].name},
                     {"groups", shapes[t].groups},
                     {"nodes_per_group", shapes[t].group_nodes},
                     {"switches_per_group", shapes[t].switches},
                     {"uplinks_per_switch", shapes[t].uplinks},
                     {"hardware_switches", hardware[t]}});
  }
  return {{"rails", clos.rails},
          {"routing", name(clos.routing)},
          {"cross_rail", name(clos.cross_rail)},
          {"tiers", tiers}};
}

Json json_of(const System& system, const Torus& torus) {
  const Fabric fabric(system);
  Json dimensions = Json::array();
  for (std::size_t d = 0; d < torus.dimensions.size(); ++d) {
    const LinkClass& links = *fabric.find_class(LinkClass::Kind::plus, static_cast<int>(d));
    dimensions.push_back({{"dimension", fabric.tier_name(links)},
                          {"nodes", std::llround(torus.dimensions[d].size.value)},
                          {"wrap", name(torus.dimensions[d].wrap)},
                          {"cables", links.count}});
  }
  return {{"diameter", fabric.diameter()}, {"dimensions", dimensions}};
}

Json json_of(const System&, const Dragonfly& dragonfly) {
  const DragonflyRoutes routes(dragonfly);
  return {{"routing", name(dragonfly.routing)},
          {"groups", routes.groups()},
          {"routers_per_group", routes.routers()},
          {"spines_per_group", routes.spines()},
          {"local_links", routes.local_links()},
          {"global_links", routes.global_links()},
          {"links_between_groups", routes.links_between_groups()}};
}

}  // namespace

std::string fabric_text(const System& system, bool colour) {
  return std::visit([&](const auto& fabric) { return text_of(system, fabric, colour); },
                    system.fabric);
}

std::string tiers_words(const System& system) {
  if (const auto* clos = std::get_if<Clos>(&system.fabric)) {
    std::string words =
        fmt::format("{} tier{}", clos->tiers.size(), clos->tiers.size() == 1 ? "" : "s");
    if (clos->rails > 1) words += fmt::format(", {} rails", clos->rails);
    if (clos->planes > 1) words += fmt::format(", {} planes", clos->planes);
    return words;
  }
  std::string words = fabric_words(system);
  if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric))
    return words + (dragonfly->groups.value == 1
                        ? fmt::format(", {:g} routers", dragonfly->routers.value)
                        : fmt::format(", {:g} groups", dragonfly->groups.value));
  std::string_view between = " ";
  for (const Dimension& dimension : std::get<Torus>(system.fabric).dimensions) {
    words += fmt::format("{}{:g}", between, dimension.size.value);
    between = "×";
  }
  return words;
}

Json fabric_json(const System& system) {
  return std::visit([&](const auto& fabric) { return json_of(system, fabric); }, system.fabric);
}

}  // namespace collscale

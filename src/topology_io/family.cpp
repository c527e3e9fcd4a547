// SPDX-License-Identifier: Apache-2.0
#include "topology_io/family.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "units/suggest.hpp"

namespace collscale {

namespace {

/// Of a family that needs no file.
template <Expected<System> (*make)(const Parameters&)>
Expected<System> from_parameters(const Parameters& parameters, const Directories& /*unused*/) {
  return make(parameters);
}

/// ", a parameter of torus", where one family has a parameter of that name, else "": for a name
/// that is not like any of the family in question.
std::string owner(std::string_view parameter) {
  std::string found;
  for (const Family& family : families()) {
    for (const Parameters::Spec& spec : family.parameters()) {
      if (spec.name != parameter) continue;
      if (!found.empty()) return "";
      found = fmt::format(", a parameter of {}", family.name);
    }
  }
  return found;
}

}  // namespace

Expected<Parameters> Parameters::parse(std::string_view family, std::string_view text,
                                       const std::vector<Spec>& specs) {
  Parameters parameters;
  parameters.family_ = family;
  std::vector<std::string> names;
  for (const Spec& spec : specs) names.emplace_back(spec.name);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == item.size()) {
      return fail(fmt::format("{}: found \"{}\", expected parameter=value", family, item));
    }
    const std::string_view name = item.substr(0, equals);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const bool misspelt = !nearest_name(name, names).empty();
      return fail(fmt::format("{}: unknown parameter \"{}\"{}{}", family, name,
                              misspelt ? "" : owner(name), suggestion(name, names)));
    }
    if (parameters.has(name)) {
      return fail(fmt::format("{}: found the parameter \"{}\" a second time", family, name));
    }
    parameters.values_.push_back({std::string(name), std::string(item.substr(equals + 1))});
  }
  return parameters;
}

bool Parameters::has(std::string_view name) const { return !text(name).empty(); }

std::string_view Parameters::text(std::string_view name) const {
  for (const Value& value : values_) {
    if (value.name == name) return value.text;
  }
  return {};
}

Expected<Figure> Parameters::figure(std::string_view name, Quantity quantity,
                                    std::string_view fallback) const {
  const bool given = has(name);
  const Expected<double> value = parse_figure_value(quantity, given ? text(name) : fallback);
  if (!value) return fail_at(name, value.error().message);
  return Figure{*value, Label::assumed,
                given ? fmt::format("parameter {} of {}", name, family_)
                      : fmt::format("default of the family {}", family_)};
}

tl::unexpected<Error> Parameters::fail_at(std::string_view name, std::string_view message) const {
  return fail(fmt::format("{}: {}: {}", family_, name, message));
}

const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {"fat-tree", "clos of any size from a few parameters; all its figures are assumed",
       fat_tree_parameters, from_parameters<make_fat_tree>},
      {"multi-plane", "clos of two or three tiers, several planes side by side",
       multi_plane_parameters, from_parameters<make_multi_plane>},
      {"rail-only", "rails that no switch joins; between them a node forwards",
       rail_only_parameters, from_parameters<make_rail_only>},
      {"dgx-superpod", "NVIDIA DGX SuperPOD of 1 to 64 scalable units", superpod_parameters,
       make_superpod},
      {"full-mesh", "every router joined to every other", full_mesh_parameters,
       from_parameters<make_full_mesh>},
      {"torus", "torus or mesh of up to six dimensions from a few parameters", torus_parameters,
       from_parameters<make_torus>},
      {"dragonfly", "dragonfly from a few parameters", dragonfly_parameters,
       from_parameters<make_dragonfly>},
      {"dragonfly+", "dragonfly whose groups are leaves and spines", dragonfly_plus_parameters,
       from_parameters<make_dragonfly_plus>},
  };
  return all;
}

}  // namespace collscale

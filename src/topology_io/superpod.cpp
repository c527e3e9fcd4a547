// SPDX-License-Identifier: Apache-2.0
// NVIDIA's DGX SuperPOD in all its sizes: the files dgx-h100-superpod and dgx-b200-superpod with
// another number of scalable units (SU). Up to 8 SU their leaves fill the 64 ports of a spine;
// above, 4 SU share a group of spines and all meet in the core, as in the switch counts of NVIDIA's
// reference architecture.
#include <fmt/format.h>

#include <cmath>

#include "topology_io/family_node.hpp"
#include "topology_io/load.hpp"

namespace collscale {

namespace {
constexpr std::string_view kArchitecture =
    "NVIDIA DGX SuperPOD reference architecture (docs.nvidia.com/dgx-superpod)";
constexpr double kMostUnits = 64;           // of the reference architecture
constexpr double kMostUnitsOfTwoTiers = 8;  // 64 leaves
constexpr double kUnitsOfASpineGroup = 4;   // 32 leaves, half of a spine's ports
}  // namespace

const std::vector<Parameters::Spec>& superpod_parameters() {
  static const std::vector<Parameters::Spec> specs = {
      {"su", "scalable units of 32 nodes, 1 to 64, default 4"},
      {"node", "h100 or b200, default h100"},
  };
  return specs;
}

Expected<System> make_superpod(const Parameters& parameters, const Directories& directories) {
  Take take{parameters};
  const Figure units = take("su", Quantity::count, "4");
  if (take.error) return tl::unexpected<Error>(*take.error);
  if (units.value > kMostUnits)
    return parameters.fail_at(
        "su", fmt::format("found {:g}, expected at most the {:g} scalable units of the design",
                          units.value, kMostUnits));
  const std::vector<std::string> nodes = {"h100", "b200"};
  const Expected<std::size_t> node = parameter_choice(parameters, "node", nodes);
  if (!node) return tl::unexpected<Error>(node.error());
  Expected<System> system = load_system(fmt::format("dgx-{}-superpod", nodes[*node]), directories);
  if (!system) return system;

  auto* clos = std::get_if<Clos>(&system->fabric);
  if (clos == nullptr || clos->tiers.size() != 2)
    return fail(fmt::format("{}: expected a clos of two tiers", system->origin));
  const double unit_nodes = clos->tiers[0].children.value;
  system->name = "dgx-superpod";
  system->description =
      fmt::format("NVIDIA DGX SuperPOD of {}, {:g} scalable units", nodes[*node], units.value);
  system->nodes = {units.value * unit_nodes, Label::derived,
                   fmt::format("{:g} scalable units × {:g} nodes", units.value, unit_nodes)};
  const std::string source = fmt::format(
      "8 leaves a unit of up to 64 that a spine's ports reach, 32 with links up as well: counts of "
      "the {}",
      kArchitecture);
  if (units.value <= kMostUnitsOfTwoTiers) {
    clos->tiers[1].children = {units.value, Label::derived, source};
    return system;
  }
  Tier core = clos->tiers[1];
  core.name = "core";
  core.children = {std::ceil(units.value / kUnitsOfASpineGroup), Label::derived, source};
  Tier& spine = clos->tiers[1];
  spine.children = {kUnitsOfASpineGroup, Label::derived, source};
  spine.link_Bps = clos->tiers[0].link_Bps;
  spine.oversubscription = clos->tiers[0].oversubscription;
  clos->tiers.push_back(std::move(core));
  return system;
}

}  // namespace collscale

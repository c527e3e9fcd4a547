// SPDX-License-Identifier: Apache-2.0
// A dragonfly whose groups are leaves and spines (Shpiner et al., Dragonfly+: Low Cost Topology for
// Scaling Datacenters, HiPINEB 2017): "dragonfly+:groups=9,routers=8,spines=8".
#include <algorithm>
#include <variant>

#include "topology_io/family.hpp"

namespace collscale {

const std::vector<Parameters::Spec>& dragonfly_plus_parameters() {
  static const std::vector<Parameters::Spec> specs = [] {
    std::vector<Parameters::Spec> changed = dragonfly_parameters();
    for (Parameters::Spec& spec : changed) {
      if (spec.name == "routers")
        spec.meaning = "leaves of a group, which nodes are attached to, default 8";
      if (spec.name == "local")
        spec.meaning = "links between a leaf and a spine of a group, default 1";
      if (spec.name == "global") spec.meaning = "links of a spine to other groups, default 4";
    }
    const auto routers = std::find_if(changed.begin(), changed.end(),
                                      [](const auto& spec) { return spec.name == "routers"; });
    changed.insert(routers + 1, {"spines", "spines of a group, default 8"});
    return changed;
  }();
  return specs;
}

Expected<System> make_dragonfly_plus(const Parameters& parameters) {
  Expected<System> system = make_dragonfly(parameters);
  if (!system) return system;
  system->name = "dragonfly+";
  system->description = "dragonfly+ computed from parameters";
  const Expected<Figure> spines = parameters.figure("spines", Quantity::count, "8");
  if (!spines) return tl::unexpected<Error>(spines.error());
  std::get<Dragonfly>(system->fabric).spines = *spines;
  return system;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "model/direct_loads.hpp"

#include "model/dragonfly_loads.hpp"
#include "model/torus_loads.hpp"

namespace collscale {

std::unique_ptr<DirectLoads> make_direct_loads(const System& system, const Fabric& fabric,
                                               std::int64_t ranks) {
  if (const auto* torus = std::get_if<Torus>(&system.fabric))
    return std::make_unique<TorusLoads>(system, *torus, ranks);
  if (const auto* dragonfly = std::get_if<Dragonfly>(&system.fabric))
    return std::make_unique<DragonflyLoads>(system, *dragonfly, fabric, ranks);
  return nullptr;
}

void drop_unlikely(LevelCounts& counts) {
  constexpr double kLikely = 0.5;
  double farther = 0;
  for (std::size_t level = counts.size(); level-- > 0;) {
    farther += counts[level];
    if (farther <= 0) continue;
    counts[level] = farther >= kLikely || level == 0 ? farther : 0;
    if (farther >= kLikely) return;
  }
}

}  // namespace collscale

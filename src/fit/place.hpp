// SPDX-License-Identifier: Apache-2.0
// Where a point of a series lies, and the coordinate along which its latency grows.
#pragma once

#include <cmath>

namespace collscale {

/// A place to predict. `units` is the growth coordinate g: nodes, or ranks inside one.
struct Place {
  double ranks = 0;
  double units = 0;
};

/// What is known of the inside of a node.
enum class Inside {
  unknown,
  even,    ///< a switch: any of its accelerators have the same
  uneven,  ///< links of their own, or a host that they share
};

/// Levels of a tree over `units`: log2 g. On a torus of D long dimensions (0: no torus) a message
/// passes D/4 g^(1/D) links on average, so log2 g + D (g^(1/D) - 1).
inline double tree_levels(double units, double torus_dimensions) {
  if (torus_dimensions == 0) return std::log2(units);
  return std::log2(units) + torus_dimensions * (std::pow(units, 1.0 / torus_dimensions) - 1.0);
}

}  // namespace collscale

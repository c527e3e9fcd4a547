// SPDX-License-Identifier: Apache-2.0
// The part of check_system that looks at how the ranks of a node reach each other.
#pragma once

#include <vector>

#include "topology/check.hpp"
#include "topology/system.hpp"

namespace collscale {

/// The figures that the kind has: whether each is in its range. Only of a node whose figures are.
std::vector<Problem> check_scale_up_ranges(const ScaleUp& scale_up);
/// Whether they fit: pairs of ranks that exist, a way between every two, switches that share the
/// ranks out.
std::vector<Problem> check_scale_up(const Node& node);

}  // namespace collscale

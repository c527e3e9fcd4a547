// SPDX-License-Identifier: Apache-2.0
// How rough the growth from one scale to the next is over the sizes.
#pragma once

#include <map>

namespace collscale {

/// Of times in seconds at two scales, by size in bytes: the mean distance of ln of their ratio from
/// the straight line between its neighbouring sizes (uncertainty.hpp). kTypicalRoughness where they
/// share fewer than three sizes.
double roughness_of(const std::map<double, double>& below, const std::map<double, double>& above);

}  // namespace collscale

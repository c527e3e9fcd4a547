// SPDX-License-Identifier: Apache-2.0
// What the laws count at a place: steps of a ring, bytes that cross a link, and the terms of the
// law "library".
#pragma once

#include <array>

#include "collective/collective.hpp"
#include "fit/place.hpp"

namespace collscale {

/// What a series along a ray S/n = const takes in turn: the steps of the ring algorithm, 2(n-1) for
/// all_reduce, n-1 for the others; of all_to_all the peers on other nodes (inside a node: the
/// others).
double ring_steps(Collective collective, Place place);
/// bus_bandwidth_factor for a rank count that need not be whole.
double bus_factor(Collective collective, double ranks);

/// The terms of the law "library" at a place: 1, log2 g, g-1, S f(n), S, S log2 g, sqrt S.
using LibraryFeatures = std::array<double, 7>;
LibraryFeatures library_features(Collective collective, double size_bytes, Place place);

}  // namespace collscale

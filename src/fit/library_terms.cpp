// SPDX-License-Identifier: Apache-2.0
#include "fit/library_terms.hpp"

#include <cmath>

namespace collscale {

double ring_steps(Collective collective, Place place) {
  switch (collective) {
    case Collective::all_reduce:
      return 2.0 * (place.ranks - 1.0);
    case Collective::all_to_all:
      return place.ranks - place.ranks / place.units;
    default:
      return place.ranks - 1.0;
  }
}

double bus_factor(Collective collective, double ranks) {
  switch (collective) {
    case Collective::all_reduce:
      return 2.0 * (ranks - 1.0) / ranks;
    case Collective::all_gather:
    case Collective::reduce_scatter:
    case Collective::all_to_all:
    case Collective::gather:
    case Collective::scatter:
      return (ranks - 1.0) / ranks;
    default:
      return 1.0;
  }
}

LibraryFeatures library_features(Collective collective, double size_bytes, Place place) {
  const double level = std::log2(place.units);
  return {1.0,
          level,
          place.units - 1.0,
          size_bytes * bus_factor(collective, place.ranks),
          size_bytes,
          size_bytes * level,
          std::sqrt(size_bytes)};
}

}  // namespace collscale

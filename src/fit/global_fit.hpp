// SPDX-License-Identifier: Apache-2.0
// One fit of the terms of the law "library" to all points of a tier; only growth is taken from it.
#pragma once

#include <span>

#include "collective/collective.hpp"
#include "fit/library_terms.hpp"
#include "fit/local_fit.hpp"
#include "fit/place.hpp"

namespace collscale {

class GlobalFit {
 public:
  GlobalFit() = default;
  GlobalFit(Collective collective, std::span<const LocalFit::Point> points);

  /// ln of the time at `to` over that at `from`; 0 where nothing was fitted.
  [[nodiscard]] double log_growth(double log_size, Place from, Place to) const;

 private:
  [[nodiscard]] double time_s(double log_size, Place place) const;

  Collective collective_ = Collective::all_reduce;
  LibraryFeatures coefficients_{};
};

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// What MPI's own choice of algorithm costs, by the terms that the published cost models of its
// algorithms have (Thakur, Rabenseifner, Gropp 2005): rounds, bytes, and sqrt(bytes) where the two
// overlap. Which of its algorithms ran, nobody says, so the coefficients are fitted near a size,
// as locally weighted regression does (Cleveland, JASA 74, 1979), and what such a fit leaves over
// is carried along: its mean over the points nearby, of which the largest scales weigh the most.
// A jump from one algorithm to another at a single scale then counts as one point of several,
// where a law that starts at the largest scale begins with it.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "collective/collective.hpp"
#include "fit/octaves.hpp"
#include "fit/place.hpp"

namespace collscale {

class LocalFit {
 public:
  struct Point {
    Place place;
    double log_size = 0;  ///< ln of bytes as nccl-tests count them
    double log_time = 0;  ///< ln of seconds
  };

  /// all_reduce, all_gather, reduce_scatter, all_to_all.
  static bool serves(Collective collective);

  LocalFit() = default;
  /// From points of two scales or more. `ends`: what the ends of a message take, in latencies of a
  /// level (priors.hpp); a fit is drawn a little to that share of what does not grow.
  LocalFit(Collective collective, double torus_dimensions, double ends,
           std::span<const Point> points);

  [[nodiscard]] bool empty() const { return !fitted_; }
  /// ln of seconds.
  [[nodiscard]] double log_time(double log_size, Place target) const;

 private:
  static constexpr std::size_t kTerms = 7;
  using Terms = std::array<double, kTerms>;
  /// Around one octave of abscissae.
  struct Law {
    Terms coefficients{};
    double left_over = 0;  ///< ln of measured over fitted, mean over what is near
  };
  [[nodiscard]] Terms terms(double log_size, Place place) const;
  /// Where points of different scales meet: the size of all_reduce, the bytes per rank of others.
  [[nodiscard]] double abscissa(double log_size, Place place) const;
  [[nodiscard]] double fitted(const Law& law, double log_size, Place place) const;
  [[nodiscard]] Law law_around(double center, std::span<const Point> points, double largest_units,
                               double ends) const;

  Collective collective_ = Collective::all_reduce;
  std::array<Law, kOctaves> laws_{};
  double torus_dimensions_ = 0;
  bool fitted_ = false;
};

}  // namespace collscale

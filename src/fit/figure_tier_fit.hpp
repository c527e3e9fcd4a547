// SPDX-License-Identifier: Apache-2.0
// The fit of one tier's figures: which there are, and the search over them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "fit/figure_fit.hpp"
#include "fit/figure_price.hpp"
#include "fit/figure_search.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/system.hpp"

namespace collscale {

class FigureTierFit {
 public:
  /// `launches`: a collective begins with a kernel.
  FigureTierFit(const System& system, const LatencyFactors& factors, bool network, bool launches);

  /// The shifts, in ln of each figure. Shares of a bandwidth by large messages alone: what the
  /// middle is short of would be mistaken for bandwidth. Then times by all, and both once more.
  [[nodiscard]] std::vector<double> fit(std::span<const MeasuredPoint> points) const;

  /// Without shifts: with the topology's own figures.
  [[nodiscard]] std::vector<double> log_times(std::span<const MeasuredPoint> points,
                                              std::span<const double> shifts,
                                              Question question) const;

  /// Those that the data tell apart from the prior's width, with intervals; `untold` gets the
  /// paths of the others.
  [[nodiscard]] std::vector<FittedFigure> figures(std::span<const MeasuredPoint> points,
                                                  std::span<const double> shifts,
                                                  const FigureFitOptions& options,
                                                  std::vector<std::string>& untold) const;

 private:
  [[nodiscard]] ResidualFunction residuals_on(std::span<const MeasuredPoint> points) const;
  /// Puts the shifts into a system and its factors.
  void put(std::span<const double> shifts, System& system, LatencyFactors& factors) const;
  /// Those of the other kind held where they are.
  [[nodiscard]] std::vector<SearchParameter> held(bool share, std::span<const double> shifts) const;

  System system_;
  LatencyFactors factors_;
  std::vector<FittedFigure> parameters_;
  std::vector<SearchParameter> search_;
  std::vector<bool> is_share_;
};

}  // namespace collscale

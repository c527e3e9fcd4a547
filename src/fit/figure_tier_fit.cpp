// SPDX-License-Identifier: Apache-2.0
#include "fit/figure_tier_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "fit/figures.hpp"

namespace collscale {
namespace {

/// What may be fitted: bounds and the width of the prior in ln of the figure.
struct Fittable {
  const char* path;
  bool network;
  double spread;  ///< standard deviation of the prior
  double most;    ///< at most that; 0: no limit
};
constexpr std::array kFittable = {
    Fittable{"node.scale_up.latency", false, 0.7, 0},
    Fittable{"node.scale_up.efficiency", false, 0.3, 1},
    Fittable{"node.compute.launch", false, 0.5, 0},
    Fittable{"node.scale_up.in_network.efficiency", false, 0.3, 1},
    Fittable{"node.scale_up.in_network.latency", false, 0.5, 0},
    Fittable{"node.nics.latency", true, 1.0, 0},
    Fittable{"node.nics.overhead", true, 0.7, 0},
    Fittable{"fabric.efficiency", true, 0.4, 1},
    Fittable{"fabric.in_network.efficiency", true, 0.4, 1},
    Fittable{"fabric.in_network.latency", true, 0.7, 0},
};

/// Each regime weighs the same, whatever the number of its points; all together as much as
/// kPointsOfRegime independent points a regime at most, since errors of one model go together.
std::vector<double> weights_of(std::span<const MeasuredPoint> points, bool only_large) {
  constexpr double kPointsOfRegime = 20;
  std::array<double, kRegimes> count{};
  for (const MeasuredPoint& point : points)
    ++count[static_cast<std::size_t>(regime_of(point.size_bytes))];
  std::vector<double> weights;
  for (const MeasuredPoint& point : points) {
    const Regime regime = regime_of(point.size_bytes);
    const double here = count[static_cast<std::size_t>(regime)];
    const bool counts = !only_large || regime == Regime::bandwidth;
    weights.push_back(counts ? std::min(here, kPointsOfRegime) / here : 0);
  }
  return weights;
}

}  // namespace

FigureTierFit::FigureTierFit(const System& system, const LatencyFactors& factors, bool network,
                             bool launches)
    : system_(system), factors_(factors) {
  for (const Fittable& one : kFittable) {
    if (one.network != network) continue;
    if (!launches && std::string_view(one.path) == "node.compute.launch") continue;
    System copy = system;
    const Figure* const figure = fittable_figure(copy, one.path);
    if (figure == nullptr || figure->value <= 0) continue;
    parameters_.push_back({one.path, figure->value, figure->value, 0, 0});
    SearchParameter parameter;
    parameter.spread = one.spread;
    constexpr double kFarthest = 4;  // a factor 55 either way
    parameter.low = -kFarthest;
    parameter.high = one.most > 0 ? std::max(0.0, std::log(one.most / figure->value)) : kFarthest;
    search_.push_back(parameter);
    is_share_.push_back(one.most > 0);
  }
}

std::vector<double> FigureTierFit::log_times(std::span<const MeasuredPoint> points,
                                             std::span<const double> shifts,
                                             Question question) const {
  System system = system_;
  LatencyFactors factors = factors_;
  put(shifts, system, factors);
  return collscale::log_times(points, system, factors, question);
}

void FigureTierFit::put(std::span<const double> shifts, System& system,
                        LatencyFactors& factors) const {
  for (std::size_t p = 0; p < shifts.size(); ++p) {
    FittedFigure figure = parameters_[p];
    figure.value = figure.prior * std::exp(shifts[p]);
    set_figure(system, factors, figure, {});
  }
}

ResidualFunction FigureTierFit::residuals_on(std::span<const MeasuredPoint> points) const {
  return [this, points,
          pricer = std::make_shared<PointPricer>(points)](std::span<const double> shifts) {
    System system = system_;
    LatencyFactors factors = factors_;
    put(shifts, system, factors);
    std::vector<double> residuals = pricer->log_times(system, factors, Question::chosen);
    for (std::size_t i = 0; i < residuals.size(); ++i)
      residuals[i] = points[i].log_time - residuals[i];
    return residuals;
  };
}

std::vector<double> FigureTierFit::fit(std::span<const MeasuredPoint> points) const {
  std::vector<double> shifts(search_.size(), 0.0);
  for (const bool share : {true, false, true, false})
    shifts = search(residuals_on(points), weights_of(points, share), held(share, shifts), shifts);
  return shifts;
}

std::vector<FittedFigure> FigureTierFit::figures(std::span<const MeasuredPoint> points,
                                                 std::span<const double> shifts,
                                                 const FigureFitOptions& options,
                                                 std::vector<std::string>& untold) const {
  std::vector<int> blocks;
  for (const MeasuredPoint& point : points) blocks.push_back(point.block);
  const auto intervals_of = [&](bool share) {
    return bootstrap_shifts(residuals_on(points), weights_of(points, share), blocks,
                            held(share, shifts), shifts, options.replicates, options.seed);
  };
  const std::array by_kind = {intervals_of(false), intervals_of(true)};
  std::vector<FittedFigure> told;
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    constexpr double kTold = 0.9;  // of the prior's width at most is left open
    const SearchInterval& interval = by_kind[is_share_[p] ? 1 : 0][p];
    if (interval.open > kTold * search_[p].spread) {
      untold.push_back(parameters_[p].path);
      continue;
    }
    FittedFigure figure = parameters_[p];
    figure.value = figure.prior * std::exp(shifts[p]);
    figure.low = figure.prior * std::exp(std::min(interval.low, shifts[p]));
    figure.high = figure.prior * std::exp(std::max(interval.high, shifts[p]));
    told.push_back(std::move(figure));
  }
  return told;
}

std::vector<SearchParameter> FigureTierFit::held(bool share, std::span<const double> shifts) const {
  std::vector<SearchParameter> some = search_;
  for (std::size_t p = 0; p < some.size(); ++p)
    if (is_share_[p] != share) some[p].low = some[p].high = shifts[p];
  return some;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "fit/figure_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "fit/figure_search.hpp"
#include "fit/figures.hpp"
#include "model/analytic.hpp"
#include "model/selected.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

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
    Fittable{"fabric.efficiency", true, 0.4, 1},
    Fittable{"fabric.in_network.efficiency", true, 0.4, 1},
    Fittable{"fabric.in_network.latency", true, 0.7, 0},
};

/// A measured point with what ran there.
struct MeasuredPoint {
  Collective collective = Collective::all_reduce;
  std::int64_t ranks = 0;
  double units = 0;  ///< nodes, or ranks inside one
  double size_bytes = 0;
  double log_time = 0;
  std::optional<Selection> selection;
  int block = 0;  ///< what the bootstrap draws: a collective at a scale
};

/// chosen: what ran, with the library's constants. fastest: our fastest algorithm, with the
/// system's figures. figures: what ran where nothing but the system's figures prices it, else the
/// fastest: a library's constants tell nothing about the figures that they stand for.
enum class Mode { chosen, fastest, figures };

/// ln of the predicted times; points that cannot be priced are left out by `keep` beforehand.
class Pricer {
 public:
  explicit Pricer(const std::vector<MeasuredPoint>& points) : points_(points) {}

  /// In the order of the points; NaN where one cannot be priced.
  [[nodiscard]] std::vector<double> log_times(const System& system, const LatencyFactors& factors,
                                              Mode mode) const {
    PriceOptions options;
    options.protocol_factors = factors;
    std::vector<double> logs(points_.size(), std::nan(""));
    for (std::size_t begin = 0; begin < points_.size();) {
      std::size_t end = begin;
      while (end < points_.size() && points_[end].collective == points_[begin].collective &&
             points_[end].ranks == points_[begin].ranks)
        ++end;
      price_group(system, options, mode, begin, end, logs);
      begin = end;
    }
    return logs;
  }

 private:
  static bool is_known(const MeasuredPoint& point, Mode mode) {
    if (!point.selection || mode == Mode::fastest) return false;
    return mode == Mode::chosen || point.selection->figures == ProtocolFigures{};
  }
  struct Plain {  // priced without a library
    std::vector<double> sizes{};
    std::vector<std::size_t> points{};
  };
  void price_group(const System& system, const PriceOptions& options, Mode mode, std::size_t begin,
                   std::size_t end, std::vector<double>& logs) const {
    const MeasuredPoint& first = points_[begin];
    SelectedCosts costs(system, first.collective, first.ranks, options);
    std::map<std::string, Plain> plain;  // by algorithm
    for (std::size_t i = begin; i < end; ++i) {
      const bool known = is_known(points_[i], mode);
      if (!known || points_[i].selection->library_algorithm.empty()) {
        Plain& one = plain[known ? points_[i].selection->algorithm : "auto"];
        one.sizes.push_back(points_[i].size_bytes);
        one.points.push_back(i);
        continue;
      }
      const auto one = costs.predict(*points_[i].selection, points_[i].size_bytes);
      if (one && one->time_s > 0) logs[i] = std::log(one->time_s);
    }
    for (const auto& [algorithm, asked] : plain) {
      const auto found =
          predict_analytic(system, first.collective, algorithm, first.ranks, asked.sizes, options);
      for (std::size_t i = 0; found && i < asked.points.size(); ++i)
        if ((*found)[i].time_s > 0) logs[asked.points[i]] = std::log((*found)[i].time_s);
    }
  }

  const std::vector<MeasuredPoint>& points_;
};

Expected<std::optional<Selection>> as_named(const Series& series) {
  if (series.algorithm == "auto") return std::optional<Selection>{};
  Selection selection;
  selection.algorithm = series.algorithm;
  selection.protocol = series.protocol;
  return std::optional<Selection>{selection};
}

/// Points of one tier by (collective, ranks, size); those with several algorithms one after
/// another.
std::vector<MeasuredPoint> points_of(std::span<const Series> all, const System& system,
                                     bool network, const FigureFitOptions& options) {
  std::vector<MeasuredPoint> points;
  std::map<std::pair<int, std::int64_t>, int> blocks;
  for (const Series& series : all) {
    const std::vector<double> medians = cell_medians(series);
    for (std::size_t i = 0; i < series.cells.size(); ++i) {
      const Cell& cell = series.cells[i];
      if ((cell.nodes > 1) != network || cell.ranks > max_ranks(system)) continue;
      auto selection =
          options.choose ? options.choose(series, cell.ranks, cell.size_bytes) : as_named(series);
      if (!selection) continue;
      MeasuredPoint point;
      point.collective = series.collective;
      point.ranks = cell.ranks;
      point.units = static_cast<double>(network ? cell.nodes : cell.ranks);
      point.size_bytes = cell.size_bytes;
      point.log_time = std::log(medians[i]);
      point.selection = *std::move(selection);
      const std::pair key(static_cast<int>(series.collective), cell.ranks);
      point.block = blocks.emplace(key, static_cast<int>(blocks.size())).first->second;
      points.push_back(std::move(point));
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const MeasuredPoint& a, const MeasuredPoint& b) {
                     return std::tuple(a.collective, a.ranks, a.size_bytes) <
                            std::tuple(b.collective, b.ranks, b.size_bytes);
                   });
  return points;
}

/// Each regime weighs the same, whatever the number of its points; all together as much as
/// kPointsOfRegime independent points a regime at most, since errors of one model go together.
std::vector<double> weights_of(const std::vector<MeasuredPoint>& points, bool only_large) {
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

std::vector<double> errors_of(const std::vector<MeasuredPoint>& points,
                              std::span<const double> logs) {
  std::vector<double> errors;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (!std::isnan(logs[i])) errors.push_back(std::fabs(points[i].log_time - logs[i]));
  return errors;
}

double median_error(const std::vector<MeasuredPoint>& points, std::span<const double> logs) {
  const std::vector<double> errors = errors_of(points, logs);
  return errors.empty() ? 0 : std::expm1(median(errors));
}

std::array<FigureErrors, kRegimes> by_regime(const std::vector<MeasuredPoint>& points,
                                             std::span<const double> logs) {
  std::array<FigureErrors, kRegimes> all;
  for (std::size_t r = 0; r < kRegimes; ++r) {
    std::vector<double> signed_errors;
    std::vector<double> errors;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (regime_of(points[i].size_bytes) != static_cast<Regime>(r) || std::isnan(logs[i]))
        continue;
      signed_errors.push_back(points[i].log_time - logs[i]);
      errors.push_back(std::fabs(signed_errors.back()));
    }
    if (errors.empty()) continue;
    all[r].points = static_cast<int>(errors.size());
    all[r].median_error = std::expm1(median(errors));
    constexpr std::array kLevels = {0.025, 0.25, 0.75, 0.975};
    for (std::size_t q = 0; q < kLevels.size(); ++q)
      all[r].quantiles[q] = quantile(signed_errors, kLevels[q]);
  }
  return all;
}

/// One tier's fit: which figures, and the search over them.
class TierFit {
 public:
  TierFit(const System& system, const LatencyFactors& factors, bool network, bool launches)
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

  [[nodiscard]] std::vector<double> log_times(const std::vector<MeasuredPoint>& points,
                                              std::span<const double> shifts, Mode mode) const {
    System system = system_;
    LatencyFactors factors = factors_;
    put(shifts, system, factors);
    return Pricer(points).log_times(system, factors, mode);
  }

  /// The shifts, in ln of each figure. Shares of a bandwidth by large messages alone: what the
  /// middle is short of would be mistaken for bandwidth. Then times by all, and both once more.
  [[nodiscard]] std::vector<double> fit(const std::vector<MeasuredPoint>& points) const {
    std::vector<double> shifts(search_.size(), 0.0);
    for (const bool share : {true, false, true, false})
      shifts = search(residuals_on(points, Mode::chosen), weights_of(points, share),
                      held(share, shifts), shifts);
    return shifts;
  }

  /// The times as the system's own figures; the shares stay.
  [[nodiscard]] std::vector<double> fit_figures(const std::vector<MeasuredPoint>& points,
                                                const std::vector<double>& shifts) const {
    return search(residuals_on(points, Mode::figures), weights_of(points, false),
                  held(false, shifts), shifts);
  }

  [[nodiscard]] ResidualFunction residuals_on(const std::vector<MeasuredPoint>& points,
                                              Mode mode) const {
    return [this, &points, mode](std::span<const double> shifts) {
      std::vector<double> residuals = log_times(points, shifts, mode);
      for (std::size_t i = 0; i < residuals.size(); ++i)
        residuals[i] = points[i].log_time - residuals[i];
      return residuals;
    };
  }

  void put(std::span<const double> shifts, System& system, LatencyFactors& factors) const {
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      FittedFigure figure = parameters_[p];
      figure.factor = std::exp(shifts[p]);
      figure.value = figure.prior * figure.factor;
      set_figure(system, factors, figure, {});
    }
  }

  /// Of those that the data tell apart from the prior's width, with intervals.
  [[nodiscard]] std::vector<FittedFigure> figures(const std::vector<MeasuredPoint>& points,
                                                  const std::vector<double>& chosen,
                                                  const std::vector<double>& shifts,
                                                  const FigureFitOptions& options,
                                                  std::vector<std::string>& untold) const {
    std::vector<int> blocks;
    for (const MeasuredPoint& point : points) blocks.push_back(point.block);
    const auto intervals_of = [&](bool share) {
      return bootstrap_shifts(residuals_on(points, share ? Mode::chosen : Mode::figures),
                              weights_of(points, share), blocks, held(share, shifts), shifts,
                              options.replicates, options.seed);
    };
    const std::array by_kind = {intervals_of(false), intervals_of(true)};
    std::vector<FittedFigure> told;
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      constexpr double kTold = 0.9;  // of the prior's width at most is left open
      const std::vector<SearchInterval>& intervals = by_kind[is_share_[p] ? 1 : 0];
      if (intervals[p].open > kTold * search_[p].spread) {
        untold.push_back(parameters_[p].path);
        continue;
      }
      FittedFigure figure = parameters_[p];
      figure.value = figure.prior * std::exp(shifts[p]);
      if (!is_share_[p]) figure.factor = std::exp(chosen[p]);
      figure.low = figure.prior * std::exp(std::min(intervals[p].low, shifts[p]));
      figure.high = figure.prior * std::exp(std::max(intervals[p].high, shifts[p]));
      told.push_back(std::move(figure));
    }
    return told;
  }

 private:
  /// Those of the other kind held where they are.
  [[nodiscard]] std::vector<SearchParameter> held(bool share,
                                                  std::span<const double> shifts) const {
    std::vector<SearchParameter> some = search_;
    for (std::size_t p = 0; p < some.size(); ++p)
      if (is_share_[p] != share) some[p].low = some[p].high = shifts[p];
    return some;
  }

  System system_;
  LatencyFactors factors_;
  std::vector<FittedFigure> parameters_;
  std::vector<SearchParameter> search_;
  std::vector<bool> is_share_;
};

std::string range_of(const std::vector<std::int64_t>& scales) {
  return scales.size() == 1 ? fmt::format("{} ranks", format_count(scales.front()))
                            : fmt::format("{} to {} ranks", format_count(scales.front()),
                                          format_count(scales.back()));
}

}  // namespace

Expected<FigureFit> fit_figures(std::span<const Series> series, const System& priced,
                                const FigureFitOptions& options) {
  if (auto known = check_analytic(priced); !known) return tl::unexpected(known.error());
  if (series.empty()) return fail("there are no measurements to fit figures to");
  FigureFit fit;
  System system = priced;
  LatencyFactors factors;
  const bool launches = series.front().engine != Engine::mpi;
  for (const bool network : {false, true}) {
    const char* const where = network ? "across nodes" : "inside a node";
    std::vector<MeasuredPoint> points = points_of(series, system, network, options);
    const TierFit tier_fit(system, factors, network, launches);
    const std::vector<double> before = Pricer(points).log_times(system, factors, Mode::chosen);
    std::vector<double> logs;
    std::vector<MeasuredPoint> kept;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (std::isnan(before[i])) continue;
      kept.push_back(points[i]);
      logs.push_back(before[i]);
    }
    constexpr std::size_t kFewest = 6;
    if (kept.size() < kFewest) {
      fit.notes.push_back(fmt::format(
          "{} {} {}, so the figures {} stay the topology's: a fit {} says nothing about {}",
          kept.empty() ? "nothing" : fmt::format("only {} points", kept.size()),
          kept.size() == 1 || kept.empty() ? "was measured" : "were measured", where, where,
          network ? "inside a node" : "across nodes", network ? "the network" : "a node"));
      continue;
    }
    FigureTier tier;
    tier.network = network;
    tier.data_system = series.front().system;
    tier.topology = system.name;
    tier.node_design = system.node.name;
    tier.nic_Bps = system.node.nics.bandwidth_Bps.value;
    tier.points = static_cast<int>(kept.size());
    std::map<std::int64_t, double> scales;
    for (const MeasuredPoint& point : kept) scales[point.ranks] = point.units;
    for (const auto& [ranks, units] : scales) tier.scales.push_back(ranks);
    tier.prior_error = median_error(kept, logs);

    std::vector<std::string> untold;
    tier.prior_fastest = median_error(kept, Pricer(kept).log_times(system, factors, Mode::fastest));
    const std::vector<double> chosen_shifts = tier_fit.fit(kept);
    const std::vector<double> shifts = tier_fit.fit_figures(kept, chosen_shifts);
    tier.figures = tier_fit.figures(kept, chosen_shifts, shifts, options, untold);
    if (options.holds_out && scales.size() > 1) {
      std::vector<MeasuredPoint> smaller;
      std::vector<MeasuredPoint> largest;
      for (const MeasuredPoint& point : kept)
        (point.ranks == tier.scales.back() ? largest : smaller).push_back(point);
      const std::vector<double> without = tier_fit.fit(smaller);
      tier.held_out = HeldOutScale{
          tier.scales.back(), scales.rbegin()->second / std::next(scales.rbegin())->second,
          median_error(largest, tier_fit.log_times(largest, without, Mode::chosen))};
    }
    tier.source = fmt::format("fitted on {} measurements of {}, {}{}", tier.points,
                              tier.data_system, range_of(tier.scales),
                              options.chosen_by.empty()
                                  ? ""
                                  : fmt::format(", algorithms as {} chooses", options.chosen_by));
    System with = system;
    LatencyFactors with_factors = factors;
    for (const FittedFigure& figure : tier.figures)
      set_figure(with, with_factors, figure, tier.source);
    const Pricer pricer(kept);
    const std::vector<double> chosen = pricer.log_times(with, with_factors, Mode::chosen);
    const std::vector<double> fastest = pricer.log_times(with, with_factors, Mode::fastest);
    tier.median_error = median_error(kept, chosen);
    tier.median_fastest = median_error(kept, fastest);
    tier.as_chosen = by_regime(kept, chosen);
    tier.fastest = by_regime(kept, fastest);
    const double better = std::min(tier.median_error, tier.median_fastest);
    if (better > kWorstFit) {
      fit.notes.push_back(
          fmt::format("{} the model misses what was measured by a median {:.0f} % whatever its "
                      "figures, so they "
                      "stay the topology's",
                      where, 100 * better));
      continue;
    }
    system = std::move(with);
    factors = with_factors;
    if (!untold.empty())
      fit.notes.push_back(fmt::format("{} {} the topology's: what was measured {} does not tell",
                                      fmt::join(untold, ", "),
                                      untold.size() == 1 ? "stays" : "stay", where));
    fit.tiers.push_back(std::move(tier));
  }
  if (fit.tiers.empty())
    return fail(fmt::format("{}: {}", priced.name, fmt::join(fit.notes, "; ")));
  return fit;
}

}  // namespace collscale

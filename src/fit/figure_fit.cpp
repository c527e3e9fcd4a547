// SPDX-License-Identifier: Apache-2.0
#include "fit/figure_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "fit/figure_price.hpp"
#include "fit/figure_tier_fit.hpp"
#include "fit/figures.hpp"
#include "fit/size_pieces.hpp"
#include "fit/target_model.hpp"
#include "model/analytic.hpp"
#include "model/bounds.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Points = std::vector<MeasuredPoint>;

std::vector<double> errors_of(const Points& points, std::span<const double> logs) {
  std::vector<double> errors;
  for (std::size_t i = 0; i < points.size(); ++i) errors.push_back(points[i].log_time - logs[i]);
  return errors;
}

RegimeErrors by_regime(const Points& points, std::span<const double> logs) {
  std::vector<double> sizes;
  for (const MeasuredPoint& point : points) sizes.push_back(point.size_bytes);
  return errors_by_regime(sizes, errors_of(points, logs));
}

/// Mean over the regimes of the median |ln error|: none of them hides another.
double misfit(const RegimeErrors& errors) {
  double sum = 0;
  int regimes = 0;
  for (const FigureErrors& one : errors) {
    if (one.points == 0) continue;
    sum += std::log1p(one.median_error);
    ++regimes;
  }
  return regimes == 0 ? 0 : sum / regimes;
}

double median_error(const Points& points, std::span<const double> logs) {
  return std::expm1(misfit(by_regime(points, logs)));
}

/// Points that the engine can price, with how they are priced before any fit.
Points priced_points(std::span<const Series> series, const System& system,
                     const LatencyFactors& factors, bool network, const Library& library) {
  Points points = points_of(series, system, network, library);
  const std::vector<double> before = log_times(points, system, factors, Question::chosen);
  Points kept;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (!std::isnan(before[i])) kept.push_back(std::move(points[i]));
  apply_pieces(told_pieces(kept), kept);
  return kept;
}

std::map<std::int64_t, double> scales_of(const Points& points) {
  std::map<std::int64_t, double> scales;
  for (const MeasuredPoint& point : points) scales[point.ranks] = point.units;
  return scales;
}

std::pair<Points, Points> split_at(const Points& points, std::int64_t largest) {
  std::pair<Points, Points> parts;
  for (const MeasuredPoint& point : points)
    (point.ranks <= largest ? parts.first : parts.second).push_back(point);
  return parts;
}

/// A library's use of a tier, fitted.
struct Trial {
  LibraryUse use;
  Points ruled;   ///< what ran being the library's own choice
  Points points;  ///< or what its pieces say
  std::vector<double> shifts;
  bool by_pieces = false;  ///< which the times tell
  double misfit = 0;
  std::optional<double> held_out;  ///< once it was asked for
};

/// Times of all that could have run at each point.
std::vector<std::vector<double>> offer_logs(const FigureTierFit& tier_fit, const Points& points,
                                            std::span<const double> shifts) {
  Points each;
  for (const MeasuredPoint& point : points) {
    for (const Selection& offer : point.offers) {
      MeasuredPoint& one = each.emplace_back();
      one.collective = point.collective;
      one.ranks = point.ranks;
      one.size_bytes = point.size_bytes;
      one.selection = offer;
    }
  }
  const std::vector<double> logs = tier_fit.log_times(each, shifts, Question::chosen);
  std::vector<std::vector<double>> by_point;
  auto next = logs.begin();
  for (const MeasuredPoint& point : points) {
    const auto end = next + static_cast<std::ptrdiff_t>(point.offers.size());
    by_point.emplace_back(next, end);
    next = end;
  }
  return by_point;
}

/// A fit of the figures, and with `by_pieces` of what ran at which sizes, in turn.
struct Fitted {
  std::vector<double> shifts;
  std::vector<SizePiece> pieces;
};
Fitted fitted(const FigureTierFit& tier_fit, Points points, bool by_pieces) {
  Fitted fit{tier_fit.fit(points), {}};
  constexpr int kTurns = 2;
  for (int turn = 0; by_pieces && turn < kTurns; ++turn) {
    Points trial = points;  // whose selections are the library's own
    fit.pieces = find_pieces(trial, offer_logs(tier_fit, trial, fit.shifts));
    apply_pieces(fit.pieces, trial);
    fit.shifts = tier_fit.fit(trial);
  }
  return fit;
}

double misfit_of(const FigureTierFit& tier_fit, const Points& points,
                 std::span<const double> shifts) {
  return misfit(by_regime(points, tier_fit.log_times(points, shifts, Question::chosen)));
}

Trial tried(const FigureTierFit& tier_fit, const LibraryUse& use, Points points, bool by_pieces) {
  Trial trial;
  trial.use = use;
  trial.by_pieces = by_pieces;
  Fitted with = fitted(tier_fit, points, by_pieces);
  trial.ruled = points;
  apply_pieces(with.pieces, points);
  trial.points = std::move(points);
  trial.shifts = std::move(with.shifts);
  trial.use.pieces = told_pieces(trial.ruled);
  trial.use.pieces.insert(trial.use.pieces.end(), with.pieces.begin(), with.pieces.end());
  trial.misfit = misfit_of(tier_fit, trial.points, trial.shifts);
  return trial;
}

/// The misfit of the largest scale by a fit to the others; 0 with one scale.
double held_out_of(const FigureTierFit& tier_fit, const Trial& trial) {
  const auto scales = scales_of(trial.ruled);
  if (scales.size() < 2) return 0;
  auto [smaller, largest] = split_at(trial.ruled, std::next(scales.rbegin())->first);
  const Fitted without = fitted(tier_fit, std::move(smaller), trial.by_pieces);
  apply_pieces(without.pieces, largest);
  return misfit_of(tier_fit, largest, without.shifts);
}

/// Whether the times say that it was rather `trial` than `known`.
bool is_told(const FigureTierFit& tier_fit, Trial& trial, Trial& known) {
  if (trial.misfit >= kInferredBelow * known.misfit) return false;
  for (Trial* one : {&trial, &known})
    if (!one->held_out) one->held_out = held_out_of(tier_fit, *one);
  return *known.held_out == 0 || *trial.held_out < kInferredBelow * *known.held_out;
}

bool same_choices(const Points& a, const Points& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const MeasuredPoint& one, const MeasuredPoint& other) {
        return one.selection.has_value() == other.selection.has_value() &&
               (!one.selection || (one.selection->algorithm == other.selection->algorithm &&
                                   one.selection->protocol == other.selection->protocol));
      });
}

/// What of the library was in use: all, unless less of it explains the times clearly better, and
/// the largest scale by the others, too; and by its own rules, unless pieces do so again.
struct BestUse {
  Trial told;  ///< all of it
  Trial best;
  bool is_inferred = false;
};
BestUse best_use(std::span<const Series> series, const System& system,
                 const LatencyFactors& factors, bool network, const FigureTierFit& tier_fit,
                 std::span<const Library> libraries, Points points) {
  BestUse found;
  found.told = tried(tier_fit, libraries.front().use, std::move(points), false);
  found.best = found.told;
  const Library* best = &libraries.front();
  // Nothing is to be found below what the model misses on systems that are well understood.
  constexpr double kGood = 0.1;
  if (found.told.misfit <= kGood) return found;
  for (const Library& library : libraries.subspan(1)) {
    Points others = priced_points(series, system, factors, network, library);
    if (others.size() < found.told.points.size() || same_choices(others, found.told.points))
      continue;
    Trial trial = tried(tier_fit, library.use, std::move(others), false);
    if (trial.misfit >= found.best.misfit || !is_told(tier_fit, trial, found.told)) continue;
    found.best = std::move(trial);
    found.is_inferred = true;
    best = &library;
  }
  if (!best->offers) return found;
  Trial trial =
      tried(tier_fit, best->use, priced_points(series, system, factors, network, *best), true);
  if (!is_told(tier_fit, trial, found.best)) return found;
  found.best = std::move(trial);
  found.is_inferred = true;
  return found;
}

/// By fits on the scales up to each but the last.
std::vector<HeldOutScales> hold_outs_of(const FigureTierFit& tier_fit, const Points& points,
                                        bool by_pieces) {
  std::vector<HeldOutScales> all;
  const auto scales = scales_of(points);
  for (auto trained = scales.begin(); trained != scales.end(); ++trained) {
    if (std::next(trained) == scales.end()) break;
    auto [smaller, larger] = split_at(points, trained->first);
    const auto [shifts, pieces] = fitted(tier_fit, smaller, by_pieces);
    apply_pieces(pieces, smaller);
    apply_pieces(pieces, larger);
    const RegimeErrors errors =
        by_regime(smaller, tier_fit.log_times(smaller, shifts, Question::chosen));
    const std::vector<double> logs = tier_fit.log_times(larger, shifts, Question::chosen);
    const std::vector<double> missed = errors_of(larger, logs);
    HeldOutScales held;
    for (auto scale = std::next(trained); scale != scales.end(); ++scale)
      held.ranks.push_back(scale->first);
    held.trained_to_ranks = trained->first;
    held.distance = scales.rbegin()->second / trained->second;
    int inside_50 = 0;
    int inside_95 = 0;
    for (std::size_t i = 0; i < larger.size(); ++i) {
      if (std::isnan(missed[i])) continue;
      ++held.points;
      Remoteness remoteness;
      remoteness.distance = larger[i].units / trained->second;
      const IntervalOffsets offsets = interval_offsets(errors, larger[i].size_bytes, remoteness);
      inside_50 += offsets[1] <= missed[i] && missed[i] <= offsets[2] ? 1 : 0;
      inside_95 += offsets[0] <= missed[i] && missed[i] <= offsets[3] ? 1 : 0;
    }
    if (held.points == 0) continue;
    held.median_error = median_error(larger, logs);
    held.prior_error = median_error(larger, tier_fit.log_times(larger, {}, Question::chosen));
    held.coverage_50 = static_cast<double>(inside_50) / held.points;
    held.coverage_95 = static_cast<double>(inside_95) / held.points;
    all.push_back(std::move(held));
  }
  return all;
}

std::vector<MeasuredSizes> measured_of(const Points& points) {
  std::map<Collective, MeasuredSizes> sizes;
  for (const MeasuredPoint& point : points) {
    const MeasuredSizes one{point.collective, point.size_bytes, point.size_bytes};
    MeasuredSizes& known = sizes.emplace(point.collective, one).first->second;
    known.smallest_bytes = std::min(known.smallest_bytes, point.size_bytes);
    known.largest_bytes = std::max(known.largest_bytes, point.size_bytes);
  }
  std::vector<MeasuredSizes> all;
  for (const auto& [collective, one] : sizes) all.push_back(one);
  return all;
}

std::string range_of(const std::vector<std::int64_t>& scales) {
  return scales.size() == 1 ? fmt::format("{} ranks", format_count(scales.front()))
                            : fmt::format("{} to {} ranks", format_count(scales.front()),
                                          format_count(scales.back()));
}

std::string too_few(std::size_t points, std::size_t measured, bool network) {
  const char* const where = network ? "across nodes" : "inside a node";
  const std::string stay =
      fmt::format("so the figures {} stay the topology's: a fit {} says nothing about {}", where,
                  network ? "inside a node" : "across nodes", network ? "the network" : "a node");
  if (measured > points)
    return fmt::format("{} of {} points {} ran what the engine prices, {}",
                       points == 0 ? "none" : fmt::format("only {}", points), measured, where,
                       stay);
  return fmt::format(
      "{} {} {}, {}",
      points == 0 ? "nothing" : fmt::format("only {} point{}", points, points == 1 ? "" : "s"),
      points <= 1 ? "was measured" : "were measured", where, stay);
}

std::size_t count_measured(std::span<const Series> series, bool network) {
  std::size_t count = 0;
  for (const Series& one : series)
    for (const Cell& cell : one.cells) count += (cell.nodes > 1) == network ? 1 : 0;
  return count;
}

/// Fails where the measurements are of nodes that the system's are not.
Expected<void> check_nodes(std::span<const Series> series, const System& system) {
  const std::int64_t here = ranks_per_node(system);
  for (const Series& one : series) {
    for (const Cell& cell : one.cells) {
      const std::int64_t of_a_job = ranks_per_node(with_shared_racks(system, cell.ranks));
      if (cell.nodes > 1 ? cell.ranks == cell.nodes * of_a_job : cell.ranks <= here) continue;
      return fail(fmt::format(
          "{} ranks of {} were measured on {} node{}, and a node of {} has {}: name the measured "
          "system with -t",
          format_count(cell.ranks), one.system, format_count(cell.nodes),
          cell.nodes == 1 ? "" : "s", system.name, here));
    }
  }
  return {};
}

/// Why the times cannot be of the system: "" where they can.
std::string impossible(const Points& points, const System& system, const LatencyFactors& factors) {
  Abilities any;
  any.in_network = system.node.scale_up.in_network || fabric_in_network(system) != nullptr;
  int large = 0;
  int too_fast = 0;
  for (const MeasuredPoint& point : points) {
    if (regime_of(point.size_bytes) != Regime::bandwidth) continue;
    ++large;
    const double bound_s = lower_bounds(with_shared_racks(system, point.ranks), point.collective,
                                        point.ranks, point.size_bytes, any)
                               .time_s();
    constexpr double kOff = 0.8;  // efficiencies may be too low
    too_fast += std::exp(point.log_time) < kOff * bound_s ? 1 : 0;
  }
  if (4 * too_fast > large)
    return fmt::format(
        "{} of {} measurements above 64 MiB are faster than {} allows: is it the measured system?",
        too_fast, large, system.name);
  std::vector<double> errors =
      errors_of(points, log_times(points, system, factors, Question::chosen));
  std::erase_if(errors, [](double error) { return std::isnan(error); });
  if (errors.empty() || median(errors) < std::log(kFarSlower)) return {};
  return fmt::format(
      "the measurements are {:.0f} times (median) what the model makes of {}: are they in a wrong "
      "unit, or of another system?",
      std::exp(median(errors)), system.name);
}

/// What the tier's measurements are, before anything is fitted.
FigureTier described(const System& system, bool network, const std::string& data_system,
                     const Points& points) {
  FigureTier tier;
  tier.network = network;
  tier.data_system = data_system;
  tier.topology = system.name;
  tier.node_design = system.node.name;
  tier.nic_Bps = system.node.nics.bandwidth_Bps.value;
  tier.points = static_cast<int>(points.size());
  tier.measured = measured_of(points);
  for (const auto& [ranks, units] : scales_of(points)) tier.scales.push_back(ranks);
  return tier;
}

/// ", algorithms as the library told at 20 of them, else as nccl:2.28 chooses"
std::string choice_text(const LibraryUse& use, const Points& points) {
  const auto told = std::count_if(points.begin(), points.end(),
                                  [](const MeasuredPoint& point) { return point.is_told; });
  const bool all = static_cast<std::size_t>(told) == points.size();
  std::string text;
  if (told > 0)
    text = fmt::format(", algorithms as the library told{}",
                       all ? "" : fmt::format(" at {} of them", told));
  if (!all && !use.name.empty())
    text += fmt::format(", {} as {} chooses", told > 0 ? "else" : "algorithms", text_of(use));
  return text;
}

/// How many points the library itself told what ran, and whether its rules say so; "" where none.
std::string told_note(const LibraryUse& use, const Points& points, const char* where) {
  int told = 0;
  int as_ruled = 0;
  for (const MeasuredPoint& point : points) {
    told += point.is_told ? 1 : 0;
    as_ruled += point.is_as_ruled ? 1 : 0;
  }
  if (told == 0) return {};
  std::string text =
      fmt::format("{} the library told what it ran at {} of {} points", where, told, points.size());
  if (use.name.empty()) return text;
  return text + fmt::format("; {} would have chosen so at {} of them{}", use.name, as_ruled,
                            told_pieces(points).empty() ? "" : ", so answers follow what it told");
}

/// Sets the tier's errors, before and with its figures; puts these into system and factors.
void judge_tier(FigureTier& tier, const Points& points, System& system, LatencyFactors& factors) {
  const auto logs = [&](Question question) { return log_times(points, system, factors, question); };
  tier.prior_error = median_error(points, logs(Question::chosen));
  tier.prior_fastest = median_error(points, logs(Question::fastest));
  for (const FittedFigure& figure : tier.figures) set_figure(system, factors, figure, tier.source);
  const std::vector<double> chosen = logs(Question::chosen);
  const std::vector<double> fastest = logs(Question::fastest);
  tier.median_error = median_error(points, chosen);
  tier.median_fastest = median_error(points, fastest);
  tier.as_chosen = by_regime(points, chosen);
  tier.fastest = by_regime(points, fastest);
}

const char* place_of(bool network) { return network ? "across nodes" : "inside a node"; }

/// Which algorithms' names were taken for those of the registry.
std::vector<std::string> renamed(std::span<const Series> series) {
  std::vector<std::string> notes;
  for (const Series& one : series) {
    const std::string itself = priced_algorithm(one.collective, one.algorithm);
    if (itself == one.algorithm) continue;
    notes.push_back(
        fmt::format("{}/{} is taken for {}", name(one.collective), one.algorithm, itself));
  }
  return notes;
}

/// Why a tier's figures, judged, are not kept; "" where they are.
std::string rejection(const FigureTier& tier) {
  const char* const where = place_of(tier.network);
  if (tier.median_error >= tier.prior_error)
    return fmt::format(
        "{} no figures miss what was measured by less than the topology's own, {:.1f} % (the mean "
        "of the regimes' medians; {:.1f} % by the fit), so they stay",
        where, 100 * tier.prior_error, 100 * tier.median_error);
  if (tier.median_error > kWorstFit)
    return fmt::format(
        "{} the model misses what was measured by {:.0f} % (the mean of the regimes' medians) "
        "whatever its figures, so they stay the topology's",
        where, 100 * tier.median_error);
  return {};
}

/// What is said of a tier that is kept.
std::vector<std::string> tier_notes(const FigureTier& tier, const Trial& best,
                                    const std::vector<std::string>& untold) {
  const char* const where = place_of(tier.network);
  std::vector<std::string> notes;
  if (!untold.empty())
    notes.push_back(fmt::format("{} {} the topology's: what was measured {} does not tell",
                                fmt::join(untold, ", "), untold.size() == 1 ? "stays" : "stay",
                                where));
  if (std::string note = told_note(tier.library, best.points, where); !note.empty())
    notes.push_back(std::move(note));
  if (tier.is_inferred)
    notes.push_back(fmt::format(
        "{} the times are those of {}, which no record says: with all of it in use they are "
        "missed by {:.0f} % (the mean of the regimes' medians), so by {:.0f} %",
        where, text_of(tier.library), 100 * tier.told_error, 100 * std::expm1(best.misfit)));
  return notes;
}

/// Fits the figures of one tier after another: the network's stand on those of the node.
class FiguresFit {
 public:
  FiguresFit(std::span<const Series> series, const System& priced, const FigureFitOptions& options)
      : series_(series), options_(options), system_(priced) {
    libraries_ = options.libraries.empty() ? std::span(unknown_) : std::span(options.libraries);
    append(renamed(series));
  }

  void fit(bool network) {
    Points points = priced_points(series_, system_, factors_, network, libraries_.front());
    constexpr std::size_t kFewest = 6;
    if (points.size() < kFewest) {
      take_known(network, points.size());
    } else if (const std::string why = impossible(points, system_, factors_); !why.empty()) {
      append({fmt::format("{}: {}", place_of(network), why)});
    } else {
      fit_tier(network, std::move(points));
    }
  }

  [[nodiscard]] FigureFit result() && { return std::move(fit_); }

 private:
  void append(const std::vector<std::string>& notes) {
    fit_.notes.insert(fit_.notes.end(), notes.begin(), notes.end());
  }

  /// Instead of a fit, with too few points for one.
  void take_known(bool network, std::size_t points) {
    if (network || !options_.node) {
      append({too_few(points, count_measured(series_, network), network)});
      return;
    }
    for (const FittedFigure& figure : options_.node->figures)
      set_figure(system_, factors_, figure, options_.node->source);
    append({fmt::format("inside a node the figures stand that were {}", options_.node->source)});
  }

  void fit_tier(bool network, Points points) {
    const bool launches = series_.front().engine != Engine::mpi;
    const FigureTierFit tier_fit(system_, factors_, network, launches);
    const BestUse found =
        best_use(series_, system_, factors_, network, tier_fit, libraries_, std::move(points));
    const Trial& best = found.best;
    FigureTier tier = described(system_, network, series_.front().system, best.points);
    tier.library = best.use;
    tier.is_inferred = found.is_inferred;
    if (found.is_inferred) tier.told_error = std::expm1(found.told.misfit);
    tier.source =
        fmt::format("fitted on {} measurements of {}, {}{}", tier.points, tier.data_system,
                    range_of(tier.scales), choice_text(tier.library, best.points));
    std::vector<std::string> untold;
    tier.figures = tier_fit.figures(best.points, best.shifts, options_, untold);
    if (options_.holds_out) tier.hold_outs = hold_outs_of(tier_fit, best.ruled, best.by_pieces);
    System with = system_;
    LatencyFactors with_factors = factors_;
    judge_tier(tier, best.points, with, with_factors);
    if (const std::string why = rejection(tier); !why.empty()) {
      append({why});
      return;
    }
    system_ = std::move(with);
    factors_ = with_factors;
    append(tier_notes(tier, best, untold));
    fit_.tiers.push_back(std::move(tier));
  }

  std::span<const Series> series_;
  const FigureFitOptions& options_;
  std::vector<Library> unknown_ = std::vector<Library>(1);
  std::span<const Library> libraries_;
  System system_;  ///< with the figures that were found
  LatencyFactors factors_;
  FigureFit fit_;
};

}  // namespace

Expected<FigureFit> fit_figures(std::span<const Series> series, const System& priced,
                                const FigureFitOptions& options) {
  if (auto known = check_analytic(priced); !known) return tl::unexpected(known.error());
  if (series.empty()) return fail("there are no measurements to fit figures to");
  if (auto same = check_nodes(series, priced); !same) return tl::unexpected(same.error());
  FiguresFit fit(series, priced, options);
  for (const bool network : {false, true}) fit.fit(network);
  FigureFit result = std::move(fit).result();
  if (result.tiers.empty())
    return fail(fmt::format("{}: {}", priced.name, fmt::join(result.notes, "; ")));
  return result;
}

}  // namespace collscale

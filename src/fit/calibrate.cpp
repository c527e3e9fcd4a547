// SPDX-License-Identifier: Apache-2.0
#include "fit/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "fit/parameters.hpp"
#include "fit/tier_fit.hpp"
#include "stats/bootstrap.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kAllScales = std::numeric_limits<std::int64_t>::max();

struct Point {
  Regime regime;
  double error, line_error, width;
  bool inside;
};

HoldOutError summarise(const std::vector<Point>& points, const Regime* only) {
  std::vector<double> errors;
  std::vector<double> line_errors;
  std::vector<double> widths;
  int inside = 0;
  for (const Point& point : points) {
    if (only != nullptr && point.regime != *only) {
      continue;
    }
    errors.push_back(point.error);
    widths.push_back(point.width);
    inside += point.inside ? 1 : 0;
    line_errors.push_back(point.line_error);
  }
  HoldOutError error;
  if (errors.empty()) {
    return error;
  }
  error.points = static_cast<int>(errors.size());
  error.median_error = std::expm1(median(errors));
  error.line_error = std::expm1(median(line_errors));
  error.coverage = static_cast<double>(inside) / static_cast<double>(errors.size());
  error.median_width = std::exp(median(widths));
  return error;
}

HoldOut judge(const Series& series, std::span<const double> times_s, bool network,
              const Estimator& estimator, const OwnRecord& own,
              std::span<const std::int64_t> scales, std::size_t trained, std::size_t target) {
  HoldOut result;
  result.trained_to_ranks = scales[trained - 1];
  result.held_out_ranks = scales[target];
  std::vector<Point> points;
  Place place;
  std::optional<Estimator> as_on;
  std::optional<TierPrediction> prediction;
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if (cell.ranks != scales[target] || (cell.nodes > 1) != network) {
      continue;
    }
    if (!prediction) {
      place = place_of(cell, network);
      as_on = estimator_as_on(estimator, series, times_s, cell.ranks);
      prediction.emplace(as_on ? *as_on : estimator, own, place);
      result.distance = place.units / estimator.anchor().units;
    }
    const double log_size = std::log(cell.size_bytes);
    const double log_measured = std::log(times_s[i]);
    const Predicted predicted = prediction->at(log_size);
    const double error = log_measured - predicted.log_time;
    points.push_back({regime_of(cell.size_bytes), std::fabs(error),
                      std::fabs(log_measured - estimator.line(log_size, place)),
                      predicted.widths.up + predicted.widths.down,
                      error <= predicted.widths.up && -error <= predicted.widths.down});
  }
  for (std::size_t r = 0; r < kRegimes; ++r) {
    const auto regime = static_cast<Regime>(r);
    result.regimes[r] = summarise(points, &regime);
  }
  result.all = summarise(points, nullptr);
  return result;
}

// How often each cell is drawn when the cells of every scale are drawn with replacement.
std::vector<int> drawn_cells(const Series& series, Random& random) {
  std::vector<int> counts(series.cells.size(), 0);
  for (std::size_t begin = 0; begin < counts.size();) {
    std::size_t end = begin;
    while (end < counts.size() && series.cells[end].ranks == series.cells[begin].ranks) {
      ++end;
    }
    for (std::size_t i = begin; i < end; ++i) {
      ++counts[begin + random.below(end - begin)];
    }
    begin = end;
  }
  return counts;
}

Branch fit_branch(const Series& series, std::span<const double> medians, bool network,
                  const std::vector<std::vector<double>>& resampled,
                  const BootstrapOptions& bootstrap, const Priors& priors) {
  Branch branch;
  branch.network = network;
  branch.growth = network ? series.growth : Growth::ring;
  branch.scales = series.scales(network);
  branch.own =
      own_record(priors, rolling_origin_errors(series, medians, network, kAllScales, priors),
                 static_cast<int>(branch.scales.size()));
  branch.hold_outs = hold_outs(series, network, priors);

  if (series.sizes(network).size() < kFewestSizes) return branch;
  const LawFit law = fit_law(series, medians, network);
  branch.median_residual = law.median_residual;
  BootstrapOptions over_points = bootstrap;
  over_points.seed ^= 0x706f696e7473U;  // other streams than those that drew the runs
  const std::vector<std::vector<double>> replicates =
      bootstrap_replicates(over_points, [&](Random& random, std::size_t r) {
        return fit_law(series, resampled[r], network, drawn_cells(series, random)).coefficients;
      });
  const std::span<const LawTerm> terms = law_terms(branch.growth);
  for (std::size_t j = 0; j < terms.size(); ++j) {
    std::vector<double> values;
    values.reserve(replicates.size());
    for (const std::vector<double>& replicate : replicates) {
      values.push_back(replicate[j]);
    }
    const PercentileInterval interval = percentile_interval(values, 0.95);
    branch.parameters.push_back({terms[j].name, terms[j].unit, law.coefficients[j],
                                 std::min(interval.low, law.coefficients[j]),
                                 std::max(interval.high, law.coefficients[j]), terms[j].meaning});
  }
  return branch;
}

std::string percent(double share) { return fmt::format("{:.0f} %", 100.0 * share); }

std::string scale_range(const std::vector<std::int64_t>& scales) {
  return scales.size() == 1 ? fmt::format("{} ranks", format_count(scales.front()))
                            : fmt::format("{} to {} ranks", format_count(scales.front()),
                                          format_count(scales.back()));
}

std::string summarise(const SeriesFit& fit) {
  const Branch& branch = fit.branches.back();  // the network's where there is one
  if (branch.hold_outs.empty()) {
    return fmt::format("fitted on {}; too few scales to hold one out, so its error is unknown",
                       scale_range(branch.scales));
  }
  // The last pair leaves out the largest scale alone; the farthest shows what distance costs.
  const HoldOut& last = branch.hold_outs.back();
  const HoldOut* farthest = &last;
  std::string by_regime;
  for (std::size_t r = 0; r < kRegimes; ++r) {
    if (last.regimes[r].points > 0) {
      by_regime += fmt::format("{}{} {}", by_regime.empty() ? "" : ", ", kRegimeNames[r],
                               percent(last.regimes[r].median_error));
    }
  }
  for (const HoldOut& hold_out : branch.hold_outs) {
    farthest = hold_out.distance > farthest->distance ? &hold_out : farthest;
  }
  std::string text = fmt::format(
      "fitted on {}; tested: without {}, it misses them by a median {} ({}; a straight line: {})",
      scale_range(branch.scales), format_count(last.held_out_ranks), percent(last.all.median_error),
      by_regime, percent(last.all.line_error));
  if (farthest != &last) {
    text += fmt::format("; from {} ranks or fewer it misses {}, x{:.3g} away, by {} (line: {})",
                        format_count(farthest->trained_to_ranks),
                        format_count(farthest->held_out_ranks), farthest->distance,
                        percent(farthest->all.median_error), percent(farthest->all.line_error));
  }
  return text;
}

/// What a user should know of one series.
struct SeriesNote {
  Collective collective;
  std::string algorithm;
  std::string text;
};

void add_notes(const SeriesFit& fit, std::vector<SeriesNote>& notes) {
  const Series& series = fit.series;
  const auto add = [&](std::string text) {
    notes.push_back({series.collective, name_of(series), std::move(text)});
  };
  for (const std::string& text : series.taken_out) add(text);
  for (const Branch& branch : fit.branches) {
    const std::vector<double> sizes = series.sizes(branch.network);
    if (sizes.size() >= kFewestSizes) continue;
    std::vector<std::string> texts;
    for (const double size_bytes : sizes) texts.push_back(format_size(size_bytes));
    add(fmt::format("{} only {} {} measured, so only sizes near {} are answered",
                    branch.network ? "across nodes" : "inside a node", fmt::join(texts, " and "),
                    texts.size() == 1 ? "was" : "were", texts.size() == 1 ? "it" : "them"));
  }
  const std::size_t network = series.scales(true).size();
  if (series.scales(false).size() == 1) {
    add(
        fmt::format("only one scale is inside a node ({} ranks), so growth there is assumed, and "
                    "what a rank adds is part of the base",
                    format_count(series.scales(false).front())));
  }
  if (network == 0) {
    add("every record is of one node, so nothing beyond one node can be predicted from them");
  } else if (network == 1) {
    add(
        fmt::format("only one scale is larger than a node ({} ranks), so growth is assumed, "
                    "not fitted, and the intervals are wide",
                    format_count(series.scales(true).front())));
  } else if (network == 2) {
    add("only two scales are larger than a node, so no scale could be held out there");
  }
  if (!fit.mixture.text.empty()) add(fit.mixture.text);
}

/// "all_reduce/ring, tree: only two scales ...": what is said of several algorithms is said once.
std::vector<std::string> sentences(const std::vector<SeriesNote>& notes) {
  std::vector<std::string> all;
  std::set<std::pair<Collective, std::string>> said;
  for (const SeriesNote& note : notes) {
    if (!said.insert({note.collective, note.text}).second) continue;
    std::vector<std::string> algorithms;
    for (const SeriesNote& other : notes)
      if (other.collective == note.collective && other.text == note.text)
        algorithms.push_back(other.algorithm);
    all.push_back(
        fmt::format("{}/{}: {}", name(note.collective), fmt::join(algorithms, ", "), note.text));
  }
  return all;
}

}  // namespace

std::vector<HoldOut> hold_outs(const Series& series, bool network, const Priors& priors) {
  const std::vector<double> medians = cell_medians(series);
  const std::vector<std::int64_t> scales = series.scales(network);
  // What a series knows of itself with fewer scales is part of what it knows with all.
  const std::vector<OriginError> errors = rolling_origin_errors(
      series, medians, network, std::numeric_limits<std::int64_t>::max(), priors);
  std::vector<HoldOut> results;
  std::vector<std::pair<Estimator, OwnRecord>> fits;  // [i] of i + 2 scales
  for (std::size_t target = 2; target < scales.size(); ++target) {
    fits.emplace_back(Estimator(series, medians, network, scales[target - 1], priors),
                      own_record(priors, errors, static_cast<int>(target)));
    for (std::size_t trained = 2; trained <= target; ++trained) {
      const auto& [estimator, own] = fits[trained - 2];
      results.push_back(judge(series, medians, network, estimator, own, scales, trained, target));
    }
  }
  return results;
}

std::vector<double> resampled_medians(const Series& series, Random& random) {
  std::vector<double> medians(series.cells.size());
  std::vector<int> drawn;  // how often each run of the scale was drawn
  std::vector<double> values;
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if (i == 0 || series.cells[i - 1].ranks != cell.ranks) {
      std::int32_t runs = 0;
      for (std::size_t j = i; j < series.cells.size() && series.cells[j].ranks == cell.ranks; ++j) {
        for (const std::int32_t run : series.cells[j].run) {
          runs = std::max(runs, run + 1);
        }
      }
      const auto count = static_cast<std::size_t>(runs);
      drawn.assign(count, 0);
      for (std::size_t r = 0; r < count; ++r) {
        ++drawn[random.below(count)];
      }
    }
    values.clear();
    for (std::size_t v = 0; v < cell.time_s.size(); ++v) {
      values.insert(values.end(),
                    static_cast<std::size_t>(drawn[static_cast<std::size_t>(cell.run[v])]),
                    cell.time_s[v]);
    }
    medians[i] = median(values.empty() ? cell.time_s : values);
  }
  return medians;
}

Expected<Profile> calibrate(std::span<const Record> records, const System& system,
                            const CalibrateOptions& options) {
  if (options.replicates < 1) {
    return fail(fmt::format("{} bootstrap replicates: at least 1 is needed", options.replicates));
  }
  auto all_series = make_series(records, system, options.same_system);
  if (!all_series) {
    return tl::make_unexpected(all_series.error());
  }
  Profile profile;
  profile.data_system = all_series->front().system;
  profile.ranks_per_node = all_series->front().ranks_per_node;
  profile.topology = system.name;
  profile.same_system = options.same_system;
  profile.seed = options.seed;
  profile.replicates = options.replicates;
  profile.priors = options.priors;
  std::vector<SeriesNote> notes;
  for (Series& series : *all_series) {
    if (series.cells.size() < 2) {
      const Cell& only = series.cells.front();
      profile.notes.push_back(
          fmt::format("{}/{} was measured at one point, {} on {} ranks: a fit needs two sizes or "
                      "two numbers of ranks",
                      name(series.collective), name_of(series), format_size(only.size_bytes),
                      format_count(only.ranks)));
      continue;
    }
    SeriesFit fit;
    fit.series = std::move(series);
    const std::vector<double> medians = cell_medians(fit.series);
    const BootstrapOptions bootstrap{options.replicates, options.seed, options.threads};
    const std::vector<std::vector<double>> resampled = bootstrap_replicates(
        bootstrap,
        [&](Random& random, std::size_t) { return resampled_medians(fit.series, random); });
    for (const bool network : {false, true}) {
      if (!fit.series.scales(network).empty()) {
        fit.branches.push_back(
            fit_branch(fit.series, medians, network, resampled, bootstrap, options.priors));
      }
    }
    fit.validated_to_ranks = fit.series.scales().back();
    fit.summary = summarise(fit);
    fit.mixture = find_mixture(fit.series, medians, options.priors);
    add_notes(fit, notes);
    profile.series.push_back(std::move(fit));
  }
  if (profile.series.empty()) return fail(profile.notes.front());
  const std::vector<std::string> said = sentences(notes);
  profile.notes.insert(profile.notes.end(), said.begin(), said.end());
  return profile;
}

}  // namespace collscale

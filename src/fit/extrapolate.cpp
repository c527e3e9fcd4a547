// SPDX-License-Identifier: Apache-2.0
#include "fit/extrapolate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <string_view>
#include <utility>

#include "fit/calibrate.hpp"
#include "fit/regime.hpp"
#include "fit/size_curve.hpp"
#include "fit/target_model.hpp"
#include "fit/target_place.hpp"
#include "fit/tier_fit.hpp"
#include "model/bounds.hpp"
#include "stats/bootstrap.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

/// Whether two names differ in capitals alone: NCCL writes LL128, bench_nccl ll128.
bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char one, unsigned char other) {
                      return std::tolower(one) == std::tolower(other);
                    });
}

// More than repeats of a point differ by (noise_floor).
constexpr double kClearlyFaster = 1.25;
constexpr std::int64_t kEveryScale = std::numeric_limits<std::int64_t>::max();

// The series of a name: "ring/LL128", or "ring" where the data have it with one protocol alone.
Expected<const SeriesFit*> named_series(std::span<const SeriesFit* const> found,
                                        const std::string& wanted) {
  std::vector<const SeriesFit*> of_algorithm;
  std::vector<std::string> names;
  for (const SeriesFit* fit : found) {
    names.push_back(name_of(fit->series));
    if (same_letters(names.back(), wanted)) return fit;
    if (same_letters(fit->series.algorithm, wanted)) of_algorithm.push_back(fit);
  }
  if (of_algorithm.size() == 1) return of_algorithm.front();
  const Collective collective = found.front()->series.collective;
  if (of_algorithm.empty())
    return fail(fmt::format("the data have no {} with the algorithm \"{}\"{}", name(collective),
                            wanted, suggestion(wanted, names)));
  names.clear();
  for (const SeriesFit* fit : of_algorithm) names.push_back(name_of(fit->series));
  return fail(
      fmt::format("the data have {} of {} with several protocols: name one of {} (-a), or all",
                  wanted, name(collective), fmt::join(names, ", ")));
}

Expected<const SeriesFit*> choose_series(const Profile& profile, Collective collective,
                                         const std::string& algorithm) {
  std::vector<const SeriesFit*> found;
  std::vector<std::string> collectives;
  std::vector<std::string> names;
  for (const SeriesFit& fit : profile.series) {
    collectives.emplace_back(name(fit.series.collective));
    if (fit.series.collective == collective) {
      found.push_back(&fit);
      names.push_back(name_of(fit.series));
    }
  }
  if (collectives.empty())
    return fail("the profile has no growth laws, only figures, which `predict --profile` takes");
  if (found.empty()) {
    std::sort(collectives.begin(), collectives.end());
    collectives.erase(std::unique(collectives.begin(), collectives.end()), collectives.end());
    return fail(fmt::format("the data have no {}, only {}", name(collective),
                            fmt::join(collectives, ", ")));
  }
  if (!algorithm.empty()) return named_series(found, algorithm);
  if (found.size() == 1) return found.front();
  auto automatic = named_series(found, "auto");
  if (automatic) return automatic;
  return fail(fmt::format("the data have {} with the algorithms {}: name one of them, or all (-a)",
                          name(collective), fmt::join(names, ", ")));
}

Expected<void> check_target(const SeriesFit& fit, const System& system, const Target& target) {
  if (target.ranks < 2) {
    return fail(fmt::format("{} rank{}: a collective needs at least 2", target.ranks,
                            target.ranks == 1 ? "" : "s"));
  }
  if (target.ranks > max_ranks(system)) {
    return fail(fmt::format("{} ranks are more than {} has ({})", format_count(target.ranks),
                            system.name, format_count(max_ranks(system))));
  }
  if (fit.series.scales(target.network).empty()) {
    const Series& series = fit.series;
    return fail(fmt::format(
        "{} on {} ranks of {} {}, but every record of {} is of {}: records on two or more numbers "
        "of {} are needed",
        name(series.collective), format_count(target.ranks), system.name,
        target.network ? "crosses the network" : "stays inside one node", series.system,
        target.network ? "one node" : "several nodes",
        target.network ? "nodes" : "ranks of a node"));
  }
  return {};
}

// A tier of one or two sizes tells nothing of others.
Expected<void> check_sizes(const Series& series, const Target& target,
                           std::span<const double> sizes_bytes) {
  const std::vector<double> measured = series.sizes(target.network);
  if (measured.size() >= kFewestSizes) return {};
  constexpr double kNear = 4.001;  // sizes are mapped by the ranks of a node
  for (const double size_bytes : sizes_bytes) {
    const double mapped = size_bytes * target.size_factor;
    if (mapped * kNear >= measured.front() && mapped <= kNear * measured.back()) continue;
    std::vector<std::string> texts;
    for (const double size : measured) texts.push_back(format_size(size / target.size_factor));
    return fail(fmt::format(
        "{}/{} was measured {} at {} alone: {} is more than x4 away, and a law over sizes needs {} "
        "of them",
        name(series.collective), name_of(series), target.network ? "across nodes" : "inside a node",
        fmt::join(texts, " and "), format_size(size_bytes), kFewestSizes));
  }
  return {};
}

/// What is left of a system's bounds where its own measurements beat them.
struct BoundsLeft {
  bool latency = true;
  double bytes_share = 1;
};

// In-network reduction (NVLink SHARP inside a node, CollNet across) moves fewer bytes than the
// bounds of other algorithms assume: what may use it through the fabric is held to the latency
// bound only, what may use it in nodes that have it to the bounds of such.
Bounds bounds_of(const System& whole, const Series& series, double size_bytes, std::int64_t ranks) {
  const System system = with_shared_racks(whole, ranks);
  const auto named = [&](const char* part) {
    return series.algorithm.find(part) != std::string::npos;
  };
  const bool one_node = ranks <= ranks_per_node(system);
  const bool library_may = series.engine == Engine::nccl && series.algorithm == "auto";
  const bool nvls = library_may || named("nvls");
  Bounds bounds = lower_bounds(system, series.collective, ranks, size_bytes);
  // Ranks of MPI in one node may meet in its memory, which is none of the model's links.
  if (one_node && series.engine == Engine::mpi) bounds.latency_s = 0;
  const bool in_nodes = system.node.scale_up.in_network.has_value();
  // What was measured by NVLS on a node whose file has none: the file knows less.
  if (named("collnet") || (one_node && named("nvls") && !in_nodes)) return {bounds.latency_s};
  if (nvls && in_nodes) {
    Abilities abilities;
    abilities.in_network = true;
    const double latency_s = bounds.latency_s;
    bounds = lower_bounds(system, series.collective, ranks, size_bytes, abilities);
    bounds.latency_s = latency_s;
  }
  return bounds;
}

double default_bound(const System& system, const Series& series, double size_bytes,
                     std::int64_t ranks, const BoundsLeft& left) {
  Bounds bounds = bounds_of(system, series, size_bytes, ranks);
  if (!left.latency) bounds.latency_s = 0;
  bounds.injection_s *= left.bytes_share;
  bounds.cut_s *= left.bytes_share;
  return bounds.time_s();
}

// Of one tier, by its own measurements. Small messages that beat the latency bound: a sum or a
// barrier in the network's hardware is none of the model's links and need not grow with their
// depth, so none is left. Large ones that beat the others: the figures of the file, assumed as in a
// family, are too slow. What beats the first tenfold or the others twice is in a wrong unit or of
// another machine, and lowers nothing.
BoundsLeft bounds_left(const System& system, const Series& series, std::span<const double> medians,
                       bool network) {
  BoundsLeft left;
  if (network && series.ranks_per_node != ranks_per_node(system)) return left;
  // Links inside a node that a family assumes may as well be twice as fast: those of B200 are.
  const bool assumed = system.node.scale_up.bandwidth_Bps.label == Label::assumed;
  const double said = !network && assumed ? 0.5 : 1;
  left.bytes_share = said;
  double latency_share = 1;
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if ((cell.nodes > 1) != network || cell.ranks > max_ranks(system)) continue;
    const Bounds bounds = bounds_of(system, series, cell.size_bytes, cell.ranks);
    const double bytes_s = std::max(bounds.injection_s, bounds.cut_s);
    if (regime_of(cell.size_bytes) == Regime::latency && bounds.latency_s > 0)
      latency_share = std::min(latency_share, medians[i] / bounds.latency_s);
    if (regime_of(cell.size_bytes) == Regime::bandwidth && bytes_s > 0)
      left.bytes_share = std::min(left.bytes_share, medians[i] / bytes_s);
  }
  left.latency = latency_share < 0.1 || latency_share >= 1;
  if (left.bytes_share < 0.5 * said) left.bytes_share = said;
  // The fastest run is not the fastest there can be: repeats of large messages differ.
  if (left.bytes_share < said)
    left.bytes_share *= std::exp(-noise_floor(kLogBandwidthBegin + std::numbers::ln2));
  return left;
}

// "x256 beyond the largest measured size, 4 MiB on such nodes", or nothing.
std::string beyond_sizes(const Series& series, const Target& target, double size_bytes) {
  double smallest = std::numeric_limits<double>::infinity();
  double largest = 0;
  for (const Cell& cell : series.cells) {
    if ((cell.nodes > 1) == target.network) {
      smallest = std::min(smallest, cell.size_bytes);
      largest = std::max(largest, cell.size_bytes);
    }
  }
  const double mapped = size_bytes * target.size_factor;
  const bool above = mapped > largest;
  const double near = 1.1;  // nobody need measure such a size as well
  const bool near_smallest = near * mapped >= smallest || smallest <= kSurelyConstant_bytes;
  if (mapped <= near * largest && near_smallest) return "";
  const double factor = above ? mapped / largest : smallest / mapped;
  return fmt::format(
      "x{} beyond the {} measured size, {} on such nodes",
      factor < 1000 ? fmt::format("{:.3g}", factor) : format_count(std::llround(factor)),
      above ? "largest" : "smallest",
      format_size((above ? largest : smallest) / target.size_factor));
}

// Where the largest scale took clearly longer than what is answered beyond it, or nothing.
std::string below_measured(const Series& series, const Target& target, const Predicted& predicted,
                           double time_s) {
  const double measured_s = std::exp(predicted.log_time + predicted.log_measured_over);
  if (measured_s < kClearlyFaster * time_s) return "";
  return fmt::format(
      "faster than the {} that {} ranks took, which other sizes and scales do not bear out",
      format_time(measured_s), format_count(series.scales(target.network).back()));
}

std::string describe(const Profile& profile, const System& system, const SeriesFit& fit,
                     const Target& target, double size_bytes, bool same_system) {
  const Series& series = fit.series;
  const std::vector<std::int64_t> scales = series.scales(target.network);
  std::string text = fmt::format(
      "{} {} on {}, {} {}", name(series.trust), name(series.engine), series.system,
      scales.size() == 1
          ? format_count(scales.front())
          : fmt::format("{} to {}", format_count(scales.front()), format_count(scales.back())),
      "ranks");
  text += fmt::format(" ({} per node)", profile.ranks_per_node);
  if (!same_system) {
    text += "; another system than the target: not rescaled to its links";
  }
  if (target.log_per_node != 0)
    text += fmt::format("; mapped to {} per node by nodes and bytes per {}", ranks_per_node(system),
                        series.engine == Engine::nccl ? "rank" : "node");
  if (scales.size() == 1) {
    text += "; one scale only: growth is assumed";
  }
  if (const std::string beyond = beyond_sizes(series, target, size_bytes); !beyond.empty())
    text += "; " + beyond;
  return text;
}

// Predictions of one set of cell times, targets × sizes, sizes innermost.
class Predictor {
 public:
  Predictor(const SeriesFit& fit, const Priors& priors, std::span<const Target> targets,
            std::span<const double> sizes_bytes)
      : series_(fit.series), priors_(priors), targets_(targets), sizes_bytes_(sizes_bytes) {
    for (const Branch& branch : fit.branches) {
      own_[branch.network ? 1 : 0] = branch.own;
    }
  }

  [[nodiscard]] std::vector<Predicted> operator()(std::span<const double> times_s) const {
    std::array<std::optional<Estimator>, 2> estimators;
    std::vector<Predicted> predictions;
    predictions.reserve(targets_.size() * sizes_bytes_.size());
    for (const Target& target : targets_) {
      const std::size_t tier = target.network ? 1 : 0;
      if (!estimators[tier]) {
        estimators[tier].emplace(series_, times_s, target.network, kEveryScale, priors_);
      }
      const auto as_on = estimator_as_on(*estimators[tier], series_, times_s, target.ranks);
      const TierPrediction prediction(as_on ? *as_on : *estimators[tier], own_[tier], target.place);
      for (const double size_bytes : sizes_bytes_) {
        predictions.push_back(prediction.at(std::log(size_bytes * target.size_factor)));
      }
    }
    return predictions;
  }

 private:
  const Series& series_;
  const Priors& priors_;
  std::span<const Target> targets_;
  std::span<const double> sizes_bytes_;
  std::array<OwnRecord, 2> own_{};
};

// The predictions of every bootstrap replicate; none of single runs, of which all are the same.
std::vector<std::vector<Predicted>> bootstrapped(const Predictor& predictor, const Series& series,
                                                 const ExtrapolateOptions& options) {
  const bool repeated = std::any_of(series.cells.begin(), series.cells.end(), [](const Cell& cell) {
    return std::any_of(cell.run.begin(), cell.run.end(), [](int run) { return run > 0; });
  });
  return bootstrap_replicates(
      BootstrapOptions{repeated ? options.replicates : 0, options.seed, options.threads},
      [&](Random& random, std::size_t) { return predictor(resampled_medians(series, random)); });
}

// Of prediction `i` of each replicate.
std::vector<double> log_times_of(const std::vector<std::vector<Predicted>>& replicates,
                                 std::size_t i) {
  std::vector<double> log_times;
  log_times.reserve(replicates.size());
  for (const std::vector<Predicted>& one : replicates) log_times.push_back(one[i].log_time);
  return log_times;
}

// `predicted` with what the runs, the target's own fabric and the difference between two systems
// add to its widths.
Predicted widened(Predicted predicted, std::span<const double> log_time_replicates,
                  HalfWidths range, double other_system) {
  HalfWidths& widths = predicted.widths;
  if (!log_time_replicates.empty()) {
    const PercentileInterval runs = percentile_interval(log_time_replicates, 0.95);
    widths.up = std::hypot(widths.up, std::max(0.0, runs.high - predicted.log_time));
    widths.down = std::hypot(widths.down, std::max(0.0, predicted.log_time - runs.low));
  }
  widths.up = std::hypot(widths.up, range.up, other_system);
  widths.down = std::hypot(widths.down, range.down, other_system);
  return predicted;
}

// The times of a record. Where the law is faster than the bound, the bound is the answer and the
// width upward counts from there: the law is known to be wrong, not the answer to be exact.
void set_times(Record& record, const Predicted& predicted, double bound_s) {
  record.time_s = std::max(std::exp(predicted.log_time), bound_s);
  for (const auto& [level, share] : {std::pair{0.5, kHalfLevelShare}, std::pair{0.95, 1.0}}) {
    record.intervals.push_back(
        {level, std::max(std::exp(predicted.log_time - share * predicted.widths.down), bound_s),
         record.time_s * std::exp(share * predicted.widths.up)});
  }
  if (bound_s > 0.0) set_bound(record, bound_s);
  set_bandwidths(record);
}

Record make_record(const Profile& profile, const System& system, const SeriesFit& fit,
                   const Target& target, double size_bytes, bool same_system) {
  Record record;
  record.engine = Engine::analytic;
  record.trust = Trust::predicted;
  Scenario& scenario = record.scenario;
  scenario.topology = system.name;
  scenario.collective = fit.series.collective;
  scenario.algorithm = fit.series.algorithm;
  scenario.protocol = fit.series.protocol;
  scenario.size_bytes = size_bytes;
  scenario.ranks = target.ranks;
  const std::int64_t per_node = ranks_per_node(system);
  scenario.nodes = (target.ranks + per_node - 1) / per_node;
  record.assumed_figures = unsourced_figures(system);
  record.validated_to_ranks = fit.series.scales(target.network).back();
  record.source = describe(profile, system, fit, target, size_bytes, same_system);
  return record;
}

Expected<std::vector<Target>> make_targets(const Profile& profile, const System& system,
                                           const SeriesFit& fit,
                                           std::span<const std::int64_t> ranks,
                                           std::span<const double> sizes_bytes, bool same_system) {
  for (const double size_bytes : sizes_bytes) {
    if (!(size_bytes > 0.0) || !std::isfinite(size_bytes)) {
      return fail(fmt::format("size {} B: expected a positive number of bytes", size_bytes));
    }
  }
  std::vector<Target> targets;
  for (const std::int64_t n : ranks) {
    targets.push_back(map_target(fit.series, profile.ranks_per_node, system, n, same_system));
    if (auto checked = check_target(fit, system, targets.back()); !checked) {
      return tl::make_unexpected(checked.error());
    }
    if (auto checked = check_sizes(fit.series, targets.back(), sizes_bytes); !checked) {
      return tl::make_unexpected(checked.error());
    }
  }
  return targets;
}

// What the analytic engine says of a target, per size.
struct Modelled {
  std::vector<Prediction> predictions;
  std::vector<ScenarioRange> ranges;
};

Modelled model(const System& system, const Series& series, const Target& target,
               std::span<const double> sizes_bytes, bool same_system) {
  Modelled modelled;
  auto predicted =
      predict_fastest(system, series.collective, model_algorithms(series, system, target.ranks),
                      target.ranks, sizes_bytes);
  modelled.predictions = predicted ? *std::move(predicted) : std::vector<Prediction>();
  modelled.ranges.resize(sizes_bytes.size());
  if (modelled.predictions.empty()) {
    modelled.predictions.resize(sizes_bytes.size());
    return modelled;
  }
  if (target.network) {
    std::int64_t measured_nodes = 0;
    for (const Cell& cell : series.cells) measured_nodes = std::max(measured_nodes, cell.nodes);
    const ScenarioRangeQuestion question{
        series.collective, std::min(measured_nodes * ranks_per_node(system), max_ranks(system)),
        target.ranks, same_system};
    modelled.ranges = scenario_ranges(system, question, modelled.predictions, sizes_bytes);
  }
  return modelled;
}

// The other algorithms of the data, at the same targets, for what a library chose by itself.
class NamedAlgorithms {
 public:
  NamedAlgorithms(const Profile& profile, const SeriesFit& automatic,
                  std::span<const Target> targets, std::span<const double> sizes_bytes)
      : automatic_(automatic.series), targets_(targets), sizes_(sizes_bytes.size()) {
    if (automatic_.algorithm != "auto") return;
    for (const SeriesFit& fit : profile.series) {
      if (fit.series.collective != automatic_.collective || fit.series.algorithm == "auto")
        continue;
      const bool is_known = std::all_of(targets.begin(), targets.end(), [&](const Target& target) {
        return fit.series.sizes(target.network).size() >= kFewestSizes;
      });
      if (!is_known) continue;
      const Predictor predictor(fit, profile.priors, targets, sizes_bytes);
      series_.push_back(&fit.series);
      predicted_.push_back(predictor(cell_medians(fit.series)));
    }
    for (const bool network : {false, true}) {
      for (const Series* one : series_)
        behind_[network ? 1 : 0].push_back(most_behind(automatic_, *one, network));
      ahead_[network ? 1 : 0] = least_ahead(automatic_, series_, network);
    }
  }

  /// Of answer `i`, which the same range and difference between systems widen.
  [[nodiscard]] ChoiceCheck check(std::size_t i, const Record& record, HalfWidths range,
                                  double other_system, double bound_s) const {
    const Target& target = targets_[i / sizes_];
    const std::size_t tier = target.network ? 1 : 0;
    std::vector<NamedAnswer> named;
    for (std::size_t s = 0; s < series_.size(); ++s) {
      if (behind_[tier][s] <= 0) continue;
      const Predicted predicted = widened(predicted_[s][i], {}, range, other_system);
      const double time_s = std::max(std::exp(predicted.log_time), bound_s);
      named.push_back(
          {name_of(*series_[s]),
           time_s,
           {0.95, std::max(std::exp(predicted.log_time - predicted.widths.down), bound_s),
            time_s * std::exp(predicted.widths.up)},
           behind_[tier][s]});
    }
    return check_choice(record.time_s, record.intervals.back(), named, ahead_[tier]);
  }

 private:
  const Series& automatic_;
  std::span<const Target> targets_;
  std::size_t sizes_;
  std::vector<const Series*> series_;
  std::vector<std::vector<Predicted>> predicted_;
  std::array<std::vector<double>, 2> behind_;  ///< by tier and series
  std::array<double, 2> ahead_ = {0, 0};
};

// The 95 % interval with what contradicts it.
void reach(Record& record, const ChoiceCheck& choice) {
  Interval& widest = record.intervals.back();
  if (choice.verdict == ChoiceCheck::Verdict::slower)
    widest.low_s = std::min(widest.low_s, choice.reach_s);
  if (choice.verdict == ChoiceCheck::Verdict::faster)
    widest.high_s = std::max(widest.high_s, choice.reach_s);
}

// What the source says besides where the data are from.
std::string say(const Extrapolation& answer) {
  std::string text;
  if (!answer.model.algorithm.empty()) {
    text += fmt::format("; bottleneck of the analytic engine's {}", answer.model.algorithm);
  }
  if (!answer.range.effects.empty()) {
    text += fmt::format("; the interval allows for what was not measured: {}", answer.range.text());
  }
  if (const std::string disagrees = disagreement(answer.normal_form); !disagrees.empty()) {
    text += "; " + disagrees;
  }
  if (const std::string contradicts = contradiction(answer.choice); !contradicts.empty())
    text += "; " + contradicts;
  if (!answer.mixture.empty()) text += "; " + answer.mixture;
  if (!answer.below_measured.empty()) text += "; " + answer.below_measured;
  if (!answer.channels.empty()) text += "; " + answer.channels;
  return text;
}

}  // namespace

Expected<std::vector<Extrapolation>> extrapolate_in_full(const Profile& profile,
                                                         const System& system,
                                                         Collective collective,
                                                         std::span<const double> sizes_bytes,
                                                         std::span<const std::int64_t> ranks,
                                                         const ExtrapolateOptions& options) {
  const auto chosen = choose_series(profile, collective, options.algorithm);
  if (!chosen) {
    return tl::make_unexpected(chosen.error());
  }
  const SeriesFit& fit = **chosen;
  const Series& series = fit.series;
  const bool same_system = series.system == system.name || options.matched_system ||
                           (profile.same_system && profile.topology == system.name);
  const auto targets = make_targets(profile, system, fit, ranks, sizes_bytes, same_system);
  if (!targets) {
    return tl::make_unexpected(targets.error());
  }
  const Predictor predictor(fit, profile.priors, *targets, sizes_bytes);
  const std::vector<double> medians = cell_medians(series);
  const std::vector<Predicted> central = predictor(medians);
  const auto replicates = bootstrapped(predictor, series, options);
  const double other_system = same_system ? 0.0 : std::log(kOtherSystemFactor);
  const NamedAlgorithms named(profile, fit, *targets, sizes_bytes);
  std::array<BoundsLeft, 2> left;
  if (same_system)
    left = {bounds_left(system, series, medians, false),
            bounds_left(system, series, medians, true)};
  std::vector<Extrapolation> answers;
  Modelled modelled;
  for (std::size_t i = 0; i < central.size(); ++i) {
    const std::size_t size = i % sizes_bytes.size();
    const Target& target = (*targets)[i / sizes_bytes.size()];
    const double size_bytes = sizes_bytes[size];
    if (size == 0) modelled = model(system, series, target, sizes_bytes, same_system);
    const double bound_s = options.bound_s ? options.bound_s(collective, size_bytes, target.ranks)
                                           : default_bound(system, series, size_bytes, target.ranks,
                                                           left[target.network ? 1 : 0]);
    Extrapolation answer{make_record(profile, system, fit, target, size_bytes, same_system),
                         std::move(modelled.predictions[size]),
                         std::move(modelled.ranges[size]),
                         {},
                         {},
                         fit.mixture.text,
                         beyond_sizes(series, target, size_bytes),
                         {},
                         {}};
    Record& record = answer.record;
    const double settings =
        fit.mixture.apart[static_cast<std::size_t>(regime_of(size_bytes * target.size_factor))];
    const double per_node = per_node_width(series, target, same_system);
    const double others = std::hypot(other_system, settings, per_node);
    Predicted predicted =
        widened(central[i], log_times_of(replicates, i), answer.range.widths(), others);
    const FewerChannels step = fewer_channels(
        series, target, size_bytes, std::exp(predicted.log_time), answer.model, options.channels);
    predicted.log_time += step.log_slower;
    predicted.widths.up += step.log_width;
    answer.channels = step.text;
    set_times(record, predicted, bound_s);
    answer.below_measured = below_measured(series, target, central[i], record.time_s);
    answer.choice =
        named.check(i, record, answer.range.widths(), std::hypot(other_system, per_node), bound_s);
    reach(record, answer.choice);
    answer.normal_form =
        check_normal_form(series, medians, target.network, target.place,
                          size_bytes * target.size_factor, record.intervals.back(), bound_s);
    record.bottleneck = answer.model.bottleneck;
    record.source += say(answer);
    answers.push_back(std::move(answer));
  }
  return answers;
}

Expected<std::vector<Record>> extrapolate(const Profile& profile, const System& system,
                                          Collective collective,
                                          std::span<const double> sizes_bytes,
                                          std::span<const std::int64_t> ranks,
                                          const ExtrapolateOptions& options) {
  auto answers = extrapolate_in_full(profile, system, collective, sizes_bytes, ranks, options);
  if (!answers) {
    return tl::make_unexpected(answers.error());
  }
  std::vector<Record> records;
  for (Extrapolation& answer : *answers) records.push_back(std::move(answer.record));
  return records;
}

}  // namespace collscale

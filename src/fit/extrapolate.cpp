// SPDX-License-Identifier: Apache-2.0
#include "fit/extrapolate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "fit/calibrate.hpp"
#include "fit/tier_fit.hpp"
#include "model/bounds.hpp"
#include "stats/bootstrap.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

constexpr std::int64_t kAllScales = std::numeric_limits<std::int64_t>::max();

Expected<const SeriesFit*> choose_series(const Profile& profile, Collective collective,
                                         const std::string& algorithm) {
  std::vector<const SeriesFit*> found;
  std::vector<std::string> collectives;
  std::vector<std::string> algorithms;
  for (const SeriesFit& fit : profile.series) {
    collectives.emplace_back(name(fit.series.collective));
    if (fit.series.collective == collective) {
      found.push_back(&fit);
      algorithms.push_back(fit.series.algorithm);
    }
  }
  if (found.empty()) {
    std::sort(collectives.begin(), collectives.end());
    collectives.erase(std::unique(collectives.begin(), collectives.end()), collectives.end());
    return fail(fmt::format("the data have no {}, only {}", name(collective),
                            fmt::join(collectives, ", ")));
  }
  const std::string wanted = algorithm.empty() && found.size() > 1 ? "auto" : algorithm;
  for (const SeriesFit* fit : found) {
    if (wanted.empty() || fit->series.algorithm == wanted) {
      return fit;
    }
  }
  if (algorithm.empty()) {
    return fail(fmt::format("the data have {} with the algorithms {}: name one of them",
                            name(collective), fmt::join(algorithms, ", ")));
  }
  return fail(fmt::format("the data have no {} with the algorithm \"{}\"{}", name(collective),
                          algorithm, suggestion(algorithm, algorithms)));
}

// A target, in the coordinates of the data.
struct Target {
  std::int64_t ranks = 0;
  bool network = false;
  Place place;
  double size_factor = 1;  ///< data's size ÷ target's
};

Target map_target(const Profile& profile, const System& system, std::int64_t ranks) {
  const auto per_node = static_cast<double>(ranks_per_node(system));
  const auto data_per_node = static_cast<double>(profile.ranks_per_node);
  const auto n = static_cast<double>(ranks);
  Target target;
  target.ranks = ranks;
  target.network = n > per_node;
  if (target.network) {
    target.size_factor = data_per_node / per_node;
    target.place = {n * target.size_factor, n / per_node};
  } else {
    target.place = {n, n};
  }
  return target;
}

Expected<void> check_target(const SeriesFit& fit, const System& system, const Target& target) {
  if (target.ranks < 2) {
    return fail(fmt::format("{} ranks: a collective needs at least 2", target.ranks));
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

// In-network reduction (NVLink SHARP inside a node, CollNet across) moves fewer bytes than the
// bounds assume; what may use it is held to the latency bound only.
double default_bound(const System& system, const Series& series, double size_bytes,
                     std::int64_t ranks) {
  const Bounds bounds = lower_bounds(system, series.collective, ranks, size_bytes);
  const auto named = [&](const char* part) {
    return series.algorithm.find(part) != std::string::npos;
  };
  const bool one_node = ranks <= ranks_per_node(system);
  const bool library_may = series.engine == Engine::nccl && series.algorithm == "auto";
  const bool in_network = named("collnet") || (one_node && (library_may || named("nvls")));
  return in_network ? bounds.latency_s : bounds.time_s();
}

std::string describe(const Profile& profile, const System& system, const SeriesFit& fit,
                     const Target& target) {
  const Series& series = fit.series;
  const std::vector<std::int64_t> scales = series.scales(target.network);
  std::string text = fmt::format(
      "{} {} on {}, {} {}", name(series.trust), name(series.engine), series.system,
      scales.size() == 1
          ? format_count(scales.front())
          : fmt::format("{} to {}", format_count(scales.front()), format_count(scales.back())),
      "ranks");
  text += fmt::format(" ({} per node)", profile.ranks_per_node);
  if (series.system != system.name) {
    text += "; another system than the target: not rescaled to its links";
  }
  if (target.network && profile.ranks_per_node != ranks_per_node(system)) {
    text +=
        fmt::format("; mapped to {} per node by nodes and bytes per rank", ranks_per_node(system));
  }
  if (scales.size() == 1) {
    text += "; one scale only: growth is assumed";
  }
  return text;
}

double quadrature(double a, double b) { return std::hypot(a, b); }

}  // namespace

Expected<std::vector<Record>> extrapolate(const Profile& profile, const System& system,
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
  std::vector<Target> targets;
  for (const std::int64_t n : ranks) {
    targets.push_back(map_target(profile, system, n));
    if (auto checked = check_target(fit, system, targets.back()); !checked) {
      return tl::make_unexpected(checked.error());
    }
  }
  for (const double size_bytes : sizes_bytes) {
    if (!(size_bytes > 0.0) || !std::isfinite(size_bytes)) {
      return fail(fmt::format("size {} B: expected a positive number of bytes", size_bytes));
    }
  }

  std::array<WidthFactors, 2> factors = {kPriorFactors, kPriorFactors};
  for (const Branch& branch : fit.branches) {
    factors[branch.network ? 1 : 0] = branch.width_factors;
  }
  // Predictions of one set of cell times, targets × sizes.
  const auto predict_all = [&](std::span<const double> times_s) {
    std::array<std::optional<Estimator>, 2> estimators;
    std::vector<Predicted> predictions;
    predictions.reserve(targets.size() * sizes_bytes.size());
    for (const Target& target : targets) {
      const std::size_t tier = target.network ? 1 : 0;
      if (!estimators[tier]) {
        estimators[tier].emplace(series, times_s, target.network, kAllScales);
      }
      const TierPrediction prediction(*estimators[tier], factors[tier], target.place);
      for (const double size_bytes : sizes_bytes) {
        predictions.push_back(prediction.at(std::log(size_bytes * target.size_factor)));
      }
    }
    return predictions;
  };
  const std::vector<Predicted> central = predict_all(cell_medians(series));
  const std::vector<std::vector<double>> replicates = bootstrap_replicates(
      BootstrapOptions{options.replicates, options.seed, options.threads},
      [&](Random& random, std::size_t) {
        std::vector<double> log_times;
        for (const Predicted& predicted : predict_all(resampled_medians(series, random))) {
          log_times.push_back(predicted.log_time);
        }
        return log_times;
      });

  const double other_system =
      series.system == system.name || options.matched_system ? 0.0 : std::log(kOtherSystemFactor);
  std::vector<Record> records;
  std::vector<double> values(replicates.size());
  for (std::size_t t = 0; t < targets.size(); ++t) {
    const Target& target = targets[t];
    const std::vector<std::int64_t> scales = series.scales(target.network);
    for (std::size_t s = 0; s < sizes_bytes.size(); ++s) {
      const std::size_t index = t * sizes_bytes.size() + s;
      HalfWidths widths = central[index].widths;
      const double log_time = central[index].log_time;
      if (!replicates.empty()) {
        for (std::size_t r = 0; r < replicates.size(); ++r) {
          values[r] = replicates[r][index];
        }
        const PercentileInterval runs = percentile_interval(values, 0.95);
        widths.up = quadrature(widths.up, std::max(0.0, runs.high - log_time));
        widths.down = quadrature(widths.down, std::max(0.0, log_time - runs.low));
      }
      widths.up = quadrature(widths.up, other_system);
      widths.down = quadrature(widths.down, other_system);

      Record record;
      record.engine = Engine::analytic;
      record.trust = Trust::predicted;
      Scenario& scenario = record.scenario;
      scenario.topology = system.name;
      scenario.collective = collective;
      scenario.algorithm = series.algorithm;
      scenario.protocol = series.protocol;
      scenario.size_bytes = sizes_bytes[s];
      scenario.ranks = target.ranks;
      scenario.nodes = static_cast<std::int64_t>(std::ceil(
          static_cast<double>(target.ranks) / static_cast<double>(ranks_per_node(system))));
      const double bound_s = options.bound_s
                                 ? options.bound_s(collective, sizes_bytes[s], target.ranks)
                                 : default_bound(system, series, sizes_bytes[s], target.ranks);
      const auto bounded = [&](double log_value) { return std::max(std::exp(log_value), bound_s); };
      record.time_s = bounded(log_time);
      for (const auto& [level, share] : {std::pair{0.5, kHalfLevelShare}, std::pair{0.95, 1.0}}) {
        record.intervals.push_back({level, bounded(log_time - share * widths.down),
                                    bounded(log_time + share * widths.up)});
      }
      if (bound_s > 0.0) {
        record.bound_s = bound_s;
        record.utilisation = bound_s / record.time_s;
      }
      record.assumed_figures = unsourced_figures(system);
      record.validated_to_ranks = scales.back();
      record.source = describe(profile, system, fit, target);
      set_bandwidths(record);
      records.push_back(std::move(record));
    }
  }
  return records;
}

}  // namespace collscale

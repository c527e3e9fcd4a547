// SPDX-License-Identifier: Apache-2.0
#include "fit/unhealthy_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "fit/cell_times.hpp"
#include "fit/regime.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr std::size_t kFewestSets = 3;

/// Of a data set by regime: ln of its times over the others', size by size.
using Ratios = std::array<std::vector<double>, kRegimes>;

struct Suspect {
  std::int64_t ranks = 0;
  std::string data_set;
  double log_ratio = 0;
  std::size_t others = 0;
};

/// The lower one of two: a run that goes wrong takes longer.
double median_of_others(const std::map<std::string, double>& times, const std::string& without) {
  std::vector<double> others;
  for (const auto& [name, time_s] : times)
    if (name != without) others.push_back(time_s);
  const auto middle = others.begin() + static_cast<std::ptrdiff_t>((others.size() - 1) / 2);
  std::nth_element(others.begin(), middle, others.end());
  return *middle;
}

std::map<std::string, Ratios> ratios_of(const Series& series, std::int64_t ranks,
                                        const std::vector<std::string>& names) {
  std::map<std::string, Ratios> ratios;
  for (const Cell& cell : series.cells) {
    if (cell.ranks != ranks) continue;
    const auto times =
        times_by(cell, [&](std::int32_t run) { return names[static_cast<std::size_t>(run)]; });
    if (times.size() < kFewestSets) continue;
    const auto regime = static_cast<std::size_t>(regime_of(cell.size_bytes));
    for (const auto& [name, time_s] : times)
      ratios[name][regime].push_back(std::log(time_s / median_of_others(times, name)));
  }
  return ratios;
}

/// The one data set of a scale that is too slow; none where two are off.
std::optional<Suspect> suspect_of(const std::map<std::string, Ratios>& ratios, std::int64_t ranks) {
  std::optional<Suspect> suspect;
  for (const auto& [name, regimes] : ratios) {
    for (const std::vector<double>& values : regimes) {
      if (values.size() < kFewestOfRegime) continue;
      const double log_ratio = median(values);
      if (std::fabs(log_ratio) < std::log(kHealthyRuns)) continue;
      if (log_ratio < std::log(kUnhealthyRun) || (suspect && suspect->data_set != name))
        return std::nullopt;
      if (!suspect || log_ratio > suspect->log_ratio)
        suspect = {ranks, name, log_ratio, ratios.size() - 1};
    }
  }
  return suspect;
}

void take_out(Series& series, const Suspect& suspect) {
  const std::vector<std::string>& names = series.data_sets.at(suspect.ranks);
  for (Cell& cell : series.cells) {
    if (cell.ranks != suspect.ranks) continue;
    Cell kept = cell;
    kept.time_s.clear();
    kept.run.clear();
    for (std::size_t i = 0; i < cell.time_s.size(); ++i) {
      if (names[static_cast<std::size_t>(cell.run[i])] == suspect.data_set) continue;
      kept.time_s.push_back(cell.time_s[i]);
      kept.run.push_back(cell.run[i]);
    }
    cell = std::move(kept);
  }
  std::erase_if(series.cells, [](const Cell& cell) { return cell.time_s.empty(); });
}

}  // namespace

std::string take_out_unhealthy_run(Series& series) {
  std::vector<Suspect> suspects;
  int told = 0;
  for (const auto& [ranks, names] : series.data_sets) {
    const std::map<std::string, Ratios> ratios = ratios_of(series, ranks, names);
    if (ratios.size() < kFewestSets) continue;
    ++told;
    if (const auto suspect = suspect_of(ratios, ranks)) suspects.push_back(*suspect);
  }
  if (told < 2 || suspects.size() != 1) return {};
  const Suspect& suspect = suspects.front();
  take_out(series, suspect);
  return fmt::format(
      "data set \"{}\" is x{:.2g} as slow as the {} others on {} ranks, which agree: left "
      "out as a run that went wrong",
      suspect.data_set, std::exp(suspect.log_ratio), suspect.others, format_count(suspect.ranks));
}

}  // namespace collscale

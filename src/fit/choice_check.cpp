// SPDX-License-Identifier: Apache-2.0
#include "fit/choice_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr std::size_t kFewestInCommon = 3;  ///< in common, for a ratio that was "never" exceeded

using Times = std::map<std::pair<std::int64_t, double>, double>;  // by ranks and size

Times times_of(const Series& series, bool network) {
  const std::vector<double> medians = cell_medians(series);
  Times times;
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if ((cell.nodes > 1) == network) times[{cell.ranks, cell.size_bytes}] = medians[i];
  }
  return times;
}

// auto ÷ the other at the points that both have; none where these are too few.
std::vector<double> ratios_of(const Times& automatic, const Times& other) {
  std::vector<double> ratios;
  for (const auto& [point, time_s] : automatic)
    if (const auto found = other.find(point); found != other.end())
      ratios.push_back(time_s / found->second);
  if (ratios.size() < kFewestInCommon) ratios.clear();
  return ratios;
}

}  // namespace

double most_behind(const Series& automatic, const Series& named, bool network) {
  const auto ratios = ratios_of(times_of(automatic, network), times_of(named, network));
  return ratios.empty() ? 0 : std::max(1.0, *std::max_element(ratios.begin(), ratios.end()));
}

double least_ahead(const Series& automatic, std::span<const Series* const> named, bool network) {
  Times fastest;
  for (const Series* one : named)
    for (const auto& [point, time_s] : times_of(*one, network)) {
      const auto [found, is_new] = fastest.emplace(point, time_s);
      if (!is_new) found->second = std::min(found->second, time_s);
    }
  const auto ratios = ratios_of(times_of(automatic, network), fastest);
  return ratios.empty() ? 0 : std::min(1.0, *std::min_element(ratios.begin(), ratios.end()));
}

ChoiceCheck check_choice(double time_s, const Interval& interval,
                         std::span<const NamedAnswer> named, double least_ahead_ratio) {
  ChoiceCheck check;
  const NamedAnswer* fastest = nullptr;
  double reach_s = interval.low_s;
  for (const NamedAnswer& one : named) {
    if (fastest == nullptr || one.time_s < fastest->time_s) fastest = &one;
    const double reach_of_it_s = one.most_behind * one.time_s;
    if (one.most_behind <= 0 || reach_of_it_s >= reach_s || time_s <= one.interval.high_s) continue;
    reach_s = reach_of_it_s;
    check = {ChoiceCheck::Verdict::slower, one, one.most_behind, reach_s};
  }
  if (check.verdict == ChoiceCheck::Verdict::slower || fastest == nullptr || least_ahead_ratio <= 0)
    return check;
  // Ahead of all of them, or it may have chosen the one that is not known so well.
  double lowest_s = std::numeric_limits<double>::infinity();
  for (const NamedAnswer& one : named) lowest_s = std::min(lowest_s, one.interval.low_s);
  const double could_be_s = least_ahead_ratio * fastest->time_s;
  if (could_be_s > interval.high_s && time_s < lowest_s)
    check = {ChoiceCheck::Verdict::faster, *fastest, least_ahead_ratio, could_be_s};
  return check;
}

std::string contradiction(const ChoiceCheck& check) {
  if (check.verdict == ChoiceCheck::Verdict::agrees) return "";
  const NamedAnswer& named = check.named;
  const bool slower = check.verdict == ChoiceCheck::Verdict::slower;
  const double ratio = slower ? check.measured_ratio : 1 / check.measured_ratio;
  return fmt::format(
      "contradicted by {} of the same data, extrapolated to {} ({} .. {}): auto was never measured "
      "more than x{:.2g} {} than {}, so one of the two laws fails here, and the 95 % interval "
      "reaches {} to {}",
      named.algorithm, format_time(named.time_s), format_time(named.interval.low_s),
      format_time(named.interval.high_s), std::max(1.0, ratio), slower ? "slower" : "faster",
      slower ? "it" : "the fastest of them", slower ? "down" : "up", format_time(check.reach_s));
}

}  // namespace collscale

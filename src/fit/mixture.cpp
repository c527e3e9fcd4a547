// SPDX-License-Identifier: Apache-2.0
#include "fit/mixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "fit/cell_times.hpp"
#include "fit/tier_fit.hpp"
#include "stats/quantiles.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// Two data sets of a scale, in one regime.
struct Difference {
  std::int64_t ranks = 0;
  Regime regime = Regime::latency;
  std::int32_t one = 0, other = 0;
  double log_ratio = 0;  ///< of their times, the median over the sizes that they share
};

/// The largest difference of each regime of each scale that has several runs.
std::vector<Difference> differences_of(const Series& series) {
  using Pair = std::pair<std::int32_t, std::int32_t>;
  std::map<std::pair<std::int64_t, Regime>, std::map<Pair, std::vector<double>>> ratios;
  for (const Cell& cell : series.cells) {
    const auto times = times_by(cell, [](std::int32_t run) { return run; });
    for (auto one = times.begin(); one != times.end(); ++one)
      for (auto other = std::next(one); other != times.end(); ++other)
        ratios[{cell.ranks, regime_of(cell.size_bytes)}][{one->first, other->first}].push_back(
            std::log(other->second / one->second));
  }
  std::vector<Difference> largest;
  for (const auto& [where, pairs] : ratios) {
    std::optional<Difference> most;
    for (const auto& [pair, values] : pairs) {
      if (values.size() < kFewestOfRegime) continue;
      const double log_ratio = median(values);
      if (!most || std::fabs(log_ratio) > std::fabs(most->log_ratio))
        most = {where.first, where.second, pair.first, pair.second, log_ratio};
    }
    if (most) largest.push_back(*most);
  }
  return largest;
}

std::string data_set(const Series& series, std::int64_t ranks, std::int32_t run) {
  const auto found = series.data_sets.find(ranks);
  const auto index = static_cast<std::size_t>(run);
  if (found == series.data_sets.end() || index >= found->second.size() ||
      found->second[index].empty())
    return fmt::format("run {}", run + 1);
  return fmt::format("\"{}\"", found->second[index]);
}

constexpr std::array<const char*, kRegimes> kMessages = {
    "messages below 64 KiB", "messages of 64 KiB to 64 MiB", "messages above 64 MiB"};
constexpr const char* kAdvice =
    "they do not look like one setting (transport, version, node design), so the interval spans "
    "both; extrapolate each by itself";

void find_apart(const Series& series, Mixture& mixture) {
  const std::vector<Difference> all = differences_of(series);
  std::vector<Difference> apart;
  for (const Difference& one : all)
    if (std::fabs(one.log_ratio) >= std::log(kSettingsApart)) apart.push_back(one);
  if (apart.size() < 2) return;
  for (const Difference& one : apart) {
    double& widest = mixture.apart[static_cast<std::size_t>(one.regime)];
    widest = std::max(widest, std::fabs(one.log_ratio));
  }
  const Difference& most =
      *std::max_element(apart.begin(), apart.end(), [](const Difference& a, const Difference& b) {
        return std::fabs(a.log_ratio) < std::fabs(b.log_ratio);
      });
  mixture.text = fmt::format(
      "data sets {} and {} measured the same points x{:.2g} apart ({} on {} ranks; x{:g} or more "
      "in {} of "
      "{} such comparisons): {}",
      data_set(series, most.ranks, most.one), data_set(series, most.ranks, most.other),
      std::exp(std::fabs(most.log_ratio)), kMessages[static_cast<std::size_t>(most.regime)],
      format_count(most.ranks), kSettingsApart, apart.size(), all.size(), kAdvice);
}

/// Whether no data set of a scale is at a smaller one of the tier, too.
bool is_of_other_data_sets(const Series& series, std::span<const std::int64_t> smaller,
                           std::int64_t ranks) {
  const auto here = series.data_sets.find(ranks);
  if (here == series.data_sets.end()) return false;
  const std::set<std::string> names(here->second.begin(), here->second.end());
  for (const std::int64_t scale : smaller) {
    const auto there = series.data_sets.find(scale);
    if (there == series.data_sets.end()) return false;
    for (const std::string& one : there->second)
      if (names.count(one) > 0) return false;
  }
  return true;
}

void find_jump(const Series& series, std::span<const double> medians_s, const Priors& priors,
               Mixture& mixture) {
  const std::vector<std::int64_t> scales = series.scales(true);
  if (scales.size() < 2) return;
  std::vector<OriginError> own;
  for (std::size_t at = 1; at < scales.size(); ++at) {
    if (!is_of_other_data_sets(series, std::span(scales).first(at), scales[at])) continue;
    if (own.empty() && scales.size() > 2)
      own = rolling_origin_errors(series, medians_s, true, scales.back(), priors);
    const Estimator estimator(series, medians_s, true, scales[at - 1], priors);
    std::optional<TierPrediction> prediction;
    std::vector<double> errors;
    std::size_t above = 0;
    std::size_t below = 0;
    for (std::size_t i = 0; i < series.cells.size(); ++i) {
      const Cell& cell = series.cells[i];
      if (cell.ranks != scales[at] || cell.nodes < 2 ||
          regime_of(cell.size_bytes) != Regime::bandwidth)
        continue;
      if (!prediction)
        prediction.emplace(estimator, own_record(priors, own, static_cast<int>(at)),
                           place_of(cell, true));
      const Predicted predicted = prediction->at(std::log(cell.size_bytes));
      errors.push_back(std::log(medians_s[i]) - predicted.log_time);
      above += errors.back() > predicted.widths.up ? 1 : 0;
      below += errors.back() < -predicted.widths.down ? 1 : 0;
    }
    const std::size_t outside = std::max(above, below);
    if (errors.size() < kFewestOfRegime || 4 * outside < 3 * errors.size()) continue;
    const double jump = median(errors);
    if (std::fabs(jump) < std::log(kSettingsJump)) continue;
    double& widest = mixture.apart[static_cast<std::size_t>(Regime::bandwidth)];
    if (std::fabs(jump) <= widest) continue;
    widest = std::fabs(jump);
    mixture.text = fmt::format(
        "from {} to {} ranks, where data set {} gives way to {}, messages above 64 MiB become "
        "x{:.2g} {} than the smaller scales say ({} of {} sizes outside the 95 % interval): {}",
        format_count(scales[at - 1]), format_count(scales[at]), data_set(series, scales[at - 1], 0),
        data_set(series, scales[at], 0), std::exp(std::fabs(jump)), jump > 0 ? "slower" : "faster",
        outside, errors.size(), kAdvice);
  }
}

}  // namespace

Mixture find_mixture(const Series& series, std::span<const double> medians_s,
                     const Priors& priors) {
  Mixture mixture;
  find_apart(series, mixture);
  if (mixture.text.empty()) find_jump(series, medians_s, priors, mixture);
  return mixture;
}

}  // namespace collscale

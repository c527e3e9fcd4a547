// SPDX-License-Identifier: Apache-2.0
#include "fit/node_rates.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "fit/library_terms.hpp"
#include "fit/target_model.hpp"

namespace collscale {
namespace {

constexpr double kLarge_bytes = 1.0995e12;  // that nothing but bandwidth counts
// A scale that reaches less than this share of what the file says was measured at small messages
// alone, and its best bus bandwidth tells of their latency.
constexpr double kLeastShare = 0.5;
constexpr double kSame = 0.99;  // rates that differ by less do not differ

bool is_told(const ScaleUp& scale_up) {
  const bool has_links =
      scale_up.kind == ScaleUpKind::full_mesh || scale_up.kind == ScaleUpKind::links;
  return !is_unsourced(has_links ? scale_up.link_Bps : scale_up.bandwidth_Bps);
}

// Of a series whose rates are known.
double rate_of(const Series& series, std::int64_t ranks) {
  return series.node_rates[static_cast<std::size_t>(ranks - 2)];
}

bool knows(const Series& series, const Cell& cell) {
  return cell.nodes == 1 && cell.ranks <= static_cast<std::int64_t>(series.node_rates.size()) + 1;
}

}  // namespace

std::vector<double> node_rates(const System& system, const Series& series) {
  const std::int64_t all = ranks_per_node(system);
  if (series.ranks_per_node > all || !is_told(system.node.scale_up)) return {};
  if (system.node.scale_up.kind == ScaleUpKind::nvswitch)
    return {system.node.scale_up.bandwidth_Bps.value};
  std::vector<double> rates;
  for (std::int64_t ranks = 2; ranks <= all; ++ranks) {
    const auto predicted =
        predict_fastest(system, series.collective, model_algorithms(series, system, ranks), ranks,
                        std::array{kLarge_bytes});
    if (!predicted) return {};
    rates.push_back(kLarge_bytes * bus_factor(series.collective, static_cast<double>(ranks)) /
                    predicted->front().time_s);
  }
  return rates;
}

Inside inside_of(const Series& series) {
  const std::vector<double>& rates = series.node_rates;
  if (rates.empty()) return Inside::unknown;
  const auto [least, most] = std::minmax_element(rates.begin(), rates.end());
  return *least >= kSame * *most ? Inside::even : Inside::uneven;
}

std::vector<double> times_as_on(const Series& series, std::span<const double> times_s,
                                std::int64_t ranks) {
  std::vector<double> times(times_s.begin(), times_s.end());
  if (inside_of(series) != Inside::uneven ||
      ranks > static_cast<std::int64_t>(series.node_rates.size()) + 1)
    return times;
  std::map<std::int64_t, double> slowness;  // by scale, least time over what busbw counts, s/B
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if (!knows(series, cell) || cell.ranks >= ranks) continue;
    const double moved_bytes =
        cell.size_bytes * bus_factor(series.collective, static_cast<double>(cell.ranks));
    const auto [found, is_new] =
        slowness.emplace(cell.ranks, 1 / (kLeastShare * rate_of(series, cell.ranks)));
    found->second = std::min(found->second, times_s[i] / moved_bytes);
  }
  double before = 0;
  for (const auto& [scale, of] : slowness) {
    if (rate_of(series, scale) < kSame * before) return times;
    before = rate_of(series, scale);
  }
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if (!knows(series, cell) || cell.ranks >= ranks) continue;
    const double bytes_s = slowness[cell.ranks] * cell.size_bytes *
                           bus_factor(series.collective, static_cast<double>(cell.ranks));
    times[i] += bytes_s * (rate_of(series, cell.ranks) / rate_of(series, ranks) - 1);
  }
  return times;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "fit/figure_price.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "collective/algorithms.hpp"
#include "model/analytic.hpp"
#include "model/selected.hpp"

namespace collscale {
namespace {

Expected<std::optional<Selection>> as_named(const Series& series) {
  if (series.algorithm == "auto") return std::optional<Selection>{};
  Selection selection;
  selection.algorithm = series.algorithm;
  selection.protocol = series.protocol;
  return std::optional<Selection>{selection};
}

/// The series of a point as if its records had named what the library said that it ran.
Series as_told(const Series& series, const Chosen& chosen) {
  Series told;
  told.collective = series.collective;
  told.engine = series.engine;
  told.algorithm = chosen.algorithm;
  told.protocol = chosen.protocol;
  return told;
}

bool same_way(const Expected<std::optional<Selection>>& a,
              const Expected<std::optional<Selection>>& b) {
  return a && b && *a && *b && (*a)->algorithm == (*b)->algorithm &&
         (*a)->protocol == (*b)->protocol;
}

bool is_library(std::string_view word) {
  static constexpr std::array<std::string_view, 9> kLibraries{
      "ompi", "openmpi", "mpich", "mvapich", "mvapich2", "impi", "intelmpi", "nccl", "rccl"};
  return std::find(kLibraries.begin(), kLibraries.end(), word) != kLibraries.end();
}

/// What carries bytes: the shares of bandwidths that a fit changes.
std::vector<double> shares_of(const System& system) {
  std::vector<double> shares = {system.node.scale_up.efficiency.value,
                                fabric_efficiency(system).value};
  if (system.node.scale_up.in_network)
    shares.push_back(system.node.scale_up.in_network->efficiency.value);
  if (const InNetworkReduction* const fabric = fabric_in_network(system))
    shares.push_back(fabric->efficiency.value);
  return shares;
}

/// An algorithm that a record names and no library prices: as it is, with all channels.
Selection as_it_is(const Selection& named) {
  Selection selection;
  selection.algorithm = named.algorithm;
  selection.channels = std::numeric_limits<std::int32_t>::max();
  selection.segment_bytes = -1;
  return selection;
}

}  // namespace

std::string priced_algorithm(Collective collective, std::string_view algorithm) {
  std::string rest;
  bool found = false;
  for (std::size_t begin = 0; begin <= algorithm.size();) {
    const std::size_t end = std::min(algorithm.find('_', begin), algorithm.size());
    const std::string_view word = algorithm.substr(begin, end - begin);
    begin = end + 1;
    if (is_library(word)) {
      found = true;
      continue;
    }
    if (!rest.empty()) rest += '_';
    rest += word;
    // "allreduce" or "all_reduce" in front
    const auto whole = parse_collective(rest);
    if (whole && *whole == collective) rest.clear();
  }
  if (rest == "rabenseifner") {
    rest = "halving_doubling";
    found = true;
  }
  return found && find_algorithm(collective, rest) != nullptr ? rest : std::string(algorithm);
}

std::vector<MeasuredPoint> points_of(std::span<const Series> all, const System& system,
                                     bool network, const Library& library) {
  std::vector<MeasuredPoint> points;
  std::map<std::pair<int, std::int64_t>, int> blocks;
  for (const Series& series : all) {
    const std::vector<double> medians = cell_medians(series);
    Series named;
    named.collective = series.collective;
    named.engine = series.engine;
    named.algorithm = priced_algorithm(series.collective, series.algorithm);
    named.protocol = series.protocol;
    for (std::size_t i = 0; i < series.cells.size(); ++i) {
      const Cell& cell = series.cells[i];
      if ((cell.nodes > 1) != network || cell.ranks > max_ranks(system)) continue;
      const auto choose = [&](const Series& as) {
        return library.choose ? library.choose(as, cell.ranks, cell.size_bytes) : as_named(as);
      };
      auto selection = choose(named);
      MeasuredPoint point;
      if (cell.chosen && series.algorithm == "auto") {
        auto told = choose(as_told(series, *cell.chosen));
        point.is_told = true;
        point.is_as_ruled = same_way(told, selection);
        selection = std::move(told);
      }
      if (!selection) continue;
      point.collective = series.collective;
      point.ranks = cell.ranks;
      point.units = place_of(cell, network).units;
      point.size_bytes = cell.size_bytes;
      point.log_time = std::log(medians[i]);
      point.selection = *std::move(selection);
      point.is_named = series.algorithm != "auto";
      if (!point.is_named && library.offers)
        point.offers = library.offers(series.collective, cell.ranks, cell.size_bytes);
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

/// Points of one collective at one scale.
class PointPricer::Group {
 public:
  Group(std::span<const MeasuredPoint> points, std::size_t first, const System& system)
      : points_(points),
        first_(first),
        job_(with_shared_racks(system, points.front().ranks)),
        costs_(job_, points.front().collective, points.front().ranks, {}) {}

  void price(const System& system, const LatencyFactors& factors, Question question,
             std::vector<double>& logs) {
    costs_.set_latencies(system, factors);
    std::vector<double> unknown;  // sizes at which any algorithm could have run
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const MeasuredPoint& point = points_[i];
      double& log_time = logs[first_ + i];
      if (point.is_named && question == Question::fastest) continue;
      const bool known = point.selection && (question == Question::chosen || point.is_seen);
      if (known) {
        log_time = log_time_of(*point.selection, point.size_bytes);
      } else if (point.offers.empty()) {
        unknown.push_back(point.size_bytes);
        at.push_back(first_ + i);
      }
      for (std::size_t j = 0; !known && j < point.offers.size(); ++j) {
        const double one = log_time_of(point.offers[j], point.size_bytes);
        if (one < log_time || std::isnan(log_time)) log_time = one;
      }
    }
    if (unknown.empty()) return;
    PriceOptions options;
    options.protocol_factors = factors;
    const std::int64_t ranks = points_.front().ranks;
    const auto found =
        predict_analytic(with_shared_racks(system, ranks), points_.front().collective, "auto",
                         ranks, unknown, options);
    for (std::size_t i = 0; found && i < at.size(); ++i)
      if ((*found)[i].time_s > 0) logs[at[i]] = std::log((*found)[i].time_s);
  }

 private:
  double log_time_of(const Selection& selection, double size_bytes) {
    const auto one = costs_.predict(
        selection.library_algorithm.empty() ? as_it_is(selection) : selection, size_bytes);
    return one && one->time_s > 0 ? std::log(one->time_s) : std::nan("");
  }

  std::span<const MeasuredPoint> points_;
  std::size_t first_;
  System job_;
  SelectedCosts costs_;
};

PointPricer::PointPricer(std::span<const MeasuredPoint> points) : points_(points) {}
PointPricer::~PointPricer() = default;

std::vector<double> PointPricer::log_times(const System& system, const LatencyFactors& factors,
                                           Question question) {
  if (std::vector<double> shares = shares_of(system); shares != shares_) {
    shares_ = std::move(shares);
    groups_.clear();
    for (std::size_t begin = 0; begin < points_.size();) {
      std::size_t end = begin;
      while (end < points_.size() && points_[end].collective == points_[begin].collective &&
             points_[end].ranks == points_[begin].ranks)
        ++end;
      groups_.push_back(
          std::make_unique<Group>(points_.subspan(begin, end - begin), begin, system));
      begin = end;
    }
  }
  std::vector<double> logs(points_.size(), std::nan(""));
  for (const auto& group : groups_) group->price(system, factors, question, logs);
  return logs;
}

std::vector<double> log_times(std::span<const MeasuredPoint> points, const System& system,
                              const LatencyFactors& factors, Question question) {
  return PointPricer(points).log_times(system, factors, question);
}

}  // namespace collscale

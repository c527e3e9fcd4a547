// SPDX-License-Identifier: Apache-2.0
#include "fit/figure_price.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>

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

/// Points of one collective at one scale.
class GroupPricer {
 public:
  GroupPricer(std::span<const MeasuredPoint> points, const System& system,
              const PriceOptions& options, std::span<double> logs)
      : points_(points),
        system_(system),
        options_(options),
        logs_(logs),
        costs_(system, points.front().collective, points.front().ranks, options) {}

  void price(Question question) {
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const MeasuredPoint& point = points_[i];
      if (point.is_named && question == Question::fastest) continue;
      const bool known = point.selection && (question == Question::chosen || point.is_seen);
      if (known && !point.selection->library_algorithm.empty()) {
        logs_[i] = log_time_of(*point.selection, point.size_bytes);
      } else if (known || point.offers.empty()) {
        Plain& one = plain_[known ? point.selection->algorithm : "auto"];
        one.sizes.push_back(point.size_bytes);
        one.points.push_back(i);
      } else {
        for (const Selection& offer : point.offers) {
          const double log_time = log_time_of(offer, point.size_bytes);
          if (log_time < logs_[i] || std::isnan(logs_[i])) logs_[i] = log_time;
        }
      }
    }
    price_plain();
  }

 private:
  double log_time_of(const Selection& selection, double size_bytes) {
    const auto one = costs_.predict(selection, size_bytes);
    return one && one->time_s > 0 ? std::log(one->time_s) : std::nan("");
  }

  void price_plain() {
    for (const auto& [algorithm, asked] : plain_) {
      const auto found = predict_analytic(system_, points_.front().collective, algorithm,
                                          points_.front().ranks, asked.sizes, options_);
      for (std::size_t i = 0; found && i < asked.points.size(); ++i)
        if ((*found)[i].time_s > 0) logs_[asked.points[i]] = std::log((*found)[i].time_s);
    }
  }

  struct Plain {  // priced without a library
    std::vector<double> sizes{};
    std::vector<std::size_t> points{};
  };

  std::span<const MeasuredPoint> points_;
  const System& system_;
  const PriceOptions& options_;
  std::span<double> logs_;
  SelectedCosts costs_;
  std::map<std::string, Plain> plain_;  // by algorithm
};

}  // namespace

std::vector<MeasuredPoint> points_of(std::span<const Series> all, const System& system,
                                     bool network, const Library& library) {
  std::vector<MeasuredPoint> points;
  std::map<std::pair<int, std::int64_t>, int> blocks;
  for (const Series& series : all) {
    const std::vector<double> medians = cell_medians(series);
    for (std::size_t i = 0; i < series.cells.size(); ++i) {
      const Cell& cell = series.cells[i];
      if ((cell.nodes > 1) != network || cell.ranks > max_ranks(system)) continue;
      auto selection =
          library.choose ? library.choose(series, cell.ranks, cell.size_bytes) : as_named(series);
      if (!selection) continue;
      MeasuredPoint point;
      point.collective = series.collective;
      point.ranks = cell.ranks;
      point.units = static_cast<double>(network ? cell.nodes : cell.ranks);
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

std::vector<double> log_times(std::span<const MeasuredPoint> points, const System& system,
                              const LatencyFactors& factors, Question question) {
  PriceOptions options;
  options.protocol_factors = factors;
  std::vector<double> logs(points.size(), std::nan(""));
  for (std::size_t begin = 0; begin < points.size();) {
    std::size_t end = begin;
    while (end < points.size() && points[end].collective == points[begin].collective &&
           points[end].ranks == points[begin].ranks)
      ++end;
    GroupPricer(points.subspan(begin, end - begin), system, options,
                std::span(logs).subspan(begin, end - begin))
        .price(question);
    begin = end;
  }
  return logs;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "fit/size_pieces.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

namespace collscale {
namespace {

/// What a change of algorithm or protocol along the sizes has to save, in ln: as much as two sizes
/// at which repeated runs differ.
constexpr double kSwitch = 0.3;
/// What every size has to save at which the library's own rules say otherwise.
constexpr double kAgainst = 0.03;
constexpr double kMostMisfit = 1;  // of one point, in ln

using Way = std::pair<std::string, std::string>;  // algorithm, protocol

Way way_of(const Selection& selection) { return {selection.algorithm, selection.protocol}; }

/// Of one size the sum of misfits by way, over `points` scales.
struct SizeCosts {
  std::map<Way, double> sum;
  std::map<Way, int> priced;
  int points = 0;

  [[nodiscard]] double of(const Way& way) const {
    const auto found = sum.find(way);
    if (found == sum.end()) return kMostMisfit + kAgainst;
    const int without = points - priced.at(way);  // scales at which it was not on offer
    return (found->second + without * kMostMisfit) / points;
  }
};

std::vector<SizePiece> pieces_of(Collective collective, const std::map<double, SizeCosts>& sizes) {
  std::vector<Way> ways;
  for (const auto& [size, costs] : sizes)
    for (const auto& [way, sum] : costs.sum)
      if (std::find(ways.begin(), ways.end(), way) == ways.end()) ways.push_back(way);
  if (ways.empty()) return {};  // what was told is not on offer
  std::vector<double> best(ways.size(), 0.0);
  std::vector<std::vector<std::size_t>> from;  // by size, by way: the way of the size before
  for (const auto& [size, costs] : sizes) {
    const std::size_t cheapest =
        static_cast<std::size_t>(std::min_element(best.begin(), best.end()) - best.begin());
    std::vector<double> next(ways.size());
    std::vector<std::size_t> before(ways.size());
    for (std::size_t w = 0; w < ways.size(); ++w) {
      const bool stays = from.empty() || best[w] <= best[cheapest] + kSwitch;
      before[w] = stays ? w : cheapest;
      next[w] = costs.of(ways[w]) + (stays ? best[w] : best[cheapest] + kSwitch);
    }
    best = std::move(next);
    from.push_back(std::move(before));
  }
  auto way = static_cast<std::size_t>(std::min_element(best.begin(), best.end()) - best.begin());
  std::vector<SizePiece> pieces;
  auto size = sizes.rbegin();
  for (std::size_t i = from.size(); i-- > 0; ++size) {
    if (pieces.empty() || pieces.back().algorithm != ways[way].first ||
        pieces.back().protocol != ways[way].second)
      pieces.push_back({collective, size->first, ways[way].first, ways[way].second});
    pieces.back().from_bytes = size->first;
    way = from[i][way];
  }
  std::reverse(pieces.begin(), pieces.end());
  pieces.front().from_bytes = 0;
  return pieces;
}

}  // namespace

std::vector<SizePiece> find_pieces(std::span<const MeasuredPoint> points,
                                   std::span<const std::vector<double>> offer_logs) {
  std::map<Collective, std::map<double, SizeCosts>> collectives;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const MeasuredPoint& point = points[i];
    if (point.is_named || point.is_seen || !point.selection || point.offers.size() < 2) continue;
    SizeCosts& costs = collectives[point.collective][point.size_bytes];
    ++costs.points;
    for (std::size_t j = 0; j < point.offers.size(); ++j) {
      if (std::isnan(offer_logs[i][j])) continue;
      const Way way = way_of(point.offers[j]);
      costs.sum[way] += std::min(kMostMisfit, std::fabs(point.log_time - offer_logs[i][j])) +
                        (way == way_of(*point.selection) ? 0 : kAgainst);
      ++costs.priced[way];
    }
  }
  std::vector<SizePiece> all;
  for (const auto& [collective, sizes] : collectives) {
    const std::vector<SizePiece> pieces = pieces_of(collective, sizes);
    all.insert(all.end(), pieces.begin(), pieces.end());
  }
  return all;
}

void apply_pieces(std::span<const SizePiece> pieces, std::span<MeasuredPoint> points) {
  for (MeasuredPoint& point : points) {
    const SizePiece* const piece = piece_at(pieces, point.collective, point.size_bytes);
    if (point.is_named || !point.selection || piece == nullptr) continue;
    for (const Selection& offer : point.offers) {
      if (way_of(offer) != Way{piece->algorithm, piece->protocol}) continue;
      if (!point.is_told) point.selection = offer;
      point.is_seen = true;
    }
  }
}

std::vector<SizePiece> told_pieces(std::span<const MeasuredPoint> points) {
  constexpr double kOff = 0.1;
  std::map<Collective, std::pair<int, int>> counts;  // told, of these not as ruled
  for (const MeasuredPoint& point : points) {
    if (!point.is_told || !point.selection) continue;
    auto& [told, off] = counts[point.collective];
    ++told;
    off += point.is_as_ruled ? 0 : 1;
  }
  std::vector<MeasuredPoint> certain;
  std::vector<std::vector<double>> offer_logs;  // what was told is priced right, nothing else is
  for (const MeasuredPoint& point : points) {
    if (!point.is_told || !point.selection) continue;
    const auto& [told, off] = counts.at(point.collective);
    if (off <= kOff * told) continue;
    certain.push_back(point);
    certain.back().is_seen = false;
    std::vector<double>& logs = offer_logs.emplace_back();
    for (const Selection& offer : point.offers)
      logs.push_back(way_of(offer) == way_of(*point.selection) ? point.log_time : std::nan(""));
  }
  return find_pieces(certain, offer_logs);
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "fit/local_fit.hpp"

#include <algorithm>
#include <cmath>

#include "stats/nnls.hpp"

namespace collscale {
namespace {

// Widths of the weights e^(-distance ÷ width), in octaves: of the fit over sizes, of what it leaves
// over over sizes and over doublings of the nodes. All errors known change by less than a tenth
// between half and twice of each.
constexpr double kFitWidth = 4;
constexpr double kLeftOverWidth = 1;
constexpr double kScaleWidth = 1;
constexpr double kFarWeight = 1e-3;  // of a point far away, so that no fit is singular
// How strongly a fit is drawn to what is assumed, as a share of the sum of its points' weights.
constexpr double kDrawnToEnds = 0.03;
constexpr double kDrawnFromRings = 0.2;
// Growth of the bytes of all_to_all beyond its peers: what crosses the middle of a tapered fabric.
constexpr double kContendedGrowth = 0.3;
constexpr int kRobustRounds = 3;
constexpr double kTiny = 1e-15;  // seconds

double octaves(double log_value) { return log_value / kOctave; }

}  // namespace

bool LocalFit::serves(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::all_gather ||
         collective == Collective::reduce_scatter || collective == Collective::all_to_all;
}

LocalFit::Terms LocalFit::terms(double log_size, Place place) const {
  const double level = tree_levels(place.units, torus_dimensions_);
  const double bytes = std::exp(log_size);
  const double root = std::sqrt(bytes);
  const double elsewhere = 1.0 - 1.0 / place.units;  // share of the bytes that leave a node
  if (collective_ == Collective::all_to_all) {
    const double peers = place.ranks * elsewhere;
    return {1.0,
            level,
            std::sqrt(bytes / place.ranks) * peers,
            bytes,
            bytes * elsewhere,
            bytes * elsewhere * std::pow(place.units, kContendedGrowth),
            place.units - 1.0};
  }
  if (collective_ == Collective::all_reduce)
    return {1.0, level, root, root * level, bytes, bytes * level, place.units - 1.0};
  return {1.0,
          level,
          root,
          root * level,
          bytes * (1.0 - 1.0 / place.ranks),
          bytes * level,
          bytes * elsewhere};
}

double LocalFit::abscissa(double log_size, Place place) const {
  return collective_ == Collective::all_reduce ? log_size : log_size - std::log(place.ranks);
}

double LocalFit::fitted(const Law& law, double log_size, Place place) const {
  const Terms values = terms(log_size, place);
  double sum = kTiny;
  for (std::size_t j = 0; j < kTerms; ++j) sum += law.coefficients[j] * values[j];
  return std::log(sum);
}

LocalFit::Law LocalFit::law_around(double center, std::span<const Point> points,
                                   double largest_units, double ends) const {
  std::vector<double> a;
  std::vector<double> b;
  std::vector<double> weights;
  Terms sums{};
  double total = 0;
  for (const Point& point : points) {
    const double away = std::fabs(octaves(abscissa(point.log_size, point.place) - center));
    const double weight = std::exp(-away / kFitWidth) + kFarWeight;
    const Terms values = terms(point.log_size, point.place);
    for (std::size_t j = 0; j < kTerms; ++j) {
      a.push_back(values[j] / std::exp(point.log_time));
      sums[j] += weight * a.back();
    }
    b.push_back(1.0);
    weights.push_back(weight);
    total += weight;
  }
  // Two scales do not tell what grows how. all_reduce is drawn to trees whose ends are `ends`
  // levels, and away from rings, whose steps grow with the nodes: those only where trees are far
  // from what was measured. The others' terms are told apart by their bytes.
  if (collective_ == Collective::all_reduce) {
    const auto draw = [&](double strength, std::size_t constant, double share) {
      Terms row{};
      row[constant] = -sums[constant] / total;
      if (share > 0) row[constant + 1] = sums[constant] / total * share;
      a.insert(a.end(), row.begin(), row.end());
      b.push_back(0.0);
      weights.push_back(std::sqrt(strength * total));
    };
    for (std::size_t constant = 0; constant < 6; constant += 2) draw(kDrawnToEnds, constant, ends);
    draw(kDrawnFromRings, 6, 0.0);
  }
  Law law;
  const NnlsResult fit = huber_nnls(a, kTerms, b, kRobustRounds, weights);
  std::copy(fit.x.begin(), fit.x.end(), law.coefficients.begin());
  double weight_sum = 0;
  for (const Point& point : points) {
    const double away = std::fabs(octaves(abscissa(point.log_size, point.place) - center));
    const double below = std::log2(largest_units / point.place.units);
    const double weight = std::exp(-away / kLeftOverWidth - below / kScaleWidth);
    law.left_over += weight * (point.log_time - fitted(law, point.log_size, point.place));
    weight_sum += weight;
  }
  law.left_over /= weight_sum;
  return law;
}

LocalFit::LocalFit(Collective collective, double torus_dimensions, double ends,
                   std::span<const Point> points)
    : collective_(collective), torus_dimensions_(torus_dimensions), fitted_(true) {
  double first = kLogTableEnd;
  double last = 0;
  double largest_units = 0;
  for (const Point& point : points) {
    first = std::min(first, abscissa(point.log_size, point.place));
    last = std::max(last, abscissa(point.log_size, point.place));
    largest_units = std::max(largest_units, point.place.units);
  }
  const auto begin = static_cast<std::size_t>(std::max(0.0, std::floor(octaves(first))));
  const auto end =
      std::min(kOctaves - 1, static_cast<std::size_t>(std::max(0.0, std::ceil(octaves(last)))));
  for (std::size_t g = begin; g <= end; ++g)
    laws_[g] = law_around(static_cast<double>(g) * kOctave, points, largest_units, ends);
  std::fill(laws_.begin(), laws_.begin() + static_cast<std::ptrdiff_t>(begin), laws_[begin]);
  std::fill(laws_.begin() + static_cast<std::ptrdiff_t>(end), laws_.end(), laws_[end]);
}

double LocalFit::log_time(double log_size, Place target) const {
  return over_octaves(laws_, abscissa(log_size, target), [&](const Law& law) {
    return fitted(law, log_size, target) + law.left_over;
  });
}

}  // namespace collscale

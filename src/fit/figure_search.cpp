// SPDX-License-Identifier: Apache-2.0
#include "fit/figure_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stats/bootstrap.hpp"
#include "stats/quantiles.hpp"

namespace collscale {
namespace {

constexpr double kLeastScale = 0.05;  // what repeated runs differ by

double scale_of(std::span<const double> residuals, std::span<const double> weights) {
  std::vector<double> sizes;
  for (std::size_t i = 0; i < residuals.size(); ++i)
    if (!std::isnan(residuals[i]) && weights[i] > 0) sizes.push_back(std::fabs(residuals[i]));
  return sizes.empty() ? kLeastScale : std::max(kLeastScale, 1.48 * median(sizes));
}

double cost_of(std::span<const double> residuals, std::span<const double> weights, double scale,
               std::span<const double> x, std::span<const SearchParameter> parameters) {
  double cost = 0;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    if (std::isnan(residuals[i])) continue;
    const double u = std::fabs(residuals[i]) / scale;
    cost += weights[i] * (u <= 1 ? u * u / 2 : u - 0.5);
  }
  for (std::size_t p = 0; p < parameters.size(); ++p)
    cost += x[p] * x[p] / (2 * parameters[p].spread * parameters[p].spread);
  return cost;
}

std::vector<double> descend(const ResidualFunction& residuals, std::span<const double> weights,
                            std::span<const SearchParameter> parameters, double scale,
                            std::vector<double> x, double step) {
  constexpr double kFinest = 0.01;
  const auto cost = [&](const std::vector<double>& at) {
    return cost_of(residuals(at), weights, scale, at, parameters);
  };
  double best = cost(x);
  while (step >= kFinest) {
    bool moved = false;
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      for (const double sign : {1.0, -1.0}) {
        std::vector<double> tried = x;
        tried[p] = std::clamp(x[p] + sign * step, parameters[p].low, parameters[p].high);
        if (tried[p] == x[p]) continue;
        const double here = cost(tried);
        if (here >= best) continue;
        best = here;
        x = std::move(tried);
        moved = true;
        break;
      }
    }
    if (!moved) step /= 2;
  }
  return x;
}

/// Solves the symmetric positive definite a x = b in place; a row by row.
std::vector<double> solve(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return b;
}

/// The problem about `found`: r(x) = r0 + J (x − found).
class Linear {
 public:
  Linear(const ResidualFunction& residuals, std::span<const double> weights,
         std::span<const SearchParameter> parameters, std::span<const double> found)
      : weights_(weights),
        parameters_(parameters),
        found_(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(parameters.size())),
        r0_(residuals(found_)),
        scale_(scale_of(r0_, weights)) {
    constexpr double kStep = 0.02;
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (parameters[p].low >= parameters[p].high) {  // held
        slopes_.emplace_back(r0_.size(), 0.0);
        continue;
      }
      std::vector<double> x = found_;
      const double step = x[p] + kStep <= parameters[p].high ? kStep : -kStep;
      x[p] += step;
      std::vector<double> slope = residuals(x);
      for (std::size_t i = 0; i < slope.size(); ++i)
        slope[i] = std::isnan(slope[i]) || std::isnan(r0_[i]) ? 0 : (slope[i] - r0_[i]) / step;
      slopes_.push_back(std::move(slope));
    }
  }

  /// Where the points, each counted so often, draw the parameters to.
  [[nodiscard]] std::vector<double> minimum(std::span<const double> counts) const {
    const std::size_t n = parameters_.size();
    std::vector<double> x = found_;
    constexpr int kIterations = 8;
    for (int iteration = 0; iteration < kIterations; ++iteration) {
      std::vector<double> a;
      std::vector<double> b;
      normal_equations(counts, x, a, b);
      const std::vector<double> moved = solve(a, b);
      for (std::size_t p = 0; p < n; ++p)
        x[p] = std::clamp(moved[p], parameters_[p].low, parameters_[p].high);
    }
    return x;
  }

  [[nodiscard]] double open(std::size_t parameter, std::span<const double> counts) const {
    std::vector<double> a;
    std::vector<double> b;
    normal_equations(counts, found_, a, b);
    std::vector<double> unit(parameters_.size(), 0.0);
    unit[parameter] = 1;
    return std::sqrt(solve(a, unit)[parameter]);
  }

 private:
  void normal_equations(std::span<const double> counts, const std::vector<double>& x,
                        std::vector<double>& a, std::vector<double>& b) const {
    const std::size_t n = parameters_.size();
    a.assign(n * n, 0.0);
    b.assign(n, 0.0);
    for (std::size_t p = 0; p < n; ++p)
      a[p * n + p] = 1 / (parameters_[p].spread * parameters_[p].spread);
    for (std::size_t i = 0; i < r0_.size(); ++i) {
      if (std::isnan(r0_[i]) || counts[i] <= 0) continue;
      double here = r0_[i];
      double at_zero = r0_[i];
      for (std::size_t p = 0; p < n; ++p) {
        here += slopes_[p][i] * (x[p] - found_[p]);
        at_zero -= slopes_[p][i] * found_[p];
      }
      const double u = std::fabs(here) / scale_;
      const double w = counts[i] * weights_[i] / std::max(1.0, u) / (scale_ * scale_);
      for (std::size_t p = 0; p < n; ++p) {
        b[p] -= w * slopes_[p][i] * at_zero;
        for (std::size_t q = 0; q < n; ++q) a[p * n + q] += w * slopes_[p][i] * slopes_[q][i];
      }
    }
  }

  std::span<const double> weights_;
  std::span<const SearchParameter> parameters_;
  std::vector<double> found_;
  std::vector<double> r0_;
  double scale_;
  std::vector<std::vector<double>> slopes_;  // by parameter
};

}  // namespace

std::vector<double> search(const ResidualFunction& residuals, std::span<const double> weights,
                           std::span<const SearchParameter> parameters, std::vector<double> start) {
  const auto scale = [&](const std::vector<double>& x) { return scale_of(residuals(x), weights); };
  const double first = scale(start);
  std::vector<double> x = descend(residuals, weights, parameters, first, std::move(start), 0.8);
  const double second = scale(x);
  return descend(residuals, weights, parameters, second, std::move(x), 0.1);
}

std::vector<SearchInterval> bootstrap_shifts(const ResidualFunction& residuals,
                                             std::span<const double> weights,
                                             std::span<const int> blocks,
                                             std::span<const SearchParameter> parameters,
                                             std::span<const double> found, int replicates,
                                             std::uint64_t seed) {
  const Linear linear(residuals, weights, parameters, found);
  const std::size_t points = weights.size();
  int block_count = 0;
  for (const int block : blocks) block_count = std::max(block_count, block + 1);
  constexpr int kFewestBlocks = 4;
  const bool by_point = block_count < kFewestBlocks;
  const std::size_t drawn = by_point ? points : static_cast<std::size_t>(block_count);
  const std::vector<double> once(points, 1.0);
  const std::vector<double> centre = linear.minimum(once);
  const auto shifts = bootstrap_replicates(
      {replicates, seed, 0}, [&](Random& random, std::size_t) -> std::vector<double> {
        std::vector<double> times(drawn, 0.0);
        for (std::size_t i = 0; i < drawn; ++i) ++times[random.below(drawn)];
        if (by_point) return linear.minimum(times);
        std::vector<double> counts(points);
        for (std::size_t i = 0; i < points; ++i)
          counts[i] = times[static_cast<std::size_t>(blocks[i])];
        return linear.minimum(counts);
      });
  std::vector<SearchInterval> intervals;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    std::vector<double> values;
    for (const std::vector<double>& x : shifts) values.push_back(x[p]);
    SearchInterval interval;
    if (!values.empty()) {
      const PercentileInterval both = percentile_interval(values, 0.95);
      // About what the search found, which the linear problem need not repeat.
      const double moved = found[p] - centre[p];
      interval.low = std::clamp(both.low + moved, parameters[p].low, parameters[p].high);
      interval.high = std::clamp(both.high + moved, parameters[p].low, parameters[p].high);
    }
    interval.open = linear.open(p, once);
    intervals.push_back(interval);
  }
  return intervals;
}

}  // namespace collscale

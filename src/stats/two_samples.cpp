// SPDX-License-Identifier: Apache-2.0
#include "stats/two_samples.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "stats/bootstrap.hpp"
#include "stats/quantiles.hpp"

namespace collscale {
namespace {

constexpr std::size_t kMostExact = 20;

/// P(U ≤ u) where nothing is tied: the number of ways to have that sum, by the recurrence of Mann
/// and Whitney over which of the two holds the largest value.
double exact_tail(std::size_t a, std::size_t b, double u) {
  const std::size_t most = a * b;
  // ways[j][s]: of i values of a and j of b with U = s, for the i reached so far.
  std::vector<std::vector<double>> ways(b + 1, std::vector<double>(most + 1));
  for (auto& row : ways) row[0] = 1;
  for (std::size_t i = 1; i <= a; ++i)
    for (std::size_t j = 1; j <= b; ++j)
      // The largest is of a, above all j of b; or of b, and counts nothing.
      for (std::size_t s = most + 1; s-- > 0;)
        ways[j][s] = (s >= j ? ways[j][s - j] : 0) + ways[j - 1][s];
  const double all = std::accumulate(ways[b].begin(), ways[b].end(), 0.0);
  double below = 0;
  for (std::size_t s = 0; s <= most && static_cast<double>(s) <= u; ++s) below += ways[b][s];
  return below / all;
}

}  // namespace

RankSum rank_sum(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return {};
  struct Value {
    double value;
    bool of_b;
  };
  std::vector<Value> all;
  for (const double x : a) all.push_back({x, false});
  for (const double x : b) all.push_back({x, true});
  std::sort(all.begin(), all.end(),
            [](const Value& x, const Value& y) { return x.value < y.value; });
  double rank_of_b = 0;
  double ties = 0;  // Σ t³ − t
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i + 1;
    while (end < all.size() && all[end].value == all[i].value) ++end;
    const double middle = (static_cast<double>(i + end) + 1) / 2;
    for (std::size_t k = i; k < end; ++k) rank_of_b += all[k].of_b ? middle : 0;
    const auto t = static_cast<double>(end - i);
    ties += t * t * t - t;
    i = end;
  }
  const auto n = static_cast<double>(a.size());
  const auto m = static_cast<double>(b.size());
  const double u = rank_of_b - m * (m + 1) / 2;  // pairs in which b is larger
  RankSum out;
  out.effect = 2 * u / (n * m) - 1;
  const double nearer = std::min(u, n * m - u);
  if (ties == 0 && a.size() <= kMostExact && b.size() <= kMostExact) {
    out.p = std::min(1.0, 2 * exact_tail(a.size(), b.size(), nearer));
    return out;
  }
  const double variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  if (variance <= 0) return out;  // all values are the same
  const double z = std::max(0.0, n * m / 2 - nearer - 0.5) / std::sqrt(variance);
  out.p = std::erfc(z / std::sqrt(2.0));
  return out;
}

double least_rank_sum_p(std::size_t a, std::size_t b) {
  const auto n = static_cast<double>(a);
  const auto m = static_cast<double>(b);
  return std::min(1.0,
                  2 * std::exp(std::lgamma(n + 1) + std::lgamma(m + 1) - std::lgamma(n + m + 1)));
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t x, std::size_t y) { return p[x] < p[y]; });
  std::vector<double> out(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(p.size() - i) * p[order[i]]));
    out[order[i]] = largest;
  }
  return out;
}

Ratio ratio_of_medians(std::span<const double> a, std::span<const double> b, double level,
                       std::uint64_t seed) {
  BootstrapOptions options;
  options.seed = seed;
  options.threads = 1;
  const auto replicates = bootstrap_replicates(options, [&](Random& random, std::size_t) -> double {
    const double of_b = median(resample(b, random));
    return of_b / median(resample(a, random));
  });
  const auto interval = percentile_interval(replicates, level);
  return {median(b) / median(a), interval.low, interval.high};
}

}  // namespace collscale

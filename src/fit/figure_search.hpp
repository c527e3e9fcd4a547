// SPDX-License-Identifier: Apache-2.0
// Few parameters, each bounded and drawn towards 0, that make many residuals small: a robust
// pattern search, and a bootstrap of what it found. The residuals are ln(measured ÷ predicted) of a
// model with kinks, so no derivatives are taken for the search.
//
//   minimise  Σ w ρ(r / s) + Σ (x / spread)² / 2,   ρ Huber's, linear from 1 on
//
// s is 1.48 times the median |r| where the search starts and again where it has come to, at least
// kLeastScale.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace collscale {

struct SearchParameter {
  double low = 0;  ///< bounds; where they are equal the parameter is held
  double high = 0;
  double spread = 1;  ///< standard deviation of the prior about 0
};

/// One residual per point; NaN counts for nothing.
using ResidualFunction = std::function<std::vector<double>(std::span<const double>)>;

/// Hooke and Jeeves's pattern search (J. ACM 8, 1961) by coordinates from `start`, which lies
/// within the bounds, in steps from 0.8 down to 0.01. Deterministic.
std::vector<double> search(const ResidualFunction& residuals, std::span<const double> weights,
                           std::span<const SearchParameter> parameters, std::vector<double> start);

/// The central 95 % of the bootstrap, and `open`: the standard deviation that data and prior
/// together leave a parameter, the prior's own where the data say nothing.
struct SearchInterval {
  double low = 0;
  double high = 0;
  double open = 0;
};

/// Draws whole blocks with replacement (`blocks[i]` of point i; the points themselves where there
/// are fewer than four blocks) and solves the problem made linear about `found`.
std::vector<SearchInterval> bootstrap_shifts(const ResidualFunction& residuals,
                                             std::span<const double> weights,
                                             std::span<const int> blocks,
                                             std::span<const SearchParameter> parameters,
                                             std::span<const double> found, int replicates,
                                             std::uint64_t seed);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Whether two sets of samples differ, how often one exceeds the other, and by which factor their
// medians differ; none of them assumes a distribution.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace collscale {

struct RankSum {
  /// Two-sided probability of ranks at least as far apart when both come from one distribution.
  double p = 1;
  /// P(b > a) − P(b < a), in [−1, 1]: 0 where they are mixed evenly, 1 where every b is larger
  /// (Cliff, Psychological Bulletin 114, 1993).
  double effect = 0;
};

/// The test of Mann and Whitney (Annals of Mathematical Statistics 18, 1947). Exact where nothing
/// is tied and there are at most 20 values on each side, else by the normal distribution with the
/// corrections for ties and continuity (Hollander, Wolfe, Chicken: Nonparametric Statistical
/// Methods, 3rd ed., section 4.1). Without values on either side: p 1, effect 0.
RankSum rank_sum(std::span<const double> a, std::span<const double> b);

/// The smallest p that rank_sum can give for so many values: 2 / C(a + b, a).
double least_rank_sum_p(std::size_t a, std::size_t b);

/// Of many comparisons made together, the p of each, so that the chance of one false alarm among
/// all stays below the level (Holm, Scandinavian Journal of Statistics 6, 1979).
std::vector<double> holm(std::span<const double> p);

struct Ratio {
  double value = 1;  ///< median of b over median of a
  double low = 1;
  double high = 1;
};

/// With the percentile interval of the bootstrap, each side drawn by itself. Values must be above
/// zero, at least one on each side.
Ratio ratio_of_medians(std::span<const double> a, std::span<const double> b, double level,
                       std::uint64_t seed);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "model/collisions.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {

double expected_max_over_mean(double flows, double links, double groups) {
  if (flows <= 0 || links <= 1) return 1;
  const double mean = flows / links;
  const double independent = links * std::max(1.0, groups);
  if (mean > 600) return 1 + std::sqrt(2 * std::log(independent) / mean);
  const double p = 1 / links;
  double mass = std::exp(flows * std::log1p(-p));  // of exactly k flows on a link
  double below = 0;                                // F(k − 1)
  double expected_max = 0;
  for (double k = 0; k <= flows; ++k) {
    if (k > 0) {
      // below^independent, exact near 1 where it matters
      const double tail = -std::expm1(independent * std::log(std::min(1.0, below)));
      expected_max += tail;
      if (tail < 1e-12) break;
    }
    below += mass;
    mass *= (flows - k) / (k + 1) * p / (1 - p);
  }
  return std::max(1.0, expected_max / mean);
}

}  // namespace collscale

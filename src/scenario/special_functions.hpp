// SPDX-License-Identifier: Apache-2.0
// What <cmath> lacks or does with a global variable.
#pragma once

#include <cmath>

namespace collscale {

/// ln Γ(x + 1) for x ≥ 0, error < 1e-10 (Stirling's series above 12). std::lgamma writes signgam.
inline double log_factorial(double x) {
  double product = 1;
  for (; x < 12; ++x) product *= x + 1;
  const double inverse = 1 / x;
  return (x + 0.5) * std::log(x) - x + 0.91893853320467274 +
         inverse * (1.0 / 12 - inverse * inverse * (1.0 / 360 - inverse * inverse / 1260)) -
         std::log(product);
}

}  // namespace collscale

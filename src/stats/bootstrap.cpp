// SPDX-License-Identifier: Apache-2.0
#include "stats/bootstrap.hpp"

namespace collscale {

std::vector<double> resample(std::span<const double> values, Random& random) {
  std::vector<double> drawn(values.size());
  for (double& value : drawn) {
    value = values[random.below(values.size())];
  }
  return drawn;
}

PercentileInterval percentile_interval(std::span<const double> replicates, double level) {
  std::vector<double> ascending(replicates.begin(), replicates.end());
  std::sort(ascending.begin(), ascending.end());
  const double tail = (1.0 - level) / 2.0;
  return {sorted_quantile(ascending, tail), sorted_quantile(ascending, 1.0 - tail)};
}

}  // namespace collscale

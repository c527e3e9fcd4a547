// SPDX-License-Identifier: Apache-2.0
#include "fit/roughness.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "fit/uncertainty.hpp"

namespace collscale {

double roughness_of(const std::map<double, double>& below, const std::map<double, double>& above) {
  std::vector<std::pair<double, double>> growth;  // ln size, ln ratio
  for (const auto& [size_bytes, time_s] : above)
    if (const auto found = below.find(size_bytes); found != below.end())
      growth.emplace_back(std::log(size_bytes), std::log(time_s / found->second));
  if (growth.size() < 3) return kTypicalRoughness;
  double sum = 0;
  for (std::size_t i = 1; i + 1 < growth.size(); ++i) {
    const auto& [x0, y0] = growth[i - 1];
    const auto& [x1, y1] = growth[i];
    const auto& [x2, y2] = growth[i + 1];
    sum += std::fabs(y1 - (y0 + (x1 - x0) / (x2 - x0) * (y2 - y0)));
  }
  return sum / static_cast<double>(growth.size() - 2);
}

}  // namespace collscale

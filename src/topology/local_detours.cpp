// SPDX-License-Identifier: Apache-2.0
#include "topology/local_detours.hpp"

#include <algorithm>
#include <vector>

namespace collscale {
namespace {

/// Of one link: what it carries when all goes directly, and when all that can goes over a third.
struct Line {
  double direct = 0;
  double around = 0;
  [[nodiscard]] double at(double share) const { return share * direct + (1 - share) * around; }
  [[nodiscard]] double slope() const { return direct - around; }
};

/// The share at which the highest of the lines is lowest. Of two lines that bound it from either
/// side, where they cross; as long as a third lies higher there, that takes the place of one.
double lowest_maximum(std::span<const Line> lines) {
  const auto highest = [&](double share) {
    return *std::max_element(lines.begin(), lines.end(), [&](const Line& a, const Line& b) {
      return a.at(share) < b.at(share);
    });
  };
  Line falling = highest(0);
  if (falling.slope() >= 0) return 0;
  Line rising = highest(1);
  if (rising.slope() <= 0) return 1;
  for (;;) {
    const double share = (falling.around - rising.around) / (rising.slope() - falling.slope());
    const Line top = highest(share);
    constexpr double kRounding = 1e-12;
    if (top.at(share) <= rising.at(share) * (1 + kRounding)) return std::clamp(share, 0.0, 1.0);
    (top.slope() < 0 ? falling : rising) = top;
  }
}

}  // namespace

double spread_over_third_routers(std::span<double> loads, std::int64_t routers) {
  if (routers < 3) return 1;
  const auto n = static_cast<std::size_t>(routers);
  std::vector<double> out(n, 0.0);
  std::vector<double> in(n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      if (i != j) {
        out[i] += loads[i * n + j];
        in[j] += loads[i * n + j];
      }
  std::vector<Line> lines;
  lines.reserve(n * (n - 1));
  const double thirds = static_cast<double>(n - 2);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      if (i != j) {
        const double direct = loads[i * n + j];
        lines.push_back({direct, (out[i] + in[j] - 2 * direct) / thirds});
      }
  const double share = lowest_maximum(lines);
  std::size_t line = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      if (i != j) loads[i * n + j] = lines[line++].at(share);
  return share;
}

}  // namespace collscale

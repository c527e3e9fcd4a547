// SPDX-License-Identifier: Apache-2.0
#include "model/goodput.hpp"

#include <algorithm>
#include <cmath>

namespace collscale {

Goodput expected_goodput(double ranks, const GoodputOptions& options) {
  constexpr double kDay_s = 86400;
  Goodput goodput;
  goodput.nodes = std::ceil(ranks / options.ranks_per_node);
  goodput.mtbf_s = kDay_s / (goodput.nodes * options.failures_per_node_day);
  const double write_s = options.checkpoint_s;
  const double usable_s = goodput.mtbf_s - options.restart_s;
  if (usable_s <= 0) {
    goodput.restart_share = 1;
    return goodput;
  }
  goodput.interval_s = options.interval_s;
  // The same as √(w² + 2 w usable) − w, without its cancellation for long writes.
  if (options.interval_s <= 0 && write_s > 0)
    goodput.interval_s =
        2 * write_s * usable_s / (std::sqrt(write_s * write_s + 2 * write_s * usable_s) + write_s);
  const double cycle = write_s > 0 ? 1 + write_s / goodput.interval_s : 1;
  goodput.restart_share = options.restart_s / goodput.mtbf_s;
  goodput.rework_share =
      std::min(goodput.interval_s / 2 / goodput.mtbf_s, 1 - goodput.restart_share);
  goodput.share = (1 - goodput.restart_share - goodput.rework_share) / cycle;
  goodput.checkpoint_share = 1 - goodput.restart_share - goodput.rework_share - goodput.share;
  return goodput;
}

}  // namespace collscale

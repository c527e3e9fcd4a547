// SPDX-License-Identifier: Apache-2.0
#include "fit/fewer_channels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "units/quantity.hpp"

namespace collscale {

FewerChannels fewer_channels(const Series& series, const Target& target, double size_bytes,
                             double time_s, const Prediction& model,
                             const ChannelFunction& channels) {
  constexpr double kClearlySlower = 1.2;  // than the NICs: more than their efficiencies differ by
  if (!channels || series.engine != Engine::nccl || series.collective != Collective::send_recv ||
      !target.network || !(model.time_s > 0))
    return {};
  const std::int64_t measured_ranks = series.scales(true).back();
  if (target.ranks <= measured_ranks) return {};
  const auto before = channels(size_bytes, measured_ranks);
  const auto after = channels(size_bytes, target.ranks);
  if (!before || !after || *after < 1 || *after >= *before) return {};
  const double bytes_share = std::clamp(model.bottleneck_s / model.time_s, 0.0, 1.0);
  const double fewer = static_cast<double>(*before) / static_cast<double>(*after);
  const double log_slower = std::log(1 + (fewer - 1) * bytes_share);
  FewerChannels step;
  const bool held_back = time_s >= kClearlySlower * model.time_s;
  (held_back ? step.log_slower : step.log_width) = log_slower;
  step.text = fmt::format(
      "NCCL sends to a peer through {} channel{} there, {} on {} ranks: {}", *after,
      *after == 1 ? "" : "s", *before, format_count(measured_ranks),
      held_back ? fmt::format("x{:.2g} is in the answer, since channels and no NIC set the pace",
                              std::exp(log_slower))
                : fmt::format("the interval allows for x{:.2g}", std::exp(log_slower)));
  return step;
}

}  // namespace collscale

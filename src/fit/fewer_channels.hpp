// SPDX-License-Identifier: Apache-2.0
// Messages between two ranks of different nodes, where NCCL takes fewer channels to a peer the more
// ranks there are: two up to twice as many ranks as it has channels, then one (NVIDIA/nccl
// v2.28.9-1, src/graph/paths.cc:806-884). No smaller scale shows that step. Where what was measured
// stays clearly below what the NICs carry, channels are what holds it back and the bytes take as
// many times longer as channels are fewer: 34.1 GB/s on 16 and 32 B200, 17.2 on 64, of NICs of 48.5
// (github:togethercomputer/together-nccl-tests). Else one channel may carry as much as two did.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "fit/series.hpp"
#include "fit/target_place.hpp"
#include "scenario/prediction.hpp"

namespace collscale {

/// Channels of a message to a peer, by the library's own rule; nothing: not known.
using ChannelFunction =
    std::function<std::optional<std::int64_t>(double size_bytes, std::int64_t ranks)>;

struct FewerChannels {
  double log_slower = 0;  ///< by what the answer is slower than the law of the smaller scales, ln
  double log_width = 0;   ///< by what it may be slower still, ln
  std::string text;       ///< "NCCL sends to a peer through 1 channel there, .."; "" without a step
};

/// Of send_recv by NCCL between nodes; nothing of what else there is, nor without `channels`.
/// `time_s`: the law's, at the target; `model`: the analytic engine's, of the same target.
FewerChannels fewer_channels(const Series& series, const Target& target, double size_bytes,
                             double time_s, const Prediction& model,
                             const ChannelFunction& channels);

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The picture of a schedule: time runs downward, a column per rank, after every step a strip that
// shows what the rank holds, arrows for the messages. Made from the executor's trace alone.
#pragma once

#include <cstdint>

#include "collective/executor.hpp"
#include "collective/schedule.hpp"
#include "drawing/svg.hpp"
#include "units/error.hpp"

namespace collscale {

struct PictureOptions {
  double size_bytes = 0;            ///< 0: amounts are fractions of S
  std::vector<std::int64_t> nodes;  ///< ranks of each node, to be shaded; empty: none
};

constexpr std::int64_t kMostDrawnRanks = 32;
constexpr std::int64_t kMostDrawnSteps = 200;

/// Fails with one sentence beyond kMostDrawnRanks or kMostDrawnSteps.
Expected<Picture> schedule_picture(const Schedule& schedule, const ExecutionReport& report,
                                   const ExecutionTrace& trace, const PictureOptions& options = {});

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// The event engine: a clock per rank, taken through the dependencies of a schedule, message by
// message. What the flow engine prices as the slowest message of each step is here the time of each
// message on its own, so that it shows who waits for whom: the noise of single steps, slow ranks,
// ranks that arrive late.
//
// In LogGP terms: a message takes α of its turning level + the time that the busiest resource it
// passes is kept busy in this step, as the enumeration of the step's flows gives it. Its sender may
// send the next one after the second part. A rank starts a step when it has received what the step
// before brought and its port is free.
//
// Without noise and stragglers it gives what the flow engine gives where all messages of a step
// are alike. Where some turn round nearer than others it is never slower: a rank that waits for its
// port has the latency of farther messages pass meanwhile (docs/models.md).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "collective/collective.hpp"
#include "scenario/prediction.hpp"
#include "scenario/schedule_cost.hpp"
#include "sim/flow.hpp"
#include "topology/system.hpp"
#include "units/error.hpp"

namespace collscale {

/// Messages from or to ranks first..last take `factor` times as long.
struct SlowRanks {
  std::int64_t first = 0;
  std::int64_t last = 0;
  double factor = 1;
};

struct EventOptions {
  std::uint64_t seed = 1;  ///< of delays, and of the hash of flows
  /// Delays of single steps drawn from these instead of PriceOptions::noise.
  std::vector<double> measured_delays_s;
  std::vector<SlowRanks> slow;
  Noise late{};                ///< when ranks start, after the first could
  std::vector<double> late_s;  ///< the same by rank; ranks beyond it start at 0
  FlowOptions flow{};          ///< placement and failures
  int threads = 2;
};

struct EventPrediction {
  /// Its breakdown has two terms more: "straggler", what slow and late ranks cost, at "rank R", the
  /// last to finish; and "noise", what delays cost on top of that, at "rank".
  Prediction prediction;
  std::int64_t last_rank = 0;  ///< finished last (the first of those)
};

/// One per size. "auto" runs what the flow engine finds fastest. Fails as simulate_flow does, where
/// more than 4e9 messages would be walked one by one, where ranks that are not there are slow, and
/// where memory would not suffice.
Expected<std::vector<EventPrediction>> simulate_event(const System& system, Collective collective,
                                                      std::string_view algorithm,
                                                      std::int64_t ranks,
                                                      std::span<const double> sizes_bytes,
                                                      const EventOptions& options = {},
                                                      const PriceOptions& price_options = {});

}  // namespace collscale

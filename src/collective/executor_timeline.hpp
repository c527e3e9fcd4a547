// SPDX-License-Identifier: Apache-2.0
// The executor's clocks: when each message of duration one starts, and so the depth of a schedule.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "collective/schedule.hpp"

namespace collscale {

/// Per rank: when it is done with everything so far.
using Clock = std::vector<std::int64_t>;

void join(Clock& into, const Clock& other);

struct TimedMessage {
  std::int64_t source = 0;
  std::int64_t destination = 0;
  std::int64_t position = 0;  ///< step in the order of execution
};

/// Lag ruler: the steps (numbered from 1, forward) whose arrivals a message of step t may count on.
std::set<std::int64_t> waited_steps(const Phase& phase, std::int64_t t);

class Timeline {
 public:
  void begin(const Phase& phase, std::int64_t ranks);
  /// Messages of one step (lag none: of all steps). A message starts when sender and receiver are
  /// ready; lag none: when both were ready for the phase, and the sender's window allows; lag
  /// ruler: when what it waits for has arrived. Messages of one edge and `path` (one lane of a
  /// pipeline) keep their order.
  void advance(const Phase& phase, const std::vector<TimedMessage>& sent, const Clock& ready,
               Clock& clock, std::uint64_t path);

 private:
  std::map<std::tuple<std::uint64_t, std::int64_t, std::int64_t>, std::int64_t> edge_free_;
  std::vector<Clock> arrival_;  ///< lag ruler: by step and rank
};

}  // namespace collscale

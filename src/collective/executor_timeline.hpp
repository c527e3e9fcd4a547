// SPDX-License-Identifier: Apache-2.0
// The executor's clocks: when each message of duration one starts, and so the depth of a schedule;
// and, for a trace, which messages it waits for.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collective/executor.hpp"
#include "collective/schedule.hpp"

namespace collscale {

/// Per rank, and per switch behind them: when it is done with everything so far, and (traced only)
/// the messages whose ends determine that.
struct Clock {
  std::vector<std::int64_t> time;
  std::vector<std::vector<std::int32_t>> last;
};

/// Joins what ran side by side since `ready`.
void join(Clock& into, const Clock& other, const Clock& ready);

/// A message on its way: its cells are [first, first + count) of the machine's scratch arrays.
struct Packet {
  std::int32_t source = 0;
  std::int32_t destination = 0;
  std::int32_t position = 0;  ///< step in the order of execution
  std::int32_t number = -1;   ///< place in the trace
  std::size_t first = 0;
  std::size_t count = 0;
};

/// Lag ruler: the steps (numbered from 1, forward) whose arrivals a message of step t may count on,
/// ascending.
std::vector<std::int64_t> waited_steps(const Phase& phase, std::int64_t t);

class Timeline {
 public:
  static constexpr std::int64_t kNoLane = -1;

  /// Vertices: ranks and switches.
  Timeline(std::int64_t vertices, ExecutionTrace* trace);

  void begin(const Phase& phase);
  /// Messages of a List follow: edges know one chunk from the next.
  void begin_list() { ++run_; }
  /// Messages of one step (lag none: of all steps). A message starts when sender and receiver are
  /// ready; lag none: when both were ready for the phase, and the sender's window allows; lag
  /// ruler: when what it waits for has arrived. Messages of one edge of `lane`, the number of a
  /// lane in a pipeline, keep their order.
  void advance(const Phase& phase, const std::vector<Packet>& packets, const Clock& ready,
               Clock& clock, std::int64_t lane);
  /// One message that starts when both its ends are at `time` or later; returns its end.
  std::int64_t start_one(const Packet& packet, std::int64_t ready, const Clock& clock,
                         std::int64_t lane);

 private:
  struct Sent {
    std::int64_t end = 0;
    std::int32_t number = -1;
  };
  struct Wait {
    std::int64_t start = 0;
    std::vector<std::int32_t> source;
    std::vector<std::int32_t> destination;
  };
  /// An edge of a lane in a pipeline: what the chunk before and this chunk have sent on it.
  struct Edge {
    std::uint64_t run = 0;
    std::int64_t before = 0;
    std::int64_t end = 0;
    std::vector<std::int32_t> last_before;  ///< traced only
    std::vector<std::int32_t> last;
  };
  void wait_for_edge(const Packet& packet, std::int64_t lane, Wait& wait);
  void wait_for_window(const Phase& phase, const Packet& packet, Wait& wait);
  void wait_for_arrivals(const Phase& phase, const Packet& packet, Wait& wait);
  void record(const Packet& packet, Wait& wait);
  void finish(const Packet& packet, std::int64_t end, Clock& clock);

  std::int64_t vertices_;
  ExecutionTrace* trace_;
  std::unordered_map<std::uint64_t, Edge> edges_;
  std::uint64_t run_ = 0;                           ///< of a lane: one per chunk
  std::vector<std::vector<Sent>> sends_;            ///< lag none with a window: by sender
  std::vector<std::int64_t> arrival_;               ///< lag ruler: by step and rank
  std::vector<std::vector<std::int32_t>> arrived_;  ///< the messages of those, traced only
  std::vector<std::int64_t> waited_;
  std::int64_t waited_of_ = -1;
  std::vector<std::int64_t> starts_;
  std::vector<std::uint64_t> touched_;  ///< by vertex: in which round `last` was begun anew
  std::uint64_t round_ = 0;
};

}  // namespace collscale

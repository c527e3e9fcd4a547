// SPDX-License-Identifier: Apache-2.0
// A program with the durations of its messages for one size: what the clocks walk through.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "collective/program.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/fabric.hpp"

namespace collscale {

/// A message by its turning level: until it has arrived and been dealt with, and until its sender
/// can send the next.
struct Durations {
  std::array<double, PerLevel::kNear> arrive_s{};
  std::array<double, PerLevel::kNear> busy_s{};
};

struct Plan {
  /// steps: message by message, each rank waiting for its own. chain: the same, one message a step.
  /// at_once: all messages together. gathering: nobody ends before the last has come (all pairs,
  /// switches that add up).
  enum class Kind : std::uint8_t {
    steps,
    chain,
    at_once,
    gathering,
    sequence,
    concurrent,
    pipeline
  } kind = Kind::steps;
  const std::vector<Lane>* lanes = nullptr;
  /// Of steps: `count` from `first` on take these; merged (a run of messages of one distance): as
  /// one step, that named.
  struct Class {
    std::int64_t first = 0;
    std::int64_t count = 1;
    bool merged = false;
    Durations durations;
  };
  std::vector<Class> classes;
  std::vector<Plan> parts;
  double more_s = 0;        ///< concurrent: what sharing adds
  std::int64_t chunks = 1;  ///< pipeline
  double period_s = 0;      ///< between two chunks
};

/// `cost` is price()'s of the program. The program must live on.
Plan make_plan(const Program& program, const ScheduleCost& cost, const CostRates& rates,
               double size_bytes, int levels);

/// Messages that are walked one by one, of `most_chunks` chunks of a pipeline at most.
double walked_messages(const Plan& plan, std::int64_t most_chunks);

/// Rings that the kernels can take: every arc has one distance, for all ranks and steps. Each arc
/// is a chain of its own, as if it were a lane.
bool is_ring(const Lane& lane);

}  // namespace collscale

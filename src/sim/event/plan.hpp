// SPDX-License-Identifier: Apache-2.0
// A program with the durations of its messages for one size: what the clocks walk through.
#pragma once

#include <cstdint>
#include <vector>

#include "collective/program.hpp"
#include "scenario/schedule_cost.hpp"
#include "topology/fabric.hpp"

namespace collscale {

/// A message by its kind: until it has arrived and been dealt with, and until its sender can send
/// the next. The kind is the turning level, or what Plan::Class::kinds says.
struct Durations {
  std::vector<double> arrive_s;
  std::vector<double> busy_s;
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
    /// Of messages that do not go by their level: by lane and arc (kMostArcs of each lane), in the
    /// order of for_each_flow, of a chain step after step. Empty: all go by their level.
    std::vector<std::vector<std::uint32_t>> kinds;
  };
  static constexpr std::size_t kMostArcs = 3;
  std::vector<Class> classes;
  std::vector<Plan> parts;
  std::int32_t strands = 1;  ///< as Program::strands
  double more_s = 0;         ///< concurrent: what sharing adds
  std::int64_t chunks = 1;   ///< pipeline
  double period_s = 0;       ///< between two chunks
};

struct MessageTimes {
  double arrive_s = 0;
  double busy_s = 0;
};
/// Of a message of that level with the loads of `step`; `hops`: so many latencies.
MessageTimes times_of(StepCost step, const CostRates& rates, double size_bytes, int level,
                      double hops);
/// Forgets the resources that a message of that level does not pass, on a clos.
void keep_those_of_level(PerResource& seconds, int level);

class Ways;

/// What all stages of a plan have in common.
struct PlanSource {
  const CostRates& rates;
  int levels = 0;        ///< of a clos; 0: every message goes by its way
  Ways* ways = nullptr;  ///< null: every message goes by its level
};

/// `cost` is price()'s of the program; `ordinary` is that of messages that no failure touches, the
/// same where nothing has failed. The program must live on.
Plan make_plan(const Program& program, const ScheduleCost& cost, const ScheduleCost& ordinary,
               const PlanSource& source, double size_bytes);

/// Messages whose kinds a plan keeps, where there are ways.
double kept_messages(const Program& program);

/// Messages that are walked one by one, of `most_chunks` chunks of a pipeline at most.
double walked_messages(const Plan& plan, std::int64_t most_chunks);

/// Rings that the kernels can take: every arc has one distance, for all ranks and steps. Each arc
/// is a chain of its own, as if it were a lane.
bool is_ring(const Lane& lane);
/// Whether in every step each of the `ranks` ranks exchanges messages with one whose number differs
/// from its own in the same bits.
bool is_butterfly(const Lane& lane, std::int64_t ranks);

}  // namespace collscale

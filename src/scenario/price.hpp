// SPDX-License-Identifier: Apache-2.0
// From a program to its cost. An engine says what a step loads; what follows from the schedule
// alone (latencies along paths, messages, what is added up or packed) and how stages combine is the
// same for every engine, and is here.
//
// An Engine has
//   const System& system() const;
//   const Fabric& fabric() const;
//   Expected<void> accepts(const Candidate&) const;                     whether it will price it
//   void begin(const std::vector<Lane>&);   may be missing: steps asked for next are of this stage
//   StepLoads step(const std::vector<Lane>&, std::int64_t step);        one step of a stage
//   StepLoads all_steps(const std::vector<const Lane*>&);               everything these lanes send
//   StepLoads all_steps_without_edges(const std::vector<const Lane*>&);  may be missing: the same
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "scenario/candidates.hpp"
#include "scenario/schedule_cost.hpp"

namespace collscale {

/// Bytes are fractions of the scenario's size.
struct StepLoads {
  PerResource even{};    ///< seconds per byte of the size on the busiest link of each resource
  PerResource hashed{};  ///< the same where flows are hashed; as `even` where they are not
  /// Messages by arc and level: of one group of the first lane (step), of all (all_steps).
  ArcEdges edges{};
  /// Of nodes with links: seconds on the busiest port alone, which the ranks' messages are counted
  /// by; −1: as even[kScaleUpResource].
  double port_s = -1;
  double node_hops = 1;  ///< latencies that a message within nodes takes at most

  /// After `even` is set for the ports: links share the scale-up resource with them.
  void set_links(double busiest_link_s, double hops) {
    port_s = even[kScaleUpResource];
    even[kScaleUpResource] = std::max(port_s, busiest_link_s);
    node_hops = hops;
  }
};

namespace price_detail {

/// What a message of the step carries at most and at least, over lanes and arcs that say anything.
struct MessageBytes {
  double largest = 0;
  double smallest = 0;
};
MessageBytes message_bytes(const std::vector<const Lane*>& lanes, std::int64_t step);

/// Fractions of the size that a rank adds up, and packs and unpacks, in a step of these lanes.
void add_rank_work(const std::vector<const Lane*>& lanes, std::int64_t step, double count,
                   StepCost& cost);

/// Intervals between messages, from what the ports carry. `spaced`: one after every message (the
/// period of a pipeline), not only between them.
void set_gaps(const StepLoads& loads, const MessageBytes& bytes, const Fabric& fabric, bool spaced,
              StepCost& cost);

int farthest_level(const ArcEdges& edges);
/// The largest message, where it turns round between nodes.
void set_largest(const MessageBytes& bytes, int level, StepCost& cost);
/// The messages of a step or stage in which every rank waits only for its neighbours in a ring.
bool waits_for_neighbours(const Lane& lane, std::int64_t count);

/// Lanes whose phase is a single message per step, over many steps: a chain, priced by level.
bool is_long_chain(const std::vector<Lane>& lanes);

std::vector<const Lane*> pointers(const std::vector<Lane>& lanes);
void collect_lanes(const Program& program, std::vector<const Lane*>& lanes);
double total_of(const LevelCounts& counts);

template <class Engine>
class Pricer {
 public:
  explicit Pricer(Engine& engine) : engine_(engine) {}

  ScheduleCost price(const Program& program) {
    ScheduleCost cost;
    switch (program.kind) {
      case Program::Kind::messages:  // explicit lists are executed, not priced: no algorithm is one
      case Program::Kind::stage:
        price_stage(program.lanes, cost);
        return cost;
      case Program::Kind::sequence:
        cost.kind = ScheduleCost::Kind::sequence;
        break;
      case Program::Kind::concurrent:
        cost.kind = ScheduleCost::Kind::concurrent;
        break;
      case Program::Kind::pipeline:
        cost.kind = ScheduleCost::Kind::pipeline;
        cost.chunks = program.chunks;
        cost.window = program.window;
        break;
    }
    for (const Program& part : program.parts) cost.parts.push_back(price(part));
    if (cost.kind != ScheduleCost::Kind::sequence) {
      std::vector<const Lane*> lanes;
      collect_lanes(program, lanes);
      cost.together = all_of(lanes, cost.kind == ScheduleCost::Kind::pipeline);
    }
    return cost;
  }

 private:
  void price_stage(const std::vector<Lane>& lanes, ScheduleCost& cost) {
    if (lanes.empty()) return;
    const Lane& first = lanes.front();
    const Phase& phase = first.phase;
    if (phase.network != InNetwork::none) {
      begin(lanes);
      const bool in_node = stays_in_node(first, ranks_per_node(engine_.system()));
      const StepLoads loads = engine_.step(lanes, 0);
      StepCost step = make_step(lanes, 0, loads, 1);
      step.path = {};
      step.switch_level = in_node ? 0 : std::max(1, farthest_level(loads.edges));
      cost.steps.push_back(step);
      return;
    }
    if (phase.lag == Lag::none) {
      cost.steps.push_back(at_once(lanes));
      return;
    }
    if (is_long_chain(lanes)) return price_chain(lanes, cost);
    begin(lanes);
    for (const StepClass& steps : step_classes(first)) {
      const auto count = static_cast<double>(steps.count);
      const StepLoads loads = engine_.step(lanes, steps.first);
      StepCost step = make_step(lanes, steps.first, loads, count);
      if (phase.lag == Lag::ruler && count > 1) {
        // Only the first message of each distance lies on the critical path; the others follow one
        // another (S. Jeaugey, arXiv:2506.20252, section 4).
        step.path = {};
        add_slowest_path(step.path, loads.edges, 1);
        step.path[0] *= loads.node_hops;
        step.port_gaps += loads.even[kScaleUpResource] > 0 ? 1 : 0;
        step.nic_gaps += loads.even[kNicResource] > 0 ? 1 : 0;
      }
      cost.steps.push_back(step);
    }
  }

  StepLoads all_steps_without_edges(const std::vector<const Lane*>& lanes) {
    if constexpr (requires { engine_.all_steps_without_edges(lanes); })
      return engine_.all_steps_without_edges(lanes);
    else
      return engine_.all_steps(lanes);
  }
  void begin(const std::vector<Lane>& lanes) {
    if constexpr (requires { engine_.begin(lanes); }) engine_.begin(lanes);
  }

  StepCost make_step(const std::vector<Lane>& lanes, std::int64_t step, const StepLoads& loads,
                     double count) {
    StepCost cost;
    cost.count = count;
    cost.even = loads.even;
    cost.hashed = loads.hashed;
    add_slowest_path(cost.path, loads.edges, count);
    cost.node_hops = loads.node_hops;
    cost.path[0] *= cost.node_hops;
    const auto all = pointers(lanes);
    const MessageBytes bytes = message_bytes(all, step);
    set_gaps(loads, bytes, engine_.fabric(), false, cost);
    add_rank_work(all, step, 1, cost);
    set_largest(bytes, farthest_level(loads.edges), cost);
    double messages = 0;
    for (const LevelCounts& of_arc : loads.edges) messages += total_of(of_arc);
    cost.in_ring = waits_for_neighbours(lanes.front(), static_cast<std::int64_t>(count));
    cost.noisy_ranks =
        cost.in_ring ? messages : messages * static_cast<double>(lanes.front().map.group_count);
    return cost;
  }

  /// Nothing waits: all steps are under way together, `window` of them per rank at most.
  StepCost at_once(const std::vector<Lane>& lanes) {
    const auto all = pointers(lanes);
    const StepLoads loads = engine_.all_steps(all);
    const Phase& phase = lanes.front().phase;
    StepCost cost;
    cost.even = loads.even;
    cost.hashed = loads.hashed;
    const int level = farthest_level(loads.edges);
    // Where the same data goes to many, a rank that starts one message at a time needs as long as
    // if those who have it passed it on.
    const bool spreads = carries_scope(phase) || (phase.address == Address::block &&
                                                  phase.root < 0 && !phase.arcs[0].has_receivers);
    double rounds = spreads ? std::ceil(std::log2(static_cast<double>(phase.steps + 1))) : 1;
    if (phase.window > 0)
      rounds = std::max(
          rounds, std::ceil(static_cast<double>(phase.steps) / static_cast<double>(phase.window)));
    if (level >= 0)
      cost.path[static_cast<std::size_t>(level)] += rounds * (level == 0 ? loads.node_hops : 1);
    const std::int64_t some_step = phase.steps / 2;
    const MessageBytes bytes = message_bytes(all, some_step);
    set_gaps(loads, bytes, engine_.fabric(), false, cost);
    add_rank_work(all, some_step, static_cast<double>(phase.steps), cost);
    set_largest(bytes, level, cost);
    cost.noisy_ranks = static_cast<double>(lanes.front().map.size * lanes.front().map.group_count);
    return cost;
  }

  /// One message after the other: as many steps of each level as there are messages.
  void price_chain(const std::vector<Lane>& lanes, ScheduleCost& cost) {
    const auto all = pointers(lanes);
    const StepLoads loads = engine_.all_steps(all);
    const MessageBytes bytes = message_bytes(all, 0);
    const double groups = static_cast<double>(lanes.front().map.group_count);
    const Fabric& fabric = engine_.fabric();
    for (int level = 0; level < fabric.levels(); ++level) {
      double messages = 0;
      for (const LevelCounts& of_arc : loads.edges)
        messages += of_arc[static_cast<std::size_t>(level)];
      if (messages <= 0) continue;
      StepCost step;
      step.count = messages / groups / static_cast<double>(lanes.size());
      if (level == 0) step.node_hops = loads.node_hops;
      step.path[static_cast<std::size_t>(level)] = step.count * step.node_hops;
      const int resource = level == 0 ? kScaleUpResource : kNicResource;
      step.even[static_cast<std::size_t>(resource)] =
          bytes.largest / (level == 0 ? fabric.neighbours_Bps()
                                      : fabric.find_class(LinkClass::Kind::nic_out)->capacity_Bps);
      step.hashed = step.even;
      add_rank_work(all, 0, 1, step);
      set_largest(bytes, level, step);
      cost.steps.push_back(step);
    }
  }

  StepCost all_of(const std::vector<const Lane*>& lanes, bool spaced) {
    StepCost cost;
    if (lanes.empty()) return cost;
    const StepLoads loads = all_steps_without_edges(lanes);
    cost.even = loads.even;
    cost.hashed = loads.hashed;
    const MessageBytes bytes = message_bytes(lanes, 0);
    set_gaps(loads, bytes, engine_.fabric(), spaced, cost);
    for (const Lane* lane : lanes) {
      // A rank of a tree or chain takes part in a few steps only, others in all of them.
      const bool few = lane->phase.root >= 0 || lane->phase.arcs[0].has_receivers;
      const auto steps = static_cast<double>(few ? 1 : lane->phase.steps);
      add_rank_work({lane}, 0, steps, cost);
    }
    return cost;
  }

  Engine& engine_;
};

}  // namespace price_detail

template <class Engine>
ScheduleCost price(const Program& program, Engine& engine) {
  return price_detail::Pricer<Engine>(engine).price(program);
}

/// Prices each candidate once and evaluates every size; with several candidates ("auto") the
/// fastest of them, per size.
template <class Engine>
Expected<std::vector<Prediction>> predict_with(Engine& engine, Collective collective,
                                               std::string_view algorithm, std::int64_t ranks,
                                               std::span<const double> sizes_bytes,
                                               const PriceOptions& options) {
  const System& system = engine.system();
  if (auto fits = check_ranks(system, ranks); !fits) return tl::unexpected(fits.error());
  const auto found = candidates(system, collective, algorithm, shape_of(system, ranks));
  if (!found) return tl::unexpected(found.error());
  const CostRates rates(system, options);
  std::vector<Prediction> best(sizes_bytes.size());
  Expected<void> refused;
  std::size_t priced = 0;
  for (const Candidate& one : *found) {
    const auto& [schedule, program] = one;
    if (auto accepted = engine.accepts(one); !accepted) {
      refused = accepted;
      continue;
    }
    ++priced;
    const ScheduleCost cost = price(program, engine);
    for (std::size_t i = 0; i < sizes_bytes.size(); ++i) {
      Prediction prediction = evaluate(cost, rates, sizes_bytes[i]);
      if (best[i].algorithm.empty() || prediction.time_s < best[i].time_s) {
        best[i] = std::move(prediction);
        best[i].algorithm = schedule.algorithm;
        best[i].abilities = abilities_of(one);
      }
    }
  }
  if (priced == 0) return tl::unexpected(refused.error());
  return best;
}

}  // namespace collscale

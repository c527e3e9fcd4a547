// SPDX-License-Identifier: Apache-2.0
#include "sim/flow.hpp"

#include <fmt/format.h>

#include <cmath>

#include "scenario/price.hpp"
#include "sim/link_loads.hpp"

namespace collscale {
namespace {

/// Above this many ranks all pairs are summed per pair of leaf groups instead of one by one; under
/// ecmp that is the even share, which so many flows per link come within a per cent of.
constexpr std::int64_t kMostRanksPairByPair = 2048;

/// More messages than this are not enumerated: some 20 s.
constexpr double kMostMessages = 2e9;

System with_even_share(System system) {
  Clos& clos = *std::get_if<Clos>(&system.fabric);
  if (clos.routing == Routing::ecmp) clos.routing = Routing::spray;
  return system;
}

/// Of all ranks, and of too many to go pair by pair.
bool is_summed_by_groups(const Lane& lane, std::int64_t ranks) {
  return ranks > kMostRanksPairByPair && lane.map.size == ranks && is_all_pairs(lane);
}

/// How many messages pricing a program enumerates.
double messages_of(const Program& program, std::int64_t ranks) {
  double messages = 0;
  for (const Lane& lane : program.lanes) {
    const double all = static_cast<double>(lane.map.size * lane.map.group_count);
    if (is_summed_by_groups(lane, ranks)) continue;
    const bool single = lane.phase.root >= 0;
    if (lane.phase.lag == Lag::none && !single)
      messages += all * static_cast<double>(lane.phase.steps);
    else if (!single)
      messages += all * static_cast<double>(step_classes(lane).size());
  }
  for (const Program& part : program.parts) messages += messages_of(part, ranks);
  return messages;
}

class FlowEngine {
 public:
  FlowEngine(const System& system, std::int64_t ranks, const FlowOptions& options)
      : system_(system),
        ranks_(ranks),
        hashing_{options.seed, queue_pairs(system)},
        fabric_(system),
        loads_(fabric_),
        even_system_(with_even_share(system)) {}

  [[nodiscard]] const System& system() const { return system_; }
  [[nodiscard]] const Fabric& fabric() const { return fabric_; }

  [[nodiscard]] Expected<void> accepts(const Candidate& candidate) const {
    const double messages = messages_of(candidate.program, ranks_);
    if (messages <= kMostMessages) return {};
    return fail(
        fmt::format("engine flow would enumerate {:.1g} messages of algorithm {}, more than "
                    "{:.0g}: fewer ranks, "
                    "or engine analytic, would do",
                    messages, candidate.schedule.algorithm, kMostMessages));
  }

  StepLoads step(const std::vector<Lane>& lanes, std::int64_t step) {
    StepLoads loads;
    loads_.clear();
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      ArcEdges edges{};
      add_lane_flows(system_, fabric_, lanes[i], i, step, 1, hashing_, loads_, edges);
      if (i == 0) loads.edges = edges;
    }
    for (LevelCounts& of_arc : loads.edges)
      for (double& count : of_arc) count /= static_cast<double>(lanes.front().map.group_count);
    loads.even = loads.hashed = loads_.fullest();
    return loads;
  }

  StepLoads all_steps(const std::vector<const Lane*>& lanes) {
    StepLoads loads;
    if (lanes.size() == 1 && is_summed_by_groups(*lanes[0], ranks_)) {
      const Fabric even(even_system_);
      LinkLoads pairs(even);
      const int farthest =
          add_all_pairs(even_system_, even, ranks_, message_fraction(*lanes[0], 0, 0), pairs);
      loads.edges[0][static_cast<std::size_t>(farthest)] = 1;
      loads.even = loads.hashed = pairs.fullest();
      return loads;
    }
    loads_.clear();
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      const Lane& lane = *lanes[i];
      if (lane.phase.lag == Lag::none || sends_single_messages(lane)) {
        add_lane_flows(system_, fabric_, lane, i, -1, 1, hashing_, loads_, loads.edges);
        continue;
      }
      for (const StepClass& steps : step_classes(lane))
        add_lane_flows(system_, fabric_, lane, i, steps.first, static_cast<double>(steps.count),
                       hashing_, loads_, loads.edges);
    }
    loads.even = loads.hashed = loads_.fullest();
    return loads;
  }

 private:
  static std::int64_t queue_pairs(const System& system) {
    const auto& figure = system.node.nics.queue_pairs;
    return figure ? std::llround(figure->value) : 1;
  }
  static bool sends_single_messages(const Lane& lane) {
    return lane.phase.root >= 0 && lane.phase.steps > 1 && lane.phase.arc_count == 1 &&
           lane.phase.unit == Unit::one && lane.phase.frame == Frame::cyclic;
  }

  const System& system_;
  std::int64_t ranks_;
  FlowHashing hashing_;
  Fabric fabric_;
  LinkLoads loads_;
  System even_system_;
};

}  // namespace

Expected<std::vector<Prediction>> simulate_flow(const System& system, Collective collective,
                                                std::string_view algorithm, std::int64_t ranks,
                                                std::span<const double> sizes_bytes,
                                                const FlowOptions& options,
                                                const PriceOptions& price_options) {
  FlowEngine engine(system, ranks, options);
  return predict_with(engine, collective, algorithm, ranks, sizes_bytes, price_options);
}

}  // namespace collscale

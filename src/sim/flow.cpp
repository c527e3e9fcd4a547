// SPDX-License-Identifier: Apache-2.0
#include "sim/flow.hpp"

#include "scenario/schedule_cost.hpp"
#include "sim/link_loads.hpp"

namespace collscale {
namespace {

/// Above this many ranks all pairs are summed per pair of leaf groups instead of one by one; under
/// ecmp that is the even share, which so many flows per link come within a per cent of.
constexpr std::int64_t kMostRanksPairByPair = 2048;

System with_even_share(System system) {
  Clos& clos = *std::get_if<Clos>(&system.fabric);
  if (clos.routing == Routing::ecmp) clos.routing = Routing::spray;
  return system;
}

class FlowPricer {
 public:
  FlowPricer(const System& system, std::int64_t ranks, const FlowOptions& options)
      : ranks_(ranks),
        seed_(options.seed),
        fabric_(system),
        loads_(fabric_),
        even_system_(with_even_share(system)) {}

  void price(const std::vector<Lane>& lanes, ScheduleCost& cost) {
    if (is_all_pairs(lanes.front())) return price_all_pairs(lanes, cost);
    for (const StepClass& steps : step_classes(lanes.front())) {
      loads_.clear();
      const ArcEdges edges = add_step_flows(fabric_, lanes, steps.first, seed_, loads_);
      book(loads_.fullest(), edges, static_cast<double>(steps.count), cost);
    }
  }

 private:
  void price_all_pairs(const std::vector<Lane>& lanes, ScheduleCost& cost) {
    ArcEdges edges{};
    const bool whole = lanes.size() == 1 && lanes.front().map.size == ranks_;
    if (!whole || ranks_ <= kMostRanksPairByPair) {
      loads_.clear();
      for (std::int64_t step = 0; step < lanes.front().phase.steps; ++step) {
        const LevelCounts counts = add_step_flows(fabric_, lanes, step, seed_, loads_)[0];
        for (std::size_t level = 0; level < counts.size(); ++level)
          edges[0][level] += counts[level];
      }
      return book(loads_.fullest(), edges, 1, cost);
    }
    const Fabric even(even_system_);
    LinkLoads loads(even);
    const double bytes = message_fraction(lanes.front(), 0, 0);
    const int farthest = add_all_pairs(even_system_, even, ranks_, bytes, loads);
    edges[0][static_cast<std::size_t>(farthest)] = 1;
    book(loads.fullest(), edges, 1, cost);
  }

  void book(const FullestLink& fullest, const ArcEdges& edges, double count,
            ScheduleCost& cost) const {
    cost.seconds_per_byte[static_cast<std::size_t>(fullest.resource)] += count * fullest.seconds;
    add_path_latency(cost, fabric_, edges, count);
  }

  std::int64_t ranks_;
  std::uint64_t seed_;
  Fabric fabric_;
  LinkLoads loads_;
  System even_system_;
};

}  // namespace

Expected<std::vector<Prediction>> simulate_flow(const System& system, Collective collective,
                                                std::string_view algorithm, std::int64_t ranks,
                                                std::span<const double> sizes_bytes,
                                                const FlowOptions& options) {
  FlowPricer pricer(system, ranks, options);
  return predict_with(
      system, collective, algorithm, ranks, sizes_bytes,
      [&](const std::vector<Lane>& lanes, ScheduleCost& cost) { pricer.price(lanes, cost); });
}

}  // namespace collscale

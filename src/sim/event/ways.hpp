// SPDX-License-Identifier: Apache-2.0
// Times of messages that their own way decides, not their level alone: where links have failed or
// lost capacity, and on a torus, mesh or dragonfly, whose levels do not say which links a message
// passes.
//
// Such a message takes as long as the fullest link on its way is kept busy in the step, by what the
// flow engine's routes put there: LogGP's b with a link for each message. On a clos whose links
// failed it takes no less than the others of its level, which go by the busiest of each tier, as
// where nothing has failed: a failure makes those late whose ways it touches.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/event/plan.hpp"
#include "sim/flow_engine.hpp"

namespace collscale {

class Ways {
 public:
  /// Network and rates must live on.
  Ways(const FlowNetwork& network, std::uint64_t seed, const CostRates& rates);

  /// Whether messages of one level may differ.
  static bool decide(const Routes& routes) { return !routes.fabric().is_clos() || !routes.whole(); }

  /// Gives the class kinds and adds their durations. `step`: what the lanes' messages have in
  /// common, with the loads of those that go by their level.
  void of_step(const std::vector<Lane>& lanes, const StepCost& step, double size_bytes,
               Plan::Class& into);
  void of_all_steps(const std::vector<Lane>& lanes, const StepCost& step, double hops,
                    double size_bytes, Plan::Class& into);
  /// Of single messages, each alone on its way; `step_of`: what they have in common, by level.
  void of_chain(const std::vector<Lane>& lanes, const std::function<StepCost(int)>& step_of,
                double size_bytes, Plan::Class& into);

 private:
  class Kinds;
  template <class EachLane>
  void measure(const EachLane& each_lane);
  template <class RouteLane>
  void take_kinds(const std::vector<Lane>& lanes, Kinds& kinds, Plan::Class& into,
                  const RouteLane& route_lane) const;
  template <class Sink>
  void route(const Lane& lane, std::size_t number, std::int64_t step, Sink& sink) const;

  const FlowNetwork& network_;
  const Routes& routes_;
  FlowHashing hashing_;
  const CostRates& rates_;
  LinkLoads loads_;
  std::vector<double> seconds_;  ///< by link, per byte of the size
};

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// Max-min fair rates of flows on routes, by progressive filling (D. Bertsekas, R. Gallager, Data
// Networks, 2nd ed., section 6.5.2): all rates rise together; a link that is full stops the flows
// on it; the others rise on. The allocation is the only one in which every flow has a bottleneck: a
// full link on which no flow is faster (by weight), or its own cap.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "units/error.hpp"

namespace collscale {

/// One entry stands for `count` equal flows on the same route.
struct RoutedFlow {
  double bytes = 0;   ///< of one flow
  double count = 1;   ///< > 0
  double weight = 1;  ///< > 0: at a common bottleneck rates are in the ratio of the weights
  double most_Bps = std::numeric_limits<double>::infinity();  ///< cap of one flow's rate
  double start_s = 0;
};

/// Flows and the links that each crosses, in compressed rows. Links are numbers from 0 on, below
/// 2³¹; a link that is named twice carries the flow twice.
class RoutedFlows {
 public:
  /// `route`: any range of link numbers, such as a Path.
  template <class Route>
  void add(const Route& route, const RoutedFlow& flow) {
    for (const auto link : route) links_.push_back(static_cast<std::int32_t>(link));
    first_.push_back(static_cast<std::int64_t>(links_.size()));
    flows_.push_back(flow);
  }
  void reserve(std::size_t flows, std::size_t links) {
    flows_.reserve(flows);
    first_.reserve(flows + 1);
    links_.reserve(links);
  }
  [[nodiscard]] std::size_t size() const { return flows_.size(); }
  [[nodiscard]] const RoutedFlow& flow(std::size_t i) const { return flows_[i]; }
  [[nodiscard]] std::span<const RoutedFlow> flows() const { return flows_; }
  [[nodiscard]] std::span<const std::int32_t> route(std::size_t i) const {
    const auto from = static_cast<std::size_t>(first_[i]);
    return {links_.data() + from, static_cast<std::size_t>(first_[i + 1]) - from};
  }
  [[nodiscard]] std::span<const std::int32_t> links() const { return links_; }
  [[nodiscard]] std::span<const std::int64_t> first() const { return first_; }

 private:
  std::vector<std::int64_t> first_ = {0};
  std::vector<std::int32_t> links_;
  std::vector<RoutedFlow> flows_;
};

/// Which flows cross each link: the transpose of the routes.
struct FlowsOfLinks {
  FlowsOfLinks(const RoutedFlows& flows, std::size_t links);
  std::vector<std::int64_t> first;
  std::vector<std::int32_t> flows;
};

/// Fails with one sentence on a link that `capacity_Bps` does not have or that has no capacity, and
/// on a flow without weight, count or bytes >= 0.
Expected<void> check_flows(const RoutedFlows& flows, std::span<const double> capacity_Bps);

struct MaxMin {
  std::vector<double> rate_Bps;   ///< of one flow of each entry; infinite without link and cap
  std::vector<double> level_Bps;  ///< of each link: rate by weight at which it filled, or infinite
};

/// The rates of all flows at once, whatever their start. O(incidences × log links).
Expected<MaxMin> max_min_rates(const RoutedFlows& flows, std::span<const double> capacity_Bps);

/// The bytes on the fullest link over its capacity: no schedule of rates is faster; exactly the
/// makespan of max_min_phase (max_min_phase.hpp) where all flows have the same bytes, weight and
/// start and no cap binds.
double max_load_s(const RoutedFlows& flows, std::span<const double> capacity_Bps);

}  // namespace collscale

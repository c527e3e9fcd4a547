// SPDX-License-Identifier: Apache-2.0
#include "sim/event/ways.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "scenario/price.hpp"

namespace collscale {
namespace {

using price_detail::MessageBytes;

Path path_of(std::span<const std::int64_t> links) {
  Path path;
  for (const std::int64_t link : links) path.push(link);
  return path;
}

/// What a message meets on its way, over all of its parts.
struct Meets {
  int level = 0;
  PerResource seconds{};  ///< per byte of the size, on the fullest link of each resource
  double port_bytes = 0;  ///< on the scale-up port and on the NIC: fractions of the size
  double nic_bytes = 0;
};

}  // namespace

/// The kinds of one class, made as they are met.
class Ways::Kinds {
 public:
  Kinds(const Ways& ways, const StepCost& step, double hops, double size_bytes,
        const MessageBytes& bytes, bool spaced, Plan::Class& into)
      : ways_(ways),
        step_(step),
        hops_(hops),
        size_bytes_(size_bytes),
        smallest_(bytes.smallest),
        between_(spaced ? 0 : 1),
        into_(into) {
    forget_loads();
  }
  /// What messages have in common, where that goes by the level.
  void set_step(const StepCost& step) {
    step_ = step;
    forget_loads();
  }

  std::uint32_t of(const Meets& meets) {
    PerResource seconds = step_.even;
    keep_those_of_level(seconds, meets.level);
    bool more = !by_level();
    for (std::size_t r = 0; r < seconds.size(); ++r) {
      if (meets.seconds[r] <= seconds[r]) continue;
      seconds[r] = meets.seconds[r];
      more = true;
    }
    const double port_gaps = std::max(step_.port_gaps, gaps(meets.port_bytes));
    const double nic_gaps = std::max(step_.nic_gaps, gaps(meets.nic_bytes));
    more = more || port_gaps > step_.port_gaps || nic_gaps > step_.nic_gaps;
    if (!more) return static_cast<std::uint32_t>(meets.level);
    const auto next = static_cast<std::uint32_t>(into_.durations.arrive_s.size());
    const auto [found, is_new] = known_.insert({{meets.level, seconds, port_gaps, nic_gaps}, next});
    if (!is_new) return found->second;
    StepCost here = step_;
    here.even = here.hashed = seconds;
    here.port_gaps = port_gaps;
    here.nic_gaps = nic_gaps;
    const MessageTimes times = times_of(here, ways_.rates_, size_bytes_, meets.level, hops_);
    into_.durations.arrive_s.push_back(times.arrive_s);
    into_.durations.busy_s.push_back(times.busy_s);
    return next;
  }

 private:
  void forget_loads() {
    if (by_level()) return;
    step_.even = step_.hashed = {};
    step_.port_gaps = step_.nic_gaps = 0;
  }
  [[nodiscard]] bool by_level() const { return ways_.routes_.fabric().is_clos(); }
  [[nodiscard]] double gaps(double bytes) const {
    return smallest_ > 0 ? std::max(0.0, bytes / smallest_ - between_) : 0;
  }

  const Ways& ways_;
  StepCost step_;
  double hops_;
  double size_bytes_;
  double smallest_;
  double between_;
  Plan::Class& into_;
  std::map<std::tuple<int, PerResource, double, double>, std::uint32_t> known_;
};

namespace {

/// Takes the ways of messages, `parts` of each, and says what each message meets: f(meets).
template <class Each>
class Meeting {
 public:
  Meeting(const Routes& routes, const LinkLoads& loads, const std::vector<double>& seconds,
          std::int64_t parts, Each each)
      : routes_(routes), loads_(loads), seconds_(seconds), parts_(parts), each_(std::move(each)) {}

  void way(std::span<const std::int64_t> links, double, std::int64_t, std::int64_t) {
    meets_.level = std::max(meets_.level, routes_.turning_level(path_of(links)));
    for (const std::int64_t link : links) {
      const int resource = resource_of(routes_.fabric().class_of(link));
      double& most = meets_.seconds[static_cast<std::size_t>(resource)];
      most = std::max(most, seconds_[static_cast<std::size_t>(link)]);
      const LinkClass::Kind kind = routes_.fabric().class_of(link).kind;
      if (resource == kScaleUpResource && kind != LinkClass::Kind::scale_up_link)
        meets_.port_bytes = std::max(meets_.port_bytes, loads_.bytes(link));
      if (resource == kNicResource)
        meets_.nic_bytes = std::max(meets_.nic_bytes, loads_.bytes(link));
    }
    if (++part_ < parts_) return;
    each_(meets_);
    part_ = 0;
    meets_ = {};
  }
  void link(std::int64_t, double, std::int64_t, std::int64_t) {}  // switches that add up: no ways
  void cut(std::int64_t, std::int64_t) {}                         // refused before

 private:
  const Routes& routes_;
  const LinkLoads& loads_;
  const std::vector<double>& seconds_;
  std::int64_t parts_;
  Each each_;
  std::int64_t part_ = 0;
  Meets meets_;
};

/// The same of messages that have their ways for themselves; each carries `bytes` of the size.
template <class Each>
class Alone {
 public:
  Alone(const Routes& routes, std::vector<double>& seconds, std::int64_t parts, double bytes,
        Each each)
      : routes_(routes),
        seconds_(seconds),
        parts_(parts),
        part_bytes_(bytes / static_cast<double>(parts)),
        each_(std::move(each)) {}

  void way(std::span<const std::int64_t> links, double, std::int64_t, std::int64_t) {
    meets_.level = std::max(meets_.level, routes_.turning_level(path_of(links)));
    for (const std::int64_t link : links) {
      seconds_[static_cast<std::size_t>(link)] += part_bytes_ / routes_.capacity_Bps(link);
      links_.push_back(link);
    }
    if (++part_ < parts_) return;
    for (const std::int64_t link : links_) {
      const int resource = resource_of(routes_.fabric().class_of(link));
      double& most = meets_.seconds[static_cast<std::size_t>(resource)];
      most = std::max(most, std::exchange(seconds_[static_cast<std::size_t>(link)], 0.0));
    }
    each_(meets_);
    part_ = 0;
    meets_ = {};
    links_.clear();
  }
  void link(std::int64_t, double, std::int64_t, std::int64_t) {}
  void cut(std::int64_t, std::int64_t) {}

 private:
  const Routes& routes_;
  std::vector<double>& seconds_;
  std::int64_t parts_;
  double part_bytes_;
  Each each_;
  std::int64_t part_ = 0;
  Meets meets_;
  std::vector<std::int64_t> links_;
};

}  // namespace

/// The kinds of what route_lane(number, sink) gives, split by arc.
template <class RouteLane>
void Ways::take_kinds(const std::vector<Lane>& lanes, Kinds& kinds, Plan::Class& into,
                      const RouteLane& route_lane) const {
  into.kinds.resize(lanes.size() * Plan::kMostArcs);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    std::vector<std::uint32_t> all;
    Meeting meeting(routes_, loads_, seconds_, hashing_.queue_pairs,
                    [&](const Meets& meets) { all.push_back(kinds.of(meets)); });
    route_lane(i, meeting);
    const int arcs = arc_count(lanes[i]);
    auto from = all.begin();
    for (int arc = 0; arc < arcs; ++arc) {
      auto to = all.end();
      if (arc + 1 < arcs) {
        std::int64_t messages = 0;
        const auto count = [&](std::int64_t, std::int64_t) { ++messages; };
        if (lanes[i].phase.lag == Lag::none)
          for_each_flow_of_all_steps(lanes[i], arc, count);
        else
          for_each_flow(lanes[i], into.first, arc, count);
        to = from + messages;
      }
      into.kinds[i * Plan::kMostArcs + static_cast<std::size_t>(arc)].assign(from, to);
      from = to;
    }
  }
}

Ways::Ways(const FlowNetwork& network, std::uint64_t seed, const CostRates& rates)
    : network_(network),
      routes_(network.routes()),
      hashing_(flow_hashing(network.system(), seed)),
      rates_(rates),
      loads_(network.routes()),
      seconds_(static_cast<std::size_t>(network.routes().fabric().link_count())) {}

template <class Sink>
void Ways::route(const Lane& lane, std::size_t number, std::int64_t step, Sink& sink) const {
  ArcEdges edges{};
  for_each_routed_flow(network_.system(), routes_, lane, number, step, 1, hashing_, edges,
                       AnyFlowSink(sink));
}

/// The loads of what `each_lane` gives a sink.
template <class EachLane>
void Ways::measure(const EachLane& each_lane) {
  loads_.clear();
  each_lane(loads_);
  loads_.spread();
  for (const LinkClass& link_class : routes_.fabric().classes())
    for (std::int64_t link = link_class.first; link < link_class.first + link_class.count; ++link)
      seconds_[static_cast<std::size_t>(link)] = loads_.bytes(link) / link_class.capacity_Bps;
  for (const LinkFault& fault : routes_.changed())
    if (fault.left > 0) seconds_[static_cast<std::size_t>(fault.link)] /= fault.left;
}

void Ways::of_step(const std::vector<Lane>& lanes, const StepCost& step, double size_bytes,
                   Plan::Class& into) {
  measure([&](LinkLoads& sink) {
    for (std::size_t i = 0; i < lanes.size(); ++i) route(lanes[i], i, into.first, sink);
  });
  const MessageBytes bytes = price_detail::message_bytes(price_detail::pointers(lanes), into.first);
  Kinds kinds(*this, step, 1, size_bytes, bytes, into.merged, into);
  take_kinds(lanes, kinds, into,
             [&](std::size_t i, auto& sink) { route(lanes[i], i, into.first, sink); });
}

void Ways::of_all_steps(const std::vector<Lane>& lanes, const StepCost& step, double hops,
                        double size_bytes, Plan::Class& into) {
  constexpr std::int64_t kAll = -1;
  measure([&](LinkLoads& sink) {
    for (std::size_t i = 0; i < lanes.size(); ++i) route(lanes[i], i, kAll, sink);
  });
  const MessageBytes bytes =
      price_detail::message_bytes(price_detail::pointers(lanes), lanes.front().phase.steps / 2);
  Kinds kinds(*this, step, hops, size_bytes, bytes, false, into);
  take_kinds(lanes, kinds, into,
             [&](std::size_t i, auto& sink) { route(lanes[i], i, kAll, sink); });
}

void Ways::of_chain(const std::vector<Lane>& lanes, const std::function<StepCost(int)>& step_of,
                    double size_bytes, Plan::Class& into) {
  const MessageBytes bytes = price_detail::message_bytes(price_detail::pointers(lanes), 0);
  std::fill(seconds_.begin(), seconds_.end(), 0.0);
  Kinds kinds(*this, step_of(0), 1, size_bytes, {}, false, into);
  into.kinds.resize(lanes.size() * Plan::kMostArcs);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    std::vector<std::uint32_t>& of_lane = into.kinds[i * Plan::kMostArcs];
    Alone alone(routes_, seconds_, hashing_.queue_pairs, bytes.largest, [&](const Meets& meets) {
      kinds.set_step(step_of(meets.level));
      of_lane.push_back(kinds.of(meets));
    });
    for (std::int64_t step = 0; step < lanes[i].phase.steps; ++step)
      route(lanes[i], i, step, alone);
  }
}

}  // namespace collscale

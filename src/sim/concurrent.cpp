// SPDX-License-Identifier: Apache-2.0
#include "sim/concurrent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "scenario/price.hpp"
#include "sim/concurrent_loads.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

constexpr double kRounding = 1e-9;

/// Steps of a communicator that load the fabric alike, one after another.
struct Segment {
  std::vector<const Lane*> lanes;
  std::int64_t step = -1;  ///< -1: all steps at once
  double times = 1;        ///< how often the lanes send what `step` says
  double flow_bytes = 0;   ///< of the largest message, as a fraction of the size
  double time_s = 0;       ///< alone, under the background
};

double in_flight(const Lane& lane) {
  // Of messages that wait for nothing a rank has a window under way, not all.
  const Phase& phase = lane.phase;
  if (phase.lag != Lag::none || phase.window <= 0 || phase.window >= phase.steps) return 1;
  return static_cast<double>(phase.window) / static_cast<double>(phase.steps);
}

ScheduleCost only(const StepCost& step) {
  ScheduleCost cost;
  cost.steps.push_back(step);
  return cost;
}

/// A program with its price, flattened in the order of time.
class Flatten {
 public:
  Flatten(const CostRates& rates, double size_bytes) : rates_(rates), size_bytes_(size_bytes) {}

  void add(const Program& program, const ScheduleCost& cost, std::vector<Segment>& into) const {
    if (program.kind == Program::Kind::sequence) {
      for (std::size_t i = 0; i < program.parts.size(); ++i)
        add(program.parts[i], cost.parts[i], into);
      return;
    }
    Segment segment;
    if (program.kind != Program::Kind::stage) {
      price_detail::collect_lanes(program, segment.lanes);
      segment.times = program.kind == Program::Kind::pipeline ? program.chunks : 1;
      finish(evaluate(cost, rates_, size_bytes_).time_s, 0, segment, into);
      return;
    }
    if (program.lanes.empty()) return;
    segment.lanes = price_detail::pointers(program.lanes);
    const Lane& first = program.lanes.front();
    const bool one_by_one = first.phase.network == InNetwork::none &&
                            first.phase.lag != Lag::none &&
                            !price_detail::is_long_chain(program.lanes);
    if (!one_by_one) {
      segment.step = first.phase.network == InNetwork::none ? -1 : 0;
      finish(evaluate(cost, rates_, size_bytes_).time_s, 0, segment, into);
      return;
    }
    const auto classes = step_classes(first);
    for (std::size_t i = 0; i < classes.size(); ++i) {
      segment.step = classes[i].first;
      segment.times = static_cast<double>(classes[i].count);
      finish(evaluate(only(cost.steps[i]), rates_, size_bytes_).time_s, classes[i].first, segment,
             into);
    }
  }

 private:
  void finish(double time_s, std::int64_t step, Segment segment, std::vector<Segment>& into) const {
    if (time_s <= 0) return;
    segment.time_s = time_s;
    segment.flow_bytes = price_detail::message_bytes(segment.lanes, step).largest;
    into.push_back(std::move(segment));
  }

  const CostRates& rates_;
  double size_bytes_;
};

/// One communicator under way.
struct Session {
  GroupLayout layout;
  double size_bytes = 0;
  std::unique_ptr<GroupsEngine> engine;
  std::optional<Candidate> candidate;
  Prediction alone;
  Prediction with_background;
  std::vector<Segment> segments;

  std::size_t at = 0;       ///< segment
  double left = 1;          ///< of it
  double speed = 1;         ///< share of the pace alone
  std::size_t held_by = 0;  ///< link, where slower
  std::vector<double> Bps;  ///< asked of every link at full speed
  double stretch = 0;       ///< seconds of full speed per B/s of the slowest flow
  double end_s = 0;
  std::vector<double> lost_s;  ///< by class of links
  [[nodiscard]] bool done() const { return at == segments.size(); }
};

std::vector<double> capacities(const Routes& routes, double background) {
  const Fabric& fabric = routes.fabric();
  std::vector<double> capacity(static_cast<std::size_t>(fabric.link_count()));
  const auto left = [&](const LinkClass& of) {
    return of.kind == LinkClass::Kind::up || of.kind == LinkClass::Kind::down ? 1 - background : 1;
  };
  for (const LinkClass& of : fabric.classes()) {
    const auto first = capacity.begin() + of.first;
    std::fill(first, first + of.count, of.capacity_Bps * left(of));
  }
  for (const LinkFault& fault : routes.changed())
    capacity[static_cast<std::size_t>(fault.link)] =
        routes.capacity_Bps(fault.link) * left(fabric.class_of(fault.link));
  return capacity;
}

class Run {
 public:
  Run(const FlowNetwork& network, const ConcurrentOptions& options)
      : network_(network),
        system_(network.system()),
        options_(options),
        fabric_(network.routes().fabric()),
        free_Bps_(capacities(network.routes(), 0)),
        capacity_Bps_(capacities(network.routes(), options.background)),
        rates_(system_, options.price) {
    rates_.base_s = 0;  // a launch shares no links, and segments are timed one by one
  }

  Expected<void> add(const Communicator& asked, std::int64_t ranks) {
    const auto layout = parse_layout(asked.layout, system_, ranks);
    if (!layout) return tl::unexpected(layout.error());
    const auto found =
        candidates(system_, asked.collective, asked.algorithm, shape_of(system_, *layout));
    if (!found) return tl::unexpected(found.error());
    Session session;
    session.layout = *layout;
    session.size_bytes = asked.size_bytes;
    GroupsEngine alone(network_, *layout, options_.flow.seed, free_Bps_);
    Expected<void> refused;
    for (const Candidate& one : *found) {
      if (auto accepted = alone.accepts(one); !accepted) {
        refused = accepted;
        continue;
      }
      Prediction prediction = evaluate(price(one.program, alone), rates_, asked.size_bytes);
      if (session.candidate && prediction.time_s >= session.alone.time_s) continue;
      session.alone = std::move(prediction);
      session.alone.algorithm = one.schedule.algorithm;
      session.alone.abilities = abilities_of(one);
      session.candidate = one;
    }
    if (auto whole = alone.check_cut(); !whole) return tl::unexpected(whole.error());
    if (!session.candidate) return tl::unexpected(refused.error());
    session.engine =
        std::make_unique<GroupsEngine>(network_, *layout, options_.flow.seed, capacity_Bps_);
    const ScheduleCost cost = price(session.candidate->program, *session.engine);
    session.with_background = evaluate(cost, rates_, asked.size_bytes);
    session.lost_s.assign(fabric_.classes().size(), 0.0);
    sessions_.push_back(std::move(session));
    costs_.push_back(cost);
    return {};
  }

  ConcurrentTimes run(std::span<const Communicator> asked) {
    ConcurrentTimes times;
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
      Session& session = sessions_[i];
      Flatten(rates_, session.size_bytes)
          .add(session.candidate->program, costs_[i], session.segments);
      if (!session.done()) enter(session);
    }
    double now_s = 0;
    while (std::any_of(sessions_.begin(), sessions_.end(),
                       [](const Session& one) { return !one.done(); })) {
      share();
      ++times.solves;
      double step_s = std::numeric_limits<double>::infinity();
      for (const Session& one : sessions_)
        if (!one.done()) step_s = std::min(step_s, one.left * time_s(one) / one.speed);
      now_s += step_s;
      for (Session& one : sessions_) {
        if (one.done()) continue;
        if (one.speed < 1) {
          times.shared = true;
          one.lost_s[class_of(one.held_by)] += step_s * (1 - one.speed);
        }
        one.left -= step_s * one.speed / time_s(one);
        if (one.left > 1e-12) continue;
        one.left = 1;
        ++one.at;
        one.end_s = now_s;
        if (!one.done()) enter(one);
      }
    }
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
      Session& one = sessions_[i];
      CommunicatorTimes of;
      of.communicator = asked[i];
      of.communicator.algorithm = one.alone.algorithm;
      of.layout = one.layout;
      of.together_s = one.end_s;
      of.limited_by = limited_by(one);
      of.alone = std::move(one.alone);
      times.of.push_back(std::move(of));
    }
    return times;
  }

 private:
  static double time_s(const Session& session) { return session.segments[session.at].time_s; }
  [[nodiscard]] std::size_t class_of(std::size_t link) const {
    return static_cast<std::size_t>(&fabric_.class_of(static_cast<std::int64_t>(link)) -
                                    fabric_.classes().data());
  }

  [[nodiscard]] std::string limited_by(const Session& one) const {
    if (one.end_s <= one.alone.time_s * (1 + kRounding)) return {};
    const auto most = std::max_element(one.lost_s.begin(), one.lost_s.end());
    // Slower for the background alone: what limits it then.
    if (*most < one.with_background.time_s - one.alone.time_s)
      return one.with_background.bottleneck;
    return fabric_.tier_name(
        fabric_.classes()[static_cast<std::size_t>(most - one.lost_s.begin())]);
  }

  /// What the segment that begins asks of every link.
  void enter(Session& session) {
    const Segment& segment = session.segments[session.at];
    GroupsEngine& engine = *session.engine;
    engine.clear();
    ArcEdges edges{};
    if (segment.step < 0)
      engine.add_all_steps(segment.lanes, edges);
    else
      engine.add_step(segment.lanes, segment.step, edges);
    const double per_second = segment.times * session.size_bytes / segment.time_s;
    session.Bps = engine.bytes();
    double fullest = 1;
    for (std::size_t l = 0; l < session.Bps.size(); ++l) {
      session.Bps[l] *= per_second;
      if (session.Bps[l] > 0) fullest = std::max(fullest, session.Bps[l] / capacity_Bps_[l]);
    }
    // Alone it has all it needs, by whatever its price leaves out.
    if (fullest > 1)
      for (double& Bps : session.Bps) Bps /= fullest;
    const double flow_Bps =
        segment.times * segment.flow_bytes * session.size_bytes / segment.time_s;
    session.stretch = flow_Bps > 0 ? in_flight(*segment.lanes.front()) / flow_Bps : 1;
  }

  /// Progressive filling: the slowest flows' rates rise together until each communicator has its
  /// full speed or meets a full link.
  void share() {
    std::vector<Session*> rising;
    for (Session& one : sessions_)
      if (!one.done()) rising.push_back(&one);
    std::vector<double> taken(capacity_Bps_.size(), 0.0);
    while (!rising.empty()) {
      double level = std::numeric_limits<double>::infinity();
      std::size_t full = taken.size();
      for (const Session* one : rising) level = std::min(level, 1 / one->stretch);
      const double no_link = level;
      for (std::size_t l = 0; l < taken.size(); ++l) {
        double per_level = 0;
        for (const Session* one : rising) per_level += one->Bps[l] * one->stretch;
        if (per_level <= 0) continue;
        const double here = (capacity_Bps_[l] - taken[l]) / per_level;
        if (here < level * (1 - kRounding)) {
          level = here;
          full = l;
        }
      }
      std::vector<Session*> rest;
      for (Session* one : rising) {
        const bool own = 1 / one->stretch <= no_link * (1 + kRounding);
        const bool stops = full == taken.size() ? own : one->Bps[full] > 0;
        if (!stops) {
          rest.push_back(one);
          continue;
        }
        one->speed = full == taken.size() ? 1 : std::max(0.0, level * one->stretch);
        one->held_by = full;
        for (std::size_t l = 0; l < taken.size(); ++l) taken[l] += one->speed * one->Bps[l];
      }
      rising = std::move(rest);
    }
  }

  const FlowNetwork& network_;
  const System& system_;
  ConcurrentOptions options_;
  const Fabric& fabric_;
  std::vector<double> free_Bps_;
  std::vector<double> capacity_Bps_;
  CostRates rates_;
  std::vector<Session> sessions_;
  std::vector<ScheduleCost> costs_;
};

}  // namespace

Expected<ConcurrentTimes> simulate_concurrent(const System& system, std::int64_t ranks,
                                              std::span<const Communicator> communicators,
                                              const ConcurrentOptions& options) {
  if (!(options.background >= 0 && options.background < 1))
    return fail(fmt::format("background {}: a share of at least 0 and below 1 is expected",
                            options.background));
  // Each keeps what it loads, what it asks for, and for a while the same again.
  const auto network = FlowNetwork::make(system, ranks, options.flow,
                                         3 + 3 * static_cast<std::int64_t>(communicators.size()));
  if (!network) return tl::unexpected(network.error());
  Run run(*network, options);
  for (const Communicator& one : communicators)
    if (auto added = run.add(one, ranks); !added) return tl::unexpected(added.error());
  return run.run(communicators);
}

}  // namespace collscale

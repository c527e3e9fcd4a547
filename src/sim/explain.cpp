// SPDX-License-Identifier: Apache-2.0
#include "sim/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "scenario/price.hpp"
#include "sim/flow_engine.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// A span with what it sends: a step of a stage, or everything of some lanes.
struct Sent {
  const std::vector<Lane>* stage = nullptr;
  std::int64_t step = 0;
  std::vector<const Lane*> all;  ///< in place of a step
  double times = 1;              ///< so often in the span
};

std::string_view what_it_does(const Phase& phase) {
  if (phase.network != InNetwork::none) return "in the switches";
  switch (effective_transfer(phase)) {
    case Transfer::copy:
      return "gather";
    case Transfer::give:
      return "reduce-scatter";
    case Transfer::accumulate:
      return "reduce";
    case Transfer::move:
      return "exchange";
  }
  return "";
}

std::string describe(const std::vector<const Lane*>& lanes) {
  const Lane& first = *lanes.front();
  std::string text(what_it_does(first.phase));
  text += first.map.group_count == 1
              ? fmt::format(" of {} ranks", format_count(first.map.size))
              : fmt::format(" in {} groups of {} ranks", format_count(first.map.group_count),
                            format_count(first.map.size));
  if (lanes.size() > 1) text += fmt::format(", {} at once", lanes.size());
  return text;
}

class Walk {
 public:
  Walk(const CostRates& rates, double size_bytes) : rates_(rates), size_bytes_(size_bytes) {}

  /// Returns when it ends.
  double add(const Program& program, const ScheduleCost& cost, const std::string& number,
             double start_s, int row) {
    using Kind = Program::Kind;
    const Prediction whole = evaluate(cost, rates_, size_bytes_);
    switch (program.kind) {
      case Kind::messages:
        return start_s;
      case Kind::stage:
        return add_stage(program.lanes, cost, number, start_s, row);
      case Kind::sequence: {
        double end_s = start_s;
        for (std::size_t i = 0; i < program.parts.size(); ++i)
          end_s = add(program.parts[i], cost.parts[i], numbered(number, i), end_s, row);
        return end_s;
      }
      case Kind::concurrent:
      case Kind::pipeline:
        break;
    }
    const bool pipeline = program.kind == Kind::pipeline;
    Sent what;
    price_detail::collect_lanes(program, what.all);
    what.times = pipeline ? program.chunks : 1;
    if (what.all.empty()) return start_s;
    const std::string text =
        pipeline ? fmt::format("pipeline of {} parts: {}", program.parts.size(), describe(what.all))
                 : fmt::format("{} parts at once", program.parts.size());
    push(number, text, start_s, row, 1, whole, cost.together, std::move(what));
    for (std::size_t i = 0; !pipeline && i < program.parts.size(); ++i)
      add(program.parts[i], cost.parts[i], numbered(number, i), start_s,
          row + 1 + static_cast<int>(i));
    return start_s + whole.time_s;
  }

  /// What comes before the first stage; returns when it ends.
  double launch(const CostRates& rates) {
    const double base_s = rates.options.terms.has(CostTerm::latency) ? rates.base_s : 0;
    if (base_s > 0) push("", "launch", 0, 0, 1, {base_s, {}, "latency", {}, {}}, {}, {});
    return base_s;
  }

  std::vector<StageSpan> spans;
  std::vector<Sent> sent;

 private:
  static std::string numbered(const std::string& number, std::size_t i) {
    return number.empty() ? fmt::format("{}", i + 1) : fmt::format("{}.{}", number, i + 1);
  }

  double add_stage(const std::vector<Lane>& lanes, const ScheduleCost& cost,
                   const std::string& number, double start_s, int row) {
    if (lanes.empty()) return start_s;
    const Phase& phase = lanes.front().phase;
    const auto all = price_detail::pointers(lanes);
    const bool steps_differ = phase.network == InNetwork::none && phase.lag != Lag::none &&
                              !price_detail::is_long_chain(lanes);
    if (!steps_differ) {
      const Prediction whole = evaluate(cost, rates_, size_bytes_);
      Sent what;
      if (phase.network != InNetwork::none)
        what.stage = &lanes;
      else
        what.all = all;
      double steps = 0;
      StepCost busiest;
      for (const StepCost& step : cost.steps) {
        steps += step.count;
        for (std::size_t r = 0; r < step.even.size(); ++r)
          busiest.even[r] += step.even[r] * step.count;
      }
      push(number, describe(all), start_s, row, steps, whole, busiest, std::move(what));
      return start_s + whole.time_s;
    }
    const auto classes = step_classes(lanes.front());
    for (std::size_t i = 0; i < cost.steps.size(); ++i) {
      ScheduleCost one;
      one.steps = {cost.steps[i]};
      const Prediction here = evaluate(one, rates_, size_bytes_);
      Sent what;
      what.stage = &lanes;
      what.step = classes[i].first;
      what.times = cost.steps[i].count;
      push(cost.steps.size() > 1 ? numbered(number, i) : number, describe(all), start_s, row,
           what.times, here, cost.steps[i], std::move(what));
      start_s += here.time_s;
    }
    return start_s;
  }

  void push(const std::string& number, const std::string& text, double start_s, int row,
            double steps, const Prediction& time, const StepCost& cost, Sent what) {
    StageSpan span;
    span.name = number.empty() ? text : number + " " + text;
    if (steps > 1) span.name += fmt::format(", {} steps", format_count(std::llround(steps)));
    span.row = row;
    span.start_s = start_s;
    span.duration_s = time.time_s;
    span.steps = steps;
    span.bottleneck = time.bottleneck;
    for (std::size_t r = 0; r < cost.even.size() && time.time_s > 0; ++r)
      span.utilisation[r] = cost.even[r] * size_bytes_ * what.times / time.time_s;
    spans.push_back(std::move(span));
    sent.push_back(std::move(what));
  }

  const CostRates& rates_;
  double size_bytes_;
};

/// Counts the flows on some links.
class FlowsOnLinks {
 public:
  FlowsOnLinks(const std::vector<std::int64_t>& links, std::int64_t link_count,
               std::vector<BusyLink>& into)
      : slot_(static_cast<std::size_t>(link_count), 0), into_(into) {
    for (std::size_t i = 0; i < links.size(); ++i)
      slot_[static_cast<std::size_t>(links[i])] = static_cast<std::uint8_t>(i + 1);
  }
  void way(std::span<const std::int64_t> path, double, std::int64_t source,
           std::int64_t destination) {
    for (const std::int64_t each : path) count(each, 1, source, destination);
  }
  void link(std::int64_t number, double, std::int64_t source, std::int64_t destination) {
    count(number, 1, source, destination);
  }
  void cut(std::int64_t, std::int64_t) {}
  void count(std::int64_t link, double flows, std::int64_t source, std::int64_t destination) {
    const std::uint8_t slot = slot_[static_cast<std::size_t>(link)];
    if (slot == 0) return;
    BusyLink& busy = into_[slot - 1U];
    busy.flows += flows;
    if (busy.examples.size() < 2 && source >= 0 && destination >= 0 &&
        (busy.examples.empty() || busy.examples[0].source != source ||
         busy.examples[0].destination != destination))
      busy.examples.push_back({source, destination});
  }

 private:
  std::vector<std::uint8_t> slot_;
  std::vector<BusyLink>& into_;
};

void send_again(const FlowEngine& engine, const Sent& sent, AnyFlowSink sink) {
  if (sent.stage != nullptr)
    engine.flows_of_step(*sent.stage, sent.step, sink);
  else
    engine.flows_of_all_steps(sent.all, sink);
}

void add_links(const Routes& routes, const LinkLoads& loads, double bytes_scale, double duration_s,
               std::size_t busiest, FlowExplanation& into, std::vector<std::int64_t>& links) {
  const Fabric& fabric = routes.fabric();
  struct Full {
    double share;
    std::int64_t link;
  };
  std::vector<Full> top;
  const auto fuller = [](const Full& a, const Full& b) {
    return a.share != b.share ? a.share > b.share : a.link < b.link;
  };
  for (const LinkClass& link_class : fabric.classes()) {
    const std::string name = fabric.tier_name(link_class);
    // A tier's links up and down are neighbours, and so are ports and NICs both ways.
    if (link_class.count > 0 && (into.tiers.empty() || into.tiers.back().name != name))
      into.tiers.push_back({name});
  }
  for (TierUse& tier : into.tiers) {
    std::vector<double> shares;
    for (const LinkClass& link_class : fabric.classes()) {
      if (fabric.tier_name(link_class) != tier.name) continue;
      tier.links += link_class.count;
      for (std::int64_t link = link_class.first; link < link_class.first + link_class.count;
           ++link) {
        if (loads.bytes(link) <= 0) continue;
        const double capacity_Bps =
            routes.whole() ? link_class.capacity_Bps : routes.capacity_Bps(link);
        const double share = loads.bytes(link) * bytes_scale / capacity_Bps / duration_s;
        shares.push_back(share);
        if (top.size() < busiest || fuller({share, link}, top.front())) {
          top.push_back({share, link});
          std::push_heap(top.begin(), top.end(), fuller);
          if (top.size() > busiest) {
            std::pop_heap(top.begin(), top.end(), fuller);
            top.pop_back();
          }
        }
      }
    }
    tier.used = static_cast<std::int64_t>(shares.size());
    if (shares.empty()) continue;
    std::sort(shares.begin(), shares.end());
    tier.utilisation = shares.back();
    for (std::size_t i = 0; i < tier.deciles.size(); ++i) {
      const std::size_t rank = ((i + 1) * shares.size() + 9) / 10;
      tier.deciles[i] = shares[std::max<std::size_t>(rank, 1) - 1] / shares.back();
    }
  }
  std::sort(top.begin(), top.end(), fuller);
  for (const Full& full : top) {
    links.push_back(full.link);
    BusyLink busy;
    busy.name = fabric.link_name(full.link);
    busy.bytes = loads.bytes(full.link) * bytes_scale;
    busy.utilisation = full.share;
    into.links.push_back(std::move(busy));
  }
}

}  // namespace

Expected<FlowExplanation> explain_flow(const System& system, Collective collective,
                                       std::string_view algorithm, std::int64_t ranks,
                                       double size_bytes, const FlowOptions& options,
                                       std::uint64_t hash_seed, const PriceOptions& price_options,
                                       std::size_t busiest) {
  const auto network = FlowNetwork::make(system, ranks, options, 2);
  if (!network) return tl::unexpected(network.error());
  const auto chosen = candidate(system, collective, algorithm, shape_of(system, ranks));
  if (!chosen) return tl::unexpected(chosen.error());
  if (auto accepted = network->accepts(*chosen); !accepted) return tl::unexpected(accepted.error());
  FlowEngine engine(*network, hash_seed);
  const CostRates rates(system, price_options);
  const ScheduleCost cost = price(chosen->program, engine);
  if (auto whole = engine.check_cut(); !whole) return tl::unexpected(whole.error());

  CostRates of_stages = rates;  // a collective is launched once
  of_stages.base_s = 0;
  Walk walk(of_stages, size_bytes);
  walk.add(chosen->program, cost, "", walk.launch(rates), 0);
  FlowExplanation out;
  out.algorithm = chosen->schedule.algorithm;
  out.time_s = evaluate(cost, rates, size_bytes).time_s;
  out.resources = {"scale-up", "nic"};
  for (const std::string_view tier : rates.tiers) out.resources.emplace_back(tier);
  out.resources.resize(std::min<std::size_t>(out.resources.size(), kMaxResources));
  if (walk.spans.empty()) return out;
  const auto sends = [&walk](std::size_t i) {
    return walk.sent[i].stage != nullptr || !walk.sent[i].all.empty();
  };
  for (std::size_t i = 0; i < walk.spans.size(); ++i)
    if (walk.spans[i].row == 0 && sends(i) &&
        (!sends(out.longest) || walk.spans[i].duration_s > walk.spans[out.longest].duration_s))
      out.longest = i;
  if (!sends(out.longest)) return out;

  const Sent& sent = walk.sent[out.longest];
  const double duration_s = walk.spans[out.longest].duration_s;
  const double scale = sent.times * size_bytes;
  std::vector<std::int64_t> links;
  busiest = std::min<std::size_t>(busiest, 255);
  if (sent.all.size() == 1 && network->summed_by_groups(*sent.all[0])) {
    const Routes& routes = network->even_routes();
    const double pair_bytes = message_fraction(*sent.all[0], 0, 0);
    LinkLoads loads(routes);
    const auto ignore_cut = [](std::int64_t, std::int64_t) {};
    network->for_each_pair_load_of(
        *sent.all[0],
        [&](std::int64_t link, double bytes, std::int64_t, std::int64_t) {
          loads.add(link, bytes);
        },
        ignore_cut);
    loads.spread();
    add_links(routes, loads, scale, duration_s, busiest, out, links);
    FlowsOnLinks flows(links, routes.fabric().link_count(), out.links);
    network->for_each_pair_load_of(
        *sent.all[0],
        [&](std::int64_t link, double bytes, std::int64_t source, std::int64_t destination) {
          flows.count(link, bytes / pair_bytes, source, destination);
        },
        ignore_cut);
  } else {
    LinkLoads loads(network->routes());
    send_again(engine, sent, AnyFlowSink(loads));
    loads.spread();
    add_links(network->routes(), loads, scale, duration_s, busiest, out, links);
    FlowsOnLinks flows(links, network->routes().fabric().link_count(), out.links);
    send_again(engine, sent, AnyFlowSink(flows));
  }
  out.spans = std::move(walk.spans);
  return out;
}

}  // namespace collscale

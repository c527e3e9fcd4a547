// SPDX-License-Identifier: Apache-2.0
#include "scenario/schedule_cost.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace collscale {
namespace {

/// Where exposed time is booked: resources, or levels for latency; the last is the rank itself.
constexpr int kRankSlot = kMaxResources;
constexpr int kSlots = kMaxResources + 1;

struct Exposed {
  std::array<std::array<double, kSlots>, kCostTerms> s{};
  /// What moving bytes takes, by the resource that takes the longest in each step, with all the
  /// factors on it, and so hides the others.
  std::array<double, kSlots> waited{};
  double total = 0;

  void add(CostTerm term, int slot, double seconds) {
    s[static_cast<std::size_t>(term)][static_cast<std::size_t>(slot)] += seconds;
    total += seconds;
  }
  void add(const Exposed& other, double factor = 1) {
    for (std::size_t t = 0; t < s.size(); ++t)
      for (std::size_t i = 0; i < s[t].size(); ++i) s[t][i] += factor * other.s[t][i];
    for (std::size_t i = 0; i < waited.size(); ++i) waited[i] += factor * other.waited[i];
    total += factor * other.total;
  }
  void wait(int slot, double seconds) { waited[static_cast<std::size_t>(slot)] += seconds; }
  [[nodiscard]] double of(CostTerm term) const {
    double sum = 0;
    for (const double seconds : s[static_cast<std::size_t>(term)]) sum += seconds;
    return sum;
  }
};

/// What competes for the time of a step, in the order of the terms: each is exposed as far as it
/// exceeds those before it.
class Contest {
 public:
  Contest(Exposed& into, const CostTerms& terms, double count)
      : into_(into), terms_(terms), count_(count) {}
  void offer(CostTerm term, int slot, double seconds) {
    constexpr double kRounding = 1e-12;  // the same by another way of computing it
    if (seconds <= reached_ * (1 + kRounding) || !terms_.has(term)) return;
    into_.add(term, slot, count_ * (seconds - reached_));
    reached_ = seconds;
    slot_ = slot;
  }
  /// All terms that move bytes were offered: the last that exceeded the others is waited for.
  void settle_bytes() { into_.wait(slot_, count_ * reached_); }
  [[nodiscard]] double reached() const { return reached_; }

 private:
  Exposed& into_;
  const CostTerms& terms_;
  double count_;
  double reached_ = 0;
  int slot_ = kScaleUpResource;
};

struct Busiest {
  double seconds = 0;
  int resource = kScaleUpResource;
};

Busiest busiest(const PerResource& seconds_per_byte, double size_bytes, double tier_factor = 1) {
  Busiest most;
  for (int r = 0; r < kMaxResources; ++r) {
    const double seconds = seconds_per_byte[static_cast<std::size_t>(r)] * size_bytes *
                           (r >= kFirstTierResource ? tier_factor : 1);
    if (seconds > most.seconds) most = {seconds, r};
  }
  return most;
}

/// Inside a node a rank moves a library's messages itself. What it does for one besides (looking
/// for it, telling the next), which no transfer hides, is taken for half of its latency:
/// docs/models.md.
constexpr double kOwnWork = 0.5;

class Evaluation {
 public:
  explicit Evaluation(const CostRates& rates) : rates_(rates), terms_(rates.options.terms) {}

  [[nodiscard]] double chunks(const ScheduleCost& pipeline, double size_bytes) const {
    const double asked = rates_.options.chunks;
    return asked > 0 ? asked : best_chunks(pipeline, size_bytes);
  }

  void add(const ScheduleCost& cost, double size_bytes, Exposed& into) const {
    switch (cost.kind) {
      case ScheduleCost::Kind::steps:
        for (const StepCost& step : cost.steps) add_step(step, size_bytes, into);
        return;
      case ScheduleCost::Kind::sequence:
        for (const ScheduleCost& part : cost.parts) add(part, size_bytes, into);
        return;
      case ScheduleCost::Kind::concurrent:
        return add_concurrent(cost, size_bytes, into);
      case ScheduleCost::Kind::pipeline:
        return add_pipeline(cost, size_bytes, into);
    }
  }

 private:
  void add_step(const StepCost& step, double size_bytes, Exposed& into) const {
    const PriceOptions& options = rates_.options;
    const double moved_s = add_transfer(step, size_bytes, into);
    if (terms_.has(CostTerm::latency)) add_latency(step, size_bytes, moved_s, into);
    if (terms_.has(CostTerm::reduction))
      into.add(CostTerm::reduction, kRankSlot,
               step.count * step.reduced * size_bytes * rates_.reduce_s_per_byte);
    if (terms_.has(CostTerm::copy))
      into.add(CostTerm::copy, kRankSlot,
               step.count * step.copied * size_bytes * rates_.copy_s_per_byte);
    if (options.noise.kind != NoiseKind::none && step.noisy_ranks >= 1 &&
        terms_.has(CostTerm::noise)) {
      // Distributions without a constant per step of a ring are refused before (cli, parse).
      const double slowest_s = expected_max_s(options.noise, step.noisy_ranks);
      const double each_s = step.in_ring
                                ? ring_step_s(options.noise, step.noisy_ranks).value_or(slowest_s)
                                : slowest_s;
      into.add(CostTerm::noise, kRankSlot, step.count * each_s);
    }
  }

  /// What moves and competes; returns its time.
  double add_transfer(const StepCost& step, double size_bytes, Exposed& into) const {
    const ProtocolFigures& protocol = rates_.options.protocol;
    Contest contest(into, terms_, step.count);
    const Busiest even = busiest(step.even, size_bytes);
    contest.offer(CostTerm::bandwidth, even.resource, even.seconds);
    const double wire =
        terms_.has(CostTerm::protocol) ? size_bytes / protocol.bandwidth_share : size_bytes;
    if (protocol.bandwidth_share < 1)
      contest.offer(CostTerm::protocol, even.resource, even.seconds / protocol.bandwidth_share);
    const Busiest hashed = busiest(step.hashed, wire);
    contest.offer(CostTerm::ecmp, hashed.resource, hashed.seconds);
    if (rates_.imbalance_factor > 1) {
      const Busiest uneven = busiest(step.even, wire, rates_.imbalance_factor);
      contest.offer(CostTerm::imbalance, uneven.resource, uneven.seconds);
    }
    contest.offer(CostTerm::pcie, kNicResource,
                  step.even[kNicResource] * wire * rates_.pcie_factor);
    // The first window goes at once, each further one a round trip later.
    contest.offer(CostTerm::window, kNicResource,
                  (step.largest * wire - rates_.window_bytes) *
                      rates_.s_per_byte_of_window[static_cast<std::size_t>(step.far_level)]);
    contest.settle_bytes();
    contest.offer(CostTerm::message_rate, kScaleUpResource, step.port_gaps * rates_.port_gap_s);
    contest.offer(CostTerm::message_rate, kNicResource, step.nic_gaps * rates_.nic_gap_s);
    contest.offer(CostTerm::overhead, kRankSlot, step.nic_gaps * rates_.overhead_s);
    return step.count * contest.reached();
  }

  /// Latency along the path, as far as parts of messages under way do not hide it.
  void add_latency(const StepCost& step, double size_bytes, double moved_s, Exposed& into) const {
    const PriceOptions& options = rates_.options;
    const double late_s = is_announced(step.largest * size_bytes) ? rates_.rendezvous_s : 0;
    const auto latency_s = [&](std::size_t level) {
      return rates_.latency_s[level] + (level > 0 ? late_s : 0);
    };
    double all_s = 0;
    for (std::size_t level = 0; level < step.path.size(); ++level)
      all_s += step.path[level] * latency_s(level);
    double shown = 1;
    if (options.segment_bytes > 0 && step.in_ring && all_s > 0) {
      const double parts =
          static_cast<double>(options.segment_parts) *
          std::max(1.0, std::ceil(step.largest * size_bytes / options.segment_bytes));
      shown = std::max(0.0, 1 - moved_s * (1 - 1 / parts) / all_s);
    }
    for (std::size_t level = 0; level < step.path.size(); ++level) {
      const double part = level == 0 ? std::max(kOwnWork, shown) : shown;
      if (step.path[level] > 0)
        into.add(CostTerm::latency, slot_of(static_cast<int>(level)),
                 part * step.path[level] * latency_s(level));
    }
    if (step.switch_level >= 0)
      into.add(CostTerm::latency, slot_of(step.switch_level),
               rates_.switch_pass_s[static_cast<std::size_t>(step.switch_level)]);
  }

  /// Too large to be sent before the receiver is ready; a segment at a time where it is cut.
  [[nodiscard]] bool is_announced(double message_bytes) const {
    const PriceOptions& options = rates_.options;
    message_bytes *= rates_.parts_per_channel;
    if (options.segment_bytes > 0) message_bytes = std::min(message_bytes, options.segment_bytes);
    constexpr double kRounding = 1e-9;  // of the parts
    return rates_.eager_bytes > 0 &&
           message_bytes / options.protocol.wire_share > rates_.eager_bytes * (1 + kRounding);
  }

  [[nodiscard]] int slot_of(int level) const { return rates_.is_clos ? level : std::min(level, 1); }

  /// Parts that share resources: at least as long as the slowest part, and as the busiest resource
  /// needs for all of them after the longest latency of any.
  void add_concurrent(const ScheduleCost& cost, double size_bytes, Exposed& into) const {
    Exposed slowest;
    double latency_s = 0;
    for (const ScheduleCost& part : cost.parts) {
      Exposed one;
      add(part, size_bytes, one);
      latency_s = std::max(latency_s, one.of(CostTerm::latency));
      if (one.total > slowest.total) slowest = one;
    }
    Exposed shared;
    add_step(cost.together, size_bytes, shared);
    const double more_s = latency_s + shared.total - slowest.total;
    into.add(slowest);
    if (more_s <= 0) return;
    const int resource = busiest(cost.together.even, size_bytes).resource;
    into.add(CostTerm::bandwidth, resource, more_s);
    into.wait(resource, more_s);
  }

  /// Time of a pipeline of so many chunks: one chunk all the way, and a period for each other.
  void add_chunks(const ScheduleCost& cost, double size_bytes, double chunks, Exposed& into) const {
    // The parts are given for cost.chunks chunks.
    const double scaled = size_bytes * cost.chunks / chunks;
    Exposed fill;
    for (const ScheduleCost& part : cost.parts) add(part, scaled, fill);
    into.add(fill);
    if (chunks <= 1) return;
    Exposed period;
    add_step(cost.together, scaled, period);
    if (rates_.options.segment_bytes > 0 && terms_.has(CostTerm::latency))
      period.add(CostTerm::latency, 0, kOwnWork * rates_.latency_s[0]);
    // With a window, a chunk starts when the one `window` before it has arrived.
    const double spaced_s = cost.window > 0 ? fill.total / cost.window : 0;
    if (spaced_s > period.total && terms_.has(CostTerm::window)) {
      period.wait(kRankSlot, spaced_s - period.total);
      period.add(CostTerm::window, kRankSlot, spaced_s - period.total);
    }
    into.add(period, chunks - 1);
  }

  void add_pipeline(const ScheduleCost& cost, double size_bytes, Exposed& into) const {
    add_chunks(cost, size_bytes, chunks(cost, size_bytes), into);
  }

  /// The fastest number of chunks. With T(K) = A + B/K + (K − 1)·max(P/K, Q), A and Q the times of
  /// an empty chunk, the minimum is at √(B/Q) or where the maximum changes hands, P/Q. No chunk is
  /// smaller than 512 B, the grain of NCCL's protocol Simple (NVIDIA/nccl v2.28.9-1,
  /// src/enqueue.cc, calcCollChunking).
  [[nodiscard]] double best_chunks(const ScheduleCost& cost, double size_bytes) const {
    constexpr double kGrainBytes = 512;
    const double most = std::max(1.0, size_bytes / kGrainBytes);
    if (most <= 1) return 1;
    Exposed empty;
    for (const ScheduleCost& part : cost.parts) add(part, 0, empty);
    Exposed whole;
    add_chunks(cost, size_bytes, 1, whole);
    Exposed gap;
    add_step(cost.together, 0, gap);
    Exposed full;
    add_step(cost.together, size_bytes * cost.chunks, full);
    const double b = whole.total - empty.total;
    const double q = std::max(gap.total, cost.window > 0 ? empty.total / cost.window : 0);
    double best = 1;
    double best_s = whole.total;
    for (const double guess : {q > 0 ? std::sqrt(b / q) : most, q > 0 ? full.total / q : most}) {
      for (const double rounded : {std::floor(guess), std::ceil(guess)}) {
        const double chunks = std::clamp(rounded, 1.0, std::floor(most));
        Exposed with;
        add_chunks(cost, size_bytes, chunks, with);
        if (with.total >= best_s) continue;
        best = chunks;
        best_s = with.total;
      }
    }
    return best;
  }

  const CostRates& rates_;
  CostTerms terms_;
};

double value_or(const std::optional<Figure>& figure, double otherwise) {
  return figure ? figure->value : otherwise;
}

std::string resource_name(const CostRates& rates, int slot) {
  if (slot == kRankSlot) return "rank";
  if (slot == kScaleUpResource) return "scale-up";
  if (slot == kNicResource) return "nic";
  return std::string(rates.tiers[static_cast<std::size_t>(slot - kFirstTierResource)]);
}

std::string level_name(const CostRates& rates, int level) {
  if (level == kRankSlot) return "rank";
  if (level == 0) return "scale-up";
  if (!rates.is_clos) return "network";
  return std::string(rates.tiers[static_cast<std::size_t>(level - 1)]);
}

struct Bottleneck {
  std::string where;
  double seconds = 0;
};

/// "latency" when that is at least half of the time; else the tier that is waited for the longest,
/// or the term that costs more than any tier.
Bottleneck bottleneck_of(const Exposed& exposed, const CostRates& rates) {
  const Bottleneck latency{"latency", exposed.of(CostTerm::latency)};
  if (latency.seconds >= exposed.total / 2) return latency;
  const auto most = std::max_element(exposed.waited.begin(), exposed.waited.end());
  Bottleneck found{resource_name(rates, static_cast<int>(most - exposed.waited.begin())), *most};
  for (int t = static_cast<int>(CostTerm::message_rate); t < kCostTerms; ++t) {
    const auto term = static_cast<CostTerm>(t);
    if (const double seconds = exposed.of(term); seconds > found.seconds)
      found = {std::string(name(term)), seconds};
  }
  return latency.seconds >= found.seconds ? latency : found;
}

/// The system with the protocol's latencies in place of its own.
System with_protocol(System system, const PriceOptions& options) {
  const ProtocolFigures& protocol = options.protocol;
  const LatencyFactors& factors = options.protocol_factors;
  if (protocol.scale_up_latency_s >= 0)
    system.node.scale_up.latency_s.value = factors.scale_up * protocol.scale_up_latency_s;
  if (protocol.nic_latency_s >= 0)
    system.node.nics.latency_s.value = factors.nic * protocol.nic_latency_s;
  if (system.node.nics.transport_latency_s)
    system.node.nics.transport_latency_s->value *= protocol.transport_waits;
  return system;
}

}  // namespace

CostRates::CostRates(const System& system, const PriceOptions& price_options)
    : options(price_options) {
  const Node& node = system.node;
  const Fabric fabric(with_protocol(system, options));
  const auto* clos = std::get_if<Clos>(&system.fabric);
  for (int level = 0; level < fabric.levels(); ++level) {
    const auto l = static_cast<std::size_t>(level);
    latency_s[l] = fabric.latency_s(level);
    if (level > 0 && node.nics.window_bytes)
      s_per_byte_of_window[l] = 2 * latency_s[l] / node.nics.window_bytes->value;
    // Up to the switch that all have in common and down again: the hops of one message's way.
    const InNetworkReduction* reduction = fabric_in_network(system);
    if (level == 0) reduction = node.scale_up.in_network ? &*node.scale_up.in_network : nullptr;
    const double hops_s = level == 0 ? 0 : latency_s[l] - fabric.host_latency_s();
    switch_pass_s[l] = reduction != nullptr ? hops_s + reduction->latency_s.value : latency_s[l];
  }
  base_s = options.protocol.base_s > 0 ? options.protocol_factors.base * options.protocol.base_s
                                       : value_or(node.compute.launch_s, 0);
  const double ranks = node.accelerators.value * node.ranks_per_accelerator.value;
  const double ranks_per_nic = std::max(1.0, ranks / node.nics.per_node.value);
  const double nics_per_rank = std::max(1.0, node.nics.per_node.value / ranks);
  window_bytes = value_or(node.nics.window_bytes, 0);
  port_gap_s = value_or(node.scale_up.message_gap_s, 0);
  nic_gap_s = value_or(node.nics.message_gap_s, 0) / nics_per_rank;
  eager_bytes = value_or(node.nics.eager_bytes, 0);
  rendezvous_s = value_or(node.nics.rendezvous_s, 0);
  if (!options.protocol.has_overhead)
    overhead_s = value_or(node.nics.overhead_s, 0) / ranks_per_nic;
  if (node.nics.pcie_Bps)
    pcie_factor =
        node.nics.bandwidth_Bps.value * fabric_efficiency(system).value / node.nics.pcie_Bps->value;
  if (clos != nullptr && clos->routing != Routing::ecmp)
    imbalance_factor = 1 + value_or(clos->imbalance, 0);
  if (node.compute.reduce_Bps) reduce_s_per_byte = 1 / node.compute.reduce_Bps->value;
  if (node.compute.copy_Bps) copy_s_per_byte = 1 / node.compute.copy_Bps->value;
  is_clos = clos != nullptr;
  if (is_clos) {
    tiers.reserve(clos->tiers.size());
    for (const Tier& tier : clos->tiers) tiers.push_back(tier.name);
  } else {
    tiers = direct_tier_names(system);
  }
  PriceOptions one = price_options;
  one.protocols.clear();
  for (const ProtocolFigures& figures : price_options.protocols) {
    one.protocol = figures;
    by_protocol.emplace_back(system, one);
  }
}

Prediction evaluate(const ScheduleCost& cost, const CostRates& rates, double size_bytes) {
  if (!rates.by_protocol.empty()) {
    Prediction best;
    for (const CostRates& one : rates.by_protocol) {
      Prediction with = evaluate(cost, one, size_bytes);
      if (best.time_s == 0 || with.time_s < best.time_s) best = std::move(with);
    }
    return best;
  }
  Exposed exposed;
  if (rates.base_s > 0 && rates.options.terms.has(CostTerm::latency))
    exposed.add(CostTerm::latency, kRankSlot, rates.base_s);
  Evaluation(rates).add(cost, size_bytes, exposed);
  Prediction prediction;
  prediction.time_s = exposed.total;
  const Bottleneck bottleneck = bottleneck_of(exposed, rates);
  prediction.bottleneck = bottleneck.where;
  prediction.bottleneck_s = bottleneck.seconds;
  for (int t = 0; t < kCostTerms; ++t) {
    const auto term = static_cast<CostTerm>(t);
    for (int slot = 0; slot < kSlots; ++slot) {
      const double s = exposed.s[static_cast<std::size_t>(t)][static_cast<std::size_t>(slot)];
      if (s <= 0) continue;
      prediction.breakdown.push_back(
          {std::string(name(term)),
           term == CostTerm::latency ? level_name(rates, slot) : resource_name(rates, slot), s});
    }
  }
  return prediction;
}

double chunks_of(const ScheduleCost& pipeline, const CostRates& rates, double size_bytes) {
  return Evaluation(rates).chunks(pipeline, size_bytes);
}

void add_path(PerLevel& path, const LevelCounts& edges, double count) {
  const int slowest = edges.highest();
  if (slowest < 0) return;
  if (count <= 1) {
    path[static_cast<std::size_t>(slowest)] += count;
    return;
  }
  const double cycle = edges.sum();
  const double rounds = std::floor(count / cycle);
  double left = count - rounds * cycle;
  for (int level = slowest; level >= 0; --level) {
    const double here = edges[static_cast<std::size_t>(level)];
    if (here <= 0) continue;
    path[static_cast<std::size_t>(level)] += rounds * here + std::min(left, here);
    left -= std::min(left, here);
  }
}

void add_slowest_path(PerLevel& path, const ArcEdges& edges, double count) {
  PerLevel slowest;
  for (const LevelCounts& of_arc : edges) {
    PerLevel along;
    add_path(along, of_arc, count);
    // From the farthest level down: what is farther takes longer.
    if (slowest.is_nearer_than(along)) slowest = std::move(along);
  }
  for (std::size_t level = 0; level < slowest.size(); ++level)
    if (slowest[level] > 0) path[level] += slowest[level];
}

}  // namespace collscale

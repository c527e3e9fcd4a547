// SPDX-License-Identifier: Apache-2.0
#include "sim/event/clocks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "collective/flows.hpp"
#include "collective/rank_layout.hpp"

namespace collscale {
namespace {

std::size_t index(std::int64_t rank) { return static_cast<std::size_t>(rank); }

std::int64_t padded(std::int64_t n) { return (n + kKernelGrain - 1) / kKernelGrain * kKernelGrain; }

void join(std::vector<double>& into, const std::vector<double>& other) {
  for (std::size_t r = 0; r < into.size(); ++r) into[r] = std::max(into[r], other[r]);
}

}  // namespace

Clocks::Clocks(const Routes& routes, std::int64_t ranks, const Disturbance& disturbance,
               int threads)
    : routes_(routes), ranks_(ranks), disturbance_(disturbance), threads_(threads) {
  received_.resize(index(ranks));
  if (disturbance_.law == nullptr) return;
  keys_ = rank_keys(disturbance_.seed, padded(ranks));
  rows_.resize(index(2 * padded(ranks)));
}

void Clocks::run(const Plan& plan, std::vector<double>& t) {
  switch (plan.kind) {
    case Plan::Kind::steps:
      return run_steps(plan, t);
    case Plan::Kind::chain:
      return run_chain(plan, t);
    case Plan::Kind::at_once:
      return run_at_once(plan, t);
    case Plan::Kind::gathering:
      return run_gathering(plan, t);
    case Plan::Kind::pipeline:
      return run_pipeline(plan, t);
    case Plan::Kind::sequence:
      return run_parts(plan, t);
    case Plan::Kind::concurrent: {
      const std::vector<double> ready = t;
      for (const Plan& part : plan.parts) {
        std::vector<double> own = ready;
        run(part, own);
        join(t, own);
      }
      for (double& clock : t) clock += plan.more_s;
      return;
    }
  }
}

void Clocks::run_parts(const Plan& plan, std::vector<double>& t) {
  if (plan.strands <= 1) {
    for (const Plan& part : plan.parts) run(part, t);
    return;
  }
  const std::vector<double> ready = t;
  const std::size_t outer = strand_;
  const std::size_t outers = strands_;
  const auto count = static_cast<std::size_t>(plan.strands);
  for (std::size_t strand = 0; strand < count; ++strand) {
    strand_ = outer * count + strand;
    strands_ = outers * count;
    std::vector<double> own = ready;
    for (const Plan& part : plan.parts) run(part, own);
    join(t, own);
  }
  strand_ = outer;
  strands_ = outers;
}

double Clocks::factor(std::int64_t source, std::int64_t destination) const {
  if (disturbance_.slow == nullptr) return 1;
  const std::vector<float>& slow = *disturbance_.slow;
  return static_cast<double>(std::max(slow[index(source)], slow[index(destination)]));
}

double Clocks::arrival(std::int64_t destination, double at, double slow) {
  if (chunks_ == nullptr) return at;
  chunks_->hears[index(destination)] = true;
  if (chunks_->first) {
    chunks_->arrived.push_back(at);
    return at;
  }
  double& before = chunks_->arrived[chunks_->at++];
  at = std::max(at, before + slow * chunks_->period_s);
  chunks_->least_s = std::min(chunks_->least_s, at - before);
  chunks_->most_s = std::max(chunks_->most_s, at - before);
  before = at;
  return at;
}

const float* Clocks::delays(std::int64_t step) {
  if (disturbance_.law == nullptr) return nullptr;
  const std::int64_t stride = padded(ranks_);
  if (row_pair_ != step / 2) {
    row_pair_ = step / 2;
    const auto within = static_cast<int>(step % kDelaySteps);
    available_kernels().front()->fill_delays(*disturbance_.law, keys_.low.data(), keys_.high.data(),
                                             stride, keys_of(step), within / 2, 1, rows_.data(),
                                             stride);
  }
  return rows_.data() + step % 2 * stride;
}

double Clocks::delay_of(std::int64_t rank, std::int64_t step) const {
  if (disturbance_.law == nullptr) return 0;
  return static_cast<double>(collscale::delay_of(
      *disturbance_.law, std::uint64_t{keys_.high[index(rank)]} << 32U | keys_.low[index(rank)],
      keys_of(step), static_cast<int>(step % kDelaySteps)));
}

StepKeys Clocks::keys_of(std::int64_t step) const {
  return step_keys(disturbance_.seed, stream_, static_cast<std::uint64_t>(step / kDelaySteps));
}

/// Lanes, and the arcs of rings, are chains of their own that share what carries them, which their
/// durations know.
void Clocks::run_steps(const Plan& plan, std::vector<double>& t) {
  const std::vector<double> ready = t;
  for (const Lane& lane : lanes_of(plan)) {
    const int arcs = arc_count(lane);
    const int together = is_ring(lane) ? 1 : arcs;
    for (int arc = 0; arc < arcs; arc += together) {
      std::vector<double> own = ready;
      next_stream();
      run_arcs(plan, lane, arc, arc + together, own);
      join(t, own);
    }
  }
}

void Clocks::run_arcs(const Plan& plan, const Lane& lane, int first_arc, int end_arc,
                      std::vector<double>& t) {
  const bool butterfly =
      chunks_ == nullptr && end_arc - first_arc == 1 && is_butterfly(lane, ranks_);
  for (const Plan::Class& steps : plan.classes) {
    const bool kernels = steps.count > 1 && !steps.merged && chunks_ == nullptr && is_ring(lane);
    if (kernels && run_ring(plan, lane, first_arc, steps, t)) continue;
    const std::int64_t count = steps.merged ? 1 : steps.count;
    for (std::int64_t s = steps.first; s < steps.first + count; ++s)
      if (!butterfly || !exchange(plan, lane, s, steps, t))
        step(plan, lane, s, first_arc, end_arc, steps, t);
  }
}

/// All ranks at once by the vector kernel. False where it does not serve.
bool Clocks::exchange(const Plan& plan, const Lane& lane, std::int64_t step,
                      const Plan::Class& steps, std::vector<double>& t) {
  begin(plan, steps, lane, 0);
  if (kinds_ != nullptr || ranks_ % kKernelGrain != 0) return false;
  if (message_fraction(lane, step, 0) <= 0) return false;
  const std::int64_t mask = distance(lane, step, 0) * rank_layout(lane.map).wheels[0].weight;
  next_.resize(index(ranks_));
  own_.resize(index(ranks_));
  edge_.resize(index(ranks_));
  // Of nodes that exchange rank by rank all messages turn round at one level.
  const auto top = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(mask)));
  const std::int64_t per_node = routes_.fabric().ranks_per_node();
  const bool nodes =
      routes_.placement().keeps_nodes() && mask % per_node == 0 && top % per_node == 0;
  const std::int64_t alike = nodes ? per_node : 1;
  for (std::int64_t base = 0; base < ranks_; base += 2 * top) {
    for (std::int64_t first = base; first < base + top; first += alike) {
      const std::size_t of = kind(first, first ^ mask);  // of both ways
      for (std::int64_t r = first; r < first + alike; ++r) {
        const std::int64_t other = r ^ mask;
        const double slow = factor(r, other);
        own_[index(r)] = own_[index(other)] = slow * steps.durations.busy_s[of];
        edge_[index(r)] = edge_[index(other)] = slow * steps.durations.arrive_s[of];
      }
    }
  }
  available_kernels().front()->exchange(next_.data(), t.data(), own_.data(), edge_.data(), ranks_,
                                        mask, delays(step));
  t.swap(next_);
  return true;
}

void Clocks::step(const Plan& plan, const Lane& lane, std::int64_t step, int first_arc, int end_arc,
                  const Plan::Class& steps, std::vector<double>& t) {
  const Durations& durations = steps.durations;
  std::vector<double>& next = next_;
  next = t;
  const float* delay = delays(step);
  ++epoch_;
  for (int arc = first_arc; arc < end_arc; ++arc) {
    begin(plan, steps, lane, arc);
    for_each_flow(lane, step, arc, [&](std::int64_t source, std::int64_t destination) {
      const std::size_t of = kind(source, destination);
      const double slow = factor(source, destination);
      const double start = t[index(source)];
      double at = start + slow * durations.arrive_s[of];
      if (chunks_ != nullptr) {
        if (delay) at += static_cast<double>(delay[destination]);
        at = arrival(destination, at, slow);
      }
      next[index(source)] = std::max(next[index(source)], start + slow * durations.busy_s[of]);
      next[index(destination)] = std::max(next[index(destination)], at);
      received_[index(destination)] = epoch_;
    });
  }
  if (delay && chunks_ == nullptr)
    for (std::size_t r = 0; r < next.size(); ++r)
      if (received_[r] == epoch_) next[r] += static_cast<double>(delay[r]);
  t.swap(next);
}

bool Clocks::run_ring(const Plan& plan, const Lane& lane, int arc, const Plan::Class& steps,
                      std::vector<double>& t) {
  // Who hears from whom, and so in which order the ranks stand.
  std::vector<std::int32_t> to(index(ranks_), -1);
  std::vector<std::uint32_t> sends(index(ranks_));  // of which kind
  begin(plan, steps, lane, arc);
  for_each_flow(lane, steps.first, arc, [&](std::int64_t source, std::int64_t destination) {
    to[index(source)] = static_cast<std::int32_t>(destination);
    sends[index(source)] = static_cast<std::uint32_t>(kind(source, destination));
  });
  std::vector<std::int32_t> order;
  std::vector<bool> seen(to.size());
  std::int64_t size = 0;
  for (std::size_t first = 0; first < to.size(); ++first) {
    if (to[first] < 0 || seen[first]) continue;
    const std::size_t begin = order.size();
    for (std::size_t at = first; !seen[at]; at = static_cast<std::size_t>(to[at])) {
      seen[at] = true;
      order.push_back(static_cast<std::int32_t>(at));
      if (to[at] < 0) return false;
    }
    const auto length = static_cast<std::int64_t>(order.size() - begin);
    if (size != 0 && length != size) return false;
    size = length;
  }
  if (size == 0) return false;

  const std::size_t all = order.size();
  std::vector<double> clocks(all);
  std::vector<double> own(all);
  std::vector<double> edge(all);
  RankKeys keys;
  if (disturbance_.law) {
    keys.low.resize(all);
    keys.high.resize(all);
  }
  for (std::size_t i = 0; i < all; ++i) {
    const auto rank = static_cast<std::size_t>(order[i]);
    const auto base = static_cast<std::int64_t>(i) / size * size;
    const std::int32_t left =
        order[index(base + (static_cast<std::int64_t>(i) - base + size - 1) % size)];
    const std::uint32_t incoming = sends[index(left)];
    const std::uint32_t outgoing = sends[rank];
    clocks[i] = t[rank];
    edge[i] = factor(left, order[i]) * steps.durations.arrive_s[incoming];
    own[i] = factor(order[i], to[rank]) * steps.durations.busy_s[outgoing];
    if (!disturbance_.law) continue;
    keys.low[i] = keys_.low[rank];
    keys.high[i] = keys_.high[rank];
  }
  RingWork work;
  work.size = size;
  work.groups = static_cast<std::int64_t>(all) / size;
  work.steps = steps.count;
  work.clocks = clocks.data();
  work.own = own.data();
  work.edge = edge.data();
  work.key_low = keys.low.data();
  work.key_high = keys.high.data();
  work.law = disturbance_.law;
  work.seed = disturbance_.seed;
  work.threads = threads_;
  if (steps.first > 0) next_stream();  // a ring's steps count from 0
  work.stream = stream_;
  run_rings(work);
  for (std::size_t i = 0; i < all; ++i) t[static_cast<std::size_t>(order[i])] = clocks[i];
  return true;
}

void Clocks::run_chain(const Plan& plan, std::vector<double>& t) {
  const std::vector<double> ready = t;
  const Durations& durations = plan.classes.front().durations;
  for (const Lane& lane : lanes_of(plan)) {
    std::vector<double> own = ready;
    next_stream();
    begin(plan, plan.classes.front(), lane, 0);
    for (std::int64_t step = 0; step < lane.phase.steps; ++step) {
      for_each_flow(lane, step, 0, [&](std::int64_t source, std::int64_t destination) {
        const std::size_t of = kind(source, destination);
        const double slow = factor(source, destination);
        const double start = own[index(source)];
        const double at = arrival(
            destination, start + slow * durations.arrive_s[of] + delay_of(destination, step), slow);
        own[index(source)] = start + slow * durations.busy_s[of];
        own[index(destination)] = std::max(own[index(destination)], at);
      });
    }
    join(t, own);
  }
}

void Clocks::run_at_once(const Plan& plan, std::vector<double>& t) {
  const std::vector<double> ready = t;
  const Durations& durations = plan.classes.front().durations;
  for (const Lane& lane : lanes_of(plan)) {
    next_stream();
    const float* delay = delays(0);
    for (int arc = 0; arc < arc_count(lane); ++arc) {
      begin(plan, plan.classes.front(), lane, arc);
      for_each_flow_of_all_steps(lane, arc, [&](std::int64_t source, std::int64_t destination) {
        const std::size_t of = kind(source, destination);
        const double slow = factor(source, destination);
        const double start = ready[index(source)];
        const double at = start + slow * durations.arrive_s[of] +
                          (delay ? static_cast<double>(delay[destination]) : 0.0);
        t[index(source)] = std::max(t[index(source)], start + slow * durations.busy_s[of]);
        t[index(destination)] = std::max(t[index(destination)], arrival(destination, at, slow));
      });
    }
  }
}

void Clocks::run_gathering(const Plan& plan, std::vector<double>& t) {
  const std::vector<double> ready = t;
  const double all_s = plan.classes.front().durations.arrive_s[0];
  for (const Lane& lane : lanes_of(plan)) {
    next_stream();
    const float* delay = delays(0);
    for (std::int64_t group = 0; group < lane.map.group_count; ++group) {
      double start = 0;
      double slow = 1;
      for (std::int64_t i = 0; i < lane.map.size; ++i) {
        const std::int64_t rank = lane.map.rank(group, i);
        start = std::max(start, ready[index(rank)]);
        slow = std::max(slow, factor(rank, rank));
      }
      for (std::int64_t i = 0; i < lane.map.size; ++i) {
        const std::int64_t rank = lane.map.rank(group, i);
        const double at = start + slow * all_s + (delay ? static_cast<double>(delay[rank]) : 0.0);
        t[index(rank)] = std::max(t[index(rank)], arrival(rank, at, slow));
      }
    }
  }
}

void Clocks::run_pipeline(const Plan& plan, std::vector<double>& t) {
  const std::vector<double> ready = t;
  Chunks chunks;
  chunks.period_s = plan.period_s;
  chunks.hears.assign(t.size(), false);
  std::vector<double> own = t;
  Chunks* const outer = chunks_;
  chunks_ = &chunks;
  for (std::int64_t chunk = 0; chunk < plan.chunks; ++chunk) {
    chunks.least_s = std::numeric_limits<double>::infinity();
    chunks.most_s = 0;
    const std::vector<double> own_before = std::exchange(own, ready);
    run_parts(plan, own);
    const std::vector<double> before = t;
    join(t, own);
    chunks.first = false;
    chunks.at = 0;
    // Without delays a chunk that is as late throughout has every further one as late again: the
    // clocks go from sums and maxima, which such a shift passes through.
    constexpr double kRounding = 1e-9;
    constexpr double kSums = 1e-13;
    if (chunk < 1 || disturbance_.law != nullptr) continue;
    if (chunks.most_s - chunks.least_s > kRounding * chunks.most_s) continue;
    // Ranks that were late to begin with have to be caught up with first.
    bool all_shift = true;
    for (std::size_t r = 0; r < t.size() && all_shift; ++r)
      all_shift = !chunks.hears[r] || std::abs(own[r] - own_before[r] - chunks.most_s) <=
                                          kRounding * chunks.most_s + kSums * own[r];
    if (!all_shift) continue;
    const bool steady = chunks.most_s <= (1 + kRounding) * plan.period_s;
    const double left =
        (steady ? plan.period_s : chunks.most_s) * static_cast<double>(plan.chunks - 1 - chunk);
    for (std::size_t r = 0; r < t.size(); ++r)
      if (t[r] > before[r]) t[r] += left;
    break;
  }
  chunks_ = outer;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
#include "collective/executor_timeline.hpp"

#include <algorithm>

#include "collective/offsets.hpp"

namespace collscale {
namespace {

void unite(std::vector<std::int32_t>& into, const std::vector<std::int32_t>& other) {
  into.insert(into.end(), other.begin(), other.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

}  // namespace

void join(Clock& into, const Clock& other, const Clock& ready) {
  for (std::size_t i = 0; i < into.time.size(); ++i)
    into.time[i] = std::max(into.time[i], other.time[i]);
  for (std::size_t i = 0; i < into.last.size(); ++i) {
    // What went on from `ready` has waited for it.
    if (other.last[i] == ready.last[i]) continue;
    if (into.last[i] == ready.last[i])
      into.last[i] = other.last[i];
    else
      unite(into.last[i], other.last[i]);
  }
}

std::vector<std::int64_t> waited_steps(const Phase& phase, std::int64_t t) {
  std::vector<std::int64_t> waited;
  std::vector<std::int64_t> open{t};
  while (!open.empty()) {
    const std::int64_t at = open.back();
    open.pop_back();
    const std::int64_t low = at & -at;
    const auto wait_for = [&](std::int64_t step) {
      if (step < 1 || step > phase.steps) return;
      const auto place = std::lower_bound(waited.begin(), waited.end(), step);
      if (place != waited.end() && *place == step) return;
      waited.insert(place, step);
      open.push_back(step);
    };
    if (!phase.dual)
      wait_for(at - low);
    else
      for (std::int64_t hop = 1; hop < low; hop *= 2) wait_for(at + hop);
  }
  return waited;
}

Timeline::Timeline(std::int64_t vertices, ExecutionTrace* trace)
    : vertices_(vertices), trace_(trace), touched_(static_cast<std::size_t>(vertices), 0) {}

void Timeline::begin(const Phase& phase) {
  const auto vertices = static_cast<std::size_t>(vertices_);
  ++round_;
  ++run_;
  waited_of_ = -1;
  if (phase.lag == Lag::none && phase.window > 0) sends_.assign(vertices, {});
  if (phase.lag != Lag::ruler) return;
  const std::size_t arrivals = (static_cast<std::size_t>(phase.steps) + 1) * vertices;
  arrival_.assign(arrivals, 0);
  if (trace_) arrived_.assign(arrivals, {});
}

void Timeline::wait_for_edge(const Packet& packet, std::int64_t lane, Wait& wait) {
  if (lane == kNoLane) return;
  const std::int64_t key = (lane * vertices_ + packet.source) * vertices_ + packet.destination;
  Edge& edge = edges_[static_cast<std::uint64_t>(key)];
  if (edge.run != run_) {
    edge.before = edge.end;
    edge.last_before.swap(edge.last);
    edge.last.clear();
    edge.run = run_;
  }
  wait.start = std::max(wait.start, edge.before);
  edge.end = std::max(edge.end, wait.start + 1);
  if (!trace_) return;
  wait.source.insert(wait.source.end(), edge.last_before.begin(), edge.last_before.end());
  edge.last.push_back(packet.number);
}

void Timeline::wait_for_window(const Phase& phase, const Packet& packet, Wait& wait) {
  if (phase.window <= 0) return;
  auto& sent = sends_[static_cast<std::size_t>(packet.source)];
  const auto window = static_cast<std::size_t>(phase.window);
  if (sent.size() < window) return;
  const Sent& before = sent[sent.size() - window];
  wait.start = std::max(wait.start, before.end);
  if (trace_) wait.source.push_back(before.number);
}

void Timeline::wait_for_arrivals(const Phase& phase, const Packet& packet, Wait& wait) {
  const std::int64_t t = forward_step(phase, packet.position) + 1;
  if (t != waited_of_) {
    waited_ = waited_steps(phase, t);
    waited_of_ = t;
  }
  for (const std::int64_t step : waited_) {
    const auto at = static_cast<std::size_t>(step * vertices_ + packet.source);
    wait.start = std::max(wait.start, arrival_[at]);
    if (trace_) wait.source.insert(wait.source.end(), arrived_[at].begin(), arrived_[at].end());
  }
  const auto at = static_cast<std::size_t>(t * vertices_ + packet.destination);
  arrival_[at] = std::max(arrival_[at], wait.start + 1);
  if (trace_) arrived_[at].push_back(packet.number);
}

void Timeline::record(const Packet& packet, Wait& wait) {
  if (!trace_) return;
  ExecutedMessage& message = trace_->messages[static_cast<std::size_t>(packet.number)];
  unite(wait.source, {});
  unite(wait.destination, {});
  message.start = wait.start;
  message.source_waits_for = std::move(wait.source);
  message.destination_waits_for = std::move(wait.destination);
}

void Timeline::finish(const Packet& packet, std::int64_t end, Clock& clock) {
  for (const std::int32_t vertex : {packet.source, packet.destination}) {
    const auto v = static_cast<std::size_t>(vertex);
    clock.time[v] = std::max(clock.time[v], end);
    if (!trace_) continue;
    if (touched_[v] != round_) clock.last[v].clear();
    touched_[v] = round_;
    clock.last[v].push_back(packet.number);
  }
}

void Timeline::advance(const Phase& phase, const std::vector<Packet>& packets, const Clock& ready,
                       Clock& clock, std::int64_t lane) {
  // A step of its own for every rank; the other lags are one round for the whole phase.
  if (phase.lag == Lag::previous) ++round_;
  const Clock& before = phase.lag == Lag::previous ? clock : ready;
  starts_.clear();
  for (const Packet& packet : packets) {
    const auto source = static_cast<std::size_t>(packet.source);
    const auto destination = static_cast<std::size_t>(packet.destination);
    Wait wait;
    wait.start = std::max(before.time[source], before.time[destination]);
    if (trace_) {
      wait.source = before.last[source];
      wait.destination = before.last[destination];
    }
    if (phase.lag == Lag::none) wait_for_window(phase, packet, wait);
    if (phase.lag != Lag::ruler) wait_for_edge(packet, lane, wait);
    if (phase.lag == Lag::none && phase.window > 0)
      sends_[source].push_back({wait.start + 1, packet.number});
    if (phase.lag == Lag::ruler) wait_for_arrivals(phase, packet, wait);
    starts_.push_back(wait.start);
    record(packet, wait);
  }
  for (std::size_t i = 0; i < packets.size(); ++i) finish(packets[i], starts_[i] + 1, clock);
}

std::int64_t Timeline::start_one(const Packet& packet, std::int64_t ready, const Clock& clock,
                                 std::int64_t lane) {
  Wait wait;
  wait.start = ready;
  if (trace_) {
    wait.source = clock.last[static_cast<std::size_t>(packet.source)];
    wait.destination = clock.last[static_cast<std::size_t>(packet.destination)];
  }
  wait_for_edge(packet, lane, wait);
  const std::int64_t end = wait.start + 1;
  record(packet, wait);
  return end;
}

}  // namespace collscale

// SPDX-License-Identifier: Apache-2.0
// A discrete-event simulation of a small schedule, message by message and chunk by chunk, as plain
// as can be: a queue of events in time, ports, and ranks that count what they wait for. It knows
// the messages that the executor carried out, and nothing of the event engine.
//
// LogGP with the ports of one fabric where all messages are alike (one rank a node, one leaf): a
// message of a step keeps its sender's port busy for b and arrives α + b after it was sent, b being
// what the busiest port sends or receives in that step. A rank goes from round to round (its
// messages of one step of one phase): it sends when the rounds are over that its message waits for;
// its round is over when its port is free and what it hears has come, plus a delay if it heard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "collective/executor.hpp"

namespace collscale::testing {

struct MessageWorld {
  std::int64_t ranks = 0;
  double latency_s = 0;
  double port_Bps = 1;
  double size_bytes = 0;
  std::vector<double> start_s;  ///< by rank
  std::vector<double> factor;   ///< by rank; a message takes that of the slower end
  /// Of a rank in a step of a phase, as the trace numbers them.
  std::function<double(std::int64_t rank, std::int64_t phase, std::int64_t step)> delay_s;
  /// Phases of the trace that are one stage go at the same time and share ports: its number.
  std::function<std::int64_t(std::int64_t phase)> stage;
  /// Pipelines: the chunk that a phase belongs to, and where it stands within that. The chunks are
  /// independent but for their messages, each of which comes no sooner than a period after that of
  /// the chunk before.
  bool chunked = false;
  std::function<std::int64_t(std::int64_t phase)> chunk;
  std::function<std::int64_t(std::int64_t phase)> place;
};

class MessageSimulation {
 public:
  MessageSimulation(const MessageWorld& world, const ExecutionTrace& trace)
      : world_(world), trace_(trace) {
    for (const ExecutedMessage& m : trace.messages) {
      sender_.push_back(round_of(m.source, m));
      receiver_.push_back(round_of(m.destination, m));
    }
    for (std::size_t i = 0; i < trace.messages.size(); ++i) {
      const ExecutedMessage& m = trace.messages[i];
      rounds_[sender_[i]].sends.push_back(i);
      ++rounds_[receiver_[i]].hears;
      wait(sender_[i], m.source, m.source_waits_for, m);
      wait(receiver_[i], m.destination, m.destination_waits_for, m);
    }
    find_loads();
    find_chunks();
  }

  /// When the last rank is done.
  double run() {
    last_s_ = *std::max_element(world_.start_s.begin(), world_.start_s.end());
    for (std::size_t r = 0; r < rounds_.size(); ++r) {
      rounds_[r].ready_s = world_.start_s[static_cast<std::size_t>(rounds_[r].rank)];
      if (rounds_[r].waits_for.empty()) at(rounds_[r].ready_s, Kind::begin, r);
    }
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      if (event.kind == Kind::begin) begin(event.of, event.time_s);
      if (event.kind == Kind::settled) settle(event.of, event.time_s);
      if (event.kind == Kind::arrival) arrive(event.of, event.time_s);
    }
    return last_s_;
  }

 private:
  /// settled: a port of a round is free, or something that it hears has come.
  enum class Kind { begin, settled, arrival };
  struct Event {
    double time_s;
    std::int64_t number;  ///< in the order they were made, for those at the same time
    Kind kind;
    std::size_t of;  ///< a round; of arrival a message
    bool operator<(const Event& other) const {
      return std::tie(other.time_s, other.number) < std::tie(time_s, number);
    }
  };
  struct Round {
    std::int64_t rank = 0, phase = 0, step = 0;
    std::vector<std::size_t> sends;      ///< messages
    std::vector<std::size_t> waits_for;  ///< rounds
    std::vector<std::size_t> waiting;    ///< rounds that wait for this one
    std::size_t over = 0;                ///< of waits_for
    int hears = 0;
    std::int64_t open = 0;  ///< sends, arrivals and the beginning: what has yet to happen
    double ready_s = 0;
    double latest_s = 0;
  };

  void at(double time_s, Kind kind, std::size_t of) { events_.push({time_s, made_++, kind, of}); }

  std::size_t round_of(std::int64_t rank, const ExecutedMessage& m) {
    const auto [found, is_new] = numbers_.insert({{rank, m.phase, m.step}, rounds_.size()});
    if (is_new) {
      rounds_.emplace_back();
      rounds_.back().rank = rank;
      rounds_.back().phase = m.phase;
      rounds_.back().step = m.step;
    }
    return found->second;
  }

  void wait_for(std::size_t round, std::size_t before) {
    std::vector<std::size_t>& waits = rounds_[round].waits_for;
    if (before == round || std::find(waits.begin(), waits.end(), before) != waits.end()) return;
    waits.push_back(before);
    rounds_[before].waiting.push_back(round);
  }
  void wait(std::size_t round, std::int64_t rank, const std::vector<std::int32_t>& messages,
            const ExecutedMessage& m) {
    for (const std::int32_t number : messages) {
      const ExecutedMessage& other = trace_.messages[static_cast<std::size_t>(number)];
      if (world_.chunked && world_.chunk(other.phase) != world_.chunk(m.phase)) continue;
      wait_for(round, numbers_.at({rank, other.phase, other.step}));
    }
  }

  /// What the busiest port has to carry in a step of a stage, and for a chunk.
  void find_loads() {
    using Port = std::pair<std::int64_t, bool>;  // a rank, out or in
    std::map<std::pair<std::int64_t, std::int64_t>, std::map<Port, double>> steps;
    std::map<Port, double> of_chunk;
    for (const ExecutedMessage& m : trace_.messages) {
      auto& ports = steps[{world_.stage(m.phase), m.step}];
      ports[{m.source, true}] += m.fraction;
      ports[{m.destination, false}] += m.fraction;
      if (!world_.chunked || world_.chunk(m.phase) != 0) continue;
      of_chunk[{m.source, true}] += m.fraction;
      of_chunk[{m.destination, false}] += m.fraction;
    }
    const auto seconds = [&](const std::map<Port, double>& ports) {
      double most = 0;
      for (const auto& [port, fraction] : ports) most = std::max(most, fraction);
      return most * world_.size_bytes / world_.port_Bps;
    };
    for (const ExecutedMessage& m : trace_.messages)
      busy_s_.push_back(seconds(steps[{world_.stage(m.phase), m.step}]));
    period_s_ = seconds(of_chunk);
  }

  /// The message of the chunk before on the same edge, and that of the chunk after.
  void find_chunks() {
    constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    before_.assign(trace_.messages.size(), kNone);
    after_.assign(trace_.messages.size(), kNone);
    if (!world_.chunked) return;
    using Edge = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
    std::map<Edge, std::size_t> edges;
    const auto edge = [&](const ExecutedMessage& m, std::int64_t chunk) {
      return Edge{chunk, world_.place(m.phase), m.step, m.source, m.destination};
    };
    for (std::size_t i = 0; i < trace_.messages.size(); ++i)
      edges[edge(trace_.messages[i], world_.chunk(trace_.messages[i].phase))] = i;
    for (std::size_t i = 0; i < trace_.messages.size(); ++i) {
      const ExecutedMessage& m = trace_.messages[i];
      const auto found = edges.find(edge(m, world_.chunk(m.phase) - 1));
      if (found == edges.end()) continue;
      before_[i] = found->second;
      after_[found->second] = i;
    }
    arrived_s_.assign(trace_.messages.size(), -1);
    held_s_.assign(trace_.messages.size(), -1);
  }

  [[nodiscard]] double factor(const ExecutedMessage& m) const {
    return std::max(world_.factor[static_cast<std::size_t>(m.source)],
                    world_.factor[static_cast<std::size_t>(m.destination)]);
  }

  void begin(std::size_t number, double now_s) {
    Round& round = rounds_[number];
    round.latest_s = std::max(round.latest_s, now_s);
    round.open += static_cast<std::int64_t>(round.sends.size()) + round.hears + 1;
    for (const std::size_t message : round.sends) {
      const double slow = factor(trace_.messages[message]);
      at(now_s + slow * busy_s_[message], Kind::settled, number);
      at(now_s + slow * (world_.latency_s + busy_s_[message]), Kind::arrival, message);
    }
    settle(number, now_s);
  }

  void arrive(std::size_t message, double now_s) {
    const ExecutedMessage& m = trace_.messages[message];
    if (!world_.chunked) return settle(receiver_[message], now_s);
    // Delayed first, then held back until the chunk before is a period old.
    held_s_[message] = now_s + world_.delay_s(m.destination, m.phase, m.step);
    release(message);
  }
  void release(std::size_t message) {
    constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    if (held_s_[message] < 0) return;
    double time_s = held_s_[message];
    if (before_[message] != kNone) {
      if (arrived_s_[before_[message]] < 0) return;
      time_s = std::max(
          time_s, arrived_s_[before_[message]] + factor(trace_.messages[message]) * period_s_);
    }
    arrived_s_[message] = time_s;
    at(time_s, Kind::settled, receiver_[message]);
    if (after_[message] != kNone) release(after_[message]);
  }

  /// One thing less that the round has to see. Arrivals may come before it begins.
  void settle(std::size_t number, double now_s) {
    Round& round = rounds_[number];
    round.latest_s = std::max(round.latest_s, now_s);
    --round.open;
    if (round.open != 0) return;
    double time_s = round.latest_s;
    if (!world_.chunked && round.hears > 0)
      time_s += world_.delay_s(round.rank, round.phase, round.step);
    last_s_ = std::max(last_s_, time_s);
    for (const std::size_t next : round.waiting) {
      Round& other = rounds_[next];
      other.ready_s = std::max(other.ready_s, time_s);
      if (++other.over == other.waits_for.size()) at(other.ready_s, Kind::begin, next);
    }
  }

  const MessageWorld& world_;
  const ExecutionTrace& trace_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::size_t> numbers_;
  std::vector<Round> rounds_;
  std::vector<std::size_t> sender_, receiver_;  ///< rounds, by message
  std::vector<double> busy_s_;
  double period_s_ = 0;
  std::vector<std::size_t> before_, after_;
  std::vector<double> arrived_s_, held_s_;
  std::priority_queue<Event> events_;
  std::int64_t made_ = 0;
  double last_s_ = 0;
};

}  // namespace collscale::testing

// SPDX-License-Identifier: Apache-2.0
// Explicit messages: nothing in their form says that they can run, so they are scheduled as a
// machine would. Every rank goes through its own steps in order; a message runs when both its ends
// have come to it. When a rank comes to a step, everything it sends there is read.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "collective/executor_machine.hpp"

namespace collscale {

class ListRun {
 public:
  ListRun(Machine& machine, const Program& part, const Clock& ready, std::int64_t number)
      : machine_(machine),
        messages_(*part.messages),
        atoms_(machine.division_.atoms_of(part.part_low, part.part_high)),
        lane_(number),
        clock_(ready),
        packets_(messages_.size()),
        arrived_at_(messages_.size(), 0),
        queues_(static_cast<std::size_t>(machine.ranks_)) {}

  Expected<void> run();
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  /// What a rank has to do, in the order of its steps.
  struct Task {
    std::int64_t step = 0;
    std::size_t message = 0;
  };
  struct Queue {
    std::vector<Task> tasks;
    std::size_t first = 0;  ///< the current step is tasks [first, last)
    std::size_t last = 0;
    std::size_t open = 0;  ///< of them unfinished
    std::int64_t time = 0;
    std::vector<std::int32_t> finished;
  };
  [[nodiscard]] Queue& queue(std::int32_t rank) { return queues_[static_cast<std::size_t>(rank)]; }
  Expected<void> check() const;
  Expected<void> come_to_next_step(std::int32_t rank);
  Expected<void> read(std::size_t number);
  Expected<void> finish(std::size_t number);
  Expected<void> deadlock();

  Machine& machine_;
  const std::vector<Message>& messages_;
  std::pair<std::int64_t, std::int64_t> atoms_;
  std::int64_t lane_;
  Clock clock_;
  std::vector<Packet> packets_;
  std::vector<int> arrived_at_;  ///< ends that have come to the message: 2, it can start; 3, done
  std::vector<Queue> queues_;
  std::deque<std::size_t> startable_;
};

Expected<void> ListRun::check() const {
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const Message& m = messages_[i];
    const auto is_rank = [&](std::int32_t r) { return r >= 0 && r < machine_.ranks_; };
    if (!is_rank(m.source) || !is_rank(m.destination) || m.source == m.destination)
      return fail(fmt::format("message {} of a List goes from {} to {}: it needs two of the ranks "
                              "0 to {}",
                              i, m.source, m.destination, machine_.ranks_ - 1),
                  ExitCode::failed);
    if (m.first_block < 0 || m.blocks < 1 ||
        m.first_block + std::int64_t{m.blocks} > machine_.division_.blocks())
      return fail(fmt::format("message {} of a List names {} blocks from {} on, of {}", i, m.blocks,
                              m.first_block, machine_.division_.blocks()),
                  ExitCode::failed);
  }
  return {};
}

Expected<void> ListRun::read(std::size_t number) {
  const Message& m = messages_[number];
  Packet& packet = packets_[number];
  packet.source = m.source;
  packet.destination = m.destination;
  packet.position = m.source_step;
  packet.first = machine_.tokens_.size();
  for (std::int64_t block = m.first_block; block < m.first_block + std::int64_t{m.blocks}; ++block)
    for (std::int64_t atom = atoms_.first; atom < atoms_.second; ++atom)
      machine_.names_.push_back(block * machine_.division_.atoms() + atom);
  packet.count = machine_.names_.size() - packet.first;
  return machine_.read(packet, m.transfer);
}

Expected<void> ListRun::come_to_next_step(std::int32_t rank) {
  Queue& q = queue(rank);
  q.first = q.last;
  if (q.first == q.tasks.size()) return {};
  while (q.last < q.tasks.size() && q.tasks[q.last].step == q.tasks[q.first].step) ++q.last;
  q.open = q.last - q.first;
  for (std::size_t i = q.first; i < q.last; ++i) {
    const std::size_t number = q.tasks[i].message;
    if (messages_[number].source == rank)
      if (auto ok = read(number); !ok) return ok;
    if (++arrived_at_[number] == 2) startable_.push_back(number);
  }
  return {};
}

Expected<void> ListRun::finish(std::size_t number) {
  Packet& packet = packets_[number];
  const Message& m = messages_[number];
  if (auto ok = machine_.apply(packet, m.transfer, true); !ok) return ok;
  arrived_at_[number] = 3;
  machine_.trace(packet, m.transfer);  // now, not when read: what it waits for comes before it
  const std::int64_t ready = std::max(clock_.time[static_cast<std::size_t>(m.source)],
                                      clock_.time[static_cast<std::size_t>(m.destination)]);
  const std::int64_t end = machine_.timeline_.start_one(packet, ready, clock_, lane_);
  for (const std::int32_t rank : {m.source, m.destination}) {
    Queue& q = queue(rank);
    q.time = std::max(q.time, end);
    q.finished.push_back(packet.number);
  }
  // Both ends first finish, then go on: going on reads what must have arrived.
  for (const std::int32_t rank : {m.source, m.destination}) {
    Queue& q = queue(rank);
    if (--q.open > 0) continue;
    const auto r = static_cast<std::size_t>(rank);
    clock_.time[r] = std::max(clock_.time[r], q.time);
    if (!clock_.last.empty()) clock_.last[r] = q.finished;
    q.finished.clear();
    if (auto ok = come_to_next_step(rank); !ok) return ok;
  }
  return {};
}

Expected<void> ListRun::run() {
  if (auto ok = check(); !ok) return ok;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    queue(messages_[i].source).tasks.push_back({messages_[i].source_step, i});
    queue(messages_[i].destination).tasks.push_back({messages_[i].destination_step, i});
  }
  const auto ranks = static_cast<std::int32_t>(machine_.ranks_);
  for (std::int32_t rank = 0; rank < ranks; ++rank) {
    auto& tasks = queue(rank).tasks;
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const Task& a, const Task& b) { return a.step < b.step; });
  }
  machine_.begin_packets();
  machine_.timeline_.begin_list();
  for (std::int32_t rank = 0; rank < ranks; ++rank)
    if (auto ok = come_to_next_step(rank); !ok) return ok;
  for (; !startable_.empty(); startable_.pop_front())
    if (auto ok = finish(startable_.front()); !ok) return ok;
  return deadlock();
}

/// A rank that is not through waits for another that is not through, and so on: somewhere the
/// chain bites its tail.
Expected<void> ListRun::deadlock() {
  std::int32_t rank = 0;
  const auto through = [&](std::int32_t r) { return queue(r).first == queue(r).tasks.size(); };
  while (rank < static_cast<std::int32_t>(queues_.size()) && through(rank)) ++rank;
  if (rank == static_cast<std::int32_t>(queues_.size())) return {};
  std::vector<std::int32_t> chain;
  std::vector<std::string> links;
  for (;;) {
    const auto seen = std::find(chain.begin(), chain.end(), rank);
    if (seen != chain.end()) {
      links.erase(links.begin(), links.begin() + (seen - chain.begin()));
      break;
    }
    chain.push_back(rank);
    const Queue& q = queue(rank);
    for (std::size_t i = q.first; i < q.last; ++i) {
      const std::size_t number = q.tasks[i].message;
      if (arrived_at_[number] != 1) continue;
      const bool sends = messages_[number].source == rank;
      const std::int32_t other = sends ? messages_[number].destination : messages_[number].source;
      links.push_back(fmt::format("rank {} in its step {} waits to {} rank {}", rank,
                                  q.tasks[i].step, sends ? "send to" : "receive from", other));
      rank = other;
      break;
    }
  }
  std::string text = "deadlock: ";
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (i > 0) text += ", ";
    text += links[i];
  }
  return fail(std::move(text), ExitCode::failed);
}

Expected<void> Machine::run_messages(const Program& part, const Clock& ready, Clock& clock,
                                     std::int64_t number) {
  ++phase_number_;
  if (!part.messages) return {};
  phase_steps_ = static_cast<std::int64_t>(part.messages->size());
  ListRun list(*this, part, ready, number);
  if (auto ok = list.run(); !ok) return ok;
  clock = list.clock();
  return {};
}

}  // namespace collscale

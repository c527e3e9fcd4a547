// SPDX-License-Identifier: Apache-2.0
// Processes that coordinate over TCP: where there is no MPI, or none is wanted. Needs nothing but
// rank 0's address (launch.hpp). What is measured does not go this way, only its coordination.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "measure/coordinator.hpp"
#include "measure/heartbeat.hpp"
#include "measure/node_map.hpp"
#include "measure/tcp/launch.hpp"

namespace collscale {

struct TcpSetup {
  TcpPlace place;
  double patience_s = 60;  ///< for all processes to come
  /// Called once, by any thread, when another process is gone before its end, with the sentence
  /// that says so; "" where another process says it. It does not return, except in tests: the
  /// calls of a communicator then throw std::runtime_error.
  std::function<void(const std::string&)> on_lost;
};

/// All processes of a run. A process that dies, even while nobody communicates, is noticed at once;
/// a host that vanishes, within half a minute.
class TcpCommunicator {
 public:
  /// Collective. Fails with one sentence where processes did not come or contradict one another;
  /// with an empty one where another process has the sentence.
  static Expected<TcpCommunicator> connect(TcpSetup setup);
  /// Tells the others that this is the end of this process, unless an exception is what ends it.
  ~TcpCommunicator();
  TcpCommunicator(TcpCommunicator&&) noexcept;
  TcpCommunicator& operator=(TcpCommunicator&&) noexcept;

  /// Every barrier, maximum, agreement and broadcast enters a step from here on.
  void count_steps_in(Heartbeat& heartbeat) { heartbeat_ = &heartbeat; }
  [[nodiscard]] int rank() const;
  [[nodiscard]] int size() const;
  void barrier() const;
  void all_max(std::span<double> values) const;
  [[nodiscard]] std::int64_t agree(std::int64_t value) const;
  /// Between a rank and its parent in the tree, which is that of comparing clocks, too
  /// (measure/reference_clock.hpp); others throw std::logic_error.
  void send(int process, double value) const;
  [[nodiscard]] double receive(int process) const;
  /// Process 0's bytes, on every process; every process passes as many.
  void broadcast(std::span<char> bytes) const;

  /// Asks the other processes to end as this one will: each has its on_lost called with "". From
  /// any thread.
  void abort_others() const;

 private:
  class Impl;
  explicit TcpCommunicator(std::unique_ptr<Impl> impl);
  void step() const {
    if (heartbeat_ != nullptr) {
      heartbeat_->enter();
    }
  }

  std::unique_ptr<Impl> impl_;
  Heartbeat* heartbeat_ = nullptr;
};
static_assert(ClockPeers<TcpCommunicator>);

/// Collective. What the launcher said of local ranks; where it said nothing, processes of the same
/// host name and boot share a node.
NodeMap map_nodes(TcpCommunicator& processes, const TcpPlace& place);

}  // namespace collscale

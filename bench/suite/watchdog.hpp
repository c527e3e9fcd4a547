// SPDX-License-Identifier: Apache-2.0
// Ends a run in which a collective does not return, after it has said whose fault it is.
//
// Every process has a thread that sleeps, looks at the process's Heartbeat a few times per timeout,
// and answers the others' questions about it. Questions go over UDP, and not over MPI: while a
// collective hangs, MPI makes no progress that could be relied on, and a second thread inside it
// would need a thread level that slows the measured calls. Processes that nothing reaches are
// named as not answering. Nothing is sent while all is well.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "measure/heartbeat.hpp"

namespace collscale {

/// Where a process's watchdog is asked: IPv4 addresses in host byte order, 0 where there are fewer,
/// the loopback first; and a UDP port, 0 where the process has none.
struct WatchdogAddress {
  static constexpr std::size_t kHosts = 4;
  std::array<std::uint32_t, kHosts> hosts{};
  std::uint16_t port = 0;
};

/// The socket at which this process will be asked; open from here on.
class WatchdogSocket {
 public:
  WatchdogSocket();
  ~WatchdogSocket();
  WatchdogSocket(const WatchdogSocket&) = delete;
  WatchdogSocket& operator=(const WatchdogSocket&) = delete;
  [[nodiscard]] const WatchdogAddress& address() const { return address_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  WatchdogAddress address_;
};

struct WatchdogPlan {
  double timeout_s = 60;
  int rank = 0;
  std::vector<WatchdogAddress> peers;  ///< by rank, this one's included
  std::uint64_t token = 0;             ///< the same on all ranks of a run, another in other runs
  int gpus = 1;  ///< ranks to a process, which the report counts where they are several
  /// A bit for each of this process's GPUs that has not completed what was launched on it. Called
  /// by the watchdog's thread, when a process stands still; empty: it has none.
  std::function<std::uint64_t()> unfinished{};
  /// Ends all processes with exit code 1. It does not return, except in tests. Called by the
  /// watchdog's thread while the measuring thread is inside the library.
  std::function<void()> abort;
};

class Watchdog {
 public:
  /// The process reports no progress when `heartbeat` stands still for the plan's timeout. Rank 0
  /// asks the others and reports; where it does not answer, the lowest rank that does.
  Watchdog(WatchdogPlan plan, std::unique_ptr<WatchdogSocket> socket, const Heartbeat& heartbeat);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Names what is being done, for the report; "" where it has no name.
  void at(std::string place);
  /// Called before the abort, on the rank that reports; gives the end of the sentence
  /// ("12 points are kept in r.json"). An empty function: nothing is called.
  void before_abort(std::function<std::string()> last_words);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Last words of a run whose finished points the file of --json holds.
std::string finished_points(std::size_t points, const std::string& json_path);

}  // namespace collscale

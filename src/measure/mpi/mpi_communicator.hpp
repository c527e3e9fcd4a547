// SPDX-License-Identifier: Apache-2.0
// MPI's part of the coordination: the session, and the Coordinator over a communicator. MPI errors
// are fatal by MPI's own default: it names the call and ends every rank.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <span>
#include <string>

#include "measure/coordinator.hpp"
#include "measure/heartbeat.hpp"
#include "measure/node_map.hpp"

namespace collscale {

/// MPI_Init on construction, MPI_Finalize on destruction; one per program.
class MpiSession {
 public:
  MpiSession(int& argc, char**& argv);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
};

/// The ranks of a communicator, by default all ranks of the program. Needs a live MpiSession; does
/// not own the communicator.
class MpiCommunicator {
 public:
  explicit MpiCommunicator(MPI_Comm handle = MPI_COMM_WORLD);
  [[nodiscard]] MPI_Comm handle() const { return handle_; }
  /// Every barrier, maximum and agreement enters a step from here on.
  void count_steps_in(Heartbeat& heartbeat) { heartbeat_ = &heartbeat; }
  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  void barrier() const;
  void all_max(std::span<double> values) const;
  [[nodiscard]] std::int64_t agree(std::int64_t value) const;
  void send(int process, double value) const;
  [[nodiscard]] double receive(int process) const;
  /// Process 0's bytes, on every process; every process passes as many.
  void broadcast(std::span<char> bytes) const;

 private:
  void step() const {
    if (heartbeat_ != nullptr) {
      heartbeat_->enter();
    }
  }

  MPI_Comm handle_;
  Heartbeat* heartbeat_ = nullptr;
  int rank_ = 0;
  int size_ = 1;
};
static_assert(ClockPeers<MpiCommunicator>);

/// Ends all ranks of the program with `exit_code`, from any thread; where MPI does not manage to,
/// at least this process, for which launchers end the others.
[[noreturn]] void abort_all_ranks(int exit_code);

/// Where the ranks are; those that share memory share a node. Collective.
NodeMap map_nodes(MpiCommunicator& ranks);

/// "Open MPI v4.1.4", from the library that runs.
std::string mpi_library_version();

}  // namespace collscale

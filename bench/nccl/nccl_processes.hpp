// SPDX-License-Identifier: Apache-2.0
// The processes that bench_nccl measures with: those of mpirun, those that find one another over
// TCP, or this one alone. Which, is known when the program runs; MPI is initialised for the first
// only.
#pragma once

#include <memory>
#include <span>
#include <variant>

#include "bench/nccl/nccl_launch.hpp"
#include "measure/coordinator.hpp"
#include "measure/heartbeat.hpp"
#include "measure/node_map.hpp"
#include "measure/tcp/tcp_communicator.hpp"
#ifdef COLLSCALE_HAVE_MPI
#include "measure/mpi/mpi_communicator.hpp"
#endif

namespace collscale {

/// One of the three; a Coordinator and ClockPeers as each of them.
class NcclProcesses {
 public:
  /// Collective. `argc` and `argv` are main's, for MPI.
  static Expected<NcclProcesses> start(const Launch& launch, int& argc, char**& argv);

  [[nodiscard]] Bootstrap kind() const { return kind_; }
  [[nodiscard]] int rank() const;
  [[nodiscard]] int size() const;
  void barrier();
  void all_max(std::span<double> values);
  std::int64_t agree(std::int64_t value);
  void send(int process, double value);
  double receive(int process);
  /// Process 0's bytes, on every process; every process passes as many.
  void broadcast(std::span<char> bytes);
  void count_steps_in(Heartbeat& heartbeat);
  /// Where this process is. Found out at the start.
  [[nodiscard]] const NodeMap& node_map() const { return node_map_; }
  /// Ends all processes with exit code 1, from any thread.
  [[noreturn]] void abort();

 private:
#ifdef COLLSCALE_HAVE_MPI
  /// The session ends after the communicator.
  struct Mpi {
    std::unique_ptr<MpiSession> session;
    MpiCommunicator processes;
  };
  using OneOf = std::variant<SingleProcess, TcpCommunicator, Mpi>;
#else
  using OneOf = std::variant<SingleProcess, TcpCommunicator>;
#endif
  NcclProcesses(Bootstrap kind, OneOf processes) : kind_(kind), processes_(std::move(processes)) {}
  template <class Self, class F>
  static auto visit(Self& self, F&& f);

  Bootstrap kind_;
  OneOf processes_;
  NodeMap node_map_;
};
static_assert(ClockPeers<NcclProcesses>);

}  // namespace collscale

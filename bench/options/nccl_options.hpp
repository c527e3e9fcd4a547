// SPDX-License-Identifier: Apache-2.0
// What bench_nccl alone can be asked for: how its GPUs are initialised, what runs on them and what
// their time is. Part of BenchOptions; read from the command line in nccl_flags.hpp.
#pragma once

#include <cstdint>
#include <optional>

namespace collscale {

/// Who tells the processes of one another. detect: whichever launcher started them.
enum class Bootstrap { detect, mpi, tcp, none };

/// Whether NCCL is told of the buffers before they are used: not at all, each rank's own
/// (ncclCommRegister), or as symmetric windows of all ranks (ncclCommWindowRegister).
enum class Registration { none, local, symmetric };

/// What a sample's time is: the host's clock from the first launch to completion; CUDA events
/// before and after the operations on their stream; or the host's clock until all operations are
/// launched, completed or not.
enum class SampleClock { host, events, launch };

struct NcclOptions {
  Bootstrap bootstrap = Bootstrap::detect;  ///< --bootstrap
  /// -t: BenchOptions::gpus is -t times -g, all driven by one thread.
  int threads = 1;
  SampleClock clock = SampleClock::host;  ///< --clock; -C 1 is launch, -I 1 events
  /// -G: a sample's operations are captured in a CUDA graph, which is launched so often; 0: none.
  std::int64_t graph_launches = 0;
  Registration registration = Registration::none;  ///< -R 0, 1, 2
  bool null_stream = false;       ///< -y 1: on the legacy default stream, not one of our own
  std::optional<int> cta_policy;  ///< -x: 0 default, 1 efficiency, 2 zero; empty: NCCL's choice
  std::int64_t unalign = 0;       ///< -u: buffers begin so many elements behind an aligned address
  std::int64_t checks = 1;        ///< -c above 1: so many verified operations per point
  bool memory_report = false;     ///< -M: what NCCL took of the GPU's memory

  /// --init: initialising a communicator is what is measured, and nothing else.
  bool measure_init = false;
  /// --init-roots: unique ids that share the work (ncclCommInitRankScalable); 1: ncclCommInitRank.
  std::int64_t init_roots = 1;
  /// --init-timeout: non-blocking initialisation that is aborted after so long; empty: blocking.
  std::optional<double> init_timeout_s;
  /// --simulate: ncclGroupSimulateEnd's own estimate is stored beside the measurement.
  bool simulate = false;
};

}  // namespace collscale

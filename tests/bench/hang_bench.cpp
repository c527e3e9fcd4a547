// SPDX-License-Identifier: Apache-2.0
// A benchmark program one of whose ranks does something terrible in the middle of a point: what a
// user sees when a collective does not return. Arguments: FAULT RANK TIMEOUT_S JSON_FILE, where
// FAULT is late (the rank computes for long), stop (it is stopped as by a debugger), kill (it
// dies), deadlock (it waits for a message that nobody sends).
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "bench/suite/process_setup.hpp"
#include "bench/suite/suite.hpp"
#include "bench/suite/watchdog_setup.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/mpi_measure.hpp"
#include "measure/mpi/mpi_operation.hpp"

int main(int argc, char** argv) {
  using namespace collscale;
  const MpiSession session(argc, argv);
  const std::string fault = argv[1];
  MpiCommunicator ranks;
  const bool culprit = ranks.rank() == std::atoi(argv[2]);
  BenchOptions options;
  options.collectives = {Collective::all_reduce};
  options.sizes_bytes = {1024, 2048, 4096};
  options.sampling.fixed_samples = 10;
  options.json_path = argv[4];
  const auto list = make_points(options, ranks.size(), 1);
  HostPools pools{HostBuffer(1 << 20), HostBuffer(1 << 20)};
  Heartbeat heartbeat;
  ranks.count_steps_in(heartbeat);
  const auto watchdog =
      start_watchdog(ranks, std::atof(argv[3]), heartbeat, [] { abort_all_ranks(1); });
  BenchBackend backend;
  backend.watchdog = watchdog.get();
  backend.reports = ranks.rank() == 0;
  backend.ranks = ranks.size();
  backend.agree = [&](std::int64_t value) { return ranks.agree(value); };
  backend.any = [&](bool mine) { return any_process(ranks, mine); };
  backend.measure = [&](const BenchPoint& point) {
    const MpiOperation honest(point.scenario, point.layout, ranks);
    int calls = 0;
    const auto broken = [&](const std::byte* send, std::byte* receive) {
      if (culprit && point.layout.size_bytes == 2048 && ++calls == 3) {
        if (fault == "late") {
          std::this_thread::sleep_for(std::chrono::seconds(60));
        } else if (fault == "stop") {
          std::raise(SIGSTOP);
        } else if (fault == "kill") {
          std::raise(SIGKILL);
        }
      }
      heartbeat.enter();
      if (culprit && calls == 3 && fault == "deadlock") {
        int never = 0;
        MPI_Recv(&never, 1, MPI_INT, ranks.rank(), 77, ranks.handle(), MPI_STATUS_IGNORE);
      }
      honest(send, receive);
    };
    return measure_on_host(ranks, point.scenario, point.layout, PointPlan{options.sampling},
                           plan_slots(BufferPolicy::hot, point.layout, 1 << 20), pools, broken);
  };
  return static_cast<int>(run_suite(options, backend, *list));
}

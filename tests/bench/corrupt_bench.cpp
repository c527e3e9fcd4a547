// SPDX-License-Identifier: Apache-2.0
// A benchmark program whose all_reduce is broken on the last rank: what a user sees when a result
// is wrong. The shipped programs hold no such switch.
#include "bench/process_setup.hpp"
#include "bench/suite.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/mpi_measure.hpp"
#include "measure/mpi/mpi_operation.hpp"

int main(int argc, char** argv) {
  using namespace collscale;
  const MpiSession session(argc, argv);
  MpiCommunicator ranks;
  BenchOptions options;
  options.collectives = {Collective::all_reduce};
  options.sizes_bytes = {1024};
  const auto list = make_points(options, ranks.size(), 1);
  HostPools pools{HostBuffer(1 << 20), HostBuffer(1 << 20)};
  BenchBackend backend;
  backend.reports = ranks.rank() == 0;
  backend.ranks = ranks.size();
  backend.agree = [&](std::int64_t value) { return ranks.agree(value); };
  backend.any = [&](bool mine) { return any_process(ranks, mine); };
  backend.measure = [&](const BenchPoint& point) {
    const MpiOperation honest(point.scenario, point.layout, ranks);
    const auto broken = [&](const std::byte* send, std::byte* receive) {
      honest(send, receive);
      if (ranks.rank() == ranks.size() - 1) {
        reinterpret_cast<float*>(receive)[42] = -5.0F;
      }
    };
    return measure_on_host(ranks, point.scenario, point.layout, PointPlan{},
                           plan_slots(BufferPolicy::hot, point.layout, 1 << 20), pools, broken);
  };
  return static_cast<int>(run_suite(options, backend, *list));
}

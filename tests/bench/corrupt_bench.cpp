// SPDX-License-Identifier: Apache-2.0
// A benchmark program whose collective is wrong on the last rank: what a user sees when a result is
// wrong. `corrupt_bench COLLECTIVE FAULT`. The shipped programs hold no such switch.
#include "bench/suite/process_setup.hpp"
#include "bench/suite/suite.hpp"
#include "measure/faulty_operation.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/mpi_measure.hpp"

int main(int argc, char** argv) {
  using namespace collscale;
  const MpiSession session(argc, argv);
  MpiCommunicator ranks;
  const auto collective = parse_collective(argc > 1 ? argv[1] : "all_reduce");
  const std::string_view wanted = argc > 2 ? argv[2] : "wrong_element";
  const auto fault = std::find(kFaultNames.begin(), kFaultNames.end(), wanted);
  if (!collective || fault == kFaultNames.end()) {
    return 2;
  }
  BenchOptions options;
  options.collectives = {*collective};
  options.sizes_bytes = {1024};
  const auto list = make_points(options, ranks.size(), 1);
  HostPools pools{HostBuffer(1 << 20), HostBuffer(1 << 20)};
  BenchBackend backend;
  backend.reports = ranks.rank() == 0;
  backend.ranks = ranks.size();
  backend.agree = [&](std::int64_t value) { return ranks.agree(value); };
  backend.any = [&](bool mine) { return any_process(ranks, mine); };
  backend.measure = [&](const BenchPoint& point) {
    FaultyOperation broken(point.scenario, point.layout, ranks,
                           kFaults[static_cast<std::size_t>(fault - kFaultNames.begin())],
                           ranks.size() - 1);
    return measure_on_host(ranks, point.scenario, point.layout, PointPlan{},
                           plan_slots(BufferPolicy::hot, point.layout, 1 << 20), pools, broken);
  };
  return static_cast<int>(run_suite(options, backend, *list));
}

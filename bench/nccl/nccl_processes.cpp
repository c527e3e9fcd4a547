// SPDX-License-Identifier: Apache-2.0
#include "bench/nccl/nccl_processes.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace collscale {

namespace {

/// What ends this process when another is gone.
void end_as_well(const std::string& sentence) {
  std::fflush(stdout);
  if (!sentence.empty()) {
    fmt::print(stderr, "error: {}; the run is aborted\n", sentence);
    std::fflush(stderr);
  }
  std::_Exit(static_cast<int>(ExitCode::failed));
}

}  // namespace

Expected<NcclProcesses> NcclProcesses::start(const Launch& launch, [[maybe_unused]] int& argc,
                                             [[maybe_unused]] char**& argv) {
#ifdef COLLSCALE_HAVE_MPI
  if (launch.kind == Bootstrap::mpi) {
    auto session = std::make_unique<MpiSession>(argc, argv);
    MpiCommunicator all;
    const NodeMap map = map_nodes(all);
    NcclProcesses processes(launch.kind, Mpi{std::move(session), all});
    processes.node_map_ = map;
    return processes;
  }
#endif
  if (launch.kind == Bootstrap::tcp) {
    TcpSetup setup;
    setup.place = launch.place;
    setup.on_lost = end_as_well;
    auto all = TcpCommunicator::connect(std::move(setup));
    if (!all) {
      return tl::unexpected(all.error());
    }
    const NodeMap map = map_nodes(*all, launch.place);
    NcclProcesses processes(launch.kind, std::move(*all));
    processes.node_map_ = map;
    return processes;
  }
  return NcclProcesses(Bootstrap::none, SingleProcess());
}

template <class Self, class F>
auto NcclProcesses::visit(Self& self, F&& f) {
  return std::visit(
      [&f](auto& one) {
        if constexpr (requires { one.processes; }) {
          return f(one.processes);
        } else {
          return f(one);
        }
      },
      self.processes_);
}

int NcclProcesses::rank() const {
  return visit(*this, [](const auto& one) { return one.rank(); });
}

int NcclProcesses::size() const {
  return visit(*this, [](const auto& one) { return one.size(); });
}

void NcclProcesses::barrier() {
  visit(*this, [](auto& one) { one.barrier(); });
}

void NcclProcesses::all_max(std::span<double> values) {
  visit(*this, [values](auto& one) { one.all_max(values); });
}

std::int64_t NcclProcesses::agree(std::int64_t value) {
  return visit(*this, [value](auto& one) { return one.agree(value); });
}

void NcclProcesses::send(int process, double value) {
  visit(*this, [=](auto& one) { one.send(process, value); });
}

double NcclProcesses::receive(int process) {
  return visit(*this, [process](auto& one) { return one.receive(process); });
}

void NcclProcesses::broadcast(std::span<char> bytes) {
  visit(*this, [bytes](auto& one) {
    if constexpr (requires { one.broadcast(bytes); }) {
      one.broadcast(bytes);
    }
  });
}

void NcclProcesses::count_steps_in(Heartbeat& heartbeat) {
  visit(*this, [&heartbeat](auto& one) {
    if constexpr (requires { one.count_steps_in(heartbeat); }) {
      one.count_steps_in(heartbeat);
    }
  });
}

void NcclProcesses::abort() {
  visit(*this, [](auto& one) {
    if constexpr (requires { one.abort_others(); }) {
      one.abort_others();
    }
  });
#ifdef COLLSCALE_HAVE_MPI
  if (kind_ == Bootstrap::mpi) {
    abort_all_ranks(static_cast<int>(ExitCode::failed));
  }
#endif
  std::_Exit(static_cast<int>(ExitCode::failed));
}

}  // namespace collscale

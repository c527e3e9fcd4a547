// SPDX-License-Identifier: Apache-2.0
#include "measure/mpi/mpi_communicator.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <thread>
#include <vector>

namespace collscale {

namespace {
constexpr int kClockTag = 4711;
}

MpiSession::MpiSession(int& argc, char**& argv) { MPI_Init(&argc, &argv); }

MpiSession::~MpiSession() { MPI_Finalize(); }

MpiCommunicator::MpiCommunicator(MPI_Comm handle) : handle_(handle) {
  MPI_Comm_rank(handle_, &rank_);
  MPI_Comm_size(handle_, &size_);
}

void MpiCommunicator::barrier() const {
  step();
  MPI_Barrier(handle_);
}

void MpiCommunicator::all_max(std::span<double> values) const {
  step();
  MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE, MPI_MAX,
                handle_);
}

std::int64_t MpiCommunicator::agree(std::int64_t value) const {
  step();
  MPI_Bcast(&value, 1, MPI_INT64_T, 0, handle_);
  return value;
}

void MpiCommunicator::send(int process, double value) const {
  MPI_Send(&value, 1, MPI_DOUBLE, process, kClockTag, handle_);
}

double MpiCommunicator::receive(int process) const {
  double value = 0;
  MPI_Recv(&value, 1, MPI_DOUBLE, process, kClockTag, handle_, MPI_STATUS_IGNORE);
  return value;
}

void MpiCommunicator::broadcast(std::span<char> bytes) const {
  step();
  MPI_Bcast(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, 0, handle_);
}

void abort_all_ranks(int exit_code) {
  std::thread([exit_code] {
    std::this_thread::sleep_for(std::chrono::seconds(5));
    ::_exit(exit_code);
  }).detach();
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  ::_exit(exit_code);
}

NodeMap map_nodes(MpiCommunicator& ranks) {
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(ranks.handle(), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  NodeMap map;
  MPI_Comm_rank(node, &map.local_rank);
  MPI_Comm_size(node, &map.local_size);
  MPI_Comm_free(&node);
  std::vector<double> first_of_node(static_cast<std::size_t>(ranks.size()), 0.0);
  first_of_node[static_cast<std::size_t>(ranks.rank())] = map.local_rank == 0 ? 1.0 : 0.0;
  ranks.all_max(first_of_node);
  map.nodes = static_cast<int>(std::count(first_of_node.begin(), first_of_node.end(), 1.0));
  return map;
}

std::string mpi_library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string whole(text.data(), static_cast<std::size_t>(length));
  constexpr std::string_view kMpich = "MPICH Version:";  // a tab follows
  if (whole.starts_with(kMpich)) {
    const std::size_t from = whole.find_first_not_of(" \t", kMpich.size());
    return "MPICH " + whole.substr(from, whole.find('\n', from) - from);
  }
  return whole.substr(0, whole.find_first_of(",\n"));  // the rest is how the package was built
}

}  // namespace collscale

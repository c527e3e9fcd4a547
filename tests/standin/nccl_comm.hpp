// SPDX-License-Identifier: Apache-2.0
// What the files of the stand-in for NCCL share: a rank of a communicator, and what it is to do.
#pragma once

#include <nccl.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fault.hpp"
#include "nccl_board.hpp"

extern "C" void cudaStandInOwnCalls(int change);  // cuda_device.cpp

namespace standin {

struct Operation {
  enum class Kind {
    all_reduce = 1,
    all_gather,
    reduce_scatter,
    broadcast,
    reduce,
    all_to_all,
    gather,
    scatter,
    send,
    receive
  };
  Kind kind = Kind::all_reduce;
  const std::byte* send = nullptr;
  std::byte* receive = nullptr;
  std::size_t count = 0;
  ncclDataType_t type = ncclFloat;
  ncclRedOp_t op = ncclSum;
  int root = 0;       ///< or the peer
  double factor = 1;  ///< of ncclRedOpCreatePreMulSum, for what this rank sends
  Fault fault{};
};

const char* name(Operation::Kind kind);

/// While one lives, the thread's calls of the CUDA runtime are this library's own: they are not
/// counted for faults. (The real NCCL has a runtime of its own inside.)
class OwnCalls {
 public:
  OwnCalls() { cudaStandInOwnCalls(1); }
  ~OwnCalls() { cudaStandInOwnCalls(-1); }
  OwnCalls(const OwnCalls&) = delete;
  OwnCalls& operator=(const OwnCalls&) = delete;
};

/// What is launched together on one stream: one operation, or those of a group.
struct Unit {
  ncclComm* comm = nullptr;
  cudaStream_t stream = nullptr;
  std::vector<Operation> operations;
  bool is_kept = false;  ///< by a graph that may run it again
};

/// Runs it on the calling thread, a stream's. Mistakes become the communicator's state.
void execute(const Unit& unit);

}  // namespace standin

/// One rank. Never freed after an abort: a stream's thread, or a watchdog, may still look at it.
struct ncclComm {
  static constexpr int kMagic = 0x57a2d1;
  int magic = kMagic;
  int rank = 0;
  int ranks = 1;
  int device = 0;
  bool blocking = true;
  std::shared_ptr<standin::Board> board;
  std::uint64_t operation_step = 0;
  std::uint64_t control_step = 0;
  std::atomic<bool> aborted{false};
  std::atomic<ncclResult_t> state{ncclSuccess};
  /// Non-blocking: so often ncclCommGetAsyncError still tells ncclInProgress.
  std::atomic<int> polls_in_progress{0};
  std::mutex running;
  std::atomic<int> in_flight{0};
  std::vector<std::unique_ptr<standin::Unit>> kept;
  std::vector<double> factors;  // of ncclRedOpCreatePreMulSum
};

namespace standin {

/// Keeps the sentence for ncclGetLastError.
ncclResult_t reject(ncclResult_t result, const std::string& sentence);

/// Injects what the tests ask for; operations carry hang, wrong, slow and async-error with them.
ncclResult_t entered(const char* function, const ncclComm* comm, Fault* operation = nullptr);

/// Ends the process where the tests claim a version that lacks the function, as the loader would.
void needs_version(const char* function, int version);

ncclResult_t check(const ncclComm* comm);

/// Shows all ranks `mine` and returns what they show, on the host's side of the communicator; fewer
/// where it was aborted.
template <class T>
std::vector<T> exchange(ncclComm& comm, const T& mine) {
  static_assert(sizeof(T) <= kControlBytes);
  Board& board = *comm.board;
  const std::uint64_t step = ++comm.control_step;
  Station& own = board->stations[comm.rank];
  std::memcpy(own.control[step % 2], &mine, sizeof(T));
  own.control_step = step;
  board.ring();
  std::vector<T> all;
  for (int rank = 0; rank < comm.ranks; ++rank) {
    const Station& station = board->stations[rank];
    if (!board.wait([&] { return station.control_step >= step; },
                    [&] { return comm.aborted || board->failed != 0; })) {
      return {};
    }
    T theirs;
    std::memcpy(&theirs, station.control[step % 2], sizeof(T));
    all.push_back(theirs);
  }
  return all;
}

/// What waits for other ranks before a call may return: at once, or at the end of the group.
ncclResult_t run_or_defer(ncclComm* comm, std::function<ncclResult_t()> task);
/// The same for operations.
ncclResult_t launch_or_defer(ncclComm* comm, cudaStream_t stream, const Operation& operation);

/// An error of a call inside a group is an error of the group.
ncclResult_t in_group(ncclResult_t result);

}  // namespace standin

// SPDX-License-Identifier: Apache-2.0
// Communicators of the stand-in: made, split, ended, asked. COLLSCALE_STANDIN_NCCL_VERSION: the
// version it claims, as 2.18.5.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "nccl_comm.hpp"

namespace standin {
namespace {

struct LastError {
  std::mutex mutex;
  std::string sentence;
};
LastError& last_error() {
  static auto* const last = new LastError;
  return *last;
}

constexpr std::array kResults = {"ncclSuccess",       "ncclUnhandledCudaError", "ncclSystemError",
                                 "ncclInternalError", "ncclInvalidArgument",    "ncclInvalidUsage",
                                 "ncclRemoteError",   "ncclInProgress"};

ncclResult_t result_named(const std::string& name) {
  const auto* const found = std::find(kResults.begin(), kResults.end(), name);
  if (found == kResults.end()) refuse("\"" + name + "\" is no ncclResult_t");
  return static_cast<ncclResult_t>(found - kResults.begin());
}

int claimed_version() {
  static const int version = [] {
    const char* text = std::getenv("COLLSCALE_STANDIN_NCCL_VERSION");
    int major = 0;
    int minor = 0;
    int patch = 0;
    if (text == nullptr) return NCCL_VERSION_CODE;
    if (std::sscanf(text, "%d.%d.%d", &major, &minor, &patch) != 3) {
      refuse(std::string("COLLSCALE_STANDIN_NCCL_VERSION=") + text + ": expected as 2.18.5");
    }
    return major * 10000 + minor * 100 + patch;
  }();
  return version;
}

ncclResult_t join(ncclComm& comm, const ncclUniqueId& id) {
  comm.board = Board::open(id);
  if (comm.board == nullptr) {
    return reject(ncclSystemError, "the unique id was not made by a process that runs here");
  }
  if ((*comm.board)->joined[comm.rank].exchange(1) != 0) {
    return reject(ncclInvalidUsage, "rank " + std::to_string(comm.rank) + " has joined already");
  }
  const std::vector<int> ranks = exchange(comm, comm.ranks);
  Board::close_file(id);
  if (ranks.empty()) return reject(ncclInternalError, "aborted while ranks were joining");
  if (std::any_of(ranks.begin(), ranks.end(), [&](int each) { return each != comm.ranks; })) {
    return reject(ncclInvalidArgument, "ranks do not agree on the number of ranks");
  }
  return ncclSuccess;
}

std::unique_ptr<ncclComm> new_comm(int ranks, int rank, const ncclConfig_t* config) {
  auto comm = std::make_unique<ncclComm>();
  comm->rank = rank;
  comm->ranks = ranks;
  comm->blocking = config == nullptr || config->blocking != 0;
  const OwnCalls own;
  cudaGetDevice(&comm->device);
  return comm;
}

ncclResult_t init(const char* function, ncclComm_t* made, int ranks, const ncclUniqueId& id,
                  int rank, const ncclConfig_t* config) {
  if (made == nullptr || ranks < 1 || ranks > kMaxRanks || rank < 0 || rank >= ranks) {
    return in_group(reject(ncclInvalidArgument, std::string(function) + ": rank or ranks"));
  }
  if (config != nullptr && config->magic != 0xcafebeef) {
    return in_group(reject(ncclInvalidArgument, std::string(function) + ": not initialised"));
  }
  auto comm = new_comm(ranks, rank, config);
  if (const auto fault = entered(function, comm.get())) return in_group(fault);
  *made = comm.release();
  return run_or_defer(*made, [comm = *made, id] { return join(*comm, id); });
}

struct SplitChoice {
  int color = 0;
  int key = 0;
};

ncclResult_t split(ncclComm& parent, const SplitChoice& choice, ncclComm* child) {
  const std::vector<SplitChoice> choices = exchange(parent, choice);
  std::vector<int> members;  // ranks of the parent
  for (int rank = 0; rank < static_cast<int>(choices.size()); ++rank) {
    if (choices[static_cast<std::size_t>(rank)].color == choice.color) members.push_back(rank);
  }
  std::stable_sort(members.begin(), members.end(), [&](int a, int b) {
    return choices[static_cast<std::size_t>(a)].key < choices[static_cast<std::size_t>(b)].key;
  });
  ncclUniqueId id{};
  if (child != nullptr && !members.empty() && members.front() == parent.rank) id = Board::make();
  const std::vector<ncclUniqueId> ids = exchange(parent, id);
  if (choices.empty() || ids.empty()) return reject(ncclInternalError, "aborted while splitting");
  if (child == nullptr) return ncclSuccess;
  child->ranks = static_cast<int>(members.size());
  child->rank =
      static_cast<int>(std::find(members.begin(), members.end(), parent.rank) - members.begin());
  return join(*child, ids[static_cast<std::size_t>(members.front())]);
}

void wait_for_operations(const ncclComm& comm) {
  while (comm.in_flight > 0 && !comm.aborted) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

}  // namespace

ncclResult_t reject(ncclResult_t result, const std::string& sentence) {
  const std::scoped_lock lock(last_error().mutex);
  last_error().sentence = sentence;
  return result;
}

ncclResult_t entered(const char* function, const ncclComm* comm, Fault* operation) {
  const OwnCalls own;
  int device = 0;
  if (comm == nullptr) {
    cudaGetDevice(&device);
  } else {
    device = comm->device;
  }
  Fault fault = fault_at(function, device, comm == nullptr ? -1 : comm->rank);
  if (fault.kind == Fault::Kind::none) return ncclSuccess;
  if (fault.kind == Fault::Kind::error) return reject(result_named(fault.error), "asked for");
  if (fault.kind == Fault::Kind::async_error) fault.value = result_named(fault.error);
  if (operation != nullptr) {
    *operation = fault;
  } else if (fault.kind == Fault::Kind::hang) {
    hang();
  } else if (fault.kind == Fault::Kind::slow) {
    sleep_us(fault.value);
  } else {
    refuse(std::string(function) + ": only an operation can be wrong, or fail later");
  }
  return ncclSuccess;
}

void needs_version(const char* function, int version) {
  if (claimed_version() < version) {
    refuse(std::string("symbol lookup error: libnccl.so.2 of the claimed version has no ") +
           function);
  }
}

ncclResult_t check(const ncclComm* comm) {
  return comm != nullptr && comm->magic == ncclComm::kMagic
             ? ncclSuccess
             : reject(ncclInvalidArgument, "the communicator is none, or has ended");
}

}  // namespace standin

using standin::check;
using standin::entered;
using standin::needs_version;
using standin::reject;

extern "C" {

ncclResult_t ncclGetVersion(int* version) {
  if (const auto fault = entered(__func__, nullptr)) return fault;
  *version = standin::claimed_version();
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  if (const auto fault = entered(__func__, nullptr)) return fault;
  *id = standin::Board::make();
  return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank) {
  return standin::init(__func__, comm, ranks, id, rank, nullptr);
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  needs_version(__func__, 21400);
  return standin::init(__func__, comm, ranks, id, rank, config);
}

ncclResult_t ncclCommInitRankScalable(ncclComm_t* comm, int ranks, int rank, int ids,
                                      ncclUniqueId* id, ncclConfig_t* config) {
  needs_version(__func__, 22300);
  if (ids < 1 || ids > ranks) return reject(ncclInvalidArgument, "number of ids");
  return standin::init(__func__, comm, ranks, id[0], rank, config);
}

ncclResult_t ncclCommInitAll(ncclComm_t* comms, int devices, const int* list) {
  if (const auto fault = entered(__func__, nullptr)) return fault;
  const standin::OwnCalls own;
  const ncclUniqueId id = standin::Board::make();
  int before = 0;
  cudaGetDevice(&before);
  ncclGroupStart();
  for (int i = 0; i < devices; ++i) {
    cudaSetDevice(list == nullptr ? i : list[i]);
    standin::init(__func__, &comms[i], devices, id, i, nullptr);
  }
  cudaSetDevice(before);
  return ncclGroupEnd();
}

ncclResult_t ncclCommSplit(ncclComm_t comm, int color, int key, ncclComm_t* made,
                           ncclConfig_t* config) {
  needs_version(__func__, 21800);
  if (const auto bad = check(comm)) return standin::in_group(bad);
  if (const auto fault = entered(__func__, comm)) return standin::in_group(fault);
  *made = nullptr;
  if (color != NCCL_SPLIT_NOCOLOR) {
    *made = standin::new_comm(1, 0, config).release();
    (*made)->device = comm->device;
    (*made)->blocking = config == nullptr || config->blocking == NCCL_CONFIG_UNDEF_INT
                            ? comm->blocking
                            : config->blocking != 0;
    if (!(*made)->blocking) (*made)->state = ncclInProgress;
  }
  return standin::run_or_defer(comm, [comm, color, key, child = *made] {
    const ncclResult_t result = standin::split(*comm, {color, key}, child);
    if (child != nullptr) child->state = result;
    return result;
  });
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  needs_version(__func__, 21400);
  if (const auto bad = check(comm)) return bad;
  if (const auto fault = entered(__func__, comm)) return fault;
  return standin::run_or_defer(comm, [comm] {
    standin::wait_for_operations(*comm);
    return ncclSuccess;
  });
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  if (comm == nullptr) return ncclSuccess;
  if (const auto bad = check(comm)) return bad;
  if (const auto fault = entered(__func__, comm)) return fault;
  standin::wait_for_operations(*comm);
  comm->magic = 0;
  if (!comm->aborted && comm->state != ncclInProgress) delete comm;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (comm == nullptr) return ncclSuccess;
  if (const auto bad = check(comm)) return bad;
  if (const auto fault = entered(__func__, comm)) return fault;
  comm->aborted = true;
  comm->magic = 0;
  if (comm->board != nullptr) comm->board->ring();
  return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* error) {
  if (const auto bad = check(comm)) return bad;
  if (const auto fault = entered(__func__, comm)) return fault;
  *error = comm->state;
  if (*error == ncclSuccess && comm->polls_in_progress > 0) {
    --comm->polls_in_progress;
    *error = ncclInProgress;
  }
  return ncclSuccess;
}

ncclResult_t ncclCommCount(ncclComm_t comm, int* count) {
  if (const auto bad = check(comm)) return bad;
  if (const auto fault = entered(__func__, comm)) return fault;
  *count = comm->ranks;
  return ncclSuccess;
}

ncclResult_t ncclCommCuDevice(ncclComm_t comm, int* device) {
  if (const auto bad = check(comm)) return bad;
  if (const auto fault = entered(__func__, comm)) return fault;
  *device = comm->device;
  return ncclSuccess;
}

ncclResult_t ncclCommUserRank(ncclComm_t comm, int* rank) {
  if (const auto bad = check(comm)) return bad;
  if (const auto fault = entered(__func__, comm)) return fault;
  *rank = comm->rank;
  return ncclSuccess;
}

const char* ncclGetLastError(ncclComm_t /*comm*/) {
  thread_local std::string copy;
  const std::scoped_lock lock(standin::last_error().mutex);
  copy = standin::last_error().sentence;
  return copy.c_str();
}

// As NCCL words them.
const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess:
      return "no error";
    case ncclUnhandledCudaError:
      return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case ncclSystemError:
      return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
    case ncclInternalError:
      return "internal error - please report this issue to the NCCL developers";
    case ncclInvalidArgument:
      return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case ncclInvalidUsage:
      return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    case ncclInProgress:
      return "NCCL operation in progress";
    default:
      return "unknown result code";
  }
}

}  // extern "C"

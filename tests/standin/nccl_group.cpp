// SPDX-License-Identifier: Apache-2.0
// Groups of the stand-in: what the calls of a thread collect until ncclGroupEnd.
#include <chrono>
#include <thread>

#include "nccl_comm.hpp"
#include "nccl_reduce.hpp"

namespace standin {
namespace {

struct Task {
  ncclComm* comm = nullptr;
  std::function<ncclResult_t()> run;
};

struct Group {
  int depth = 0;
  ncclResult_t error = ncclSuccess;
  std::vector<Task> tasks;
  std::vector<std::unique_ptr<Unit>> units;
};
thread_local Group group;

void run_in_order(const std::vector<Task>& tasks, ncclResult_t& result) {
  const OwnCalls own;
  cudaSetDevice(tasks.front().comm->device);
  for (const Task& task : tasks) {
    const ncclResult_t one = task.run();
    result = result == ncclSuccess ? one : result;
  }
}

/// Tasks wait for other ranks, which may be this thread's own: each communicator has a thread.
ncclResult_t run_tasks(std::vector<Task> tasks) {
  std::vector<std::vector<Task>> by_comm;
  for (Task& task : tasks) {
    auto of = by_comm.begin();
    while (of != by_comm.end() && of->front().comm != task.comm) ++of;
    if (of == by_comm.end()) of = by_comm.insert(of, std::vector<Task>{});
    of->push_back(std::move(task));
  }
  std::vector<std::thread> threads;
  std::vector<ncclResult_t> results(by_comm.size(), ncclSuccess);
  bool in_progress = false;
  for (std::size_t i = 0; i < by_comm.size(); ++i) {
    ncclComm* const comm = by_comm[i].front().comm;
    if (comm->blocking) {
      threads.emplace_back([&, i] { run_in_order(by_comm[i], results[i]); });
      continue;
    }
    in_progress = true;
    comm->state = ncclInProgress;
    std::thread([comm, mine = std::move(by_comm[i])] {
      ncclResult_t result = ncclSuccess;
      run_in_order(mine, result);
      comm->state = result;
    }).detach();
  }
  for (std::thread& thread : threads) thread.join();
  for (const ncclResult_t result : results) {
    if (result != ncclSuccess) return result;
  }
  return in_progress ? ncclInProgress : ncclSuccess;
}

void run_on_stream(void* data) {
  auto* const unit = static_cast<Unit*>(data);
  ncclComm* const comm = unit->comm;
  execute(*unit);
  if (!unit->is_kept) {
    delete unit;
    --comm->in_flight;
  }
}

ncclResult_t launch(std::unique_ptr<Unit> unit) {
  const OwnCalls own;
  int device = 0;
  cudaGetDevice(&device);
  cudaSetDevice(unit->comm->device);
  cudaStreamCaptureStatus capturing = cudaStreamCaptureStatusNone;
  cudaError_t status = cudaStreamIsCapturing(unit->stream, &capturing);
  unit->is_kept = capturing == cudaStreamCaptureStatusActive;
  ncclComm* const comm = unit->comm;
  if (status == cudaSuccess) {
    comm->in_flight += unit->is_kept ? 0 : 1;
    Unit* const work = unit.release();
    if (work->is_kept) comm->kept.emplace_back(work);
    status = cudaLaunchHostFunc(work->stream, run_on_stream, work);
  }
  cudaSetDevice(device);
  if (!comm->blocking) comm->polls_in_progress = 2;
  return status == cudaSuccess
             ? ncclSuccess
             : reject(ncclUnhandledCudaError, std::string("stream: ") + cudaGetErrorString(status));
}

ncclResult_t launch_all(std::vector<std::unique_ptr<Unit>> units) {
  bool in_progress = false;
  for (auto& unit : units) {
    in_progress = in_progress || !unit->comm->blocking;
    if (const ncclResult_t result = launch(std::move(unit)); result != ncclSuccess) return result;
  }
  return in_progress ? ncclInProgress : ncclSuccess;
}

}  // namespace

ncclResult_t in_group(ncclResult_t result) {
  if (group.depth > 0 && group.error == ncclSuccess && result != ncclInProgress) {
    group.error = result;
  }
  return result;
}

ncclResult_t run_or_defer(ncclComm* comm, std::function<ncclResult_t()> task) {
  if (group.depth > 0) {
    group.tasks.push_back({comm, std::move(task)});
    return ncclSuccess;
  }
  std::vector<Task> one;
  one.push_back({comm, std::move(task)});
  return run_tasks(std::move(one));
}

ncclResult_t launch_or_defer(ncclComm* comm, cudaStream_t stream, const Operation& operation) {
  if (group.depth > 0) {
    for (const auto& unit : group.units) {
      if (unit->comm == comm && unit->stream == stream) {
        unit->operations.push_back(operation);
        return ncclSuccess;
      }
    }
    group.units.push_back(std::make_unique<Unit>(Unit{comm, stream, {operation}}));
    return ncclSuccess;
  }
  std::vector<std::unique_ptr<Unit>> one;
  one.push_back(std::make_unique<Unit>(Unit{comm, stream, {operation}}));
  return launch_all(std::move(one));
}

}  // namespace standin

using standin::group;

extern "C" {

ncclResult_t ncclGroupStart() {
  if (const auto fault = standin::entered(__func__, nullptr)) return fault;
  ++group.depth;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  if (group.depth == 0) {
    return standin::reject(ncclInvalidUsage, "ncclGroupEnd without ncclGroupStart");
  }
  if (--group.depth > 0) return ncclSuccess;
  const standin::Group ended{};
  auto tasks = std::move(group.tasks);
  auto units = std::move(group.units);
  const ncclResult_t error = group.error;
  group.tasks.clear();
  group.units.clear();
  group.error = ended.error;
  if (const auto fault = standin::entered(__func__, nullptr)) return fault;
  if (error != ncclSuccess) return error;
  const ncclResult_t joined = standin::run_tasks(std::move(tasks));
  if (joined != ncclSuccess && joined != ncclInProgress) return joined;
  const ncclResult_t launched = standin::launch_all(std::move(units));
  return launched == ncclSuccess ? joined : launched;
}

ncclResult_t ncclGroupSimulateEnd(ncclSimInfo_t* information) {
  standin::needs_version(__func__, 22200);
  if (const auto fault = standin::entered(__func__, nullptr)) return fault;
  if (group.depth == 0 || information == nullptr || information->magic != 0x74685283) {
    return standin::reject(ncclInvalidArgument,
                           "ncclGroupSimulateEnd: no group, or not initialised");
  }
  if (--group.depth > 0) return ncclSuccess;
  // In microseconds: 10 for each operation, and 10 GB/s.
  float estimate = 0;
  for (const auto& unit : group.units) {
    float of_unit = 0;
    for (const standin::Operation& operation : unit->operations) {
      of_unit +=
          10 + static_cast<float>(operation.count * standin::bytes_of(operation.type)) / 1e4F;
    }
    estimate = std::max(estimate, of_unit);
  }
  information->estimatedTime = estimate;
  group.tasks.clear();
  group.units.clear();
  group.error = ncclSuccess;
  return ncclSuccess;
}

}  // extern "C"

// SPDX-License-Identifier: Apache-2.0
// Streams, events and graphs of the stand-in.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <unordered_map>

#include "cuda_state.hpp"

struct CUevent_st {
  std::shared_ptr<standin::Event> event;
};
struct CUgraph_st {
  std::vector<standin::Work> nodes;
};
struct CUgraphExec_st {
  std::vector<standin::Work> nodes;
};

namespace standin {
namespace {

struct Streams {
  std::mutex mutex;
  std::unordered_map<cudaStream_t, std::shared_ptr<Queue>> by_handle;
  std::vector<std::shared_ptr<Queue>> legacy;  // by device
  std::uintptr_t next_handle = 0x1000;
  std::atomic<int> captures{0};
};

// Never destroyed: threads of streams may outlive main().
Streams& streams() {
  static auto* const all = new Streams;
  return *all;
}

}  // namespace

std::shared_ptr<Queue> Queue::make(int device, bool non_blocking) {
  std::shared_ptr<Queue> queue(new Queue(device, non_blocking));
  std::thread([queue] { queue->run(); }).detach();
  return queue;
}

void Queue::push(Work work, std::vector<After> after) {
  const std::scoped_lock lock(mutex_);
  items_.push_back({std::move(work), std::move(after)});
  ++pushed_;
  changed_.notify_all();
}

void Queue::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::uint64_t Queue::pushed() const {
  const std::scoped_lock lock(mutex_);
  return pushed_;
}

void Queue::wait_for(std::uint64_t pushed) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done_ >= pushed; });
}

bool Queue::is_idle() const {
  const std::scoped_lock lock(mutex_);
  return done_ == pushed_;
}

void Queue::run() {
  for (;;) {
    Item item;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closed_ || !items_.empty(); });
      if (items_.empty()) {
        return;
      }
      item = std::move(items_.front());
      items_.pop_front();
    }
    for (const After& after : item.after) {
      after.queue->wait_for(after.pushed);
    }
    item.work();
    const std::scoped_lock lock(mutex_);
    ++done_;
    changed_.notify_all();
  }
}

namespace {

/// The caller holds the lock.
std::shared_ptr<Queue> legacy_of(int device) {
  auto& all = streams().legacy;
  all.resize(std::max(all.size(), static_cast<std::size_t>(device) + 1));
  auto& legacy = all[static_cast<std::size_t>(device)];
  if (legacy == nullptr) {
    legacy = Queue::make(device, false);
  }
  return legacy;
}

}  // namespace

std::shared_ptr<Queue> queue_of(cudaStream_t stream) {
  Streams& all = streams();
  const std::scoped_lock lock(all.mutex);
  if (stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread) {
    return legacy_of(current_device());
  }
  const auto found = all.by_handle.find(stream);
  return found == all.by_handle.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Queue>> queues_of_device(int device) {
  Streams& all = streams();
  const std::scoped_lock lock(all.mutex);
  std::vector<std::shared_ptr<Queue>> found = {legacy_of(device)};
  for (const auto& [handle, queue] : all.by_handle) {
    if (queue->device == device) {
      found.push_back(queue);
    }
  }
  return found;
}

cudaError_t enqueue(cudaStream_t stream, Work work) {
  const auto queue = queue_of(stream);
  if (queue == nullptr) {
    return cudaErrorInvalidResourceHandle;
  }
  if (queue->capture != nullptr) {
    queue->capture->push_back(std::move(work));
    return cudaSuccess;
  }
  // The legacy stream waits for the blocking streams of its device, and they for it.
  std::vector<Queue::After> after;
  if (!queue->non_blocking) {
    const auto others = queues_of_device(queue->device);
    const auto& legacy = others.front();
    const bool is_legacy = queue == legacy;
    for (const auto& other : others) {
      if (other != queue && !other->non_blocking && (is_legacy || other == legacy)) {
        after.push_back({other, other->pushed()});
      }
    }
  }
  queue->push(std::move(work), std::move(after));
  return cudaSuccess;
}

bool is_capturing_anywhere() { return streams().captures > 0; }

namespace {

cudaError_t make_stream(cudaStream_t* stream, unsigned flags) {
  auto queue = Queue::make(current_device(), (flags & cudaStreamNonBlocking) != 0);
  Streams& all = streams();
  const std::scoped_lock lock(all.mutex);
  *stream = reinterpret_cast<cudaStream_t>(all.next_handle += 0x10);
  all.by_handle[*stream] = std::move(queue);
  return cudaSuccess;
}

cudaError_t wait_for_stream(cudaStream_t stream) {
  const auto queue = queue_of(stream);
  if (queue == nullptr) return cudaErrorInvalidResourceHandle;
  if (queue->capture != nullptr) return cudaErrorStreamCaptureUnsupported;
  queue->wait_for(queue->pushed());
  return cudaSuccess;
}

cudaError_t record(const std::shared_ptr<Event>& event, cudaStream_t stream) {
  const auto queue = queue_of(stream);
  if (queue == nullptr) return cudaErrorInvalidResourceHandle;
  const bool captured = queue->capture != nullptr;
  if (!captured) {
    const std::scoped_lock lock(event->mutex);
    ++event->recorded;
  }
  return enqueue(stream, [event, captured] {
    const std::scoped_lock lock(event->mutex);
    event->recorded += captured ? 1 : 0;
    ++event->completed;
    event->at = std::chrono::steady_clock::now();
    event->changed.notify_all();
  });
}

bool is_complete(Event& event) {
  const std::scoped_lock lock(event.mutex);
  return event.completed >= event.recorded;
}

void wait_for_event(Event& event, std::uint64_t recorded) {
  std::unique_lock lock(event.mutex);
  event.changed.wait(lock, [&] { return event.completed >= recorded; });
}

std::uint64_t times_recorded(Event& event) {
  const std::scoped_lock lock(event.mutex);
  return event.recorded;
}

}  // namespace
}  // namespace standin

using standin::entered;
using standin::finished;

extern "C" {

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::make_stream(stream, 0));
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::make_stream(stream, flags));
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int /*priority*/) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::make_stream(stream, flags));
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  if (const auto fault = entered(__func__)) return fault;
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  const auto queue = standin::queue_of(stream);
  if (queue == nullptr || stream == nullptr) return finished(cudaErrorInvalidResourceHandle);
  queue->close();
  const std::scoped_lock lock(standin::streams().mutex);
  standin::streams().by_handle.erase(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::wait_for_stream(stream));
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  const auto queue = standin::queue_of(stream);
  if (queue == nullptr) return finished(cudaErrorInvalidResourceHandle);
  if (queue->capture != nullptr) return finished(cudaErrorStreamCaptureUnsupported);
  return queue->is_idle() ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaStreamGetDevice(cudaStream_t stream, int* device) {
  if (const auto fault = entered(__func__)) return fault;
  const auto queue = standin::queue_of(stream);
  if (queue == nullptr) return finished(cudaErrorInvalidResourceHandle);
  *device = queue->device;
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned /*flags*/) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::enqueue(
      stream, [held = event->event, recorded = standin::times_recorded(*event->event)] {
        standin::wait_for_event(*held, recorded);
      }));
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::enqueue(stream, [function, data] { function(data); }));
}

cudaError_t cudaDeviceSynchronize() {
  if (const auto fault = entered(__func__)) return fault;
  if (standin::is_capturing_anywhere()) return finished(cudaErrorStreamCaptureUnsupported);
  for (const auto& queue : standin::queues_of_device(standin::current_device())) {
    queue->wait_for(queue->pushed());
  }
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  if (const auto fault = entered(__func__)) return fault;
  *event = new CUevent_st{std::make_shared<standin::Event>()};
  (*event)->event->timed = (flags & cudaEventDisableTiming) == 0;
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  if (const auto fault = entered(__func__)) return fault;
  const standin::OwnCalls own;
  return cudaEventCreateWithFlags(event, 0);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (const auto fault = entered(__func__)) return fault;
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::record(event->event, stream));
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned /*flags*/) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::record(event->event, stream));
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (const auto fault = entered(__func__)) return fault;
  return standin::is_complete(*event->event) ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (const auto fault = entered(__func__)) return fault;
  standin::wait_for_event(*event->event, standin::times_recorded(*event->event));
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  if (const auto fault = entered(__func__)) return fault;
  standin::Event& from = *start->event;
  standin::Event& to = *end->event;
  if (!from.timed || !to.timed || standin::times_recorded(from) == 0 ||
      standin::times_recorded(to) == 0) {
    return finished(cudaErrorInvalidResourceHandle);
  }
  if (!standin::is_complete(from) || !standin::is_complete(to)) return cudaErrorNotReady;
  *milliseconds = std::chrono::duration<float, std::milli>(to.at - from.at).count();
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode /*mode*/) {
  if (const auto fault = entered(__func__)) return fault;
  const auto queue = standin::queue_of(stream);
  if (queue == nullptr || stream == nullptr || queue->capture != nullptr) {
    return finished(stream == nullptr ? cudaErrorStreamCaptureUnsupported : cudaErrorIllegalState);
  }
  queue->capture = std::make_unique<std::vector<standin::Work>>();
  ++standin::streams().captures;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (const auto fault = entered(__func__)) return fault;
  const auto queue = standin::queue_of(stream);
  if (queue == nullptr || queue->capture == nullptr) return finished(cudaErrorIllegalState);
  *graph = new CUgraph_st{std::move(*queue->capture)};
  queue->capture.reset();
  --standin::streams().captures;
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  if (const auto fault = entered(__func__)) return fault;
  const auto queue = standin::queue_of(stream);
  if (queue == nullptr) return finished(cudaErrorInvalidResourceHandle);
  *status = queue->capture == nullptr ? cudaStreamCaptureStatusNone : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
  if (const auto fault = entered(__func__)) return fault;
  *executable = new CUgraphExec_st{graph->nodes};
  return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t /*executable*/, cudaStream_t /*stream*/) {
  return entered(__func__);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::enqueue(stream, [nodes = executable->nodes] {
    for (const standin::Work& node : nodes) {
      node();
    }
  }));
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  if (const auto fault = entered(__func__)) return fault;
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  if (const auto fault = entered(__func__)) return fault;
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  if (const auto fault = entered(__func__)) return fault;
  if (nodes != nullptr) return finished(cudaErrorNotSupported);
  *count = graph->nodes.size();
  return cudaSuccess;
}

}  // extern "C"

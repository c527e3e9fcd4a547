// SPDX-License-Identifier: Apache-2.0
// What the stand-in for the CUDA runtime keeps: streams, events, the current device.
#pragma once

#include <cuda_runtime_api.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace standin {

using Work = std::function<void()>;

/// A stream: what is pushed runs in order, on a thread of its own.
class Queue {
 public:
  /// Another queue that must have done so much first.
  struct After {
    std::shared_ptr<Queue> queue;
    std::uint64_t pushed = 0;
  };

  static std::shared_ptr<Queue> make(int device, bool non_blocking);

  void push(Work work, std::vector<After> after = {});
  /// Runs what was pushed, and ends; the owner has let go of it.
  void close();
  [[nodiscard]] std::uint64_t pushed() const;
  void wait_for(std::uint64_t pushed) const;
  [[nodiscard]] bool is_idle() const;

  const int device;
  const bool non_blocking;  ///< does not wait for the legacy stream, nor that for this one
  /// Filled instead of run while the stream is captured.
  std::unique_ptr<std::vector<Work>> capture;

 private:
  Queue(int of_device, bool is_non_blocking) : device(of_device), non_blocking(is_non_blocking) {}
  void run();
  struct Item {
    Work work;
    std::vector<After> after;
  };
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Item> items_;
  std::uint64_t pushed_ = 0;
  std::uint64_t done_ = 0;
  bool closed_ = false;
};

struct Event {
  bool timed = true;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t recorded = 0;
  std::uint64_t completed = 0;
  std::chrono::steady_clock::time_point at;
};

int device_count();
/// Of the calling thread.
int current_device();

/// The queue behind a handle; the device's legacy stream behind 0. Null where there is none such.
std::shared_ptr<Queue> queue_of(cudaStream_t stream);
/// The legacy stream is the first.
std::vector<std::shared_ptr<Queue>> queues_of_device(int device);
/// Appends work to a stream, or to the graph that is captured from it, minding the legacy stream.
cudaError_t enqueue(cudaStream_t stream, Work work);
/// True while any stream is captured: calls that may synchronise are errors.
bool is_capturing_anywhere();

/// While one lives, the thread's calls are the stand-in's own: not counted for faults.
class OwnCalls {
 public:
  OwnCalls();
  ~OwnCalls();
  OwnCalls(const OwnCalls&) = delete;
  OwnCalls& operator=(const OwnCalls&) = delete;
};

/// To be called first in every function of the runtime: injects what the tests ask for.
cudaError_t entered(const char* function);
/// To be returned from every function: cudaGetLastError tells it again.
cudaError_t finished(cudaError_t status);

}  // namespace standin

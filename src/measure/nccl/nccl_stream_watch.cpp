// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_stream_watch.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "measure/nccl/nccl_compat.hpp"

namespace collscale {

class NcclStreamWatch::Impl {
 public:
  std::mutex mutex;
  std::condition_variable answered;
  std::vector<std::pair<int, cudaStream_t>> streams;
  std::uint64_t unfinished = 0;
  bool asking = false;
};

namespace {

bool has_work_left(int device, cudaStream_t stream) {
  if (cudaSetDevice(device) != cudaSuccess) return false;
  // A question about a stream that is being captured would spoil the capture.
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  return cudaStreamIsCapturing(stream, &capture) == cudaSuccess &&
         capture == cudaStreamCaptureStatusNone && cudaStreamQuery(stream) == cudaErrorNotReady;
}

}  // namespace

NcclStreamWatch::NcclStreamWatch() : impl_(std::make_shared<Impl>()) {}
NcclStreamWatch::~NcclStreamWatch() = default;

void NcclStreamWatch::add(int device, CUstream_st* stream) {
  const std::lock_guard lock(impl_->mutex);
  impl_->streams.emplace_back(device, stream);
}

void NcclStreamWatch::clear() {
  const std::lock_guard lock(impl_->mutex);
  impl_->streams.clear();
}

std::uint64_t NcclStreamWatch::unfinished(double patience_s) const noexcept {
  try {
    std::unique_lock lock(impl_->mutex);
    if (impl_->asking) return 0;
    impl_->asking = true;
    impl_->unfinished = 0;
    // On a thread of its own, which is left behind where the driver does not answer.
    std::thread([impl = impl_, streams = impl_->streams] {
      std::uint64_t bits = 0;
      for (std::size_t i = 0; i < std::min<std::size_t>(streams.size(), 64); ++i) {
        if (has_work_left(streams[i].first, streams[i].second)) bits |= std::uint64_t{1} << i;
      }
      const std::lock_guard done(impl->mutex);
      impl->unfinished = bits;
      impl->asking = false;
      impl->answered.notify_all();
    }).detach();
    const bool answered = impl_->answered.wait_for(lock, std::chrono::duration<double>(patience_s),
                                                   [this] { return !impl_->asking; });
    return answered ? impl_->unfinished : 0;
  } catch (const std::exception&) {  // no thread to be had
    return 0;
  }
}

}  // namespace collscale

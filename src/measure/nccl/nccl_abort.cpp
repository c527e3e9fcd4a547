// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_abort.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "measure/nccl/nccl_compat.hpp"

namespace collscale {

class NcclAbort::Impl {
 public:
  std::mutex mutex;
  std::condition_variable done_changed;
  std::vector<ncclComm*> communicators;
  bool done = false;
};

NcclAbort::NcclAbort() : impl_(std::make_shared<Impl>()) {}
NcclAbort::~NcclAbort() = default;

void NcclAbort::add(ncclComm* communicator) {
  const std::lock_guard lock(impl_->mutex);
  impl_->communicators.push_back(communicator);
}

void NcclAbort::remove(ncclComm* communicator) {
  const std::lock_guard lock(impl_->mutex);
  std::erase(impl_->communicators, communicator);
}

void NcclAbort::abort_all(double patience_s) noexcept {
  try {
    std::vector<ncclComm*> all;
    {
      const std::lock_guard lock(impl_->mutex);
      all.swap(impl_->communicators);
    }
    if (all.empty()) return;
    // On a thread of its own, which is left behind where it hangs: the process ends next.
    std::thread([all, impl = impl_] {
      for (ncclComm* const one : all) ncclCommAbort(one);
      const std::lock_guard lock(impl->mutex);
      impl->done = true;
      impl->done_changed.notify_all();
    }).detach();
    std::unique_lock lock(impl_->mutex);
    impl_->done_changed.wait_for(lock, std::chrono::duration<double>(patience_s),
                                 [this] { return impl_->done; });
  } catch (const std::exception&) {  // no thread to be had: the process ends all the same
  }
}

}  // namespace collscale
